/** How the kit says that something did not go as a test wanted it. */
import { errnoName } from '../base/index.js';
import { ruleText } from './rules.js';

/** A system call that failed. The message names call, error and what the driver answered. */
export class SystemCallError extends Error {
  /** illumos error number. */
  readonly errno: number;

  constructor(call: string, errno: number, why = '') {
    super(`${call} failed: ${errnoName(errno)}${why === '' ? '' : `; ${why}`}`);
    this.name = 'SystemCallError';
    this.errno = errno;
  }
}

/** A load or store that ended in a signal. */
export class SignalError extends Error {
  /** "SIGSEGV SEGV_MAPERR" and the like. */
  readonly signal: string;

  constructor(access: string, signal: string) {
    super(`${access} ended in ${signal}`);
    this.name = 'SignalError';
    this.signal = signal;
  }
}

/** One breach of the contract. */
export interface Violation {
  /** Name of the rule. */
  readonly rule: string;
  /** What happened, with handle, range and private data. */
  readonly what: string;
}

/** The driver broke the contract: each breach with the manual page that forbids it, then the callbacks that led there. */
export class ContractViolation extends Error {
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[], history: readonly string[]) {
    const breaches = violations.map(({ rule, what }) => `${what}\n    ${ruleText(rule)}`);
    super([...breaches, 'callbacks so far:', ...history.map((line) => `    ${line}`)].join('\n'));
    this.name = 'ContractViolation';
    this.violations = violations;
  }
}

/** Other callbacks ran than the test said: both lists, and where they part. */
export class ExpectationFailed extends Error {
  constructor(title: string, expected: readonly string[], actual: readonly string[]) {
    const length = Math.max(expected.length, actual.length);
    const lines = Array.from({ length }, (_, i) => {
      const [want, got] = [expected[i], actual[i]];
      if (want === got) return `      ${want ?? ''}`;
      return [want === undefined ? '' : `    - ${want}`, got === undefined ? '' : `    + ${got}`].filter((line) => line !== '').join('\n');
    });
    super([`${title}: the driver was called differently (- expected, + happened)`, ...lines].join('\n'));
    this.name = 'ExpectationFailed';
  }
}
