/**
 * Decoded instructions, kept per physical page.
 *
 * A page gets its decoded page when it is first executed from; its instructions are decoded one by one when they are
 * first reached (decoder.ts). Stores do not change decoded instructions: who sees the store drops the page (store-watch.ts). A
 * dropped page may still be in use by the generated code that caused the drop: its content stays as it is until the
 * place is given out again, which happens only while no generated code is in it.
 */
import type { Bus } from '../bus/index.js';
import { isFull } from './decode.js';
import { Handler } from './handlers.js';
import { Decoded, DECODED, DECODED_END, DECODED_PAGE, DECODED_SHIFT, DECODED_STRIDE, PAGE_HOST, PAGE_MAP } from './layout.js';

/** Decoded pages that exist at most. */
const PAGES: number = Math.floor((DECODED_END - DECODED) / DECODED_STRIDE);

/** The decoded pages of one machine. `host` is always a linear address, of any byte of the page. */
export class DecodedPages {
  /** Counts drops: whoever keeps the place of a decoded page forgets it when this has changed. */
  generation = 0;
  /** Told of the place of a decoded page that is about to be dropped or to get a break. */
  onDrop: (page: number) => void = () => {};
  readonly #bus: Bus;
  #free: number[] = [];
  /** Decoded pages used so far; those beyond have never been written. */
  #used = 0;
  /** Linear addresses of instructions with a break, by linear address of their page. */
  readonly #breaks: Map<number, Set<number>> = new Map();
  /** The handlers that breaks stand in the place of, by place of the decoded instruction. */
  readonly #covered: Map<number, number> = new Map();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Whether a page has been decoded, at least in part. */
  has(host: number): boolean {
    return this.#bus.i32[(PAGE_MAP >> 2) + (host >>> 12)] !== 0;
  }

  /** Place of the decoded page of a page that has one, or a new one; drops all when there is no more room. */
  pageOf(host: number): number {
    const at = (PAGE_MAP >> 2) + (host >>> 12);
    const known = this.#bus.i32[at]!;
    if (known !== 0) return known;
    const page = this.#allocate();
    this.#bus.i32[(page + PAGE_HOST) >> 2] = host & ~0xfff;
    this.#bus.i32[at] = page;
    for (const broken of this.#breaks.get(host & ~0xfff) ?? []) this.#cover(page, broken);
    return page;
  }

  /** Linear address of the page that a decoded page belongs, or belonged, to. */
  hostOf(page: number): number {
    return this.#bus.i32[(page + PAGE_HOST) >> 2]!;
  }

  /** Whether any instruction of a page has a break: such a page is interpreted. */
  hasBreaks(host: number): boolean {
    return this.#breaks.has(host & ~0xfff);
  }

  /** Makes generated code leave before the instruction at a linear address, however often it is decoded anew, until `clearBreaks`. */
  setBreak(host: number): void {
    const breaks = this.#breaks.get(host & ~0xfff) ?? new Set();
    this.#breaks.set(host & ~0xfff, breaks.add(host));
    const page = this.#bus.i32[(PAGE_MAP >> 2) + (host >>> 12)]!;
    if (page === 0) return;
    this.onDrop(page);
    this.#cover(page, host);
  }

  /** Ends all breaks. */
  clearBreaks(): void {
    for (const [ip, handler] of this.#covered) this.#bus.u16[(ip + Decoded.handler) >> 1] = handler;
    this.#covered.clear();
    this.#breaks.clear();
  }

  /** Does something while the decoded instruction at `ip`, which has a break, has none. */
  withoutBreak<T>(ip: number, action: () => T): T {
    const { u16 } = this.#bus;
    const at = (ip + Decoded.handler) >> 1;
    u16[at] = this.#covered.get(ip) ?? Handler.Undecoded;
    this.#covered.delete(ip);
    try {
      return action();
    } finally {
      const page = pageWith(ip);
      const host = this.hostOf(page) + ((ip - page) >> DECODED_SHIFT);
      if (this.#breaks.get(host & ~0xfff)?.has(host)) this.#cover(page, host);
    }
  }

  #cover(page: number, host: number): void {
    const ip = page + ((host & 0xfff) << DECODED_SHIFT);
    const at = (ip + Decoded.handler) >> 1;
    if (this.#bus.u16[at] === Handler.Break) return;
    this.#covered.set(ip, this.#bus.u16[at]!);
    this.#bus.u16[at] = Handler.Break;
  }

  /** Makes all instructions of a decoded page idle but the one at `busy`. What they are decoded to stays, whatever is written meanwhile. */
  makeIdle(page: number, busy: number): void {
    const { u16 } = this.#bus;
    for (let ip = page; ip < page + DECODED_PAGE; ip += 2 << DECODED_SHIFT) {
      const handler = u16[(ip + Decoded.handler) >> 1]!;
      if (handler <= Handler.Illegal || ip === busy) continue;
      u16[(ip + Decoded.coveredHandler) >> 1] = handler;
      u16[(ip + Decoded.handler) >> 1] = Handler.Idle;
    }
  }

  /** Forgets what was decoded from a page. */
  drop(host: number): void {
    const at = (PAGE_MAP >> 2) + (host >>> 12);
    const page = this.#bus.i32[at]!;
    if (page === 0) return;
    this.onDrop(page);
    this.#bus.i32[at] = 0;
    this.#free.push(page);
    this.generation++;
  }

  /** Forgets everything. */
  dropAll(): void {
    for (let n = 0; n < this.#used; n++) {
      const page = DECODED + n * DECODED_STRIDE;
      this.onDrop(page);
      const at = (PAGE_MAP >> 2) + (this.hostOf(page) >>> 12);
      if (this.#bus.i32[at] === page) this.#bus.i32[at] = 0;
    }
    this.#free = Array.from({ length: this.#used }, (_, n) => DECODED + n * DECODED_STRIDE);
    this.generation++;
  }

  /** The bits of the instruction decoded at `ip`: 32 or, of a compressed one, 16, unsigned. */
  bitsAt(ip: number): number {
    const page = pageWith(ip);
    const offset = (ip - page) >> DECODED_SHIFT;
    const { u16 } = this.#bus;
    const at = ((this.hostOf(page) >>> 0) + offset) >>> 1;
    if (!isFull(u16[at]!)) return u16[at]!;
    return u16[at]! + (offset < 4094 ? u16[at + 1]! : u16[(ip + Decoded.secondParcel) >> 1]!) * 0x1_0000;
  }

  #allocate(): number {
    if (this.#free.length === 0 && this.#used === PAGES) this.dropAll();
    const { u16 } = this.#bus;
    let page = this.#free.pop();
    if (page === undefined) page = DECODED + this.#used++ * DECODED_STRIDE;
    else this.#bus.clear(page, DECODED_PAGE);
    for (const ip of this.#covered.keys()) if (ip >= page && ip < page + DECODED_PAGE) this.#covered.delete(ip);
    // Two ends: an instruction that straddles the end leaves through the second one.
    u16[(page + DECODED_PAGE) >> 1] = Handler.PageEnd;
    u16[(page + DECODED_PAGE + (2 << DECODED_SHIFT)) >> 1] = Handler.PageEnd;
    return page;
  }
}

/** The decoded page that has a place. */
const pageWith = (ip: number): number => ip - ((ip - DECODED) % DECODED_STRIDE);
