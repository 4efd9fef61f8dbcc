/** Flags of V8 that are changed while it runs. */
import { once } from '../base/index.js';

/** The V8 whose compilers were measured with these flags: others may have other flags or need none. */
const VERSION = '11.3.';

/** Names and defaults. */
const DEFAULTS = {
  /** What a function of WebAssembly may execute before it is optimised, in "rough bytes". */
  'wasm-tiering-budget': 1_800_000,
  /** What a function of JavaScript may execute before it is optimised, in bytes of bytecode. */
  'interrupt-budget': 67_584,
} as const;

/** Whether this is the V8 that was measured. */
export const isMeasured: boolean = process.versions.v8.startsWith(VERSION);

/** Sets a flag to a value or, without one, to its default. */
export function setBudget(flag: keyof typeof DEFAULTS, value: number = DEFAULTS[flag]): void {
  if (isMeasured) bindingOf11_3().setFlagsFromString(`--${flag}=${value}`);
}

/** Calls `act` while switches that are on by default are off. */
export const without = <T>(switches: readonly string[], act: () => T): T => whileSet('--no-', '--', switches, act);

/** Calls `act` while a switch that is off by default is on. */
export const withSwitch = <T>(flag: string, act: () => T): T => whileSet('--', '--no-', [flag], act);

function whileSet<T>(before: string, after: string, switches: readonly string[], act: () => T): T {
  const binding = bindingOf11_3();
  for (const flag of switches) binding.setFlagsFromString(before + flag);
  try {
    return act();
  } finally {
    for (const flag of switches) binding.setFlagsFromString(after + flag);
  }
}

interface Binding {
  setFlagsFromString(flags: string): void;
}

/**
 * What node:v8 is made of, in the releases of Node that have this V8. node:v8 itself loads all of Node's streams, which takes longer than
 * many a guest is compiled. Asking for the binding is deprecated, and refused by Node's permission model.
 */
const bindingOf11_3: () => Binding = once(() => {
  const { noDeprecation } = process as { noDeprecation?: boolean };
  try {
    process.noDeprecation = true;
    return (process as unknown as { binding(name: string): Binding }).binding('v8');
  } catch {
    return process.getBuiltinModule('node:v8');
  } finally {
    process.noDeprecation = noDeprecation as boolean;
  }
});

/** Turns a switch on or off. */
export function setSwitch(flag: string, on: boolean): void {
  process.getBuiltinModule('node:v8').setFlagsFromString(on ? `--${flag}` : `--no-${flag}`);
}
