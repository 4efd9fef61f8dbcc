/** Protection bits as traces print them. */

const letters: readonly (readonly [number, string])[] = [[1, 'r'], [2, 'w'], [4, 'x'], [8, 'u']];

/** `rwxu` letters of the PROT_* bits of `prot`, `-` for none; attribute bits above them follow as `+0x..`. */
export function protText(prot: number): string {
  const rights = letters.filter(([bit]) => (prot & bit) !== 0).map(([, letter]) => letter).join('');
  const rest = (prot >>> 4) << 4;
  return `${rights === '' ? '-' : rights}${rest === 0 ? '' : `+0x${rest.toString(16)}`}`;
}
