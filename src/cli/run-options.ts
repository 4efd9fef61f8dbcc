/** The command line of `run` and `demo`, checked before anything is opened. */
import { MAX_HARTS } from '../hart/index.js';
import type { Quirks, SegdevMode } from '../segdev/index.js';
import { TC_ENTRIES, TC_ENTRIES_MAX } from '../../mmu/index.js';
import { integerOption, parseCommandLine } from './command-line.js';
import { parseInteger } from './device-options.js';
import { MODE_HELP, parseMode, parseQuirks } from './mode-options.js';
import { parseSize } from './size-option.js';
import { ENGINE_HELP, type EngineChoice, engineSpec, parseEngine } from './engine-options.js';
import { UsageError } from './usage-error.js';

/** Less holds no program with its stack and page tables; more does not fit one WebAssembly memory beside the devices' pages. */
const [SMALLEST_MEMORY, LARGEST_MEMORY] = [2 ** 20, 3.5 * 2 ** 30];

/** What `run` was asked to do. */
export interface RunOptions {
  readonly positionals: readonly string[];
  readonly devices: readonly string[];
  /** Trace file; its name ends in .ndjson or .json for NDJSON, anything else is text. */
  readonly trace: string | undefined;
  /** File for the instructions that retire. */
  readonly commitLog: string | undefined;
  readonly screenshot: string | undefined;
  readonly stats: string | undefined;
  readonly quantum: number | undefined;
  readonly harts: number | undefined;
  readonly translationCache: number | undefined;
  readonly engine: EngineChoice;
  /** File for the regions that exist when the run ends. */
  readonly dumpRegions: string | undefined;
  readonly maxInstructions: number | undefined;
  /** Port a debugger may connect to; 0 for any. */
  readonly gdb: number | undefined;
  readonly mode: SegdevMode;
  readonly quirks: Partial<Quirks>;
  /** The directory that is the guest's root. */
  readonly root: string | undefined;
  readonly rootWritable: boolean;
  /** Bytes the guest may add to it. */
  readonly rootSpace: number | undefined;
  /** Bytes of memory. */
  readonly memory: number | undefined;
  /** "NAME=value". */
  readonly env: readonly string[];
  readonly quiet: boolean;
  readonly help: boolean;
}

/** Help lines of the options `run` and `demo` share. */
export const RUN_OPTIONS_HELP: string = `
  --device NAME[:key=value,...]  attach a device (again for more); "devices" lists them
  --root DIR                     DIR is the guest's file system, read-only; PROGRAM is looked for in it first
  --root-writable                the guest may change what is in DIR
  --root-space SIZE              how much it may add, in bytes or with K, M or G behind the number (default 1G)
  --memory SIZE                  RAM of the machine, like 64M or 1G (default 256M)
  --env NAME=VALUE               a variable of the guest's environment, which is empty otherwise (again for more)
  --trace FILE                   write every event: text, or NDJSON where FILE ends in .ndjson
  --commit-log FILE              write every instruction as Spike's --log-commits does (slow)
  --screenshot FILE              write the first framebuffer as PNG when the run ends
  --stats FILE                   write the statistics as JSON when the run ends
  --harts N                      harts of the machine, 1..${MAX_HARTS} (default 1)
  --translation-cache N          entries of each hart's translation cache, a power of two, ${TC_ENTRIES}..${TC_ENTRIES_MAX} (default ${TC_ENTRIES})
${ENGINE_HELP}
  --dump-regions FILE            write what was compiled, beside its code, when the run ends
  --quantum N                    instructions before another thread has its turn (default 100000)
  --max-instructions N           stop after N instructions, exit code 124${MODE_HELP}
  --gdb PORT                     wait for gdb on this port of 127.0.0.1 (0: any) before the first instruction
  --quiet                        no summary on standard error
  --help                         this text`;

const spec = {
  device: { type: 'string', multiple: true },
  root: { type: 'string' },
  'root-writable': { type: 'boolean' },
  'root-space': { type: 'string' },
  memory: { type: 'string' },
  env: { type: 'string', multiple: true },
  trace: { type: 'string' },
  'commit-log': { type: 'string' },
  screenshot: { type: 'string' },
  stats: { type: 'string' },
  quantum: { type: 'string' },
  harts: { type: 'string' },
  'translation-cache': { type: 'string' },
  ...engineSpec,
  'dump-regions': { type: 'string' },
  'max-instructions': { type: 'string' },
  gdb: { type: 'string' },
  mode: { type: 'string' },
  quirk: { type: 'string', multiple: true },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Checks --translation-cache, which must also be a power of two. */
function cacheEntries(text: string | undefined): number | undefined {
  const entries = integerOption('translation-cache', text, TC_ENTRIES, TC_ENTRIES_MAX);
  if (entries !== undefined && !Number.isInteger(Math.log2(entries))) throw new UsageError(`--translation-cache must be a power of two, not "${text ?? ''}"`);
  return entries;
}

/** A number of bytes, perhaps with K, M or G behind it. */
function size(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits = '', unit = ''] = /^([0-9]+|0[xX][0-9a-fA-F]+)([KMG]?)$/.exec(text) ?? [];
  const value = (parseInteger(digits) ?? NaN) * 1024 ** ' KMG'.indexOf(unit || ' ');
  if (!Number.isSafeInteger(value)) throw new UsageError(`--${name} must be a number of bytes, perhaps with K, M or G behind it, not "${text}"`);
  return value;
}

/** The variables of --env, checked. */
function variables(texts: readonly string[]): readonly string[] {
  for (const text of texts) if (text.indexOf('=') < 1 || text.includes('\0')) throw new UsageError(`--env must be NAME=VALUE, not "${text}"`);
  return texts;
}

/**
 * Parses the arguments behind the command's name.
 * @throws UsageError naming the argument that is wrong.
 */
export function parseRunOptions(args: readonly string[]): RunOptions {
  const { values, positionals } = parseCommandLine(args, spec, '; arguments of the guest that begin with a dash go behind --');
  for (const name of ['trace', 'commit-log', 'screenshot', 'stats', 'dump-regions', 'root'] as const) if (values[name] === '') throw new UsageError(`--${name} needs a file name`);
  return {
    positionals,
    devices: values.device ?? [],
    trace: values.trace,
    commitLog: values['commit-log'],
    screenshot: values.screenshot,
    stats: values.stats,
    quantum: integerOption('quantum', values.quantum, 1, 1e9),
    harts: integerOption('harts', values.harts, 1, MAX_HARTS),
    translationCache: cacheEntries(values['translation-cache']),
    engine: parseEngine(values),
    dumpRegions: values['dump-regions'],
    maxInstructions: integerOption('max-instructions', values['max-instructions'], 1, Number.MAX_SAFE_INTEGER),
    gdb: integerOption('gdb', values.gdb, 0, 65535),
    mode: parseMode(values.mode),
    quirks: parseQuirks(values.quirk ?? []),
    root: values.root,
    rootWritable: values['root-writable'] ?? false,
    rootSpace: size('root-space', values['root-space']),
    memory: parseSize('memory', values.memory, SMALLEST_MEMORY, LARGEST_MEMORY),
    env: variables(values.env ?? []),
    quiet: values.quiet ?? false,
    help: values.help ?? false,
  };
}
