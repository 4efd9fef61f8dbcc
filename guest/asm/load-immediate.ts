/** The instructions that put a constant into a register. */

/** The value of the low `bits` bits of `value`, sign-extended. */
const low = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);

/**
 * Instructions that load a signed 64-bit constant into `$1`: at most 8. The upper part is loaded first, by the same
 * rule, then shifted into place, then the low 12 bits are added.
 */
export function loadImmediate(value: bigint): string[] {
  const small = low(value, 12);
  if (value === small) return [`addi $1, x0, ${small}`];
  if (value === low(value, 32)) {
    const upper = ((value - small) >> 12n) & 0xfffffn;
    return [`lui $1, ${upper}`, ...(small === 0n ? [] : [`addiw $1, $1, ${small}`])];
  }
  let shift = 12;
  let upper = low(value - small, 64) >> 12n;
  for (; (upper & 1n) === 0n; upper >>= 1n) shift++;
  // The bits above the shifted-in part are lost again, so the shortest sign-extended form will do.
  return [...loadImmediate(low(upper, 64 - shift)), `slli $1, $1, ${shift}`, ...(small === 0n ? [] : [`addi $1, $1, ${small}`])];
}
