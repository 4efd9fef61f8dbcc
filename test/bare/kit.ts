/** What the bare machine's tests share: assembling a program at the start of RAM and running it. */
import { type BareMachine, type BareMachineConfig, type BareResult, createBareMachine } from '../../src/bare/index.js';
import { assemble } from '../../guest/index.js';

/** First address of RAM. */
export const RAM = 0x8000_0000;
/** Where the devices are, and mstatus and mie bits, as constants of the assembler. */
const CONSTANTS = `
  .equ FINISHER, 0x100000
  .equ CLINT, 0x2000000
  .equ MTIMECMP, 0x2004000
  .equ MTIME, 0x200bff8
  .equ UART, 0x10000000
`;
/** Behind every program: `tohost` and `fromhost` on a page of data. */
export const HTIF_DATA = `
  .data
tohost: .dword 0
fromhost: .dword 0
`;

/** The ELF file of a source that begins at the start of RAM. */
export const program = (source: string): Uint8Array => assemble(CONSTANTS + source, { base: RAM }).elf;

/** A machine with a program. What it prints is collected in `printed`. */
export function machineOf(source: string, config: Partial<BareMachineConfig> = {}): { machine: BareMachine; printed: () => string } {
  const bytes: number[] = [];
  const machine = createBareMachine({ program: program(source), memory: 2 ** 20, output: (out) => void bytes.push(...out), ...config });
  return { machine, printed: () => String.fromCharCode(...bytes) };
}

/** Runs a program for at most a million steps. */
export function runOf(source: string, config: Partial<BareMachineConfig> = {}): { result: BareResult; printed: string; machine: BareMachine } {
  const { machine, printed } = machineOf(source, config);
  const result = machine.run({ maxInstructions: 1_000_000 });
  return { result, printed: printed(), machine };
}
