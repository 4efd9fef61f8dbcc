/**
 * The machine code V8 makes of a WebAssembly module, kept between processes. V8 serves browsers with this; to JavaScript it shows the
 * two functions only where the syntax for its own functions is allowed, which is a flag. A process that uses the code needs none: it
 * takes its one function with them from code compiled during the build, as it takes the whole command line.
 *
 * V8 refuses code of another version of itself, of another processor or made under other flags; whose code it is it can not know.
 */
import type { Script } from 'node:vm';
import { setSwitch } from './v8-flags.js';

/** Parsed only where that syntax is allowed; the parentheses make V8 parse the functions at once. */
const LOADER = '(function (code, bytes) { return %DeserializeWasmModule(code, bytes); })';
const SERIALIZER = '(function (module) { return %SerializeWasmModule(module); })';

type Loader = (code: ArrayBuffer, bytes: Uint8Array) => object | undefined;

/**
 * What is kept, after four 32-bit words (this number, the length of all, and of the first two parts): the module, so that its code cannot be
 * another's; the code of the loader; the machine code.
 */
const MAGIC = 0x7365_6764;
const HEADER = 16;

const compile = (text: string, cachedData?: Uint8Array): Script => {
  const { Script } = process.getBuiltinModule('node:vm');
  return new Script(text, { filename: 'segdev:machine-code', ...(cachedData && { cachedData }) });
};

/** What keeps V8 from optimising all of a module at once. */
const LAZINESS = ['liftoff', 'wasm-lazy-compilation', 'wasm-dynamic-tiering'];

/** Optimised code of a module, for {@link moduleWithCode}. The process ends where this V8 can not serialise any. */
export function machineCodeOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
  setSwitch('allow-natives-syntax', true);
  const serialize = compile(SERIALIZER).runInThisContext() as (module: object) => ArrayBuffer;
  const loader = compile(LOADER);
  const deserialize = loader.runInThisContext() as Loader;
  for (const flag of LAZINESS) setSwitch(flag, false);
  const module = new WebAssembly.Module(bytes);
  // V8 writes its flags into all it keeps, so that is taken under those it will be used with.
  for (const flag of LAZINESS) setSwitch(flag, true);
  setSwitch('allow-natives-syntax', false);
  const code = serialize(module);
  if (deserialize(code, bytes) === undefined) throw new Error('V8 refuses its own machine code');
  return joined(bytes, loader.createCachedData(), new Uint8Array(code));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, HEADER));
  new Uint32Array(all.buffer, 0, 4).set([MAGIC, all.length, parts[0]!.length, parts[1]!.length]);
  let at = HEADER;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The module that was given to `machineCodeOf`, with its code; undefined where V8 does not take that, or this is not all of it. */
export function moduleWithCode(kept: Uint8Array<ArrayBuffer>): object | undefined {
  if (kept.length < HEADER) return undefined;
  const [magic, length, ...lengths] = new Uint32Array(kept.buffer, 0, 4);
  if (magic !== MAGIC || length !== kept.length) return undefined;
  const loaderAt = HEADER + lengths[0]!;
  const codeAt = loaderAt + lengths[1]!;
  try {
    const load = compile(LOADER, kept.subarray(loaderAt, codeAt)).runInThisContext() as Loader;
    return load(kept.buffer.slice(codeAt), kept.slice(HEADER, loaderAt));
  } catch {
    // V8 did not take the loader's code and could not parse its text.
    return undefined;
  }
}
