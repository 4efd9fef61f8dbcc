/** The command line of `bare`, checked before anything is opened. */
import type { SignatureGranularity } from '../bare/index.js';
import { MAX_HARTS } from '../hart/index.js';
import { integerOption, parseCommandLine } from './command-line.js';
import { ENGINE_HELP, type EngineChoice, engineSpec, parseEngine } from './engine-options.js';
import { parseSize } from './size-option.js';
import { UsageError } from './usage-error.js';

/** What `bare` was asked to do. */
export interface BareOptions {
  readonly program: string;
  readonly maxInstructions: number | undefined;
  readonly signature: string | undefined;
  readonly granularity: SignatureGranularity;
  readonly harts: number | undefined;
  readonly memory: number | undefined;
  readonly misaligned: 'work' | 'trap';
  readonly ad: 'svade' | 'svadu';
  readonly engine: EngineChoice;
  readonly trace: string | undefined;
  /** File for the instructions that retire. */
  readonly commitLog: string | undefined;
  /** Port a debugger may connect to; 0 for any. */
  readonly gdb: number | undefined;
  readonly quiet: boolean;
}

/** What `segdev bare --help` prints. */
export const BARE_HELP: string = `segdev bare PROGRAM [OPTIONS]

Runs a bare-metal RV64 ELF program in machine mode: RAM at 0x80000000, CLINT at 0x2000000, a 16550 UART at 0x10000000, the SiFive test
finisher at 0x100000, and HTIF where the program has a symbol tohost. What the guest prints is standard output.

  --max-instructions N           stop after N instructions and traps, exit code 124
  --signature FILE               at the end write the memory between begin_signature and end_signature
  --signature-granularity N      bytes of a line of the signature: 4 (default), 8 or 16
  --harts N                      harts of the machine, 1..${MAX_HARTS} (default 1)
  --memory SIZE                  RAM, like 64M or 1G (default 128M)
  --misaligned work|trap         misaligned loads and stores work (default) or trap; atomics always trap
  --ad svade|svadu               page table A and D bits kept by page faults (default) or by hardware until menvcfg.ADUE says otherwise
${ENGINE_HELP}
  --trace FILE                   write every event: text, or NDJSON where FILE ends in .ndjson
  --commit-log FILE              write every instruction as Spike's --log-commits does (slow)
  --gdb PORT                     wait for gdb on this port of 127.0.0.1 (0: any) before the first instruction
  --quiet                        no summary on standard error
  --help                         this text

Exit code: the guest's own (255 for larger ones); 0 when it asks for a reset (0x7777 to the finisher); 124 at the instruction limit; 130 after Ctrl-C; 70 when the guest can never go on (all harts
wait for interrupts that cannot come, or a trap handler cannot be fetched); 2 for a mistake in the command, the program or an output.
`;

const spec = {
  'max-instructions': { type: 'string' },
  signature: { type: 'string' },
  'signature-granularity': { type: 'string' },
  harts: { type: 'string' },
  memory: { type: 'string' },
  misaligned: { type: 'string' },
  ad: { type: 'string' },
  ...engineSpec,
  trace: { type: 'string' },
  'commit-log': { type: 'string' },
  gdb: { type: 'string' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function choice<T extends string>(option: string, text: string | undefined, choices: readonly [T, ...T[]]): T {
  const found = choices.find((one) => one === (text ?? choices[0]));
  if (found === undefined) throw new UsageError(`--${option} must be ${choices.join(' or ')}, not "${text}"`);
  return found;
}

/**
 * Parses the arguments behind the command's name.
 * @throws UsageError naming the argument that is wrong.
 */
export function parseBareOptions(args: readonly string[]): BareOptions | 'help' {
  const { values, positionals } = parseCommandLine(args, spec);
  if (values.help === true) return 'help';
  const [program, more] = positionals;
  if (program === undefined) throw new UsageError('bare needs a program: segdev bare PROGRAM');
  if (more !== undefined) throw new UsageError(`bare takes one program, not also "${more}"`);
  for (const name of ['trace', 'signature', 'commit-log'] as const) if (values[name] === '') throw new UsageError(`--${name} needs a file name`);
  if (values['signature-granularity'] !== undefined && values.signature === undefined) throw new UsageError('--signature-granularity needs --signature FILE');
  return {
    program,
    maxInstructions: integerOption('max-instructions', values['max-instructions'], 1, Number.MAX_SAFE_INTEGER),
    signature: values.signature,
    granularity: Number(choice('signature-granularity', values['signature-granularity'], ['4', '8', '16'])) as SignatureGranularity,
    harts: integerOption('harts', values.harts, 1, MAX_HARTS),
    memory: parseSize('memory', values.memory, 2 ** 20, 3.5 * 2 ** 30),
    misaligned: choice('misaligned', values.misaligned, ['work', 'trap']),
    ad: choice('ad', values.ad, ['svade', 'svadu']),
    engine: parseEngine(values),
    trace: values.trace,
    commitLog: values['commit-log'],
    gdb: integerOption('gdb', values.gdb, 0, 65535),
    quiet: values.quiet ?? false,
  };
}
