/** One conformance test: a bare-metal program that says itself whether it has passed, or whose signature is compared. */
import { ElfError, readBareElf } from '../../guest/index.js';
import { FitError } from '../base/index.js';
import { type BareMachine, type BareMachineConfig, createBareMachine } from './machine.js';
import type { BareResult } from './result.js';
import { formatSignature, type SignatureGranularity } from './signature.js';

/** What came of a test; `reason` says why it has not passed. */
export interface Verdict {
  readonly verdict: 'pass' | 'fail' | 'unsupported';
  readonly reason: string;
  readonly instructions: number;
}

/** What is tested. */
export interface ConformanceTest {
  readonly program: Uint8Array;
  /** Text of the signature to compare with; its lines say how many bytes each holds. */
  readonly reference: string | undefined;
  /** Instructions after which a test has failed. */
  readonly maxInstructions: number;
  /** How guest code is run. */
  readonly engine?: BareMachineConfig['engine'];
}

/** Single letters and extensions a test may have been built for. */
const SUPPORTED: ReadonlySet<string> = new Set([
  ...'imafdcgb', 'zicsr', 'zifencei', 'zicntr', 'zihpm', 'zmmul', 'zaamo', 'zalrsc', 'zca', 'zcd', 'zba', 'zbb', 'zbs', 'zicbom', 'zicbop', 'zicboz',
  'svinval', 'svnapot', 'svpbmt', 'svadu', 'svade',
]);
const GRANULARITIES: readonly SignatureGranularity[] = [4, 8, 16];

/** Runs a test. What does not pass and was built for an extension the machine lacks is unsupported. */
export function runConformanceTest(test: ConformanceTest): Verdict {
  const machine = load(test);
  const loaded = !(machine instanceof Error);
  const reason = loaded ? outcome(machine, test) : `cannot be loaded: ${machine.message}`;
  const instructions = loaded ? machine.instructions : 0;
  if (reason === undefined) return { verdict: 'pass', reason: '', instructions };
  const missing = unsupportedExtensions(loaded ? machine.image.architecture : architectureOf(test.program));
  if (missing.length > 0) return { verdict: 'unsupported', reason: `built for ${missing.join(', ')}`, instructions };
  return { verdict: 'fail', reason, instructions };
}

/** A machine with the program, or why there is none. */
function load({ program, engine }: ConformanceTest): BareMachine | ElfError | FitError {
  try {
    return createBareMachine({ program, ...(engine === undefined ? {} : { engine }) });
  } catch (error) {
    if (error instanceof ElfError || error instanceof FitError) return error;
    throw error;
  }
}

/** The architecture string of a program, where it can be read at all. */
function architectureOf(program: Uint8Array): string | undefined {
  try {
    return readBareElf(program).architecture;
  } catch (error) {
    if (error instanceof ElfError) return undefined;
    throw error;
  }
}

/** Why a test has not passed. */
const outcome = (machine: BareMachine, { maxInstructions, reference }: ConformanceTest): string | undefined =>
  complaint(machine.run({ maxInstructions }), maxInstructions) ?? difference(machine.signature(), reference);

/** What is wrong with the way a test has ended. */
function complaint(result: BareResult, limit: number): string | undefined {
  switch (result.status) {
    case 'exited': return result.code === 0 ? undefined : `test ${result.code}`;
    case 'limit': return `no end after ${limit} instructions`;
    case 'asleep': return 'waits for an interrupt that can never come';
    case 'stuck': return `the trap handler at 0x${result.pc.toString(16)} cannot be fetched`;
    case 'reset': return 'asked for a reset';
    case 'interrupted': return 'interrupted';
  }
}

/** The first line in which a signature differs from its reference. */
function difference(signature: Uint8Array | undefined, reference: string | undefined): string | undefined {
  if (reference === undefined) return undefined;
  if (signature === undefined) return 'has no signature, but there is a reference';
  const expected = reference.toLowerCase().split(/\s+/).filter((line) => line !== '');
  const granularity = GRANULARITIES.find((bytes) => bytes * 2 === expected[0]?.length) ?? 4;
  const actual = formatSignature(signature, granularity).trimEnd().split('\n');
  const at = Array.from({ length: Math.max(expected.length, actual.length) }, (_, n) => n).find((n) => expected[n] !== actual[n]);
  return at === undefined ? undefined : `signature line ${at + 1} is ${actual[at] ?? 'missing'}, not ${expected[at] ?? 'there in the reference'}`;
}

/** Extensions of an architecture string that this machine does not have. */
export function unsupportedExtensions(architecture: string | undefined): string[] {
  const [base = '', ...rest] = (architecture ?? '').toLowerCase().replace(/^rv\d+/, '').split('_');
  const names = [base, ...rest].map((part) => part.replace(/\d+p\d+$/, '').replace(/\d+p\d+/g, ''));
  const letters = /^[zsx]/.test(base) ? [] : [...names[0]!];
  return [...letters, ...names.slice(1)].filter((name) => name !== '' && !SUPPORTED.has(name));
}

/** The family of a test: `rv64ui-p` of `rv64ui-p-add`, else what stands before the first dash. */
export function familyOf(name: string): string {
  return /^(.+?-(?:p|v|pm|pt))-/.exec(name)?.[1] ?? /^(.+?)-/.exec(name)?.[1] ?? name.replace(/\d+$/, '');
}
