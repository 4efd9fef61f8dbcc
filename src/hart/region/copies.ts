/**
 * Which functions are copied for each call of them: small ones that call none, or only such. A return of a copy has one place to go to;
 * it is a compare, where a return in general asks for the block of its address and goes through the table of the region.
 */
import { type CodeSource, type GuestInstruction, pageOf, placeIn } from './guest-code.js';

/** Instructions of a function that is copied, of those it calls as well. */
const MOST = 48;
const RA = 1;

/** Whether an instruction returns from a function. */
export const isReturn = ({ imm, rd, rs1, traits }: GuestInstruction): boolean => traits.flow === 'jumpRegister' && rd === 0 && rs1 === RA && imm === 0;

/** Looks at the functions a region calls. */
export class Copies {
  readonly #source: CodeSource;
  /** Sizes of functions; Infinity for those that are not copied. */
  readonly #sizes = new Map<number, number>();
  readonly #pages = new Map<number, number>();
  /** Functions whose sizes are being found out: what they call again is not copied. */
  readonly #measured: number[] = [];

  constructor(source: CodeSource) {
    this.#source = source;
  }

  /** Instructions of the copy of the function at `target`; Infinity where an instruction is no call of one that is copied. */
  sizeFor({ rd, traits }: GuestInstruction, target: number): number {
    return traits.flow === 'jump' && rd === RA ? this.#sizeOf(target) : Infinity;
  }

  #sizeOf(start: number): number {
    const known = this.#sizes.get(start);
    if (known !== undefined) return known;
    // Calls so deep are more than that many instructions.
    if (this.#measured.length === MOST || this.#measured.includes(start)) return Infinity;
    this.#measured.push(start);
    const size = this.#measure(start);
    this.#measured.pop();
    // Infinity may come from what calls this one.
    if (size !== Infinity || this.#measured.length === 0) this.#sizes.set(start, size);
    return size;
  }

  /** Counts what can be reached; Infinity where that is more than a function is copied with, or does not end in returns. */
  #measure(start: number): number {
    const seen = new Set<number>();
    const work = [start];
    let size = 0;
    let returns = false;
    for (let at = work.pop(); at !== undefined; at = work.pop()) {
      const instruction = seen.has(at) ? undefined : this.#at(at);
      if (instruction === undefined) continue;
      seen.add(at);
      const { imm, length, rd, traits: { flow } } = instruction;
      size++;
      if (flow === 'jumpRegister') {
        if (!isReturn(instruction)) return Infinity;
        returns = true;
        continue;
      }
      const calls = flow === 'jump' && rd !== 0;
      if (calls) size += this.sizeFor(instruction, at + imm);
      if (size > MOST) return Infinity;
      // A loop takes longer than the call.
      if (flow !== 'next' && !calls && imm <= 0) return Infinity;
      if (flow !== 'next' && !calls) work.push(at + imm);
      if (flow !== 'jump' || calls) work.push(at + length);
    }
    return returns ? size : Infinity;
  }

  #at(at: number): GuestInstruction | undefined {
    const distance = pageOf(at);
    let page = this.#pages.get(distance);
    if (page === undefined) this.#pages.set(distance, (page = this.#source.pageAt(distance)));
    return page === 0 ? undefined : this.#source.copyOf(placeIn(page, at));
  }
}
