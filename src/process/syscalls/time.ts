/** Time and sleep: clock_gettime(2), clock_getres(2), gettimeofday(2), nanosleep(2), clock_nanosleep(2), times(2). All clocks are the virtual clock. */
import { EFAULT, EINVAL, EPERM } from '../../base/index.js';
import { cv_timedwait_sig_hires, mutex_enter, mutex_exit, preempt } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { CLKTCK } from '../initial-stack.js';
import { ERESTARTNOHAND } from '../linux-abi.js';
import { CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID, CLOCK_REALTIME, CLOCK_THREAD_CPUTIME_ID, TIMER_ABSTIME } from '../linux-flags.js';
import type { Call, SyscallFamily } from './call.js';
import { moment, putTimeval, readTimespec, timespec } from './timespec.js';

const known = (clock: number): boolean => clock >= CLOCK_REALTIME && clock <= CLOCK_BOOTTIME;

/** What a clock shows, in nanoseconds; undefined: there is no such clock. A negative one is the processor time of a process or thread. */
function reading(call: Call, clock: number): number | undefined {
  if (clock < 0) return processorTime(call, clock);
  if (!known(clock)) return undefined;
  if (clock === CLOCK_PROCESS_CPUTIME_ID) return call.proc.executed;
  return clock === CLOCK_THREAD_CPUTIME_ID ? call.lwp.executed : call.system.kernel.clock.now;
}

/** clock_getcpuclockid(3), pthread_getcpuclockid(3): bits 3 and up are the complement of the number, bit 2 says that it is a thread's. */
function processorTime(call: Call, clock: number): number | undefined {
  const [id, kind] = [~(clock >> 3), clock & 7];
  if (kind !== 2 && kind !== 6) return undefined;
  if (kind === 2) return (id === 0 ? call.proc : call.system.procs.get(id))?.executed;
  return (id === 0 ? call.lwp : call.system.lwps.get(id))?.executed;
}

function* clockGettime(call: Call): Kgen<number> {
  const now = reading(call, call.int(0));
  return now === undefined ? -EINVAL : yield* call.copyout(timespec(now), call.number(1));
}

/** One instruction is one nanosecond, so that is the resolution. */
function* clockGetres(call: Call): Kgen<number> {
  if (reading(call, call.int(0)) === undefined) return -EINVAL;
  return call.number(1) === 0 ? 0 : yield* call.copyout(timespec(1), call.number(1));
}

function* gettimeofday(call: Call): Kgen<number> {
  const view = new DataView(new ArrayBuffer(16));
  putTimeval(view, 0, call.system.kernel.clock.now);
  if (call.number(0) !== 0 && (yield* call.copyout(view, call.number(0))) !== 0) return -EFAULT;
  return call.number(1) === 0 ? 0 : yield* call.copyout(new DataView(new ArrayBuffer(8)), call.number(1));
}

/**
 * Sleeps until a moment.
 * @param rest where the time that was left goes when a signal ends the sleep; 0 = nowhere
 */
function* sleepUntil(call: Call, deadline: number, rest: number): Kgen<number> {
  const { lwp, system } = call;
  yield* mutex_enter(system.pidlock);
  const reason = yield* cv_timedwait_sig_hires(lwp.asleep, system.pidlock, deadline);
  mutex_exit(system.pidlock);
  if (reason !== 0) return 0;
  lwp.resumeAt = deadline;
  const left = Math.max(0, deadline - system.kernel.clock.now);
  if (rest !== 0 && left < Infinity && (yield* call.copyout(timespec(left), rest)) !== 0) return -EFAULT;
  return -ERESTARTNOHAND;
}

function* sleepFor(call: Call, request: number, rest: number): Kgen<number> {
  const length = yield* readTimespec(call, request);
  if (length < 0) return length;
  return yield* sleepUntil(call, call.lwp.resumeAt ?? moment(call.system.kernel.clock.now + length), rest);
}

/** clock_nanosleep(clock, flags, request, rest). */
function* clockNanosleep(call: Call): Kgen<number> {
  const clock = call.int(0);
  if (!known(clock) || clock === CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
  if ((call.uint(1) & TIMER_ABSTIME) === 0) return yield* sleepFor(call, call.number(2), call.number(3));
  const until = yield* readTimespec(call, call.number(2));
  return until < 0 ? until : yield* sleepUntil(call, moment(until), 0);
}

/** times(2): processor time in clock ticks, all of it user time; the result is the time since the machine was made. */
function* times(call: Call): Kgen<number> {
  const { proc, system } = call;
  const ticks = (ns: number): bigint => BigInt(Math.floor((ns * CLKTCK) / 1e9));
  const view = new DataView(new ArrayBuffer(32));
  view.setBigInt64(0, ticks(proc.executed), true);
  view.setBigInt64(16, ticks(proc.childrenExecuted), true);
  if (call.number(0) !== 0 && (yield* call.copyout(view, call.number(0))) !== 0) return -EFAULT;
  return Number(ticks(system.kernel.clock.now));
}

function* schedYield(call: Call): Kgen<number> {
  call.lwp.slice = 0;
  yield* preempt();
  return 0;
}

/** The virtual clock cannot be set. */
const fixed = (): number => -EPERM;

/** Calls that read clocks and sleep, by their Linux RV64 numbers. */
export const timeCalls: SyscallFamily = {
  101: { name: 'nanosleep', args: 2, handler: (call) => sleepFor(call, call.number(0), call.number(1)) },
  112: { name: 'clock_settime', args: 2, handler: fixed },
  113: { name: 'clock_gettime', args: 2, handler: clockGettime },
  114: { name: 'clock_getres', args: 2, handler: clockGetres },
  115: { name: 'clock_nanosleep', args: 4, handler: clockNanosleep },
  124: { name: 'sched_yield', args: 0, handler: schedYield },
  153: { name: 'times', args: 1, handler: times },
  169: { name: 'gettimeofday', args: 2, handler: gettimeofday },
  170: { name: 'settimeofday', args: 2, handler: fixed },
};
