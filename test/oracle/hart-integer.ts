/** The integer operations without memory, branches or state: base, multiplication and division, address generation and bit manipulation. */
import type { Decoded } from './decode-fields.js';

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const u32 = (v: bigint): bigint => BigInt.asUintN(32, v);
const s32 = (v: bigint): bigint => BigInt.asIntN(32, v);

/** The value for rd, of which the low 64 bits count. a and b are signed. */
export function integerOperation(i: Decoded, a: bigint, b: bigint, pc: bigint): bigint {
  return base(i, a, b, pc) ?? addressGeneration(i, a, b) ?? bitManipulation(i, a, b) ?? unknown(i);
}

function unknown(i: Decoded): never {
  throw new Error(`the oracle does not know ${i.op}`);
}

/** RV64I and M. */
function base(i: Decoded, a: bigint, b: bigint, pc: bigint): bigint | undefined {
  const ua = u64(a);
  const ub = u64(b);
  const shift = BigInt(Number(ub & 63n));
  const shiftW = ub & 31n;
  switch (i.op) {
    case 'lui': return i.imm;
    case 'auipc': return pc + i.imm;
    case 'addi': return a + i.imm;
    case 'slti': return a < i.imm ? 1n : 0n;
    case 'sltiu': return ua < u64(i.imm) ? 1n : 0n;
    case 'xori': return a ^ i.imm;
    case 'ori': return a | i.imm;
    case 'andi': return a & i.imm;
    case 'slli': return a << i.imm;
    case 'srli': return ua >> i.imm;
    case 'srai': return a >> i.imm;
    case 'addiw': return s32(a + i.imm);
    case 'slliw': return s32(a << i.imm);
    case 'srliw': return s32(u32(a) >> i.imm);
    case 'sraiw': return s32(a) >> i.imm;
    case 'add': return a + b;
    case 'sub': return a - b;
    case 'sll': return a << shift;
    case 'slt': return a < b ? 1n : 0n;
    case 'sltu': return ua < ub ? 1n : 0n;
    case 'xor': return a ^ b;
    case 'srl': return ua >> shift;
    case 'sra': return a >> shift;
    case 'or': return a | b;
    case 'and': return a & b;
    case 'addw': return s32(a + b);
    case 'subw': return s32(a - b);
    case 'sllw': return s32(a << shiftW);
    case 'srlw': return s32(u32(a) >> shiftW);
    case 'sraw': return s32(a) >> shiftW;
    case 'mul': return a * b;
    case 'mulh': return (a * b) >> 64n;
    case 'mulhsu': return (a * ub) >> 64n;
    case 'mulhu': return (ua * ub) >> 64n;
    case 'mulw': return s32(a * b);
    // Division by zero gives all ones; the one signed overflow wraps, which s64 and s32 do to bigint's exact result.
    case 'div': return b === 0n ? -1n : a / b;
    case 'divu': return b === 0n ? -1n : ua / ub;
    case 'rem': return b === 0n ? a : a % b;
    case 'remu': return b === 0n ? a : ua % ub;
    case 'divw': return s32(b) === 0n ? -1n : s32(s32(a) / s32(b));
    case 'divuw': return u32(b) === 0n ? -1n : s32(u32(a) / u32(b));
    case 'remw': return s32(b) === 0n ? s32(a) : s32(s32(a) % s32(b));
    case 'remuw': return u32(b) === 0n ? s32(a) : s32(u32(a) % u32(b));
    default: return undefined;
  }
}

/** Zba. */
function addressGeneration(i: Decoded, a: bigint, b: bigint): bigint | undefined {
  const scaled = /^sh([123])add(\.uw)?$/.exec(i.op);
  if (scaled !== null) return b + ((scaled[2] === undefined ? a : u32(a)) << BigInt(scaled[1]!));
  if (i.op === 'add.uw') return b + u32(a);
  return i.op === 'slli.uw' ? u32(a) << i.imm : undefined;
}

/** The bits of `value` from the most significant down. */
const digits = (value: bigint, width: number): string => BigInt.asUintN(width, value).toString(2).padStart(width, '0');
const leadingZeros = (text: string): bigint => BigInt(/^0*/.exec(text)![0].length);
const trailingZeros = (text: string): bigint => BigInt(/0*$/.exec(text)![0].length);
const ones = (text: string): bigint => BigInt(text.replaceAll('0', '').length);
/** The eight bytes, least significant first. */
const bytes = (value: bigint): bigint[] => Array.from({ length: 8 }, (_, n) => (u64(value) >> BigInt(8 * n)) & 255n);
const fromBytes = (list: readonly bigint[]): bigint => list.reduce((value, byte, n) => value | (byte << BigInt(8 * n)), 0n);

/** Rotates to the right. */
function rotate(value: bigint, amount: bigint, width: 32 | 64): bigint {
  const text = digits(value, width);
  const cut = width - Number(amount % BigInt(width));
  return BigInt.asIntN(width, BigInt(`0b${text.slice(cut)}${text.slice(0, cut)}`));
}

/** Zbb and Zbs. */
function bitManipulation(i: Decoded, a: bigint, b: bigint): bigint | undefined {
  const one = 1n << (u64(i.op.endsWith('i') ? i.imm : b) % 64n);
  switch (i.op) {
    case 'andn': return a & ~b;
    case 'orn': return a | ~b;
    case 'xnor': return ~(a ^ b);
    case 'clz': return leadingZeros(digits(a, 64));
    case 'clzw': return leadingZeros(digits(a, 32));
    case 'ctz': return trailingZeros(digits(a, 64));
    case 'ctzw': return trailingZeros(digits(a, 32));
    case 'cpop': return ones(digits(a, 64));
    case 'cpopw': return ones(digits(a, 32));
    case 'min': return a < b ? a : b;
    case 'max': return a > b ? a : b;
    case 'minu': return u64(a) < u64(b) ? a : b;
    case 'maxu': return u64(a) > u64(b) ? a : b;
    case 'sext.b': return BigInt.asIntN(8, a);
    case 'sext.h': return BigInt.asIntN(16, a);
    case 'zext.h': return BigInt.asUintN(16, a);
    case 'rol': return rotate(a, 64n - (u64(b) % 64n), 64);
    case 'ror': return rotate(a, u64(b) % 64n, 64);
    case 'rori': return rotate(a, i.imm, 64);
    case 'rolw': return rotate(a, 32n - (u64(b) % 32n), 32);
    case 'rorw': return rotate(a, u64(b) % 32n, 32);
    case 'roriw': return rotate(a, i.imm, 32);
    case 'orc.b': return fromBytes(bytes(a).map((byte) => (byte === 0n ? 0n : 255n)));
    case 'rev8': return fromBytes(bytes(a).reverse());
    case 'bclr': case 'bclri': return a & ~one;
    case 'bset': case 'bseti': return a | one;
    case 'binv': case 'binvi': return a ^ one;
    case 'bext': case 'bexti': return (u64(a) & one) === 0n ? 0n : 1n;
    default: return undefined;
  }
}
