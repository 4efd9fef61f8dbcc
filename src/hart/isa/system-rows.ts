/**
 * Zicsr, Zifencei and the privileged instructions. Their encodings are here; what they do is TypeScript (see system.ts), because
 * they are rare and because most of them change how everything after them is translated.
 * [RISC-V unprivileged ISA, Zicsr and Zifencei; RISC-V privileged ISA, Machine-Mode and Supervisor Instructions]
 */
import type { Emitter } from '../emitter.js';
import { type Instruction, rows } from './instruction.js';

const csr = rows('Zicsr');
const fencei = rows('Zifencei');
const inval = rows('Svinval');
const priv = rows('S');
const system = (e: Emitter): void => e.system();

/** The rows of Zicsr. */
export const zicsr: readonly Instruction[] = [
  csr('csrrw',       'csr rs1 001 rd 1110011',            'rd, csr, rs1',  system, 'system'),
  csr('csrrs',       'csr rs1 010 rd 1110011',            'rd, csr, rs1',  system, 'system'),
  csr('csrrc',       'csr rs1 011 rd 1110011',            'rd, csr, rs1',  system, 'system'),
  csr('csrrwi',      'csr zimm 101 rd 1110011',           'rd, csr, zimm', system, 'system'),
  csr('csrrsi',      'csr zimm 110 rd 1110011',           'rd, csr, zimm', system, 'system'),
  csr('csrrci',      'csr zimm 111 rd 1110011',           'rd, csr, zimm', system, 'system'),
];

/** The row of Zifencei. Its register and immediate fields are reserved and ignored. */
export const zifencei: readonly Instruction[] = [
  fencei('fence.i',  'imm[11:0] rs1 001 rd 0001111',      '',              system, 'system'),
];

/** The privileged instructions. */
export const privileged: readonly Instruction[] = [
  priv('mret',       '0011000 00010 00000 000 00000 1110011', '',          system, 'system'),
  priv('sret',       '0001000 00010 00000 000 00000 1110011', '',          system, 'system'),
  priv('wfi',        '0001000 00101 00000 000 00000 1110011', '',          system, 'system'),
  priv('sfence.vma', '0001001 rs2 rs1 000 00000 1110011',     'rs1, rs2',  system, 'system'),
];

/** The rows of Svinval. */
export const svinval: readonly Instruction[] = [
  inval('sinval.vma',     '0001011 rs2 rs1 000 00000 1110011',     'rs1, rs2', system, 'system'),
  inval('sfence.w.inval', '0001100 00000 00000 000 00000 1110011', '',      system, 'system'),
  inval('sfence.inval.ir', '0001100 00001 00000 000 00000 1110011', '',     system, 'system'),
];
