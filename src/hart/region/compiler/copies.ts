/**
 * Which functions are copied for each call of them: small ones that call none, or only such. A return of a copy has one place to go to;
 * it is a compare, where a return in general asks for the block of its address and goes through the table of the region.
 */
import { type CodeSource, Flow, type GuestInstruction, pageOf } from './guest-code.js';
import type { i32 } from './integers.js';

/** Instructions of a function that is copied, of those it calls as well. */
const MOST: i32 = 48;
const RA: i32 = 1;

/** The size of what is not copied. */
export const NOT_COPIED: i32 = 0x1000_0000;

/** Whether an instruction returns from a function. */
export function isReturn(instruction: GuestInstruction): boolean {
  return instruction.traits.flow === Flow.jumpRegister && instruction.rd === 0 && instruction.rs1 === RA && instruction.imm === 0;
}

/** Looks at the functions a region calls. */
export class Copies {
  private readonly source: CodeSource;
  /** Sizes of functions. */
  private readonly sizes: Map<i32, i32> = new Map<i32, i32>();
  private readonly pages: Map<i32, i32> = new Map<i32, i32>();
  /** Functions whose sizes are being found out: what they call again is not copied. */
  private readonly measured: i32[] = [];

  constructor(source: CodeSource) {
    this.source = source;
  }

  /** Instructions of the copy of the function at `target`; NOT_COPIED where an instruction is no call of one that is. */
  sizeFor(call: GuestInstruction, target: i32): i32 {
    return call.traits.flow === Flow.jump && call.rd === RA ? this.sizeOf(target) : NOT_COPIED;
  }

  private sizeOf(start: i32): i32 {
    if (this.sizes.has(start)) return this.sizes.get(start)!;
    // Calls so deep are more than that many instructions.
    if (this.measured.length === MOST || this.measured.includes(start)) return NOT_COPIED;
    this.measured.push(start);
    const size = this.measure(start);
    this.measured.pop();
    // That it is not may come from what calls this one.
    if (size !== NOT_COPIED || this.measured.length === 0) this.sizes.set(start, size);
    return size;
  }

  /** Counts what can be reached; NOT_COPIED where that is more than a function is copied with, or does not end in returns. */
  private measure(start: i32): i32 {
    const seen = new Set<i32>();
    const work: i32[] = [start];
    let size: i32 = 0;
    let returns = false;
    while (work.length > 0) {
      const at = work.pop()!;
      if (seen.has(at)) continue;
      const instruction = this.at(at);
      if (instruction === null) continue;
      seen.add(at);
      const flow = instruction.traits.flow;
      size++;
      if (flow === Flow.jumpRegister) {
        if (!isReturn(instruction)) return NOT_COPIED;
        returns = true;
        continue;
      }
      const to = at + instruction.imm;
      const calls = flow === Flow.jump && instruction.rd !== 0;
      if (calls) size += this.sizeFor(instruction, to);
      if (size > MOST) return NOT_COPIED;
      // A loop takes longer than the call.
      if (flow !== Flow.next && !calls && instruction.imm <= 0) return NOT_COPIED;
      if (flow !== Flow.next && !calls) work.push(to);
      if (flow !== Flow.jump || calls) work.push(at + instruction.length);
    }
    return returns ? size : NOT_COPIED;
  }

  private at(at: i32): GuestInstruction | null {
    const distance = pageOf(at);
    if (!this.pages.has(distance)) this.pages.set(distance, this.source.pageAt(distance));
    const page = this.pages.get(distance)!;
    return page === 0 ? null : this.source.copyOf(page, at);
  }
}
