/** Reading a system instruction back from its decoded form. */
import { HarnessBug } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import { Handler, instructionOf } from './handlers.js';
import type { Instruction } from './isa/index.js';
import { Decoded, DECODED_SHIFT, State } from './layout.js';
import type { SystemOperands } from './system.js';

/** A decoded system instruction. */
export interface SystemInstruction {
  readonly row: Instruction;
  /** Its bytes. */
  readonly length: number;
  readonly operands: SystemOperands;
}

/** The instruction at place `ip` of a decoded page. */
export function systemInstructionAt({ u8, u16, i32 }: Bus, ip: number): SystemInstruction {
  const handler = u16[(ip + Decoded.handler) >> 1]!;
  const row = instructionOf(handler === Handler.Straddle ? u16[(ip + Decoded.innerHandler) >> 1]! : handler);
  if (row === undefined) throw new HarnessBug('no system instruction', { handler });
  const rd = u16[(ip + Decoded.rd) >> 1]!;
  return {
    row,
    length: u8[ip + Decoded.length]! >> DECODED_SHIFT,
    operands: {
      rd: rd === State.sink ? 0 : rd >> 3,
      rs1: u8[ip + Decoded.rs1]! >> 3,
      rs2: u8[ip + Decoded.rs2]! >> 3,
      imm: i32[(ip + Decoded.imm) >> 2]!,
    },
  };
}
