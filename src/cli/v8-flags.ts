/** Flags of V8 that are changed while it runs. */

/** The V8 whose compilers were measured with these flags: others may have other flags or need none. */
const VERSION = '11.3.';

/** Names and defaults. */
const DEFAULTS = {
  /** What a function of WebAssembly may execute before it is optimised, in "rough bytes". */
  'wasm-tiering-budget': 1_800_000,
  /** What a function of JavaScript may execute before it is optimised, in bytes of bytecode. */
  'interrupt-budget': 67_584,
} as const;

/** Sets a flag to a value or, without one, to its default. */
export function setBudget(flag: keyof typeof DEFAULTS, value: number = DEFAULTS[flag]): void {
  if (process.versions.v8.startsWith(VERSION)) process.getBuiltinModule('node:v8').setFlagsFromString(`--${flag}=${value}`);
}

/** Turns a switch on or off. */
export function setSwitch(flag: string, on: boolean): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(on ? `--${flag}` : `--no-${flag}`);
}
