/** Delivery of signals: the end, a stop, or a frame on the guest's stack and its handler next. */
import { EINTR, tracedWord } from '../base/index.js';
import { cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { describeDeath } from './death-report.js';
import { exitProcess } from './exit.js';
import type { FaultRecord } from './fault-signal.js';
import { TRAMPOLINE } from './layout.js';
import { linuxErrno, linuxSignal } from './linux-abi.js';
import type { Lwp } from './lwp.js';
import { tellParent } from './post-signal.js';
import type { Proc } from './proc.js';
import { FRAME_SIZE, UCONTEXT_AT, buildFrame } from './signal-frame.js';
import { SA_NODEFER, SA_ONSTACK, SA_RESETHAND, SA_RESTART, SIG_DFL, SIG_IGN } from './signal-state.js';
import type { SigAction } from './signal-state.js';
import { CANTMASK, SIGSEGV, codeName, defaultAction, sigbit, signalName } from './signals.js';
import type { SigInfo } from './signals.js';
import type { System } from './system.js';

const [RA, SP, A0, A1, A2] = [1, 2, 10, 11, 12];

/** Delivers every signal that is pending and not blocked. Afterwards the process has ended or stopped, or its registers say where to go on. */
export function* deliverSignals(system: System, lwp: Lwp): Kgen<void> {
  const { proc, signals } = lwp;
  while (proc.status === undefined && !lwp.doomed && !proc.stopped) {
    const info = signals.take();
    if (info === undefined) break;
    yield* deliver(system, lwp, info, undefined);
  }
  if (proc.stopped) return;
  lwp.interrupted = undefined;
  // No handler has run: what was blocked before the sleep is blocked again.
  if (signals.savedMask !== undefined) signals.mask = signals.savedMask;
  signals.savedMask = undefined;
}

/** Sleeps while the process is stopped. */
export function* untilContinued(system: System, proc: Proc): Kgen<void> {
  yield* mutex_enter(system.pidlock);
  while (proc.stopped) yield* cv_wait(proc.continued, system.pidlock);
  mutex_exit(system.pidlock);
}

/**
 * Delivers a signal the running instruction caused. Blocked or ignored, it ends the process: the instruction cannot go on.
 * @param fault what the access was, for the report
 */
export function* forceSignal(system: System, lwp: Lwp, info: SigInfo, fault?: FaultRecord): Kgen<void> {
  const { proc, signals } = lwp;
  const bit = sigbit(info.signal);
  const { handler } = proc.signals.action(info.signal);
  if ((signals.mask & bit) !== 0n || handler === BigInt(SIG_IGN)) {
    proc.signals.setAction(info.signal, { handler: BigInt(SIG_DFL), flags: 0, mask: 0n });
    signals.mask &= ~bit;
  }
  yield* deliver(system, lwp, info, fault);
}

function* deliver(system: System, lwp: Lwp, raised: SigInfo, fault: FaultRecord | undefined): Kgen<void> {
  const { proc } = lwp;
  const info = system.debugger === undefined ? raised : yield* system.debugger.signalled(lwp, raised);
  if (info === undefined) return;
  const action = proc.signals.action(info.signal);
  system.counters.count(system.counters.signals, signalName(info.signal));
  const note = (what: string): void => {
    if (!system.trace.on) return;
    const [signal, code] = [signalName(info.signal), codeName(info.signal, info.code)];
    system.trace.emit('guest.signal', { pid: proc.pid, signal, code, addr: tracedWord(info.addr ?? 0n), action: what });
  };
  const usual = defaultAction(info.signal);
  if (action.handler === BigInt(SIG_IGN)) {
    note('ignore');
  } else if (action.handler !== BigInt(SIG_DFL)) {
    note('handler');
    yield* enterHandler(system, lwp, info, action, fault);
  } else {
    note(usual);
    if (usual === 'stop') stop(proc, info.signal);
    if (usual === 'end') yield* die(system, lwp, info, fault);
  }
}

/** Its threads sleep before they execute another instruction. */
function stop(proc: Proc, signal: number): void {
  proc.stopped = true;
  tellParent(proc, { kind: 'stopped', signal });
}

function* die(system: System, lwp: Lwp, info: SigInfo, fault: FaultRecord | undefined): Kgen<void> {
  yield* exitProcess(system, lwp.proc, { kind: 'signaled', signal: info.signal, death: describeDeath(lwp, info, fault) }, lwp);
}

/** Puts a frame on the stack and sets the registers so that the handler runs next; a stack that cannot take it ends the process. */
function* enterHandler(system: System, lwp: Lwp, info: SigInfo, action: SigAction, fault: FaultRecord | undefined): Kgen<void> {
  const { signals } = lwp;
  leaveSystemCall(lwp, action);
  const context = lwp.saved();
  const sp = Number(context.x[SP] ?? 0n);
  const { altstack } = signals;
  const onStack = sp > altstack.base && sp <= altstack.base + altstack.size;
  const switching = (action.flags & SA_ONSTACK) !== 0 && altstack.size > 0 && !onStack;
  const top = switching ? altstack.base + altstack.size : sp;
  const frame = Math.floor((top - FRAME_SIZE) / 16) * 16;
  const bytes = buildFrame(info, { ...context, mask: signals.savedMask ?? signals.mask }, altstack, onStack);
  const overflow = onStack && frame < altstack.base;
  if (overflow || (yield* lwp.userMemory.copyout(bytes, frame)) !== 0) {
    const why = `no room for the frame of ${signalName(info.signal)} on the stack at ${frame.toString(16)}`;
    const addr = info.addr === undefined ? {} : { addr: info.addr };
    yield* die(system, lwp, { signal: SIGSEGV, code: info.code, errno: 0, ...addr }, { access: fault?.access, reason: why });
    return;
  }
  lwp.setX(A0, BigInt(linuxSignal(info.signal)));
  lwp.setX(A1, BigInt(frame));
  lwp.setX(A2, BigInt(frame + UCONTEXT_AT));
  lwp.setX(SP, BigInt(frame));
  lwp.setX(RA, BigInt(TRAMPOLINE));
  lwp.pc64 = action.handler;
  signals.savedMask = undefined;
  const own = (action.flags & SA_NODEFER) === 0 ? sigbit(info.signal) : 0n;
  signals.mask = (signals.mask | action.mask | own) & ~CANTMASK;
  if ((action.flags & SA_RESETHAND) !== 0) lwp.proc.signals.setAction(info.signal, { ...action, handler: BigInt(SIG_DFL) });
}

/** A system call this signal interrupted answers EINTR, unless the handler asks for it to be done again and it can be. */
function leaveSystemCall(lwp: Lwp, action: SigAction): void {
  const { interrupted } = lwp;
  if (interrupted === undefined) return;
  lwp.interrupted = undefined;
  lwp.resumeAt = undefined;
  if (interrupted === 'restart' && (action.flags & SA_RESTART) !== 0) return;
  lwp.setX(A0, BigInt(-linuxErrno(EINTR)));
  lwp.pc += 4;
}
