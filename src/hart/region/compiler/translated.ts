/**
 * What the compiler of regions is as a WebAssembly module. Only AssemblyScript reads this file: what it declares is imported, what it
 * exports is exported; arrays are given by their places in the module's memory.
 */
import { type Engine, Question } from './code-copies.js';
import { Compiler } from './compiler.js';
import { type StampMaker } from './stamps.js';

/** All questions in one: V8 takes a while for each type of function that is imported. */
declare function ask(question: i32, a: i32, b: i32): i32;

class Imports implements Engine, StampMaker {
  pageAt(distance: i32): i32 {
    return ask(Question.pageAt, distance, 0);
  }

  copyPage(page: i32, copy: i32): void {
    ask(Question.copyPage, page, copy);
  }

  staysOpen(page: i32): boolean {
    return ask(Question.staysOpen, page, 0) !== 0;
  }

  traitsOf(handler: i32): i32 {
    return ask(Question.traitsOf, handler, 0);
  }

  make(kind: i32, variant: i32): void {
    ask(Question.make, kind, variant);
  }
}

const imports = new Imports();
const compiler = new Compiler(imports, imports);

export function pageCopyAt(copy: i32): usize { return compiler.copies.copies[copy].bytes.dataStart; }
export function wordsAt(): usize { return compiler.words.dataStart; }
export function bodyAt(): usize { return compiler.code.bytes.dataStart + compiler.bodyAt; }

export function planRegion(seeds: i32, mostInstructions: i32, mostPages: i32): void {
  compiler.forgetPlan();
  __collect();
  compiler.planRegion(seeds, mostInstructions, mostPages);
}

export function writeFunction(slot: i32, windows: boolean): i32 {
  return compiler.writeFunction(slot, windows);
}

export function reserve(words: i32): void {
  compiler.reserve(words);
}

export function take(traits: i32, stamps: i32): void {
  compiler.take(traits, stamps);
}

export function clearStamps(): void {
  compiler.clearStamps();
}

/** In the place of AssemblyScript's own, which would be imported: a check has failed. */
export function stop(_message: string | null, _file: string | null, _line: u32, _column: u32): void {
  unreachable();
}
