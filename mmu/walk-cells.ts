/**
 * What generated code must know to answer a miss of the translation cache itself: cells in the header of the translation
 * cache. They are offered only where an ordinary answer is a simple one: one level of TLB, FIFO, no page-walk cache.
 */
import type { LinearMemory, Pfn } from '../src/base/index.js';
import { PRIV_U, READ, WRITE, type Priv } from './access.js';
import { PTE_R, PTE_U, PTE_V, PTE_X } from './pte.js';
import { WORD_ASID_SHIFT, type TlbArray } from './tlb-array.js';
import { SIZE_64K } from './tlb-config.js';
import type { Tlb } from './tlb.js';

/** In the header, i32: WalkState, what generated code may do with the other cells. */
export const WALK_STATE = 12;
/** What generated code may answer itself. */
export const WalkState = {
  /** Nothing. */
  Off: 0,
  /** Data accesses, which are translated. */
  Translated: 1,
  /** Data accesses, which are not: addresses are physical. */
  Untranslated: 2,
} as const;
/** One of these. */
export type WalkState = (typeof WalkState)[keyof typeof WalkState];
/** i32: V and the ASID in force, as in an entry's word. */
export const WALK_WORD = 16;
/** i32: linear address of the root page table, 0 where it is not in RAM. */
export const WALK_ROOT = 20;
/** i32: 0 or PTE_U: the bits of a leaf that must be those of WALK_USER for data accesses. */
export const WALK_USER_MASK = 24;
/** i32: 0 or PTE_U. */
export const WALK_USER = 28;
/** i32: the flags one of which a load needs. */
export const WALK_READABLE = 32;
/** i32: whether loads and stores need not be aligned. */
export const WALK_MISALIGNED = 36;
/** 4 i32, by leaf size code: address of the descriptor of the array for data that holds it, 0 where none does. */
export const WALK_ARRAYS = 40;
/** i32: address of the first level's counts. */
export const WALK_COUNTS = 56;
/** i32: address of the walks counted, f64 by leaf size code, and behind them of the PTEs read, f64 by level. */
export const WALK_TALLY = 60;
/** i64: first frame of RAM. */
export const WALK_RAM_FIRST = 64;
/** i64: frames of RAM. */
export const WALK_RAM_FRAMES = 72;
/** i32: linear address of RAM. */
export const WALK_RAM_HOST = 80;
/** Behind the walks in the tally. */
export const TALLY_PTE_READS = 32;
/** Bytes of the tally. */
export const TALLY_BYTES = 56;

/** RAM as generated code finds it. */
export interface Ram {
  readonly first: Pfn;
  readonly frames: number;
  /** Linear address of the first frame. */
  readonly host: number;
}

/** What decides which data accesses are allowed. */
export interface WalkContext {
  readonly asid: number;
  readonly rootPfn: Pfn;
  /** Privilege of data accesses; not machine mode. */
  readonly priv: Priv;
  readonly sum: boolean;
  readonly mxr: boolean;
}

/** The arrays for data by leaf size code, where the TLB is one generated code can look up and fill; else undefined. */
export function plainDataArrays(tlb: Tlb): readonly (TlbArray | undefined)[] | undefined {
  const [level] = tlb.levels;
  if (level === undefined || tlb.levels.length > 1 || tlb.config.walkCache.length > 0) return undefined;
  const arrays = level.serving[READ]!;
  const plain = arrays.length > 0 && arrays.length === level.serving[WRITE]!.length && arrays.every(({ config }) =>
    config.serves !== undefined && [...config.serves].sort().join() === 'load,store' && config.replacement === 'fifo' && Number.isInteger(Math.log2(config.sets)));
  if (!plain) return undefined;
  const bySize = [0, 1, 2, SIZE_64K].map((size) => arrays.filter((array) => array.holds(size) === size));
  return bySize.every((some, size) => some.length <= 1 && (size === SIZE_64K || some.length === 1)) ? bySize.map(([array]) => array) : undefined;
}

/** Writes the cells. */
export class WalkCells {
  readonly #i32: Int32Array;
  readonly #at: number;
  readonly #ram: Ram;

  /** @param at linear address of the translation cache's header */
  constructor(o: { memory: LinearMemory; at: number; ram: Ram; arrays: readonly (TlbArray | undefined)[]; counts: number; tally: number; misaligned: boolean }) {
    this.#i32 = new Int32Array(o.memory.buffer);
    this.#at = o.at;
    this.#ram = o.ram;
    o.arrays.forEach((array, size) => { this.#set(WALK_ARRAYS + size * 4, array === undefined ? 0 : array.cells.at); });
    this.#set(WALK_COUNTS, o.counts);
    this.#set(WALK_TALLY, o.tally);
    this.#set(WALK_MISALIGNED, o.misaligned ? 1 : 0);
    this.#set(WALK_RAM_FIRST, o.ram.first);
    this.#set(WALK_RAM_FIRST + 4, Math.floor(o.ram.first / 0x1_0000_0000));
    this.#set(WALK_RAM_FRAMES, o.ram.frames);
    this.#set(WALK_RAM_HOST, o.ram.host);
  }

  /** Says what generated code may answer. */
  set state(state: WalkState) {
    this.#set(WALK_STATE, state);
  }

  /** Says what is in force for data accesses that are translated. */
  publish(c: WalkContext): void {
    const { first, frames, host } = this.#ram;
    const root = c.rootPfn - first;
    this.#set(WALK_WORD, (c.asid << WORD_ASID_SHIFT) | PTE_V);
    this.#set(WALK_ROOT, root >= 0 && root < frames ? host + root * 4096 : 0);
    this.#set(WALK_USER_MASK, c.priv === PRIV_U || !c.sum ? PTE_U : 0);
    this.#set(WALK_USER, c.priv === PRIV_U ? PTE_U : 0);
    this.#set(WALK_READABLE, c.mxr ? PTE_R | PTE_X : PTE_R);
  }

  #set(offset: number, value: number): void {
    this.#i32[(this.#at + offset) / 4] = value;
  }
}
