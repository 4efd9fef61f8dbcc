/** Says who waits for what and who owns it, when nobody can go on. */
import type { Kthread } from './thread.js';

/** One sleeping thread of a deadlock. */
export interface DeadlockWait {
  readonly thread: string;
  /** "mutex", "rwlock" or "cv". */
  readonly kind: string;
  /** The name of what it sleeps on. */
  readonly on: string;
  /** Names of the threads that hold it; empty for a condition variable, which somebody would have to signal. */
  readonly owners: readonly string[];
}

/** All threads of a deadlock, in the order of their creation. */
export interface DeadlockReport {
  readonly waits: readonly DeadlockWait[];
  /** A line of text for each: who waits for what. */
  readonly lines: readonly string[];
  /** The same as one text, with a heading. */
  readonly text: string;
}

/** Describes `threads`, all of which sleep. */
export function deadlockReport(threads: readonly Kthread[]): DeadlockReport {
  const waits = threads.map((thread): DeadlockWait => {
    const on = thread.waitingFor;
    const owners = (on?.owners() ?? []).map((owner) => (owner.state === 'done' ? `${owner.name} (exited)` : owner.name));
    return { thread: thread.name, kind: on?.kind ?? 'nothing', on: on?.name ?? '?', owners };
  });
  const lines = waits.map(({ thread, kind, on, owners }) => {
    const who = owners.length > 0 ? `held by ${owners.join(', ')}` : kind === 'cv' ? 'nobody left to signal it' : 'nobody holds it';
    return `${thread} waits for ${kind} ${on}, ${who}`;
  });
  return { waits, lines, text: ['deadlock:', ...lines].join('\n  ') };
}

/** Thrown at the host by Kernel.runUntilDone when its thread can never go on. */
export class KernelDeadlock extends Error {
  readonly report: DeadlockReport;

  constructor(report: DeadlockReport) {
    super(report.text);
    this.name = 'KernelDeadlock';
    this.report = report;
  }
}
