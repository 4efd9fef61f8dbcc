/** Zicbom and Zicboz: cache-block instructions. Prefetches (Zicbop) are ori to x0. [RISC-V unprivileged ISA, "CMO" Extensions] */
import { Access } from '../access.js';
import { type Instruction, rows } from './instruction.js';

const zicbom = rows('Zicbom');
const zicboz = rows('Zicboz');

/** The rows of Zicbom and Zicboz. Their base register is written without an offset. */
export const cacheBlocks: readonly Instruction[] = [
  zicbom('cbo.inval', '000000000000 rs1 010 00000 0001111', '(rs1)', (e) => e.cacheBlock(Access.Invalidate, e.rs1())),
  zicbom('cbo.clean', '000000000001 rs1 010 00000 0001111', '(rs1)', (e) => e.cacheBlock(Access.Clean, e.rs1())),
  zicbom('cbo.flush', '000000000010 rs1 010 00000 0001111', '(rs1)', (e) => e.cacheBlock(Access.Clean, e.rs1())),
  zicboz('cbo.zero',  '000000000100 rs1 010 00000 0001111', '(rs1)', (e) => e.cacheBlock(Access.Zero, e.rs1())),
];
