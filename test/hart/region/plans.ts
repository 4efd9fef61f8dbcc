/** Plans of programs that are written as lists of names. */
import { handlerOf } from '../../../src/hart/handlers.js';
import { fullInstruction } from '../../../src/hart/isa/index.js';
import { type Block, discover, type Plan, TARGETS } from '../../../src/hart/region/compiler/blocks.js';
import { unpackTraits } from '../../../src/hart/region/compiler/code-copies.js';
import { type CodeSource, GuestInstruction, type Traits } from '../../../src/hart/region/compiler/guest-code.js';
import { packedTraits } from '../../../src/hart/region/traits.js';

const PAGE = 0x10_0000;

/** The traits of an instruction by its name. */
export function traitsNamed(name: string): Traits {
  const handler = handlerOf(fullInstruction(name)!, 1);
  return unpackTraits(handler, packedTraits(handler))!;
}

/** An instruction of 4 bytes: its name, for jumps how many instructions they go, and for calls and returns their rd; rs1 is ra. */
export type Short = readonly [name: string, distance?: number, rd?: number];

/** The plan of a region that begins at some instructions of a program of one page. */
export function planOf(program: readonly Short[], seeds: readonly number[], bounds: { instructions: number; pages: number } = { instructions: 100, pages: 2 },
  staysOpen = false): Plan {
  const traits = program.map(([name]) => (name === 'ecall' ? null : traitsNamed(name)));
  const read = (_: number, at: number): GuestInstruction | null => {
    const n = at >> 2;
    const [, distance = 0, rd = 0] = program[n] ?? [''];
    return traits[n] ? new GuestInstruction(traits[n], rd, 1, 2, 0, 4 * distance, 4, -1) : null;
  };
  const source: CodeSource = { pageAt: (distance) => (distance === 0 ? PAGE : 0), instructionAt: read, copyOf: read, staysOpen: () => staysOpen };
  return discover(seeds.map((n) => 4 * n), source, bounds.instructions, bounds.pages);
}

/** Where a block may go to. */
export const targets = (block: Block): number[] => Array.from({ length: TARGETS }, (_, n) => block.target(n));
