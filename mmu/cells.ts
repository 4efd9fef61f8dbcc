/**
 * Memory for what generated code must see as TypeScript does: the arrays of a TLB, their counters. In tests and for arrays that
 * do not fit, it is memory of its own, which generated code cannot reach.
 */
import { alignUp, type LinearMemory } from '../src/base/index.js';

/** Cells begin at multiples of a cache line. */
const LINE = 64;

/** Views of a whole buffer, and the place in it that was taken. */
export interface Cells {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  /** Byte offset of the place in each view's buffer, a multiple of 64. */
  readonly at: number;
}

/** A stretch of linear memory that is given out piece by piece. */
export class CellMemory {
  readonly #views: Omit<Cells, 'at'> | undefined;
  readonly #end: number;
  #next: number;

  /** @param o the stretch, zero; undefined: everybody gets memory of his own */
  constructor(o: { readonly memory: LinearMemory; readonly at: number; readonly bytes: number } | undefined) {
    this.#views = o && views(o.memory.buffer);
    this.#next = alignUp(o?.at ?? 0, LINE);
    this.#end = (o?.at ?? 0) + (o?.bytes ?? 0);
  }

  /** Takes `bytes` zero bytes, here or where there is room. */
  take(bytes: number): Cells {
    if (this.#views === undefined || this.#next + bytes > this.#end) return { ...views(new ArrayBuffer(alignUp(bytes, LINE))), at: 0 };
    const at = this.#next;
    this.#next = alignUp(at + bytes, LINE);
    return { ...this.#views, at };
  }

  /** Whether cells lie in the stretch. */
  holds(cells: Cells): boolean {
    return this.#views !== undefined && cells.i32.buffer === this.#views.i32.buffer;
  }
}

const views = (buffer: ArrayBufferLike): Omit<Cells, 'at'> => ({ i32: new Int32Array(buffer), u32: new Uint32Array(buffer), f64: new Float64Array(buffer) });
