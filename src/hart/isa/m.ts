/** M: integer multiplication and division. [RISC-V unprivileged ISA, "M" Extension] */
import type { Emitter } from '../emitter.js';
import type { Long } from '../value.js';
import { type Instruction, rows } from './instruction.js';

const m = rows('M');

/** High 64 bits of the unsigned product, from four products of 32-bit halves. Both operands are used several times: pass `let`s. */
function highProduct(e: Emitter, a: Long, b: Long): Long {
  const half = e.const(32n);
  const lowHalf = e.const(0xffff_ffffn);
  const a0 = e.let(e.and(a, lowHalf));
  const b0 = e.let(e.and(b, lowHalf));
  const a1 = e.let(e.shrU(a, half));
  const b1 = e.let(e.shrU(b, half));
  const middle = e.let(e.add(e.mul(a1, b0), e.shrU(e.mul(a0, b0), half)));
  const carry = e.add(e.mul(a0, b1), e.and(middle, lowHalf));
  return e.add(e.add(e.mul(a1, b1), e.shrU(middle, half)), e.shrU(carry, half));
}

/** b where a is negative, else 0: what the unsigned high product has too much when a is meant signed. */
const excess = (e: Emitter, a: Long, b: Long): Long => e.and(e.shrS(a, e.const(63n)), b);

function multiplyHigh(e: Emitter, aSigned: boolean, bSigned: boolean): void {
  const a = e.let(e.rs1());
  const b = e.let(e.rs2());
  let high = highProduct(e, a, b);
  if (aSigned) high = e.sub(high, excess(e, a, b));
  if (bSigned) high = e.sub(high, excess(e, b, a));
  e.setRd(high);
}

// WebAssembly traps where RISC-V defines a result: on division by zero and where the most negative number is divided by -1.

function divideSigned(e: Emitter, a: Long, b: Long, finish: (result: Long) => Long): void {
  e.if(e.eqz(b), () => e.setRd(e.const(-1n)), () => {
    e.if(e.eq(b, e.const(-1n)), () => e.setRd(finish(e.sub(e.const(0n), a))), () => e.setRd(finish(e.divS(a, b))));
  });
}

const divideUnsigned = (e: Emitter, a: Long, b: Long, finish: (result: Long) => Long): void =>
  e.if(e.eqz(b), () => e.setRd(e.const(-1n)), () => e.setRd(finish(e.divU(a, b))));

const remainder = (e: Emitter, a: Long, b: Long, of: (a: Long, b: Long) => Long, finish: (result: Long) => Long): void =>
  e.if(e.eqz(b), () => e.setRd(finish(a)), () => e.setRd(finish(of(a, b))));

const whole = (result: Long): Long => result;
const signedWord = (e: Emitter, v: Long): Long => e.let(e.sext(e.low(v)));
const unsignedWord = (e: Emitter, v: Long): Long => e.let(e.zext(e.low(v)));
/** Results of W divisions: computed on operands widened to 64 bits, where no overflow exists, then cut to a word again. */
const toWord = (e: Emitter) => (result: Long): Long => e.sext(e.low(result));

/** The rows of M. */
export const extensionM: readonly Instruction[] = [
  m('mul',    '0000001 rs2 rs1 000 rd 0110011', 'rd, rs1, rs2', (e) => e.setRd(e.mul(e.rs1(), e.rs2()))),
  m('mulh',   '0000001 rs2 rs1 001 rd 0110011', 'rd, rs1, rs2', (e) => multiplyHigh(e, true, true)),
  m('mulhsu', '0000001 rs2 rs1 010 rd 0110011', 'rd, rs1, rs2', (e) => multiplyHigh(e, true, false)),
  m('mulhu',  '0000001 rs2 rs1 011 rd 0110011', 'rd, rs1, rs2', (e) => multiplyHigh(e, false, false)),
  m('div',    '0000001 rs2 rs1 100 rd 0110011', 'rd, rs1, rs2', (e) => divideSigned(e, e.let(e.rs1()), e.let(e.rs2()), whole)),
  m('divu',   '0000001 rs2 rs1 101 rd 0110011', 'rd, rs1, rs2', (e) => divideUnsigned(e, e.let(e.rs1()), e.let(e.rs2()), whole)),
  m('rem',    '0000001 rs2 rs1 110 rd 0110011', 'rd, rs1, rs2', (e) => remainder(e, e.let(e.rs1()), e.let(e.rs2()), e.remS, whole)),
  m('remu',   '0000001 rs2 rs1 111 rd 0110011', 'rd, rs1, rs2', (e) => remainder(e, e.let(e.rs1()), e.let(e.rs2()), e.remU, whole)),

  m('mulw',   '0000001 rs2 rs1 000 rd 0111011', 'rd, rs1, rs2', (e) => e.setRd(e.sext(e.mul32(e.low(e.rs1()), e.low(e.rs2()))))),
  m('divw',   '0000001 rs2 rs1 100 rd 0111011', 'rd, rs1, rs2', (e) => divideSigned(e, signedWord(e, e.rs1()), signedWord(e, e.rs2()), toWord(e))),
  m('divuw',  '0000001 rs2 rs1 101 rd 0111011', 'rd, rs1, rs2', (e) => divideUnsigned(e, unsignedWord(e, e.rs1()), unsignedWord(e, e.rs2()), toWord(e))),
  m('remw',   '0000001 rs2 rs1 110 rd 0111011', 'rd, rs1, rs2', (e) => remainder(e, signedWord(e, e.rs1()), signedWord(e, e.rs2()), e.remS, toWord(e))),
  m('remuw',  '0000001 rs2 rs1 111 rd 0111011', 'rd, rs1, rs2', (e) => remainder(e, unsignedWord(e, e.rs1()), unsignedWord(e, e.rs2()), e.remU, toWord(e))),
];
