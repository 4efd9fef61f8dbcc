/** The two forms of the compiler of regions: TypeScript, and the WebAssembly the build makes of the same text. */
import { once } from '../../base/index.js';
import { CACHE_ENTRIES, translationCache } from '../layout.js';
import { type Engine, PAGE_BYTES, Question } from './compiler/code-copies.js';
import { Compiler } from './compiler/compiler.js';
import type { StampMaker } from './compiler/stamps.js';
import type { AskedCache } from './stamp-emitter.js';

/** What the compiler asks. */
export interface Host extends Engine, StampMaker {}

/** What it offers: see Compiler. What memory shows is there until the next call. */
export interface Core {
  /** A copy of a decoded page by its number. */
  pageCopy(copy: number): Uint8Array;
  words(): Int32Array;
  /** A copy of the function that was written last, of some length. */
  body(length: number): Uint8Array<ArrayBuffer>;
  planRegion(seeds: number, mostInstructions: number, mostPages: number): void;
  writeFunction(slot: number, windows: boolean): number;
  reserve(words: number): void;
  take(traits: number, stamps: number): void;
  clearStamps(): void;
}

/** Makes a compiler for code that asks a translation cache. */
export type Form = (host: Host, cache: AskedCache) => Core;

/** What the build has made of the compiler. */
export interface PrebuiltCompiler {
  /** A WebAssembly.Module. */
  readonly module: object;
  /** What `preparedWords` has given. */
  readonly prepared: Int32Array;
}

/** The text, as it is. */
export const asTypeScript: Form = (host) => {
  const compiler = new Compiler(host, host);
  return {
    pageCopy: (copy) => compiler.copies.copies[copy]!.bytes,
    words: () => compiler.words,
    body: (length) => new Uint8Array(compiler.code.bytes.subarray(compiler.bodyAt, compiler.bodyAt + length)),
    planRegion: (seeds, instructions, pages) => compiler.planRegion(seeds, instructions, pages),
    writeFunction: (slot, windows) => compiler.writeFunction(slot, windows),
    reserve: (words) => compiler.reserve(words),
    take: (traits, stamps) => compiler.take(traits, stamps),
    clearStamps: () => compiler.clearStamps(),
  };
};

/** Functions the module exports; places are in its memory. */
interface Exports extends Pick<Core, 'planRegion' | 'writeFunction' | 'reserve' | 'take' | 'clearStamps'> {
  readonly memory: { readonly buffer: ArrayBuffer };
  pageCopyAt(copy: number): number;
  wordsAt(): number;
  bodyAt(): number;
}

/** Words before those of traits and stamps: how many words there are in all, traits, stamps. */
export const PREPARED_HEAD = 3;

/** What the build has made of it. @throws RangeError where that is not whole */
export function asModule({ module, prepared }: PrebuiltCompiler): Form {
  if (prepared.length < PREPARED_HEAD || prepared[0] !== prepared.length) throw new RangeError(`prepared: ${prepared.length} words of ${prepared[0]}`);
  return (host, cache) => {
    const ask = (question: number, a: number, b: number): number => answer(host, question, a, b);
    const { exports } = new WebAssembly.Instance(module, { translated: { ask } }) as { exports: unknown };
    const e = exports as Exports;
    const core: Core = {
      pageCopy: (copy) => new Uint8Array(e.memory.buffer, e.pageCopyAt(copy), PAGE_BYTES),
      words: () => new Int32Array(e.memory.buffer, e.wordsAt()),
      body: (length) => new Uint8Array(e.memory.buffer.slice(e.bodyAt(), e.bodyAt() + length)),
      planRegion: e.planRegion, writeFunction: e.writeFunction, reserve: e.reserve, take: e.take, clearStamps: e.clearStamps,
    };
    if (cache.at === translationCache(0) && cache.entries === CACHE_ENTRIES) takePrepared(core, prepared);
    return core;
  };
}

function answer(host: Host, question: number, a: number, b: number): number {
  switch (question) {
    case Question.pageAt: return host.pageAt(a);
    case Question.copyPage: host.copyPage(a, b); return 0;
    case Question.staysOpen: return Number(host.staysOpen(a));
    case Question.traitsOf: return host.traitsOf(a);
    default: host.make(a, b); return 0;
  }
}

function takePrepared(core: Core, prepared: Int32Array): void {
  core.reserve(prepared.length);
  core.words().set(prepared.subarray(PREPARED_HEAD));
  core.take(prepared[1]!, prepared[2]!);
}

let form = (): Form => asTypeScript;

/** The form machines of this process use. */
export const formHere = (): Form => form();

/** Lets them use what the build has made, which is loaded when a region is planned first. Who cannot be given that does with the TypeScript. */
export function usePrebuiltRegionCompiler(load: () => PrebuiltCompiler | undefined): void {
  form = once(() => {
    try {
      const prebuilt = load();
      return prebuilt ? asModule(prebuilt) : asTypeScript;
    } catch {
      return asTypeScript;
    }
  });
}
