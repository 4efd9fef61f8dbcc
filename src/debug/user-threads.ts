/**
 * The threads of a machine's processes as a debugger holds and releases them. It stops all of them at a time: from the first
 * event on, every thread of a debugged process sleeps before it would execute another instruction of its program.
 */
import { HarnessBug } from '../base/index.js';
import { Exit } from '../hart/index.js';
import { Kcondvar, curthreadOrNone, cv_broadcast, cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { Lwp, SIGKILL, postSignal } from '../process/index.js';
import type { Proc, ProcessDebugger, System } from '../process/index.js';
import { GDB_TRAP, gdbSignal, signalOfGdb } from './gdb-signals.js';
import type { ResumeAction, StopEvent, StopReason, ThreadId } from './target.js';

/** What the debugger knows of a thread. */
export class DebuggedThread implements ThreadId {
  readonly lwp: Lwp;
  action: ResumeAction['kind'];
  /** Instructions it had executed when its step began. */
  from = 0;
  /** Whether it waits for word on a signal that is to be delivered, and which one (GDB's number) it shall be. */
  deciding = false;
  signal = 0;

  constructor(lwp: Lwp, action: ResumeAction['kind']) {
    this.lwp = lwp;
    this.action = action;
  }

  get pid(): number {
    return this.lwp.proc.pid;
  }

  get tid(): number {
    return this.lwp.tid;
  }

  /** Whether it will execute any more. */
  get alive(): boolean {
    const { lwp } = this;
    return lwp.proc.status === undefined && !lwp.doomed && lwp.proc.threads.has(lwp);
  }
}

type SigInfo = Parameters<ProcessDebugger['signalled']>[1];

/** All threads of a system that run programs, debugged or not. */
export class UserThreads implements ProcessDebugger {
  /** What has happened and has not been told. */
  readonly events: StopEvent[] = [];
  /** Signals (GDB's numbers) that are delivered without a stop. */
  passedSignals: ReadonlySet<number> = new Set();
  /** Whether forks are events; else children run without a debugger. */
  followForks = false;
  readonly #system: System;
  readonly #threads: Map<Lwp, DebuggedThread> = new Map();
  readonly #debugged: Set<Proc> = new Set();
  readonly #released = new Kcondvar('word from the debugger');
  #first = true;

  constructor(system: System) {
    this.#system = system;
  }

  /** The threads of debugged processes that live. */
  list(): DebuggedThread[] {
    return [...this.#threads.values()].filter((thread) => thread.alive && this.#debugged.has(thread.lwp.proc));
  }

  /** A living thread of a debugged process. */
  find({ pid, tid }: ThreadId): DebuggedThread | undefined {
    return this.list().find((thread) => thread.pid === pid && thread.tid === tid);
  }

  /** The debugged processes, those that have just ended among them. */
  processes(): Proc[] {
    return [...this.#debugged];
  }

  /** Threads not debugged. */
  others(): DebuggedThread[] {
    return [...this.#threads.values()].filter((thread) => thread.alive && !this.#debugged.has(thread.lwp.proc));
  }

  /** Begins to debug a process; its threads stay where they are. */
  attach(proc: Proc): void {
    this.#debugged.add(proc);
    for (const thread of this.list()) if (thread.lwp.proc === proc) thread.action = 'stop';
  }

  /** Lets a process go on without its debugger. */
  detach(proc: Proc): void {
    this.#debugged.delete(proc);
    for (const thread of this.#threads.values()) {
      if (thread.lwp.proc === proc) thread.action = 'continue';
    }
    cv_broadcast(this.#released);
  }

  /** Forgets a process that has ended. */
  forget(proc: Proc): void {
    this.#debugged.delete(proc);
    for (const lwp of this.#threads.keys()) if (lwp.proc === proc) this.#threads.delete(lwp);
  }

  /** Stops every debugged thread. */
  holdAll(): void {
    for (const thread of this.list()) thread.action = 'stop';
  }

  /** Whether a debugged thread is held, so that others may wait for it in vain. */
  get holding(): boolean {
    return this.list().some(({ action }) => action === 'stop');
  }

  /** Lets held threads end that others have ended: nothing else would wake them. */
  wakeDoomed(): void {
    for (const { lwp, action } of this.#threads.values()) if (lwp.doomed && action === 'stop') cv_broadcast(this.#released);
  }

  /** Sets threads going. */
  resume(actionOf: (thread: ThreadId) => ResumeAction): void {
    for (const thread of this.list()) {
      const { kind, signal } = actionOf(thread);
      thread.action = kind;
      thread.from = thread.lwp.executed;
      if (kind === 'stop') continue;
      if (thread.deciding) thread.signal = signal;
      else this.#raise(thread, signal);
    }
    cv_broadcast(this.#released);
  }

  // --- what the threads ask and tell

  started(lwp: Lwp): void {
    const { proc } = lwp;
    for (const known of this.#threads.values()) if (!known.alive) this.#threads.delete(known.lwp);
    const thread = new DebuggedThread(lwp, 'continue');
    this.#threads.set(lwp, thread);
    if (this.#first) {
      this.#first = false;
      this.attach(proc);
    } else if (this.followForks && !this.#debugged.has(proc) && !proc.borrows) {
      this.#forked(thread);
    }
  }

  /** A debugged process has made another one: both are stopped, and the debugger may have the new one. */
  #forked(child: DebuggedThread): void {
    const maker = curthreadOrNone()?.data;
    const parent = maker instanceof Lwp ? this.#of(maker) : undefined;
    if (parent === undefined) return;
    this.#debugged.add(child.lwp.proc);
    this.stop(parent, GDB_TRAP, { kind: 'fork', child: { pid: child.pid, tid: child.tid } });
  }

  holds(lwp: Lwp): boolean {
    const thread = this.#of(lwp);
    if (thread === undefined) return false;
    if (thread.action === 'step' && lwp.executed > thread.from) this.stop(thread, GDB_TRAP, { kind: 'none' });
    return thread.action === 'stop';
  }

  released(lwp: Lwp): Kgen<void> {
    return this.#sleepWhileHeld(lwp);
  }

  most(lwp: Lwp): number {
    return this.#of(lwp)?.action === 'step' ? 1 : Infinity;
  }

  passes(lwp: Lwp): boolean {
    return this.#of(lwp) === undefined;
  }

  stopped(lwp: Lwp, exit: Exit): void {
    const thread = this.#of(lwp);
    if (thread === undefined) return;
    const touched = lwp.cpu?.hart.touched;
    if (exit === Exit.Breakpoint) this.stop(thread, GDB_TRAP, { kind: 'breakpoint' });
    else if (touched === undefined) throw new HarnessBug('a watchpoint without an access', { pid: thread.pid });
    else {
      const { point, va } = touched;
      this.stop(thread, GDB_TRAP, { kind: 'watchpoint', access: point.kind, address: BigInt.asUintN(64, BigInt(Math.max(va, point.va))) });
    }
  }

  *signalled(lwp: Lwp, info: SigInfo): Kgen<SigInfo | undefined> {
    const thread = this.#of(lwp);
    const number = gdbSignal(info.signal);
    if (thread === undefined || info.signal === SIGKILL || this.passedSignals.has(number)) return info;
    thread.deciding = true;
    thread.signal = number;
    this.stop(thread, number, { kind: 'none' });
    yield* this.#sleepWhileHeld(lwp);
    thread.deciding = false;
    if (this.#of(lwp) === undefined || thread.signal === number) return info;
    const signal = signalOfGdb(thread.signal);
    return signal === undefined ? undefined : { signal, code: 0, errno: 0, pid: 0 };
  }

  /** Notes an event of a thread and stops everything. */
  stop({ pid, tid }: ThreadId, signal: number, why: StopReason): void {
    this.events.push({ kind: 'stopped', thread: { pid, tid }, signal, why });
    this.holdAll();
  }

  /** A thread of a debugged process; undefined for others. */
  #of(lwp: Lwp): DebuggedThread | undefined {
    return this.#debugged.has(lwp.proc) ? this.#threads.get(lwp) : undefined;
  }

  *#sleepWhileHeld(lwp: Lwp): Kgen<void> {
    const { pidlock } = this.#system;
    yield* mutex_enter(pidlock);
    while (this.#of(lwp)?.action === 'stop' && !lwp.doomed && lwp.proc.status === undefined) yield* cv_wait(this.#released, pidlock);
    mutex_exit(pidlock);
  }

  #raise({ lwp }: DebuggedThread, number: number): void {
    const signal = number === 0 ? undefined : signalOfGdb(number);
    if (signal !== undefined) postSignal(lwp.proc, { signal, code: 0, errno: 0, pid: 0 });
  }
}
