/** What the engine knows of a region that has been planned: the compiler's summary, read. */
import { DECODED_SHIFT } from '../layout.js';
import { BlockFlag, BlockWord, Summary } from './compiler/compiler.js';

/** How large a region may get. */
export interface Bounds {
  readonly instructions: number;
  readonly pages: number;
}

/** Place of the instruction at a relative address in the decoded page that holds it. */
const placeIn = (page: number, at: number): number => page + ((at & 0xfff) << DECODED_SHIFT);

/** A planned region. Addresses are relative to the page of its first seed. */
export class Plan {
  /** Guest instructions, those of copies included; and how many loops they make. */
  readonly instructions: number;
  readonly loops: number;
  /** Whether one of them multiplies and adds. */
  readonly fuses: boolean;
  /** Decoded pages by distance. */
  readonly pages: ReadonlyMap<number, number>;
  /** Places behind calls of copies, which the region can not be entered at. */
  readonly closed: readonly number[];
  /** Decoded instructions of other regions' blocks that were come by. */
  readonly touched: readonly number[];
  /** Blocks, in the order they are written. */
  readonly blocks: number;
  readonly #blocks: Int32Array;

  constructor(words: Int32Array) {
    this.instructions = words[Summary.instructions]!;
    this.loops = words[Summary.loops]!;
    this.fuses = words[Summary.fuses] !== 0;
    this.blocks = words[Summary.blocks]!;
    const closedAt = Summary.head + 2 * words[Summary.pages]!;
    const touchedAt = closedAt + words[Summary.closed]!;
    const blocksAt = touchedAt + words[Summary.touched]!;
    const pages = new Map<number, number>();
    for (let at: number = Summary.head; at < closedAt; at += 2) pages.set(words[at]!, words[at + 1]!);
    this.pages = pages;
    this.closed = Array.from(words.subarray(closedAt, touchedAt));
    this.touched = Array.from(words.subarray(touchedAt, blocksAt));
    this.#blocks = words.slice(blocksAt, blocksAt + BlockWord.words * this.blocks);
  }

  /** Place of the decoded instruction at a relative address. */
  placeOf(at: number): number {
    return placeIn(this.pages.get(at >> 12)!, at);
  }

  /** A word of a block: see BlockWord. */
  word(block: number, word: number): number {
    return this.#blocks[BlockWord.words * block + word]!;
  }

  /** Whether a block has a flag: see BlockFlag. */
  has(block: number, flag: number): boolean {
    return (this.word(block, BlockWord.flags) & flag) !== 0;
  }

  /** Place of the decoded instruction a block begins with. */
  placeOfBlock(block: number): number {
    return this.placeOf(this.word(block, BlockWord.at));
  }

  /** Places at which blocks begin, but for those of copies. */
  get places(): number[] {
    const places: number[] = [];
    for (let n = 0; n < this.blocks; n++) if (!this.has(n, BlockFlag.copied)) places.push(this.placeOfBlock(n));
    return places;
  }
}
