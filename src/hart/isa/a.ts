/** A: load-reserved/store-conditional and atomic memory operations. [RISC-V unprivileged ISA, "A" Extension] One hart runs at a time: aq and rl ask for nothing. */
import type { Emitter } from '../emitter.js';
import type { Long } from '../value.js';
import { type Instruction, rows } from './instruction.js';

const a = rows('A');

/** What an AMO stores, from what memory held and rs2; both are sign-extended words in the .w forms. */
type Combine = (e: Emitter, old: Long, operand: Long) => Long;

const swap: Combine = (_, __, operand) => operand;
const add: Combine = (e, old, operand) => e.add(old, operand);
const xor: Combine = (e, old, operand) => e.xor(old, operand);
const and: Combine = (e, old, operand) => e.and(old, operand);
const or: Combine = (e, old, operand) => e.or(old, operand);
// Sign extension keeps the unsigned order of words as well, so the .w forms need no cut.
const min: Combine = (e, old, operand) => e.select(e.ltS(old, operand), old, operand);
const max: Combine = (e, old, operand) => e.select(e.gtS(old, operand), old, operand);
const minu: Combine = (e, old, operand) => e.select(e.ltU(old, operand), old, operand);
const maxu: Combine = (e, old, operand) => e.select(e.gtU(old, operand), old, operand);

const word = (combine: Combine) => (e: Emitter): void => {
  const operand = e.let(e.sext(e.low(e.rs2())));
  e.amo(4, e.rs1(), (old) => combine(e, old, operand));
};
const double = (combine: Combine) => (e: Emitter): void => {
  const operand = e.let(e.rs2());
  e.amo(8, e.rs1(), (old) => combine(e, old, operand));
};

/** The rows of A. */
export const extensionA: readonly Instruction[] = [
  a('lr.w',      '00010 aq rl 00000 rs1 010 rd 0101111', 'rd, (rs1)',      (e) => e.loadReserved(4, e.rs1())),
  a('sc.w',      '00011 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', (e) => e.storeConditional(4, e.rs1(), e.rs2())),
  a('amoswap.w', '00001 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(swap)),
  a('amoadd.w',  '00000 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(add)),
  a('amoxor.w',  '00100 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(xor)),
  a('amoand.w',  '01100 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(and)),
  a('amoor.w',   '01000 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(or)),
  a('amomin.w',  '10000 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(min)),
  a('amomax.w',  '10100 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(max)),
  a('amominu.w', '11000 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(minu)),
  a('amomaxu.w', '11100 aq rl rs2 rs1 010 rd 0101111',   'rd, rs2, (rs1)', word(maxu)),

  a('lr.d',      '00010 aq rl 00000 rs1 011 rd 0101111', 'rd, (rs1)',      (e) => e.loadReserved(8, e.rs1())),
  a('sc.d',      '00011 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', (e) => e.storeConditional(8, e.rs1(), e.rs2())),
  a('amoswap.d', '00001 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(swap)),
  a('amoadd.d',  '00000 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(add)),
  a('amoxor.d',  '00100 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(xor)),
  a('amoand.d',  '01100 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(and)),
  a('amoor.d',   '01000 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(or)),
  a('amomin.d',  '10000 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(min)),
  a('amomax.d',  '10100 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(max)),
  a('amominu.d', '11000 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(minu)),
  a('amomaxu.d', '11100 aq rl rs2 rs1 011 rd 0101111',   'rd, rs2, (rs1)', double(maxu)),
];
