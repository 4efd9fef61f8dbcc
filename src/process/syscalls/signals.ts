/** Signals: rt_sigaction(2), rt_sigprocmask(2), rt_sigpending(2), rt_sigsuspend(2), rt_sigtimedwait(2), rt_sigreturn(2), sigaltstack(2). */
import { EAGAIN, EFAULT, EINTR, EINVAL, ENOMEM, EPERM } from '../../base/index.js';
import { cv_timedwait_sig_hires, mutex_enter, mutex_exit } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import { forceSignal } from '../deliver.js';
import { ERESTARTNOHAND, illumosSignal, illumosSigset, linuxSignal, linuxSigset } from '../linux-abi.js';
import { MINSIGSTKSZ, SIG_BLOCK, SIG_SETMASK, SIG_UNBLOCK, SS_DISABLE, SS_ONSTACK } from '../linux-flags.js';
import { FRAME_SIZE, SIGINFO_SIZE, parseFrame, writeSigInfo } from '../signal-frame.js';
import { CANTMASK, SIGSEGV, sigbit } from '../signals.js';
import type { SigInfo } from '../signals.js';
import type { Call, SyscallFamily } from './call.js';
import { moment, readTimespec } from './timespec.js';

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
  const { signals } = call.lwp;
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
  return yield* call.copyout(sigset(call.lwp.signals.pending & call.lwp.signals.mask), call.number(0));
}

/** The sleep of the calls below, whose condition only signals change. */
function* sleepForSignal(call: Call, deadline: number): Kgen<number> {
  yield* mutex_enter(call.system.pidlock);
  const reason = yield* cv_timedwait_sig_hires(call.lwp.asleep, call.system.pidlock, deadline);
  mutex_exit(call.system.pidlock);
  return reason;
}

/** Sleeps with other signals blocked until a handler runs; its frame goes back to the mask of before. */
function* rtSigsuspend(call: Call): Kgen<number> {
  if (call.number(1) !== SIGSET_SIZE) return -EINVAL;
  const view = yield* call.copyin(call.number(0), SIGSET_SIZE);
  if (view === undefined) return -EFAULT;
  const { lwp } = call;
  lwp.signals.savedMask = lwp.signals.mask;
  lwp.signals.mask = illumosSigset(view.getBigUint64(0, true)) & ~CANTMASK;
  while ((yield* sleepForSignal(call, Infinity)) !== 0);
  return -ERESTARTNOHAND;
}

/** Takes a signal of a set, sleeping until one comes: its number, -EAGAIN when the time is over, -EINTR when another was delivered. */
function* rtSigtimedwait(call: Call): Kgen<number> {
  if (call.number(3) !== SIGSET_SIZE) return -EINVAL;
  const view = yield* call.copyin(call.number(0), SIGSET_SIZE);
  if (view === undefined) return -EFAULT;
  const wait = call.number(2) === 0 ? Infinity : yield* readTimespec(call, call.number(2));
  if (wait < 0) return wait;
  const info = yield* awaitSignal(call, illumosSigset(view.getBigUint64(0, true)) & ~CANTMASK, moment(call.system.kernel.clock.now + wait));
  if (typeof info === 'number') return info;
  const out = new DataView(new ArrayBuffer(SIGINFO_SIZE));
  writeSigInfo(out, 0, info);
  if (call.number(1) !== 0 && (yield* call.copyout(out, call.number(1))) !== 0) return -EFAULT;
  return linuxSignal(info.signal);
}

function* awaitSignal(call: Call, set: bigint, deadline: number): Kgen<SigInfo | number> {
  const { signals } = call.lwp;
  for (;;) {
    const info = signals.takeFrom(set);
    if (info !== undefined) return info;
    if (call.system.kernel.clock.now >= deadline) return -EAGAIN;
    signals.awaited = set;
    const reason = yield* sleepForSignal(call, deadline);
    signals.awaited = 0n;
    if (reason === 0 && (signals.pending & set) === 0n) return -EINTR;
  }
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
  lwp.pc64 = state.pc;
  call.lwp.signals.mask = state.mask & ~CANTMASK;
  return undefined;
}

function* sigaltstack(call: Call): Kgen<number> {
  const { signals } = call.lwp;
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

/** Calls that say what a thread does about signals, and wait for them, by their Linux RV64 numbers. */
export const signalCalls: SyscallFamily = {
  132: { name: 'sigaltstack', args: 2, handler: sigaltstack },
  133: { name: 'rt_sigsuspend', args: 2, handler: rtSigsuspend },
  134: { name: 'rt_sigaction', args: 4, handler: rtSigaction },
  135: { name: 'rt_sigprocmask', args: 4, handler: rtSigprocmask },
  136: { name: 'rt_sigpending', args: 2, handler: rtSigpending },
  137: { name: 'rt_sigtimedwait', args: 4, handler: rtSigtimedwait },
  139: { name: 'rt_sigreturn', args: 0, handler: rtSigreturn },
};
