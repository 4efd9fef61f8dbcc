/** Signals: rt_sigaction(2), rt_sigprocmask(2), rt_sigpending(2), rt_sigreturn(2), sigaltstack(2), kill(2), tkill(2), tgkill(2). */
import { EFAULT, EINVAL, ENOMEM, EPERM, ESRCH } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { forceSignal } from '../deliver.js';
import { illumosSignal, illumosSigset, linuxSigset } from '../linux-abi.js';
import { MINSIGSTKSZ, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SI_TKILL, SS_DISABLE, SS_ONSTACK } from '../linux-flags.js';
import { postSignal } from '../post-signal.js';
import type { Proc } from '../proc.js';
import { FRAME_SIZE, parseFrame } from '../signal-frame.js';
import { CANTMASK, SIGSEGV, sigbit } from '../signals.js';
import type { Call, SyscallFamily } from './call.js';

/** Bytes of the kernel's sigset_t; another size is EINVAL. */
const SIGSET_SIZE = 8;
/** Bytes of struct sigaction as RV64 has it: handler, flags, mask; there is no restorer. */
const SIGACTION_SIZE = 24;
/** Bytes of stack_t. */
const STACK_SIZE = 24;
const SP = 2;

function* rtSigaction(call: Call): Kgen<number> {
  const signal = illumosSignal(call.int(0));
  if (signal === undefined || call.number(3) !== SIGSET_SIZE) return -EINVAL;
  const { signals } = call.proc;
  const wanted = call.number(1) === 0 ? undefined : yield* call.copyin(call.number(1), SIGACTION_SIZE);
  if (call.number(1) !== 0 && wanted === undefined) return -EFAULT;
  if (wanted !== undefined && (CANTMASK & sigbit(signal)) !== 0n) return -EINVAL;
  const before = signals.action(signal);
  if (wanted !== undefined) {
    signals.setAction(signal, {
      handler: wanted.getBigUint64(0, true),
      flags: wanted.getUint32(8, true),
      mask: illumosSigset(wanted.getBigUint64(16, true)),
    });
  }
  if (call.number(2) === 0) return 0;
  const old = new DataView(new ArrayBuffer(SIGACTION_SIZE));
  old.setBigUint64(0, before.handler, true);
  old.setBigUint64(8, BigInt(before.flags), true);
  old.setBigUint64(16, linuxSigset(before.mask), true);
  return yield* call.copyout(old, call.number(2));
}

const sigset = (set: bigint): DataView => {
  const view = new DataView(new ArrayBuffer(SIGSET_SIZE));
  view.setBigUint64(0, linuxSigset(set), true);
  return view;
};

function* rtSigprocmask(call: Call): Kgen<number> {
  if (call.number(3) !== SIGSET_SIZE) return -EINVAL;
  const { signals } = call.proc;
  const before = signals.mask;
  if (call.number(1) !== 0) {
    const view = yield* call.copyin(call.number(1), SIGSET_SIZE);
    if (view === undefined) return -EFAULT;
    const set = illumosSigset(view.getBigUint64(0, true)) & ~CANTMASK;
    const how = call.int(0);
    if (how === SIG_BLOCK) signals.mask |= set;
    else if (how === SIG_UNBLOCK) signals.mask &= ~set;
    else if (how === SIG_SETMASK) signals.mask = set;
    else return -EINVAL;
  }
  return call.number(2) === 0 ? 0 : yield* call.copyout(sigset(before), call.number(2));
}

function* rtSigpending(call: Call): Kgen<number> {
  if (call.number(1) !== SIGSET_SIZE) return -EINVAL;
  return yield* call.copyout(sigset(call.proc.signals.pending & call.proc.signals.mask), call.number(0));
}

/** Restores what the frame at sp says. A frame that cannot be read, or a stack pointer out of place, is a SIGSEGV. */
function* rtSigreturn(call: Call): Kgen<undefined> {
  const { lwp } = call;
  const bytes = new Uint8Array(FRAME_SIZE);
  if ((yield* lwp.userMemory.copyin(lwp.xNumber(SP), bytes)) !== 0) {
    const info = { signal: SIGSEGV, code: 0, errno: 0, addr: lwp.x(SP) };
    yield* forceSignal(call.system, lwp, info, { access: undefined, reason: 'rt_sigreturn: no signal frame at sp' });
    return undefined;
  }
  const state = parseFrame(bytes);
  const context = lwp.saved();
  context.x.set(state.x);
  context.f.set(state.f);
  context.fcsr = state.fcsr;
  context.pc = Number(BigInt.asIntN(64, state.pc));
  call.proc.signals.mask = state.mask & ~CANTMASK;
  return undefined;
}

function* sigaltstack(call: Call): Kgen<number> {
  const { signals } = call.proc;
  const { altstack } = signals;
  const sp = call.lwp.xNumber(SP);
  const onStack = altstack.size > 0 && sp > altstack.base && sp <= altstack.base + altstack.size;
  if (call.number(0) !== 0) {
    const view = yield* call.copyin(call.number(0), STACK_SIZE);
    if (view === undefined) return -EFAULT;
    const flags = view.getInt32(8, true);
    const size = Number(view.getBigUint64(16, true));
    if (onStack) return -EPERM;
    if (flags !== 0 && flags !== SS_DISABLE && flags !== SS_ONSTACK) return -EINVAL;
    if (flags !== SS_DISABLE && size < MINSIGSTKSZ) return -ENOMEM;
    signals.altstack = flags === SS_DISABLE ? { base: 0, size: 0 } : { base: Number(view.getBigInt64(0, true)), size };
  }
  if (call.number(1) === 0) return 0;
  const old = new DataView(new ArrayBuffer(STACK_SIZE));
  old.setBigInt64(0, BigInt(altstack.base), true);
  old.setInt32(8, altstack.size === 0 ? SS_DISABLE : onStack ? SS_ONSTACK : 0, true);
  old.setBigUint64(16, BigInt(altstack.size), true);
  return yield* call.copyout(old, call.number(1));
}

/** Sends Linux signal `number` (0 = only look) to the processes; -EINVAL, or -ESRCH when there are none. */
function send(call: Call, targets: readonly Proc[], number: number, code: number): number {
  const signal = illumosSignal(number);
  if (number !== 0 && signal === undefined) return -EINVAL;
  if (targets.length === 0) return -ESRCH;
  if (signal !== undefined) for (const proc of targets) postSignal(proc, { signal, code, errno: 0, pid: call.proc.pid });
  return 0;
}

const one = (call: Call, pid: number): Proc[] => {
  const proc = call.system.procs.get(pid);
  return proc === undefined ? [] : [proc];
};

/** kill(2): all processes are of one group; -1 spares the sender and the first process. */
function kill(call: Call): number {
  const pid = call.int(0);
  const all = [...call.system.procs.values()].filter((proc) => !proc.zombie);
  if (pid > 0) return send(call, one(call, pid), call.int(1), 0);
  if (pid === 0) return send(call, all, call.int(1), 0);
  return send(call, pid === -1 ? all.filter((proc) => proc !== call.proc && proc.pid !== 1) : [], call.int(1), 0);
}

function tgkill(call: Call): number {
  if (call.int(0) <= 0 || call.int(1) <= 0) return -EINVAL;
  return send(call, call.int(0) === call.int(1) ? one(call, call.int(1)) : [], call.int(2), SI_TKILL);
}

function tkill(call: Call): number {
  return call.int(0) <= 0 ? -EINVAL : send(call, one(call, call.int(0)), call.int(1), SI_TKILL);
}

export const signalCalls: SyscallFamily = {
  129: { name: 'kill', args: 2, handler: kill },
  130: { name: 'tkill', args: 2, handler: tkill },
  131: { name: 'tgkill', args: 3, handler: tgkill },
  132: { name: 'sigaltstack', args: 2, handler: sigaltstack },
  134: { name: 'rt_sigaction', args: 4, handler: rtSigaction },
  135: { name: 'rt_sigprocmask', args: 4, handler: rtSigprocmask },
  136: { name: 'rt_sigpending', args: 2, handler: rtSigpending },
  139: { name: 'rt_sigreturn', args: 0, handler: rtSigreturn },
};
