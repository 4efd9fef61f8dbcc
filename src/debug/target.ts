/** What a debugger's session needs of what is debugged: a Linux-like machine's processes, or a bare machine's harts. */
import type { TargetRegister } from './target-description.js';

/** A thread, numbered as the debugger sees it: `pid` and `tid` are positive. */
export interface ThreadId {
  readonly pid: number;
  readonly tid: number;
}

/** How a thread is resumed. `signal` (GDB's numbering) is given to it first; 0 for none. */
export interface ResumeAction {
  readonly kind: 'continue' | 'step' | 'stop';
  readonly signal: number;
}

/** Why everything has stopped. Signals are in GDB's numbering. */
export type StopEvent =
  | { readonly kind: 'stopped'; readonly thread: ThreadId; readonly signal: number; readonly why: StopReason }
  | { readonly kind: 'exited'; readonly pid: number; readonly code: number }
  | { readonly kind: 'killed'; readonly pid: number; readonly signal: number };

/** What the stop reply says besides the signal. */
export type StopReason =
  | { readonly kind: 'none' | 'breakpoint' | 'no-resumed' }
  | { readonly kind: 'watchpoint'; readonly access: WatchKind; readonly address: bigint }
  | { readonly kind: 'fork' | 'vfork'; readonly child: ThreadId }
  | { readonly kind: 'vfork-done' }
  | { readonly kind: 'exec'; readonly path: string };

/** Kinds of watchpoints. */
export type WatchKind = 'write' | 'read' | 'access';

/** What Z and z packets set and remove. */
export type StopPoint =
  | { readonly kind: 'breakpoint'; readonly address: bigint }
  | { readonly kind: WatchKind; readonly address: bigint; readonly length: number };

/** The answer to a request to read memory: bytes up to the first that cannot be read, and why no more. */
export interface MemoryRead {
  readonly bytes: Uint8Array;
  /** A sentence; undefined where all bytes were read. */
  readonly refused?: string;
}

/** How a slice of running ended: by an event, because the caller wanted so, or because nobody can run before input arrives. */
export type Progress = { readonly kind: 'event'; readonly event: StopEvent } | { readonly kind: 'slice' | 'waiting' | 'over' };

/** What is debugged. Numbers of processes and threads that do not exist are answered with undefined, false or nothing, never by an exception. */
export interface DebugTarget {
  /** Registers in ascending order of their numbers; the first `packetRegisters` of them make up the g packet. */
  readonly registers: readonly TargetRegister[];
  /** How many registers the g packet has. */
  readonly packetRegisters: number;
  /** The description of the target as XML. */
  readonly description: string;
  /** Path of the program of a process on the host, where known. */
  executable(pid: number): string | undefined;

  /** All threads the debugger may see. */
  threads(): ThreadId[];
  /** The thread to speak of first. */
  currentThread(): ThreadId | undefined;
  /** Whether there still is such a thread. */
  isAlive(thread: ThreadId): boolean;
  /** A line about a thread. */
  describeThread(thread: ThreadId): string;

  /** A register as unsigned number of its width; undefined where there is none. */
  readRegister(thread: ThreadId, register: TargetRegister): bigint | undefined;
  /** false where it cannot be written. */
  writeRegister(thread: ThreadId, register: TargetRegister, value: bigint): boolean;
  /** Reads up to `length` bytes as the thread sees its memory, from an unsigned 64-bit address; it may end early. */
  readMemory(thread: ThreadId, address: bigint, length: number): MemoryRead;
  /** Writes memory; undefined when all was written, else why not. */
  writeMemory(thread: ThreadId, address: bigint, bytes: Uint8Array): string | undefined;

  /** false where there is no such place. Setting one twice is setting it once. */
  setStop(pid: number, point: StopPoint): boolean;
  /** Takes back what setStop has set; false where there is no such place. What is not set is taken back already. */
  clearStop(pid: number, point: StopPoint): boolean;

  /** Says how each thread goes on when `run` is called next. */
  resume(actionOf: (thread: ThreadId) => ResumeAction): void;
  /** Runs until something happens or the caller wants it back; `shouldStop` is asked often. */
  run(shouldStop: () => boolean): Progress;
  /** Whether the machine will never run again. */
  readonly over: boolean;
  /** Makes the next `run` stop at once, with an event. */
  interrupt(): void;

  /** Makes forks events: the new process is debugged too, until it is detached. */
  followForks(): void;
  /** Signals (GDB's numbers) that are delivered without a stop. */
  passSignals(signals: readonly number[]): void;
  /** Lets a process go on without its debugger; false where it is not debugged. */
  detach(pid: number): boolean;
  /** Begins to debug a process; false where there is none. */
  attach(pid: number): boolean;
  /** Lets everything go on without a debugger. */
  release(): void;
  /** Does a monitor command. Returns its output. */
  monitor(command: string, thread: ThreadId | undefined): string;
}
