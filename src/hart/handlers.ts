/** The numbers of the interpreter's handlers: what a decoded instruction says is to be done. */
import { type Instruction, INSTRUCTIONS } from './isa/index.js';

/**
 * Numbers of the handlers that are no instruction. 0 must mean "not decoded": fresh pages are filled with zeros. Handlers reach only
 * those with higher numbers: Region what it stands in the place of, Straddle what an instruction over two pages can turn out to be. Idle
 * stands in the place of an instruction that has not been executed since its page became hot; it is itself again when it is reached.
 * Those above Straddle have nothing but heat in the last word of the decoded instruction.
 */
export const Handler = { Undecoded: 0, PageEnd: 1, Break: 2, Region: 3, Idle: 4, Straddle: 5, Illegal: 6 } as const;
const FIRST = 7;

/**
 * Instructions with a second handler for rd = x0, which saves computing and storing the link: plain jumps and returns.
 * For all others the write goes to State.sink.
 */
export const LINKLESS: readonly Instruction[] = INSTRUCTIONS.filter((row) => row.flow === 'jump' || row.flow === 'jumpRegister');

/** The handler of an instruction with `rd`. */
export function handlerOf(row: Instruction, rd: number): number {
  const linkless = rd === 0 ? LINKLESS.indexOf(row) : -1;
  return FIRST + (linkless < 0 ? INSTRUCTIONS.indexOf(row) : INSTRUCTIONS.length + linkless);
}

/** The instruction behind a handler number, undefined for the handlers that are none. */
export function instructionOf(handler: number): Instruction | undefined {
  return handler < FIRST ? undefined : (INSTRUCTIONS[handler - FIRST] ?? LINKLESS[handler - FIRST - INSTRUCTIONS.length]);
}
