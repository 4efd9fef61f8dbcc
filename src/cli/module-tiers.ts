/**
 * Has V8 optimise the regions it is told to, and no others. By itself it counts the bytes of machine code that are jumped back over, which
 * for a region is nearly all of it at every turn: it would begin with each after some dozen to some hundred turns, and a process that ends
 * then has to wait for it.
 */
import type { Tiers } from '../hart/index.js';
import { isMeasured, without, withSwitch } from './v8-flags.js';

/** Deciding itself, and not compiling a function before it is called: V8 would look at the other switches only then. */
const LATER = ['wasm-dynamic-tiering', 'wasm-lazy-compilation'];
/** Optimising at all. */
const OPTIMIZING = 'wasm-tier-up';

type Question = (func: unknown) => boolean;

/** V8 answers this to code that was parsed while the syntax for its own functions was allowed; see machine-code.ts. */
const QUESTION = '(function (func) { return %IsTurboFanFunction(func); })';
let known: Question | undefined;

function question(): Question {
  const { Script } = process.getBuiltinModule('node:vm');
  try {
    return withSwitch('allow-natives-syntax', () => new Script(QUESTION).runInThisContext() as Question);
  } catch {
    // Nobody is to wait for an answer that never comes.
    return () => true;
  }
}

function isOptimized(func: unknown): boolean {
  try {
    return (known ??= question())(func);
  } catch {
    // V8 has forgotten code that has not run for long, and can not parse it now.
    known = question();
    return known(func);
  }
}

/** Undefined where V8 is not the one whose switches these are: it decides then. */
export const moduleTiers: Tiers | undefined = isMeasured
  ? {
      quick: (bytes) => without([...LATER, OPTIMIZING], () => new WebAssembly.Module(bytes)),
      optimized: (bytes) => without(LATER, () => new WebAssembly.Module(bytes)),
      isOptimized,
    }
  : undefined;
