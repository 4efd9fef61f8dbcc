/**
 * The machine code V8 makes of a WebAssembly module, kept between processes. V8 serves browsers with this; to JavaScript it shows the
 * two functions only while the syntax for its own functions is allowed. It refuses code of another version of itself, of another
 * processor or made under other flags; whose code it is it can not know.
 */
import { setSwitch } from './v8-flags.js';

/** Makes a function of an expression over `a` and `b` that may name functions of V8. */
function withNatives(expression: string): (a: unknown, b?: unknown) => unknown {
  setSwitch('allow-natives-syntax', true);
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- the expressions stand below
    return new Function('a', 'b', `return ${expression}`) as (a: unknown, b?: unknown) => unknown;
  } finally {
    setSwitch('allow-natives-syntax', false);
  }
}

/** What keeps V8 from optimising all of a module at once. */
const LAZINESS = ['liftoff', 'wasm-lazy-compilation', 'wasm-dynamic-tiering'];

/** Optimised code of a module. The process ends where this V8 can not serialise any. */
export function machineCodeOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  const serialize = withNatives('%SerializeWasmModule(a)');
  for (const flag of LAZINESS) setSwitch(flag, false);
  const module = new WebAssembly.Module(bytes);
  // V8 writes its flags into the code, so it is taken under those it will be used with.
  for (const flag of LAZINESS) setSwitch(flag, true);
  return new Uint8Array(serialize(module) as ArrayBuffer);
}

/** The module `bytes` describes with code that was made of the same bytes; undefined where V8 does not take it. */
export function moduleWithCode(bytes: Uint8Array, code: Uint8Array): object | undefined {
  let deserialize;
  try {
    deserialize = withNatives('%DeserializeWasmModule(a, b)');
  } catch {
    // A V8 that has no such function.
    return undefined;
  }
  return deserialize(code.buffer, bytes) as object | undefined;
}
