/** Time and turns: clock_gettime(2), clock_getres(2), sched_yield(2). All clocks are the virtual clock. */
import { EINVAL } from '../../base/index.js';
import { preempt } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { CLOCK_BOOTTIME, CLOCK_REALTIME } from '../linux-flags.js';
import type { Call, SyscallFamily } from './call.js';

function timespec(ns: number): DataView {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigInt64(0, BigInt(Math.floor(ns / 1e9)), true);
  view.setBigInt64(8, BigInt(Math.floor(ns % 1e9)), true);
  return view;
}

const known = (clock: number): boolean => clock >= CLOCK_REALTIME && clock <= CLOCK_BOOTTIME;

function* clockGettime(call: Call): Kgen<number> {
  if (!known(call.int(0))) return -EINVAL;
  return yield* call.copyout(timespec(call.system.kernel.clock.now), call.number(1));
}

/** One instruction is one nanosecond, so that is the resolution. */
function* clockGetres(call: Call): Kgen<number> {
  if (!known(call.int(0))) return -EINVAL;
  return call.number(1) === 0 ? 0 : yield* call.copyout(timespec(1), call.number(1));
}

function* schedYield(call: Call): Kgen<number> {
  call.lwp.slice = 0;
  yield* preempt();
  return 0;
}

export const timeCalls: SyscallFamily = {
  113: { name: 'clock_gettime', args: 2, handler: clockGettime },
  114: { name: 'clock_getres', args: 2, handler: clockGetres },
  124: { name: 'sched_yield', args: 0, handler: schedYield },
};
