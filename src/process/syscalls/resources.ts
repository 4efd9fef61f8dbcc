/** Limits and accounts: prlimit64(2), getrlimit(2), setrlimit(2), getrusage(2), sysinfo(2), prctl(2), scheduling, which is round robin for all. */
import { EFAULT, EINVAL, EPERM, ESRCH, PAGESIZE } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { LIMITS } from '../limits.js';
import type { Limit } from '../limits.js';
import type { Proc } from '../proc.js';
import { rusage } from '../rusage.js';
import type { Call, SyscallFamily } from './call.js';

/** Bytes of struct rlimit. */
const RLIMIT_SIZE = 16;
const [RUSAGE_SELF, RUSAGE_CHILDREN, RUSAGE_THREAD] = [0, -1, 1];
const [PR_SET_PDEATHSIG, PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS] = [1, 3, 4, 15, 16, 38, 39];
/** Bytes of a thread's name, its terminating zero included (TASK_COMM_LEN). */
const COMM_LENGTH = 16;
/** Bytes of struct sysinfo. */
const SYSINFO_SIZE = 112;

/** One limit of a process; undefined: there is no such resource. */
const limitOf = (proc: Proc, resource: number): Limit | undefined => proc.limits.get(resource) ?? LIMITS[resource];

/** Reads the limit at `from` and sets it: below the hard one, or the same, for everybody, and root may raise it. */
function* setLimit(call: Call, proc: Proc, resource: number, from: number): Kgen<number> {
  const view = yield* call.copyin(from, RLIMIT_SIZE);
  if (view === undefined) return -EFAULT;
  const limit = { soft: view.getBigUint64(0, true), hard: view.getBigUint64(8, true) };
  const builtin = LIMITS[resource];
  if (builtin === undefined || limit.soft > limit.hard) return -EINVAL;
  // Beyond what this kernel has, not even root comes.
  if (builtin.fixed === true && limit.hard > builtin.hard) return -EPERM;
  proc.limits.set(resource, limit);
  return 0;
}

function* putLimit(call: Call, { soft, hard }: Limit, to: number): Kgen<number> {
  const view = new DataView(new ArrayBuffer(RLIMIT_SIZE));
  view.setBigUint64(0, soft, true);
  view.setBigUint64(8, hard, true);
  return yield* call.copyout(view, to);
}

/** prlimit64(pid, resource, new, old). */
function* prlimit64(call: Call): Kgen<number> {
  const resource = call.int(1);
  const proc = call.int(0) === 0 ? call.proc : call.system.procs.get(call.int(0));
  if (proc === undefined) return -ESRCH;
  const old = limitOf(proc, resource);
  if (old === undefined) return -EINVAL;
  if (call.number(2) !== 0) {
    const error = yield* setLimit(call, proc, resource, call.number(2));
    if (error !== 0) return error;
  }
  return call.number(3) === 0 ? 0 : yield* putLimit(call, old, call.number(3));
}

function* getrlimit(call: Call): Kgen<number> {
  const limit = limitOf(call.proc, call.int(0));
  return limit === undefined ? -EINVAL : yield* putLimit(call, limit, call.number(1));
}

const setrlimit = (call: Call): Kgen<number> => setLimit(call, call.proc, call.int(0), call.number(1));

function* getrusage(call: Call): Kgen<number> {
  const { proc, lwp } = call;
  const executed = new Map([[RUSAGE_SELF, proc.executed], [RUSAGE_CHILDREN, proc.childrenExecuted], [RUSAGE_THREAD, lwp.executed]]).get(call.int(0));
  return executed === undefined ? -EINVAL : yield* call.copyout(rusage(executed), call.number(1));
}

/** struct sysinfo: uptime, loads[3], total, free, shared, buffer RAM, swap total and free, processes, high memory, unit. */
function* sysinfo(call: Call): Kgen<number> {
  const { pages } = call.proc.as.vm;
  const view = new DataView(new ArrayBuffer(SYSINFO_SIZE));
  view.setBigInt64(0, BigInt(Math.floor(call.system.kernel.clock.now / 1e9)), true);
  view.setBigUint64(32, BigInt(pages.total * PAGESIZE), true);
  view.setBigUint64(40, BigInt(pages.free * PAGESIZE), true);
  view.setUint16(80, Math.min(call.system.lwps.size, 0xffff), true);
  view.setUint32(104, 1, true);
  return yield* call.copyout(view, call.number(0));
}

/** prctl(2): names, and what can only be asked. */
function* prctl(call: Call): Kgen<number> {
  switch (call.int(0)) {
    case PR_SET_NAME: return yield* setName(call);
    case PR_GET_NAME: return yield* getName(call);
    case PR_GET_DUMPABLE:
    case PR_GET_NO_NEW_PRIVS: return call.int(0) === PR_GET_DUMPABLE ? 1 : 0;
    case PR_SET_DUMPABLE:
    case PR_SET_PDEATHSIG:
    case PR_SET_NO_NEW_PRIVS: return 0;
    default: return -EINVAL;
  }
}

function* setName(call: Call): Kgen<number> {
  const view = yield* call.copyin(call.number(1), COMM_LENGTH);
  if (view === undefined) return -EFAULT;
  const bytes = new Uint8Array(view.buffer, 0, COMM_LENGTH - 1);
  const end = bytes.indexOf(0);
  call.lwp.comm = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  return 0;
}

function* getName(call: Call): Kgen<number> {
  const bytes = new Uint8Array(COMM_LENGTH);
  bytes.set(new TextEncoder().encode(call.lwp.comm ?? call.proc.name).subarray(0, COMM_LENGTH - 1));
  return yield* call.copyout(new DataView(bytes.buffer), call.number(1));
}

/** Whether argument 0 names a thread; 0 is the caller. */
const known = (call: Call): boolean => call.int(0) === 0 || call.system.lwps.has(call.int(0));

/** sched_getaffinity(pid, length, mask): every thread may run on every hart. Returns the bytes written. */
function* schedGetaffinity(call: Call): Kgen<number> {
  if (call.size(1) < 8 || call.size(1) % 8 !== 0) return -EINVAL;
  if (!known(call)) return -ESRCH;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, (1n << BigInt(call.system.cpus.cpus.length)) - 1n, true);
  return (yield* call.copyout(view, call.number(2))) === 0 ? 8 : -EFAULT;
}

/** Answers 0 for a thread there is. */
const forThread = (call: Call): number => (known(call) ? 0 : -ESRCH);

function* schedGetparam(call: Call): Kgen<number> {
  if (!known(call)) return -ESRCH;
  return yield* call.copyout(new DataView(new ArrayBuffer(4)), call.number(1));
}

/** Calls on limits, accounts and scheduling, by their Linux RV64 numbers. */
export const resourceCalls: SyscallFamily = {
  118: { name: 'sched_setparam', args: 2, handler: forThread },
  119: { name: 'sched_setscheduler', args: 3, handler: (call) => (call.int(1) === 0 ? forThread(call) : -EPERM) },
  120: { name: 'sched_getscheduler', args: 1, handler: forThread },
  121: { name: 'sched_getparam', args: 2, handler: schedGetparam },
  122: { name: 'sched_setaffinity', args: 3, handler: forThread },
  123: { name: 'sched_getaffinity', args: 3, handler: schedGetaffinity },
  125: { name: 'sched_get_priority_max', args: 1, handler: (call) => (call.uint(0) === 1 || call.uint(0) === 2 ? 99 : 0) },
  126: { name: 'sched_get_priority_min', args: 1, handler: (call) => (call.uint(0) === 1 || call.uint(0) === 2 ? 1 : 0) },
  140: { name: 'setpriority', args: 3, handler: () => 0 },
  // The system call answers 20 - nice, so that it is never negative.
  141: { name: 'getpriority', args: 2, handler: () => 20 },
  163: { name: 'getrlimit', args: 2, handler: getrlimit },
  164: { name: 'setrlimit', args: 2, handler: setrlimit },
  165: { name: 'getrusage', args: 2, handler: getrusage },
  167: { name: 'prctl', args: 5, handler: prctl },
  179: { name: 'sysinfo', args: 1, handler: sysinfo },
  261: { name: 'prlimit64', args: 4, handler: prlimit64 },
};
