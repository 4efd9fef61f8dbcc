/** What processes are counted by; plain numbers that only grow. */

/** The access a page fault was taken for. */
export type FaultAccess = 'load' | 'store' | 'fetch';

/** Counters of everything that happens to processes. */
export class ProcessCounters {
  /** Instructions executed in user mode, system calls included. */
  instructions = 0;
  readonly syscalls: Map<string, number> = new Map();
  readonly signals: Map<string, number> = new Map();
  readonly pageFaults: Record<FaultAccess, { absent: number; protection: number }> = {
    load: { absent: 0, protection: 0 }, store: { absent: 0, protection: 0 }, fetch: { absent: 0, protection: 0 },
  };
  /** Page faults that a device segment handled. */
  segdevFaults = 0;
  forks = 0;
  /** Accesses made by the host for a process: they ask the TLB but are no hart's. */
  readonly hostAccesses: { data: number; fetch: number } = { data: 0, fetch: 0 };

  /** Adds one to a named count. */
  count(of: Map<string, number>, name: string): void {
    of.set(name, (of.get(name) ?? 0) + 1);
  }
}
