/** F and D: single and double precision. [RISC-V unprivileged ISA, "F" and "D" Extensions] What they do is in float-semantics.ts; what is exact in all cases in ../float. */
import type { Emitter } from '../emitter.js';
import type { Long } from '../value.js';
import {
  classifyD, classifyS, compareD, compareS, computeD, computeS, extremeD, extremeS, fromInteger, LIMITS, narrow, productD, productS, signD, signS, toInteger, widen,
} from './float-semantics.js';
import { type Instruction, rows } from './instruction.js';

const f = rows('F');
const d = rows('D');

type Semantics = (e: Emitter) => void;

const address = (e: Emitter): Long => e.add(e.rs1(), e.imm());
const load = (width: 4 | 8): Semantics => (e) => {
  e.needFloat();
  const bits = e.loadU(width, address(e));
  e.setFd(width === 4 ? e.box(e.low(bits)) : bits);
};
const store = (width: 4 | 8): Semantics => (e) => {
  e.needFloat();
  e.store(width, address(e), e.fs2());
};

const copySign = (_: Emitter, __: Long, b: Long): Long => b;
const negateSign = (e: Emitter, _: Long, b: Long): Long => e.xor(b, e.const(-1n));
const xorSign = (e: Emitter, a: Long, b: Long): Long => e.xor(a, b);

const single = (e: Emitter, register: Long): ReturnType<Parameters<typeof toInteger>[2]> =>
  ({ number: e.promote(e.single(e.low(register))), holds: e.isBoxed(register) });
const double = (e: Emitter, register: Long): ReturnType<Parameters<typeof toInteger>[2]> => ({ number: e.double(register), holds: undefined });

const toWord: Parameters<typeof toInteger>[3] = (e, integral) => e.sext(e.low(e.integerS(integral)));
const toLong: Parameters<typeof toInteger>[3] = (e, integral) => e.integerS(integral);
const toUnsignedLong: Parameters<typeof toInteger>[3] = (e, integral) => e.integerU(integral);

/** A fused multiply-add of the four: which of its operands change their sign. The short way must hand over operands as they are, so a NaN keeps its sign there. */
const fusedS = (name: string, negateProduct: boolean, negateAddend: boolean): Semantics =>
  computeS(name, 3, false, (e, a, b, c) => e.fmaF32(negateProduct ? e.negF32(a) : a, b, negateAddend ? e.negF32(c) : c));
const fusedD = (name: string, negateProduct: boolean, negateAddend: boolean): Semantics =>
  computeD(name, 3, false, (e, a, b, c) => e.fmaF64(negateProduct ? e.negF64(a) : a, b, negateAddend ? e.negF64(c) : c));

const RM = 'rm!=5,6';

/** The rows of F. */
export const extensionF: readonly Instruction[] = [
  f('flw',       'imm[11:0] rs1 010 rd 0000111',             'fd, imm(rs1)',  load(4)),
  f('fsw',       'imm[11:5] rs2 rs1 010 imm[4:0] 0100111',   'fs2, imm(rs1)', store(4)),
  f('fmadd.s',   `rs3 00 rs2 rs1 ${RM} rd 1000011`,          'fd, fs1, fs2, fs3, rm', fusedS('fmadd.s', false, false)),
  f('fmsub.s',   `rs3 00 rs2 rs1 ${RM} rd 1000111`,          'fd, fs1, fs2, fs3, rm', fusedS('fmsub.s', false, true)),
  f('fnmsub.s',  `rs3 00 rs2 rs1 ${RM} rd 1001011`,          'fd, fs1, fs2, fs3, rm', fusedS('fnmsub.s', true, false)),
  f('fnmadd.s',  `rs3 00 rs2 rs1 ${RM} rd 1001111`,          'fd, fs1, fs2, fs3, rm', fusedS('fnmadd.s', true, true)),
  f('fadd.s',    `0000000 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', computeS('fadd.s', 2, false, (e, a, b) => e.addF32(a, b))),
  f('fsub.s',    `0000100 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', computeS('fsub.s', 2, false, (e, a, b) => e.subF32(a, b))),
  f('fmul.s',    `0001000 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', productS),
  f('fdiv.s',    `0001100 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', computeS('fdiv.s', 2, true, (e, a, b) => e.divF32(a, b))),
  f('fsqrt.s',   `0101100 00000 rs1 ${RM} rd 1010011`,       'fd, fs1, rm',   computeS('fsqrt.s', 1, false, (e, a) => e.sqrtF32(a))),
  f('fsgnj.s',   '0010000 rs2 rs1 000 rd 1010011',           'fd, fs1, fs2',  signS(copySign)),
  f('fsgnjn.s',  '0010000 rs2 rs1 001 rd 1010011',           'fd, fs1, fs2',  signS(negateSign)),
  f('fsgnjx.s',  '0010000 rs2 rs1 010 rd 1010011',           'fd, fs1, fs2',  signS(xorSign)),
  f('fmin.s',    '0010100 rs2 rs1 000 rd 1010011',           'fd, fs1, fs2',  extremeS('fmin.s', (e, a, b) => e.minF32(a, b))),
  f('fmax.s',    '0010100 rs2 rs1 001 rd 1010011',           'fd, fs1, fs2',  extremeS('fmax.s', (e, a, b) => e.maxF32(a, b))),
  f('feq.s',     '1010000 rs2 rs1 010 rd 1010011',           'rd, fs1, fs2',  compareS('feq.s', (e, a, b) => e.eqF32(a, b))),
  f('flt.s',     '1010000 rs2 rs1 001 rd 1010011',           'rd, fs1, fs2',  compareS('flt.s', (e, a, b) => e.ltF32(a, b))),
  f('fle.s',     '1010000 rs2 rs1 000 rd 1010011',           'rd, fs1, fs2',  compareS('fle.s', (e, a, b) => e.leF32(a, b))),
  f('fclass.s',  '1110000 00000 rs1 001 rd 1010011',         'rd, fs1',       classifyS),
  f('fmv.x.w',   '1110000 00000 rs1 000 rd 1010011',         'rd, fs1',       (e) => { e.needFloat(); e.setRd(e.sext(e.low(e.fs1()))); }),
  f('fmv.w.x',   '1111000 00000 rs1 000 rd 1010011',         'fd, rs1',       (e) => { e.needFloat(); e.setFd(e.box(e.low(e.rs1()))); }),
  f('fcvt.w.s',  `1100000 00000 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.w.s', LIMITS.w, single, toWord)),
  f('fcvt.wu.s', `1100000 00001 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.wu.s', LIMITS.wu, single, toWord)),
  f('fcvt.l.s',  `1100000 00010 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.l.s', LIMITS.l, single, toLong)),
  f('fcvt.lu.s', `1100000 00011 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.lu.s', LIMITS.lu, single, toUnsignedLong)),
  f('fcvt.s.w',  `1101000 00000 rs1 ${RM} rd 1010011`,       'fd, rs1, rm',   fromInteger('fcvt.s.w', false, (e, a) => e.box(e.singleBits(e.singleFromS(e.sext(e.low(a))))))),
  f('fcvt.s.wu', `1101000 00001 rs1 ${RM} rd 1010011`,       'fd, rs1, rm',   fromInteger('fcvt.s.wu', false, (e, a) => e.box(e.singleBits(e.singleFromS(e.zext(e.low(a))))))),
  f('fcvt.s.l',  `1101000 00010 rs1 ${RM} rd 1010011`,       'fd, rs1, rm',   fromInteger('fcvt.s.l', false, (e, a) => e.box(e.singleBits(e.singleFromS(a))))),
  f('fcvt.s.lu', `1101000 00011 rs1 ${RM} rd 1010011`,       'fd, rs1, rm',   fromInteger('fcvt.s.lu', false, (e, a) => e.box(e.singleBits(e.singleFromU(a))))),
];

/** The rows of D. */
export const extensionD: readonly Instruction[] = [
  d('fld',       'imm[11:0] rs1 011 rd 0000111',             'fd, imm(rs1)',  load(8)),
  d('fsd',       'imm[11:5] rs2 rs1 011 imm[4:0] 0100111',   'fs2, imm(rs1)', store(8)),
  d('fmadd.d',   `rs3 01 rs2 rs1 ${RM} rd 1000011`,          'fd, fs1, fs2, fs3, rm', fusedD('fmadd.d', false, false)),
  d('fmsub.d',   `rs3 01 rs2 rs1 ${RM} rd 1000111`,          'fd, fs1, fs2, fs3, rm', fusedD('fmsub.d', false, true)),
  d('fnmsub.d',  `rs3 01 rs2 rs1 ${RM} rd 1001011`,          'fd, fs1, fs2, fs3, rm', fusedD('fnmsub.d', true, false)),
  d('fnmadd.d',  `rs3 01 rs2 rs1 ${RM} rd 1001111`,          'fd, fs1, fs2, fs3, rm', fusedD('fnmadd.d', true, true)),
  d('fadd.d',    `0000001 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', computeD('fadd.d', 2, false, (e, a, b) => e.addF64(a, b))),
  d('fsub.d',    `0000101 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', computeD('fsub.d', 2, false, (e, a, b) => e.subF64(a, b))),
  d('fmul.d',    `0001001 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', productD),
  d('fdiv.d',    `0001101 rs2 rs1 ${RM} rd 1010011`,         'fd, fs1, fs2, rm', computeD('fdiv.d', 2, true, (e, a, b) => e.divF64(a, b))),
  d('fsqrt.d',   `0101101 00000 rs1 ${RM} rd 1010011`,       'fd, fs1, rm',   computeD('fsqrt.d', 1, false, (e, a) => e.sqrtF64(a))),
  d('fsgnj.d',   '0010001 rs2 rs1 000 rd 1010011',           'fd, fs1, fs2',  signD(copySign)),
  d('fsgnjn.d',  '0010001 rs2 rs1 001 rd 1010011',           'fd, fs1, fs2',  signD(negateSign)),
  d('fsgnjx.d',  '0010001 rs2 rs1 010 rd 1010011',           'fd, fs1, fs2',  signD(xorSign)),
  d('fmin.d',    '0010101 rs2 rs1 000 rd 1010011',           'fd, fs1, fs2',  extremeD('fmin.d', (e, a, b) => e.minF64(a, b))),
  d('fmax.d',    '0010101 rs2 rs1 001 rd 1010011',           'fd, fs1, fs2',  extremeD('fmax.d', (e, a, b) => e.maxF64(a, b))),
  d('fcvt.s.d',  `0100000 00001 rs1 ${RM} rd 1010011`,       'fd, fs1, rm',   narrow),
  d('fcvt.d.s',  `0100001 00000 rs1 ${RM} rd 1010011`,       'fd, fs1',       widen),
  d('feq.d',     '1010001 rs2 rs1 010 rd 1010011',           'rd, fs1, fs2',  compareD('feq.d', (e, a, b) => e.eqF64(a, b))),
  d('flt.d',     '1010001 rs2 rs1 001 rd 1010011',           'rd, fs1, fs2',  compareD('flt.d', (e, a, b) => e.ltF64(a, b))),
  d('fle.d',     '1010001 rs2 rs1 000 rd 1010011',           'rd, fs1, fs2',  compareD('fle.d', (e, a, b) => e.leF64(a, b))),
  d('fclass.d',  '1110001 00000 rs1 001 rd 1010011',         'rd, fs1',       classifyD),
  d('fmv.x.d',   '1110001 00000 rs1 000 rd 1010011',         'rd, fs1',       (e) => { e.needFloat(); e.setRd(e.fs1()); }),
  d('fmv.d.x',   '1111001 00000 rs1 000 rd 1010011',         'fd, rs1',       (e) => { e.needFloat(); e.setFd(e.rs1()); }),
  d('fcvt.w.d',  `1100001 00000 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.w.d', LIMITS.w, double, toWord)),
  d('fcvt.wu.d', `1100001 00001 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.wu.d', LIMITS.wu, double, toWord)),
  d('fcvt.l.d',  `1100001 00010 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.l.d', LIMITS.l, double, toLong)),
  d('fcvt.lu.d', `1100001 00011 rs1 ${RM} rd 1010011`,       'rd, fs1, rm',   toInteger('fcvt.lu.d', LIMITS.lu, double, toUnsignedLong)),
  d('fcvt.d.w',  `1101001 00000 rs1 ${RM} rd 1010011`,       'fd, rs1',       fromInteger('fcvt.d.w', true, (e, a) => e.doubleBits(e.doubleFromS(e.sext(e.low(a)))))),
  d('fcvt.d.wu', `1101001 00001 rs1 ${RM} rd 1010011`,       'fd, rs1',       fromInteger('fcvt.d.wu', true, (e, a) => e.doubleBits(e.doubleFromS(e.zext(e.low(a)))))),
  d('fcvt.d.l',  `1101001 00010 rs1 ${RM} rd 1010011`,       'fd, rs1, rm',   fromInteger('fcvt.d.l', false, (e, a) => e.doubleBits(e.doubleFromS(a)))),
  d('fcvt.d.lu', `1101001 00011 rs1 ${RM} rd 1010011`,       'fd, rs1, rm',   fromInteger('fcvt.d.lu', false, (e, a) => e.doubleBits(e.doubleFromU(a)))),
];
