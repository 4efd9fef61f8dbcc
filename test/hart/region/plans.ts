/** Plans of programs that are written as lists of names. */
import type { CodeSource, GuestInstruction } from '../../../src/hart/region/guest-code.js';
import { handlerOf } from '../../../src/hart/handlers.js';
import { fullInstruction } from '../../../src/hart/isa/index.js';
import { discover, type Plan } from '../../../src/hart/region/blocks.js';
import { type Traits, traitsOf } from '../../../src/hart/region/traits.js';

const PAGE = 0x10_0000;

/** The traits of an instruction by its name. */
export const traitsNamed = (name: string): Traits => traitsOf(handlerOf(fullInstruction(name)!, 1))!;

/** An instruction of 4 bytes: its name, for jumps how many instructions they go, and for calls and returns their rd; rs1 is ra. */
export type Short = readonly [name: string, distance?: number, rd?: number];

/** The plan of a region that begins at some instructions of a program of one page. */
export function planOf(program: readonly Short[], seeds: readonly number[], bounds: { instructions: number; pages: number } = { instructions: 100, pages: 2 },
  staysOpen = false): Plan {
  const instructions = program.map(([name, distance = 0, rd = 0]): GuestInstruction => ({
    traits: traitsNamed(name), rd, rs1: 1, rs2: 2, rs3: 0, imm: 4 * distance, length: 4, secondParcel: -1,
  }));
  const read = (ip: number): GuestInstruction | undefined => instructions[(ip - PAGE) >> 5];
  const source: CodeSource = { pageAt: (distance) => (distance === 0 ? PAGE : 0), instructionAt: read, copyOf: (ip) => read(ip) && { ...read(ip)! }, staysOpen: () => staysOpen };
  return discover(seeds.map((n) => 4 * n), source, bounds);
}
