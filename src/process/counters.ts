/** What processes are counted by; plain numbers that only grow. */

/** The access a page fault was taken for. */
export type FaultAccess = 'load' | 'store' | 'fetch';

/** How many system calls that do not exist are counted by number; the guest chooses the numbers, and all others are one count. */
const UNKNOWN_NUMBERS = 16;
/** How many remarks are kept. */
const NOTES = 16;

/** Counters of everything that happens to processes. */
export class ProcessCounters {
  /** Instructions executed in user mode, system calls included. */
  instructions = 0;
  readonly syscalls: Map<string, number> = new Map();
  readonly #unknown: Set<number> = new Set();
  readonly signals: Map<string, number> = new Map();
  readonly pageFaults: Record<FaultAccess, { absent: number; protection: number }> = {
    load: { absent: 0, protection: 0 }, store: { absent: 0, protection: 0 }, fetch: { absent: 0, protection: 0 },
  };
  /** Page faults that a device segment handled. */
  segdevFaults = 0;
  forks = 0;
  /** What a guest was told with an error number only. */
  readonly notes: Set<string> = new Set();
  /** Accesses made by the host for a process: they ask the TLB but are no hart's. */
  readonly hostAccesses: { data: number; fetch: number } = { data: 0, fetch: 0 };

  /** Adds one to a system call that does not exist: "unknown:NUMBER" for the first 16 numbers, "unknown" for all others. */
  countUnknown(number: number): void {
    if (this.#unknown.size < UNKNOWN_NUMBERS) this.#unknown.add(number);
    this.count(this.syscalls, this.#unknown.has(number) ? `unknown:${number}` : 'unknown');
  }

  /** Keeps a remark for whoever sums the run up; each is kept once, and not more than 16 of them. */
  note(text: string): void {
    if (this.notes.size < NOTES) this.notes.add(text);
  }

  /** Adds one to a named count. */
  count(of: Map<string, number>, name: string): void {
    of.set(name, (of.get(name) ?? 0) + 1);
  }
}
