/** Sending signals: kill(2), tkill(2), tgkill(2), rt_sigqueueinfo(2), rt_tgsigqueueinfo(2). */
import { EAGAIN, EFAULT, EINVAL, EPERM, ESRCH } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { illumosSignal } from '../linux-abi.js';
import { SI_TKILL } from '../linux-flags.js';
import type { Lwp } from '../lwp.js';
import { postSignal, postToThread } from '../post-signal.js';
import type { Proc } from '../proc.js';
import { SIGINFO_SIZE } from '../signal-frame.js';
import { SIGRTMIN } from '../signals.js';
import type { SigInfo } from '../signals.js';
import type { Call, SyscallFamily } from './call.js';

/** The illumos number of argument `n`, 0 for 0 (only look whether somebody is there), undefined: not a signal. */
const signalOf = (call: Call, n: number): number | undefined => (call.int(n) === 0 ? 0 : illumosSignal(call.int(n)));

/** Sends to processes; -EINVAL for what is no signal, -ESRCH when there are none. */
function send(call: Call, targets: readonly Proc[]): number {
  const signal = signalOf(call, 1);
  if (signal === undefined) return -EINVAL;
  if (targets.length === 0) return -ESRCH;
  if (signal !== 0) for (const proc of targets) postSignal(proc, { signal, code: 0, errno: 0, pid: call.proc.pid });
  return 0;
}

/** kill(2): a process, the own group (0), all but the sender and the first process (-1), or a group (-pgid). */
function kill(call: Call): number {
  const pid = call.int(0);
  const all = [...call.system.procs.values()].filter((proc) => !proc.zombie);
  if (pid > 0) return send(call, [...call.system.procs.values()].filter((proc) => proc.pid === pid));
  if (pid === -1) return send(call, all.filter((proc) => proc !== call.proc && proc.pid !== 1));
  const group = pid === 0 ? call.proc.pgid : -pid;
  return send(call, all.filter((proc) => proc.pgid === group));
}

/** Sends to the thread `tid`, of process `tgid` where that is given; `n` is the argument with the signal. */
function sendToThread(call: Call, tgid: number | undefined, tid: number, n: number, info: Omit<SigInfo, 'signal'>): number {
  const signal = signalOf(call, n);
  if (signal === undefined) return -EINVAL;
  const lwp: Lwp | undefined = call.system.lwps.get(tid);
  // A process that has ended but was not waited for still has its first thread.
  const zombie = lwp === undefined && call.system.procs.has(tid);
  if ((lwp === undefined && !zombie) || (tgid !== undefined && (lwp?.proc.pid ?? tid) !== tgid)) return -ESRCH;
  if (signal !== 0 && lwp !== undefined) postToThread(lwp.proc, lwp, { signal, ...info });
  return 0;
}

const fromMe = (call: Call): Omit<SigInfo, 'signal'> => ({ code: SI_TKILL, errno: 0, pid: call.proc.pid });

function tgkill(call: Call): number {
  if (call.int(0) <= 0 || call.int(1) <= 0) return -EINVAL;
  return sendToThread(call, call.int(0), call.int(1), 2, fromMe(call));
}

const tkill = (call: Call): number => (call.int(0) <= 0 ? -EINVAL : sendToThread(call, undefined, call.int(0), 1, fromMe(call)));

/** The siginfo_t of a queued signal. Only the kernel says si_code >= 0, and only tkill(2) SI_TKILL, except to oneself. */
function* queuedInfo(call: Call, from: number, self: boolean): Kgen<Omit<SigInfo, 'signal'> | number> {
  const view = yield* call.copyin(from, SIGINFO_SIZE);
  if (view === undefined) return -EFAULT;
  const code = view.getInt32(8, true);
  if ((code >= 0 || code === SI_TKILL) && !self) return -EPERM;
  return { code, errno: 0, pid: view.getInt32(16, true), value: view.getBigUint64(24, true) };
}

function* rtSigqueueinfo(call: Call): Kgen<number> {
  const info = yield* queuedInfo(call, call.number(2), call.int(0) === call.proc.pid);
  if (typeof info === 'number') return info;
  const signal = signalOf(call, 1);
  if (signal === undefined) return -EINVAL;
  const proc = call.system.procs.get(call.int(0));
  if (proc === undefined) return -ESRCH;
  if (signal >= SIGRTMIN && proc.signals.shared.full) return -EAGAIN;
  if (signal !== 0) postSignal(proc, { signal, ...info });
  return 0;
}

function* rtTgsigqueueinfo(call: Call): Kgen<number> {
  if (call.int(0) <= 0 || call.int(1) <= 0) return -EINVAL;
  const info = yield* queuedInfo(call, call.number(3), call.int(1) === call.lwp.tid);
  return typeof info === 'number' ? info : sendToThread(call, call.int(0), call.int(1), 2, info);
}

/** Calls that send signals, by their Linux RV64 numbers. */
export const killCalls: SyscallFamily = {
  129: { name: 'kill', args: 2, handler: kill },
  130: { name: 'tkill', args: 2, handler: tkill },
  131: { name: 'tgkill', args: 3, handler: tgkill },
  138: { name: 'rt_sigqueueinfo', args: 3, handler: rtSigqueueinfo },
  240: { name: 'rt_tgsigqueueinfo', args: 4, handler: rtTgsigqueueinfo },
};
