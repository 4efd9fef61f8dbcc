/** Timers on the virtual clock: setitimer(2), getitimer(2), timer_create(2) and its kin. */
import { EAGAIN, EFAULT, EINVAL } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { IntervalTimer } from '../interval-timer.js';
import { illumosSignal } from '../linux-abi.js';
import { CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, SI_TIMER, TIMER_ABSTIME } from '../linux-flags.js';
import { postSignal, postToThread } from '../post-signal.js';
import { SIGALRM } from '../signals.js';
import type { SigInfo } from '../signals.js';
import type { Call, SyscallFamily } from './call.js';
import { getTimespec, getTimeval, moment, putTimespec, putTimeval } from './timespec.js';

const ITIMER_REAL = 0;
const [SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD_ID] = [0, 1, 4];
/** Bytes of struct sigevent. */
const SIGEVENT_SIZE = 64;
/** Timers of one process. */
const TIMERS_MAX = 1024;
/** Bytes of struct itimerval and of struct itimerspec: interval, value. */
const ITIMER_SIZE = 32;

/** ITIMER_REAL of a process; it has one from the first time it is asked for. */
function realTimer(call: Call): IntervalTimer {
  const { proc, system } = call;
  const found = proc.timers.get('real');
  if (found !== undefined) return found;
  // The kernel itself sends it: SI_KERNEL.
  const made = new IntervalTimer(system.kernel.clock, () => postSignal(proc, { signal: SIGALRM, code: 0x80, errno: 0 }));
  proc.timers.set('real', made);
  return made;
}

function itimerval(timer: IntervalTimer): DataView {
  const view = new DataView(new ArrayBuffer(ITIMER_SIZE));
  putTimeval(view, 0, timer.interval);
  // What is left is rounded up: 0 would say that the timer is not set.
  putTimeval(view, 16, Math.ceil(timer.remaining / 1000) * 1000);
  return view;
}

/** Only ITIMER_REAL: the others, which count processor time, are EINVAL. */
function* getitimer(call: Call): Kgen<number> {
  return call.int(0) === ITIMER_REAL ? yield* call.copyout(itimerval(realTimer(call)), call.number(1)) : -EINVAL;
}

function* setitimer(call: Call): Kgen<number> {
  const wanted = call.number(1) === 0 ? undefined : yield* call.copyin(call.number(1), ITIMER_SIZE);
  if (call.number(1) !== 0 && wanted === undefined) return -EFAULT;
  const [interval, value] = wanted === undefined ? [0, 0] : [getTimeval(wanted, 0), getTimeval(wanted, 16)];
  if (interval === undefined || value === undefined || call.int(0) !== ITIMER_REAL) return -EINVAL;
  const timer = realTimer(call);
  const before = itimerval(timer);
  timer.set(value === 0 ? Infinity : moment(call.system.kernel.clock.now + value), interval);
  return call.number(2) === 0 ? 0 : yield* call.copyout(before, call.number(2));
}

/** timer_create(clock, sigevent, id). */
function* timerCreate(call: Call): Kgen<number> {
  const clock = call.int(0);
  if (clock < 0 || clock > CLOCK_BOOTTIME || clock === CLOCK_PROCESS_CPUTIME_ID || clock === CLOCK_THREAD_CPUTIME_ID) return -EINVAL;
  const { proc, system } = call;
  if (proc.timers.size >= TIMERS_MAX) return -EAGAIN;
  const event = call.number(1) === 0 ? undefined : yield* call.copyin(call.number(1), SIGEVENT_SIZE);
  if (call.number(1) !== 0 && event === undefined) return -EFAULT;
  let id = 0;
  while (proc.timers.has(id)) id++;
  const expire = event === undefined ? toProcess(call, id, SIGALRM, BigInt(id)) : expiry(call, id, event);
  if (expire === undefined) return -EINVAL;
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, id, true);
  if ((yield* call.copyout(view, call.number(2))) !== 0) return -EFAULT;
  proc.timers.set(id, new IntervalTimer(system.kernel.clock, expire));
  return 0;
}

const about = (id: number, signal: number, value: bigint, overrun: number): SigInfo => ({ signal, code: SI_TIMER, errno: 0, timer: { id, overrun }, value });

function toProcess(call: Call, id: number, signal: number, value: bigint): (overrun: number) => void {
  const { proc } = call;
  return (overrun) => {
    postSignal(proc, about(id, signal, value, overrun));
  };
}

/** What a timer does when it expires, as its struct sigevent says; undefined: that makes no sense. */
function expiry(call: Call, id: number, event: DataView): ((overrun: number) => void) | undefined {
  const [value, notify] = [event.getBigUint64(0, true), event.getInt32(12, true)];
  if (notify === SIGEV_NONE) return () => {};
  const signal = illumosSignal(event.getInt32(8, true));
  if (signal === undefined) return undefined;
  if (notify === SIGEV_SIGNAL) return toProcess(call, id, signal, value);
  const lwp = call.system.lwps.get(event.getInt32(16, true));
  if (notify !== SIGEV_THREAD_ID || lwp?.proc !== call.proc) return undefined;
  return (overrun) => {
    postToThread(lwp.proc, lwp, about(id, signal, value, overrun));
  };
}

const timerOf = (call: Call): IntervalTimer | undefined => call.proc.timers.get(call.int(0));

function itimerspec(timer: IntervalTimer): DataView {
  const view = new DataView(new ArrayBuffer(ITIMER_SIZE));
  putTimespec(view, 0, timer.interval);
  putTimespec(view, 16, timer.remaining);
  return view;
}

function* timerSettime(call: Call): Kgen<number> {
  const wanted = yield* call.copyin(call.number(2), ITIMER_SIZE);
  if (wanted === undefined) return -EFAULT;
  const [interval, value] = [getTimespec(wanted, 0), getTimespec(wanted, 16)];
  const timer = timerOf(call);
  if (timer === undefined || interval === undefined || value === undefined) return -EINVAL;
  const before = itimerspec(timer);
  const from = (call.uint(1) & TIMER_ABSTIME) === 0 ? call.system.kernel.clock.now : 0;
  timer.set(value === 0 ? Infinity : moment(from + value), interval);
  return call.number(3) === 0 ? 0 : yield* call.copyout(before, call.number(3));
}

function* timerGettime(call: Call): Kgen<number> {
  const timer = timerOf(call);
  return timer === undefined ? -EINVAL : yield* call.copyout(itimerspec(timer), call.number(1));
}

function timerDelete(call: Call): number {
  const timer = timerOf(call);
  if (timer === undefined) return -EINVAL;
  timer.cancel();
  call.proc.timers.delete(call.int(0));
  return 0;
}

/** Calls that set timers, by their Linux RV64 numbers. */
export const timerCalls: SyscallFamily = {
  102: { name: 'getitimer', args: 2, handler: getitimer },
  103: { name: 'setitimer', args: 3, handler: setitimer },
  107: { name: 'timer_create', args: 3, handler: timerCreate },
  108: { name: 'timer_gettime', args: 2, handler: timerGettime },
  109: { name: 'timer_getoverrun', args: 1, handler: (call) => (timerOf(call) === undefined ? -EINVAL : 0) },
  110: { name: 'timer_settime', args: 4, handler: timerSettime },
  111: { name: 'timer_delete', args: 1, handler: timerDelete },
};
