/**
 * The compiler of regions as the engine sees it: numbers and arrays of numbers, so that it makes no difference whether it runs as
 * TypeScript or as the WebAssembly the build has made of it. It plans a region, and then writes the function of what it has planned.
 */
import { type Block, discover, type Plan } from './blocks.js';
import { Code, Type } from './code.js';
import { CodeCopies, type Engine } from './code-copies.js';
import { Uses } from './guest-code.js';
import type { i32 } from './integers.js';
import { REGISTER_WINDOWS, TEMP_DOUBLES, TEMP_LONGS, TEMP_SINGLES, TEMP_WORDS } from './region-locals.js';
import { RegionFunction } from './region-function.js';
import { type StampMaker, Stamps } from './stamps.js';

/** Counts at the beginning of a summary. Behind them are the distance and the place of each page, closed places, touched ones, blocks. */
export class Summary {
  static readonly instructions: i32 = 0;
  static readonly loops: i32 = 1;
  /** Whether an instruction multiplies and adds. */
  static readonly fuses: i32 = 2;
  static readonly pages: i32 = 3;
  static readonly closed: i32 = 4;
  static readonly touched: i32 = 5;
  static readonly blocks: i32 = 6;
  static readonly head: i32 = 7;
}

/** Words of a block in a summary: fields of Block. */
export class BlockWord {
  static readonly at: i32 = 0;
  static readonly end: i32 = 1;
  /** {@link BlockFlag}. */
  static readonly flags: i32 = 2;
  static readonly need: i32 = 3;
  static readonly taken: i32 = 4;
  static readonly takenTo: i32 = 5;
  static readonly next: i32 = 6;
  static readonly returnsTo: i32 = 7;
  static readonly returnAddress: i32 = 8;
  static readonly words: i32 = 9;
}

/** Bits of a block. */
export class BlockFlag {
  static readonly entry: i32 = 1;
  static readonly copied: i32 = 2;
  static readonly asks: i32 = 4;
}

/** Room for the locals before the code of a function. */
const LOCALS_ROOM: i32 = 40;

/** The compiler of one machine. */
export class Compiler {
  readonly copies: CodeCopies;
  /** What is given and answered: seeds of a plan, as relative addresses; its summary; stamps. */
  words: Int32Array = new Int32Array(4096);
  /** Where in `code` the function that was written last begins: its locals. */
  bodyAt: i32 = 0;
  readonly code: Code = new Code();
  private readonly stamps: Stamps;
  private plan: Plan | null = null;
  private at: i32 = 0;

  constructor(engine: Engine, maker: StampMaker) {
    this.copies = new CodeCopies(engine);
    this.stamps = new Stamps(maker);
  }

  /** Forgets the plan, whose function can not be written any more then. */
  forgetPlan(): void {
    this.plan = null;
    this.copies.clear();
  }

  /** Plans a region from the first `seeds` words, within bounds. */
  planRegion(seeds: i32, mostInstructions: i32, mostPages: i32): void {
    const starts: i32[] = [];
    for (let n = 0; n < seeds; n++) starts.push(this.words[n]!);
    this.forgetPlan();
    const plan = discover(starts, this.copies, mostInstructions, mostPages);
    this.plan = plan;
    this.summarize(plan);
  }

  /**
   * Writes the function of the plan, for a slot; `windows` says whether those of registers are worth asking for.
   * @returns its bytes, from `bodyAt` on; 0 where it can not be written
   */
  writeFunction(slot: i32, windows: boolean): i32 {
    const code = this.code;
    code.clear();
    for (let n = 0; n < LOCALS_ROOM; n++) code.byte(0);
    const region = new RegionFunction(code, this.plan!, slot, windows, this.stamps);
    if (!region.write()) return 0;
    this.writeLocals(region.pageWindows);
    return code.length - this.bodyAt;
  }

  /** Makes room for a number of words. */
  reserve(words: i32): void {
    if (words > this.words.length) this.words = new Int32Array(words);
  }

  /** Takes what is in the words: handlers with their packed traits, and stamps. */
  take(traits: i32, stamps: i32): void {
    for (let n = 0; n < traits; n++) this.copies.setTraits(this.words[2 * n]!, this.words[2 * n + 1]!);
    this.stamps.take(this.words, 2 * traits, stamps);
  }

  /** Forgets all stamps. */
  clearStamps(): void {
    this.stamps.clear();
  }

  /** Writes the declarations of locals, in runs of one type, right before the code. */
  private writeLocals(pageWindows: i32): void {
    const locals = new Code();
    locals.unsigned(9);
    // Those of region-locals.ts, but for the parameters.
    declare(locals, 3, Type.i64);
    declare(locals, 4, Type.i32);
    declare(locals, TEMP_LONGS, Type.i64);
    declare(locals, TEMP_WORDS, Type.i32);
    declare(locals, TEMP_SINGLES, Type.f32);
    declare(locals, TEMP_DOUBLES, Type.f64);
    declare(locals, 31, Type.i64);
    declare(locals, 32, Type.f64);
    declare(locals, REGISTER_WINDOWS + pageWindows, Type.i32);
    this.bodyAt = LOCALS_ROOM - locals.length;
    for (let n = 0; n < locals.length; n++) this.code.bytes[this.bodyAt + n] = locals.bytes[n]!;
  }

  private summarize(plan: Plan): void {
    const pages = plan.pages;
    const touched = this.copies.touched;
    this.at = 0;
    this.reserve(Summary.head + 2 * pages.places.length + plan.closed.length + touched.length + BlockWord.words * plan.blocks.length);
    this.put(plan.instructions);
    this.put(plan.loops.length);
    this.put(fuses(plan.blocks) ? 1 : 0);
    this.put(pages.places.length);
    this.put(plan.closed.length);
    this.put(touched.length);
    this.put(plan.blocks.length);
    for (let n = 0; n < pages.places.length; n++) {
      this.put(pages.distances[n]!);
      this.put(pages.places[n]!);
    }
    this.putAll(plan.closed);
    this.putAll(touched);
    for (let n = 0; n < plan.blocks.length; n++) this.putBlock(plan.blocks[n]!);
  }

  private putBlock(block: Block): void {
    this.put(block.at);
    this.put(block.end);
    this.put((block.entry ? BlockFlag.entry : 0) | (block.copied ? BlockFlag.copied : 0) | (block.asks ? BlockFlag.asks : 0));
    this.put(block.need);
    this.put(block.taken);
    this.put(block.takenTo);
    this.put(block.next);
    this.put(block.returnsTo);
    this.put(block.returnAddress);
  }

  private putAll(list: i32[]): void {
    for (let n = 0; n < list.length; n++) this.put(list[n]!);
  }

  private put(word: i32): void {
    this.words[this.at++] = word;
  }
}

function declare(locals: Code, count: i32, type: i32): void {
  locals.unsigned(count);
  locals.op(type);
}

function fuses(blocks: Block[]): boolean {
  for (let n = 0; n < blocks.length; n++) {
    const code = blocks[n]!.code;
    for (let k = 0; k < code.length; k++) if (code[k]!.traits.uses & Uses.fs3) return true;
  }
  return false;
}
