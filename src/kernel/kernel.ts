/**
 * The scheduler: one thread runs at a time, until it sleeps, gives the processor away or ends. Nothing depends on the host's time
 * or chance. When nobody can run, the virtual clock jumps to its next event; when there is none either, that is a deadlock.
 */
import { HarnessBug, KernelPanic, Trace } from '../base/index.js';
import type { Choose } from './choices.js';
import { VirtualClock } from './clock.js';
import type { ClockEvent } from './clock.js';
import { KernelDeadlock, deadlockReport } from './deadlock.js';
import type { DeadlockReport } from './deadlock.js';
import { isKgen } from './kgen.js';
import type { Kgen } from './kgen.js';
import { Kthread, setCurkernel, setCurthread } from './thread.js';
import type { KernelServices, SpawnOptions } from './thread.js';

/** Why Kernel.run returned. */
export type RunOutcome =
  /** `until` said so. */
  | { readonly status: 'until' }
  /** No thread is left that could ever run (daemons aside), and no event waits. */
  | { readonly status: 'idle' }
  /** Threads are left, all of them asleep, and nothing will wake them. */
  | { readonly status: 'deadlock'; readonly report: DeadlockReport }
  /** The kernel stopped; it will not run again. */
  | { readonly status: 'panic'; readonly panic: KernelPanic };

/** How a host-side call ended (Kernel.tryUntilDone). */
export type CallOutcome<T> = { readonly status: 'done'; readonly value: T } | Exclude<RunOutcome, { status: 'until' | 'idle' }>;

/** How a kernel is made. */
export interface KernelOptions {
  trace?: Trace;
  /** Processors; default 1. */
  ncpus?: number;
  /** Clock ticks a second; default 100. */
  hz?: number;
  /** Decides between runnable threads. Default: round robin, and then `choices` is not recorded (it would be all 0). */
  choose?: Choose;
  /** Makes every lock operation a point where another thread may be chosen. Default false. */
  preemptive?: boolean;
}

/** A deterministic kernel. */
export class Kernel implements KernelServices {
  readonly trace: Trace;
  readonly ncpus: number;
  readonly hz: number;
  readonly preemptive: boolean;
  readonly clock: VirtualClock = new VirtualClock();
  /** The choices made so far, for replay(); stays empty when no `choose` was given. */
  readonly choices: number[] = [];
  /** Set when the kernel has stopped. */
  panic: KernelPanic | undefined = undefined;
  readonly #choose: Choose | undefined;
  readonly #threads: Set<Kthread> = new Set();
  readonly #queue: Kthread[] = [];
  /** Threads of timeouts that have just fired: as interrupts would, they go before whoever waits for the processor. */
  readonly #interrupts: Kthread[] = [];
  readonly #timeouts: Map<number, ClockEvent> = new Map();
  #running = false;
  #threadIds = 0;
  #timeoutIds = 0;

  constructor(options: KernelOptions = {}) {
    this.trace = options.trace ?? new Trace();
    this.ncpus = options.ncpus ?? 1;
    this.hz = options.hz ?? 100;
    this.preemptive = options.preemptive ?? false;
    this.#choose = options.choose;
    if (!Number.isInteger(this.ncpus) || this.ncpus < 1) throw new RangeError(`ncpus: an integer >= 1, got ${this.ncpus}`);
    if (!(this.hz > 0 && this.hz <= 1e9)) throw new RangeError(`hz: above 0, at most 1e9, got ${this.hz}`);
  }

  /** Ticks since the machine was made. */
  get lbolt(): number {
    return Math.floor((this.clock.now * this.hz) / 1e9);
  }

  /** Threads that have not ended, in the order of their creation. */
  get threads(): readonly Kthread[] {
    return [...this.#threads];
  }

  /** Whether threads other than the current one could run now. */
  get othersWait(): boolean {
    return this.#queue.length > 0 || this.#interrupts.length > 0;
  }

  /** Whether the kernel is running a thread or an event right now. */
  get running(): boolean {
    return this.#running;
  }

  /** Makes a thread that will run `body`; it waits at the back of the run queue. */
  spawn(name: string, body: () => Kgen<void>, options?: SpawnOptions): Kthread {
    const thread = new Kthread(this, ++this.#threadIds, name, body, options);
    this.#threads.add(thread);
    this.#queue.push(thread);
    return thread;
  }

  /** Makes a sleeping thread runnable; it goes to the back of the queue. */
  ready(thread: Kthread): void {
    if (thread.state !== 'sleeping') throw new HarnessBug('woke a thread that does not sleep', { thread: thread.name, state: thread.state });
    thread.state = 'runnable';
    thread.waitingFor = undefined;
    this.#queue.push(thread);
  }

  /**
   * Runs threads and events until `until` says so (asked before each), or nobody can go on.
   * @throws TypeError when called from inside this kernel; whatever a thread throws, except KernelPanic.
   */
  run(until?: () => boolean): RunOutcome {
    if (this.#running) throw new TypeError('Kernel.run called from inside a kernel thread; use yield* instead');
    this.#running = true;
    const previous = setCurkernel(this);
    try {
      return this.#loop(until);
    } finally {
      setCurkernel(previous);
      this.#running = false;
    }
  }

  /**
   * Runs `body` as a kernel thread, and everything else meanwhile, until it is done; a host-side call into the kernel.
   * @throws KernelPanic, KernelDeadlock, TypeError (called from inside this kernel), or what `body` throws.
   */
  runUntilDone<T>(name: string, body: () => Kgen<T>): T {
    const outcome = this.tryUntilDone(name, body);
    if (outcome.status === 'done') return outcome.value;
    if (outcome.status === 'panic') throw outcome.panic;
    throw new KernelDeadlock(outcome.report);
  }

  /** As runUntilDone, but panic and deadlock are results. After a deadlock the thread stays asleep and may be woken by later calls. */
  tryUntilDone<T>(name: string, body: () => Kgen<T>, options?: SpawnOptions): CallOutcome<T> {
    if (this.#running) throw new TypeError(`${name}: host-side call from inside a kernel thread; use yield* instead`);
    const result: { value?: T; done: boolean } = { done: false };
    const thread = this.spawn(name, function* () {
      result.value = yield* body();
      result.done = true;
    }, options);
    const outcome = this.run(() => thread.state === 'done');
    if (outcome.status === 'panic' || outcome.status === 'deadlock') return outcome;
    if (!result.done) throw new HarnessBug('a host-side call ended without a result', { name, state: thread.state });
    return { status: 'done', value: result.value as T };
  }

  /** Lets `func` run once, `ticks` from now (timeout(9F)). @returns its id, never 0. */
  timeout(func: () => void | Kgen<void>, ticks: number): number {
    if (Number.isNaN(ticks)) throw new RangeError('timeout: ticks is not a number');
    const id = ++this.#timeoutIds;
    if (this.trace.on) this.trace.emit('timeout', { id, ticks });
    const at = (this.lbolt + Math.max(ticks, 0)) * (1e9 / this.hz);
    this.#timeouts.set(id, this.clock.after(Math.max(at - this.clock.now, 0), () => this.#fireTimeout(id, func)));
    return id;
  }

  /** Cancels a timeout (untimeout(9F)). @returns the ticks left, or -1 when it has run or never existed. */
  untimeout(id: number): number {
    const event = this.#timeouts.get(id);
    const left = event === undefined ? -1 : Math.max(0, Math.round((event.at * this.hz) / 1e9) - this.lbolt);
    if (event !== undefined) {
      this.clock.cancel(event);
      this.#timeouts.delete(id);
    }
    if (this.trace.on) this.trace.emit('untimeout', { id, left });
    return left;
  }

  /** Lets `ticks` pass, running every event that becomes due and whatever it wakes, until everybody sleeps or waits for time. */
  tick(ticks: number): RunOutcome {
    const end = this.clock.now + ticks * (1e9 / this.hz);
    for (;;) {
      const outcome = this.run(() => this.#queue.length === 0 && this.#interrupts.length === 0 && this.clock.nextEvent > this.clock.now);
      if (outcome.status !== 'until') return outcome;
      if (this.clock.nextEvent > end) break;
      this.clock.advanceTo(this.clock.nextEvent);
    }
    this.clock.advanceTo(end);
    return { status: 'until' };
  }

  #fireTimeout(id: number, func: () => void | Kgen<void>): void {
    this.#timeouts.delete(id);
    if (this.trace.on) this.trace.emit('timeout-fire', { id, at: this.lbolt });
    this.spawn(`timeout ${id}`, function* () {
      const result = func();
      if (isKgen<void>(result)) yield* result;
    });
    this.#interrupts.push(this.#queue.pop()!);
  }

  #loop(until: (() => boolean) | undefined): RunOutcome {
    for (;;) {
      if (this.panic !== undefined) return { status: 'panic', panic: this.panic };
      if (until?.() === true) return { status: 'until' };
      if (this.clock.nextEvent <= this.clock.now) this.clock.takeDue()?.fire();
      else if (this.#interrupts.length > 0) this.#dispatch(this.#interrupts.shift()!);
      else if (this.#queue.length > 0) this.#dispatch(this.#pick());
      else if (this.clock.pending > 0) this.clock.advanceTo(this.clock.nextEvent);
      else return this.#nobody();
    }
  }

  #nobody(): RunOutcome {
    const asleep = [...this.#threads].filter((thread) => !thread.daemon);
    return asleep.length === 0 ? { status: 'idle' } : { status: 'deadlock', report: deadlockReport(asleep) };
  }

  #pick(): Kthread {
    const options = this.#queue.length;
    if (this.#choose === undefined || options === 1) return this.#queue.shift()!;
    const choice = this.#choose(options);
    if (!Number.isInteger(choice) || choice < 0 || choice >= options) {
      throw new RangeError(`choose(${options}) must return an integer in [0, ${options}), got ${choice}`);
    }
    this.choices.push(choice);
    return this.#queue.splice(choice, 1)[0]!;
  }

  #dispatch(thread: Kthread): void {
    thread.state = 'running';
    const previous = setCurthread(thread);
    let step: IteratorResult<'sleep' | 'preempt', void>;
    try {
      step = thread.body.next();
    } catch (error) {
      this.#end(thread);
      if (!(error instanceof KernelPanic)) throw error;
      this.panic = error;
      return;
    } finally {
      setCurthread(previous);
    }
    if (step.done === true) {
      this.#end(thread);
    } else if (step.value === 'sleep') {
      thread.state = 'sleeping';
    } else {
      thread.state = 'runnable';
      this.#queue.push(thread);
    }
  }

  #end(thread: Kthread): void {
    thread.state = 'done';
    this.#threads.delete(thread);
  }
}

