/** Zba, Zbb and Zbs: address generation, basic bit manipulation, single bits. [RISC-V unprivileged ISA, "B" Extension for Bit Manipulation] */
import type { Emitter } from '../emitter.js';
import type { Long, Word } from '../value.js';
import { type Instruction, rows } from './instruction.js';

const zba = rows('Zba');
const zbb = rows('Zbb');
const zbs = rows('Zbs');

const low1 = (e: Emitter): Word => e.low(e.rs1());
const low2 = (e: Emitter): Word => e.low(e.rs2());
const setWord = (e: Emitter, result: Word): void => e.setRd(e.sext(result));
const not = (e: Emitter, a: Long): Long => e.xor(a, e.const(-1n));
/** rs1 as an unsigned word. */
const unsigned = (e: Emitter): Long => e.zext(low1(e));
const shiftedAdd = (by: bigint, index: (e: Emitter) => Long) => (e: Emitter): void => e.setRd(e.add(e.shl(index(e), e.const(by)), e.rs2()));
const whole = (e: Emitter): Long => e.rs1();

/** The larger or smaller of rs1 and rs2: rs1 where `first` holds. */
const choose = (first: (e: Emitter, a: Long, b: Long) => Word) => (e: Emitter): void => {
  const a = e.let(e.rs1());
  const b = e.let(e.rs2());
  e.setRd(e.select(first(e, a, b), a, b));
};

/** Bytes 0xff where the byte of rs1 is not zero: the seventh bit of each byte collects the others, then spreads. */
function orCombine(e: Emitter): void {
  const a = e.let(e.rs1());
  const low7 = e.const(0x7f7f_7f7f_7f7f_7f7fn);
  const carried = e.add(e.and(a, low7), low7);
  const tops = e.let(e.shrU(e.and(e.or(carried, a), e.const(-0x7f7f_7f7f_7f7f_7f80n)), e.const(7n)));
  e.setRd(e.mul(tops, e.const(255n)));
}

/** Swaps neighbouring groups of bits; `mask` selects the lower of each pair. */
const swap = (e: Emitter, a: Long, by: bigint, mask: bigint): Long =>
  e.or(e.and(e.shrU(a, e.const(by)), e.const(mask)), e.shl(e.and(a, e.const(mask)), e.const(by)));

function reverseBytes(e: Emitter): void {
  const bytes = e.let(swap(e, e.let(e.rs1()), 8n, 0x00ff_00ff_00ff_00ffn));
  const halves = e.let(swap(e, bytes, 16n, 0x0000_ffff_0000_ffffn));
  e.setRd(e.rotl(halves, e.const(32n)));
}

/** The bit that rs2 or the immediate numbers; WebAssembly takes shift counts modulo 64, as RISC-V does. */
const bit = (e: Emitter, number: Long): Long => e.shl(e.const(1n), number);
const single = (combine: (e: Emitter, a: Long, number: Long) => Long): { rs2: (e: Emitter) => void; imm: (e: Emitter) => void } => ({
  rs2: (e) => e.setRd(combine(e, e.rs1(), e.rs2())),
  imm: (e) => e.setRd(combine(e, e.rs1(), e.imm())),
});
const clear = single((e, a, number) => e.and(a, not(e, bit(e, number))));
const extract = single((e, a, number) => e.and(e.shrU(a, number), e.const(1n)));
const invert = single((e, a, number) => e.xor(a, bit(e, number)));
const set = single((e, a, number) => e.or(a, bit(e, number)));

/** The rows of Zba. */
export const extensionZba: readonly Instruction[] = [
  zba('add.uw',    '0000100 rs2 rs1 000 rd 0111011',        'rd, rs1, rs2',   shiftedAdd(0n, unsigned)),
  zba('sh1add',    '0010000 rs2 rs1 010 rd 0110011',        'rd, rs1, rs2',   shiftedAdd(1n, whole)),
  zba('sh2add',    '0010000 rs2 rs1 100 rd 0110011',        'rd, rs1, rs2',   shiftedAdd(2n, whole)),
  zba('sh3add',    '0010000 rs2 rs1 110 rd 0110011',        'rd, rs1, rs2',   shiftedAdd(3n, whole)),
  zba('sh1add.uw', '0010000 rs2 rs1 010 rd 0111011',        'rd, rs1, rs2',   shiftedAdd(1n, unsigned)),
  zba('sh2add.uw', '0010000 rs2 rs1 100 rd 0111011',        'rd, rs1, rs2',   shiftedAdd(2n, unsigned)),
  zba('sh3add.uw', '0010000 rs2 rs1 110 rd 0111011',        'rd, rs1, rs2',   shiftedAdd(3n, unsigned)),
  zba('slli.uw',   '000010 shamt[5:0] rs1 001 rd 0011011',  'rd, rs1, shamt', (e) => e.setRd(e.shl(unsigned(e), e.imm()))),
];

/** The rows of Zbb. */
export const extensionZbb: readonly Instruction[] = [
  zbb('andn',      '0100000 rs2 rs1 111 rd 0110011',        'rd, rs1, rs2',   (e) => e.setRd(e.and(e.rs1(), not(e, e.rs2())))),
  zbb('orn',       '0100000 rs2 rs1 110 rd 0110011',        'rd, rs1, rs2',   (e) => e.setRd(e.or(e.rs1(), not(e, e.rs2())))),
  zbb('xnor',      '0100000 rs2 rs1 100 rd 0110011',        'rd, rs1, rs2',   (e) => e.setRd(not(e, e.xor(e.rs1(), e.rs2())))),
  zbb('clz',       '0110000 00000 rs1 001 rd 0010011',      'rd, rs1',        (e) => e.setRd(e.clz(e.rs1()))),
  zbb('clzw',      '0110000 00000 rs1 001 rd 0011011',      'rd, rs1',        (e) => setWord(e, e.clz32(low1(e)))),
  zbb('ctz',       '0110000 00001 rs1 001 rd 0010011',      'rd, rs1',        (e) => e.setRd(e.ctz(e.rs1()))),
  zbb('ctzw',      '0110000 00001 rs1 001 rd 0011011',      'rd, rs1',        (e) => setWord(e, e.ctz32(low1(e)))),
  zbb('cpop',      '0110000 00010 rs1 001 rd 0010011',      'rd, rs1',        (e) => e.setRd(e.popcnt(e.rs1()))),
  zbb('cpopw',     '0110000 00010 rs1 001 rd 0011011',      'rd, rs1',        (e) => setWord(e, e.popcnt32(low1(e)))),
  zbb('max',       '0000101 rs2 rs1 110 rd 0110011',        'rd, rs1, rs2',   choose((e, a, b) => e.gtS(a, b))),
  zbb('maxu',      '0000101 rs2 rs1 111 rd 0110011',        'rd, rs1, rs2',   choose((e, a, b) => e.gtU(a, b))),
  zbb('min',       '0000101 rs2 rs1 100 rd 0110011',        'rd, rs1, rs2',   choose((e, a, b) => e.ltS(a, b))),
  zbb('minu',      '0000101 rs2 rs1 101 rd 0110011',        'rd, rs1, rs2',   choose((e, a, b) => e.ltU(a, b))),
  zbb('sext.b',    '0110000 00100 rs1 001 rd 0010011',      'rd, rs1',        (e) => e.setRd(e.extend8(e.rs1()))),
  zbb('sext.h',    '0110000 00101 rs1 001 rd 0010011',      'rd, rs1',        (e) => e.setRd(e.extend16(e.rs1()))),
  zbb('zext.h',    '0000100 00000 rs1 100 rd 0111011',      'rd, rs1',        (e) => e.setRd(e.and(e.rs1(), e.const(0xffffn)))),
  zbb('rol',       '0110000 rs2 rs1 001 rd 0110011',        'rd, rs1, rs2',   (e) => e.setRd(e.rotl(e.rs1(), e.rs2()))),
  zbb('rolw',      '0110000 rs2 rs1 001 rd 0111011',        'rd, rs1, rs2',   (e) => setWord(e, e.rotl32(low1(e), low2(e)))),
  zbb('ror',       '0110000 rs2 rs1 101 rd 0110011',        'rd, rs1, rs2',   (e) => e.setRd(e.rotr(e.rs1(), e.rs2()))),
  zbb('rori',      '011000 shamt[5:0] rs1 101 rd 0010011',  'rd, rs1, shamt', (e) => e.setRd(e.rotr(e.rs1(), e.imm()))),
  zbb('roriw',     '0110000 shamt[4:0] rs1 101 rd 0011011', 'rd, rs1, shamt', (e) => setWord(e, e.rotr32(low1(e), e.low(e.imm())))),
  zbb('rorw',      '0110000 rs2 rs1 101 rd 0111011',        'rd, rs1, rs2',   (e) => setWord(e, e.rotr32(low1(e), low2(e)))),
  zbb('orc.b',     '001010000111 rs1 101 rd 0010011',       'rd, rs1',        orCombine),
  zbb('rev8',      '011010111000 rs1 101 rd 0010011',       'rd, rs1',        reverseBytes),
];

/** The rows of Zbs. */
export const extensionZbs: readonly Instruction[] = [
  zbs('bclr',      '0100100 rs2 rs1 001 rd 0110011',        'rd, rs1, rs2',   clear.rs2),
  zbs('bclri',     '010010 shamt[5:0] rs1 001 rd 0010011',  'rd, rs1, shamt', clear.imm),
  zbs('bext',      '0100100 rs2 rs1 101 rd 0110011',        'rd, rs1, rs2',   extract.rs2),
  zbs('bexti',     '010010 shamt[5:0] rs1 101 rd 0010011',  'rd, rs1, shamt', extract.imm),
  zbs('binv',      '0110100 rs2 rs1 001 rd 0110011',        'rd, rs1, rs2',   invert.rs2),
  zbs('binvi',     '011010 shamt[5:0] rs1 001 rd 0010011',  'rd, rs1, shamt', invert.imm),
  zbs('bset',      '0010100 rs2 rs1 001 rd 0110011',        'rd, rs1, rs2',   set.rs2),
  zbs('bseti',     '001010 shamt[5:0] rs1 001 rd 0010011',  'rd, rs1, shamt', set.imm),
];
