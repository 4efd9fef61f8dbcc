/** Sleeping on an address: futex(2); the locks a dead thread gives up: set_robust_list(2), get_robust_list(2). */
import { EFAULT, EINVAL, ENOSYS, ESRCH } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { FUTEX_BITSET_MATCH_ANY } from '../futexes.js';
import type { FutexAddress } from '../futexes.js';
import { ERESTART, ERESTARTNOHAND } from '../linux-abi.js';
import { ROBUST_HEAD_SIZE } from '../robust-list.js';
import type { Call, SyscallFamily } from './call.js';
import { moment, readTimespec } from './timespec.js';

const [FUTEX_WAIT, FUTEX_WAKE, FUTEX_REQUEUE, FUTEX_CMP_REQUEUE, FUTEX_WAIT_BITSET, FUTEX_WAKE_BITSET] = [0, 1, 3, 4, 9, 10];
const [FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME] = [128, 256];

/** futex(uaddr, op, val, timeout or val2, uaddr2, val3). Operations with priority inheritance and FUTEX_WAKE_OP answer ENOSYS. */
function* futex(call: Call): Kgen<number> {
  const op = call.uint(1);
  const place = (n: number): FutexAddress => ({ as: call.proc.as, at: call.number(n), private: (op & FUTEX_PRIVATE_FLAG) !== 0 });
  const { futexes } = call.system;
  // A wake of none wakes one, as in Linux.
  const count = (n: number): number => Math.max(1, call.int(n));
  switch (op & ~(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME)) {
    case FUTEX_WAIT: return yield* wait(call, place(0), FUTEX_BITSET_MATCH_ANY, false);
    case FUTEX_WAIT_BITSET: return call.uint(5) === 0 ? -EINVAL : yield* wait(call, place(0), call.uint(5), true);
    case FUTEX_WAKE: return yield* futexes.wake(place(0), count(2), FUTEX_BITSET_MATCH_ANY);
    case FUTEX_WAKE_BITSET: return call.uint(5) === 0 ? -EINVAL : yield* futexes.wake(place(0), count(2), call.uint(5));
    case FUTEX_REQUEUE: return yield* requeue(call, place(0), place(4), undefined);
    case FUTEX_CMP_REQUEUE: return yield* requeue(call, place(0), place(4), call.uint(5));
    default: return -ENOSYS;
  }
}

/** @param absolute whether the time is a moment of the clock, as for FUTEX_WAIT_BITSET, and not a distance */
function* wait(call: Call, place: FutexAddress, bitset: number, absolute: boolean): Kgen<number> {
  const { lwp } = call;
  const time = call.number(3) === 0 ? Infinity : yield* readTimespec(call, call.number(3));
  if (time < 0) return time;
  const deadline = lwp.resumeAt ?? moment(absolute ? time : call.system.kernel.clock.now + time);
  const error = yield* call.system.futexes.wait(place, call.uint(2), bitset, deadline, ERESTART);
  if (error !== ERESTART) return -error;
  // Linux: a sleep without a limit is begun again, one with a limit ends.
  if (deadline === Infinity) return -ERESTART;
  lwp.resumeAt = deadline;
  return -ERESTARTNOHAND;
}

function* requeue(call: Call, from: FutexAddress, to: FutexAddress, expected: number | undefined): Kgen<number> {
  if (call.int(2) < 0 || call.int(3) < 0) return -EINVAL;
  return yield* call.system.futexes.requeue(from, to, call.int(2), call.int(3), expected);
}

function setRobustList(call: Call): number {
  if (call.size(1) !== ROBUST_HEAD_SIZE) return -EINVAL;
  call.lwp.robustList = call.number(0);
  return 0;
}

function* getRobustList(call: Call): Kgen<number> {
  const lwp = call.int(0) === 0 ? call.lwp : call.system.lwps.get(call.int(0));
  if (lwp === undefined) return -ESRCH;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigInt64(0, BigInt(ROBUST_HEAD_SIZE), true);
  if ((yield* call.copyout(view, call.number(2))) !== 0) return -EFAULT;
  view.setBigInt64(0, BigInt(lwp.robustList), true);
  return yield* call.copyout(view, call.number(1));
}

/** Calls that sleep on an address, and the lists of locks a dead thread gives up, by their Linux RV64 numbers. */
export const futexCalls: SyscallFamily = {
  98: { name: 'futex', args: 6, handler: futex },
  99: { name: 'set_robust_list', args: 2, handler: setRobustList },
  100: { name: 'get_robust_list', args: 3, handler: getRobustList },
};
