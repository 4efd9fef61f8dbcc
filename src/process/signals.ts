/**
 * Signals as illumos numbers them (`<sys/iso/signal_iso.h>`, `<sys/siginfo.h>`, `<sys/machsig.h>`).
 *
 * A set of signals is a bigint whose bit `n - 1` stands for signal `n`; sets are touched at system calls and deliveries only.
 */
import { once } from '../base/index.js';

export const SIGHUP = 1;
export const SIGINT = 2;
export const SIGQUIT = 3;
export const SIGILL = 4;
export const SIGTRAP = 5;
export const SIGABRT = 6;
export const SIGEMT = 7;
export const SIGFPE = 8;
export const SIGKILL = 9;
export const SIGBUS = 10;
export const SIGSEGV = 11;
export const SIGSYS = 12;
export const SIGPIPE = 13;
export const SIGALRM = 14;
export const SIGTERM = 15;
export const SIGUSR1 = 16;
export const SIGUSR2 = 17;
export const SIGCHLD = 18;
export const SIGPWR = 19;
export const SIGWINCH = 20;
export const SIGURG = 21;
export const SIGPOLL = 22;
export const SIGSTOP = 23;
export const SIGTSTP = 24;
export const SIGCONT = 25;
export const SIGTTIN = 26;
export const SIGTTOU = 27;
export const SIGVTALRM = 28;
export const SIGPROF = 29;
export const SIGXCPU = 30;
export const SIGXFSZ = 31;
/** First real-time signal; `_SIGRTMIN + n` has no name of its own. */
export const SIGRTMIN = 42;
/** The largest signal number in use. */
export const SIGMAX = 74;

const names = once((): ReadonlyMap<number, string> => new Map(Object.entries({
  SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGEMT, SIGFPE, SIGKILL, SIGBUS, SIGSEGV, SIGSYS, SIGPIPE, SIGALRM, SIGTERM, SIGUSR1,
  SIGUSR2, SIGCHLD, SIGPWR, SIGWINCH, SIGURG, SIGPOLL, SIGSTOP, SIGTSTP, SIGCONT, SIGTTIN, SIGTTOU, SIGVTALRM, SIGPROF, SIGXCPU, SIGXFSZ,
}).map(([name, signal]) => [signal, name])));

/** "SIGSEGV"; a real-time signal is "SIGRTMIN+n"; anything else its decimal number. */
export function signalName(signal: number): string {
  const name = names().get(signal);
  if (name !== undefined) return name;
  return signal >= SIGRTMIN && signal <= SIGMAX ? `SIGRTMIN+${signal - SIGRTMIN}` : String(signal);
}

// si_code of the faults, siginfo.h(3HEAD)
export const SEGV_MAPERR = 1;
export const SEGV_ACCERR = 2;
export const BUS_ADRALN = 1;
export const BUS_ADRERR = 2;
export const BUS_OBJERR = 3;
export const ILL_ILLOPC = 1;
export const ILL_PRVOPC = 5;
export const TRAP_BRKPT = 1;
export const CLD_EXITED = 1;
export const CLD_KILLED = 2;
export const CLD_DUMPED = 3;
export const CLD_STOPPED = 5;
export const CLD_CONTINUED = 6;

const codeNames: Readonly<Record<number, readonly string[]>> = {
  [SIGSEGV]: ['', 'SEGV_MAPERR', 'SEGV_ACCERR'],
  [SIGBUS]: ['', 'BUS_ADRALN', 'BUS_ADRERR', 'BUS_OBJERR'],
  [SIGILL]: ['', 'ILL_ILLOPC', 'ILL_ILLOPN', 'ILL_ILLADR', 'ILL_ILLTRP', 'ILL_PRVOPC'],
  [SIGTRAP]: ['', 'TRAP_BRKPT', 'TRAP_TRACE'],
  [SIGCHLD]: ['', 'CLD_EXITED', 'CLD_KILLED', 'CLD_DUMPED', 'CLD_TRAPPED', 'CLD_STOPPED', 'CLD_CONTINUED'],
};

/** The name of an si_code of a fault; the number in decimal where it has none ("0" = sent by a process). */
export const codeName = (signal: number, code: number): string => codeNames[signal]?.[code] || String(code);

/** The set that holds one signal. */
export const sigbit = (signal: number): bigint => 1n << BigInt(signal - 1);
/** Signals that cannot be caught, blocked or ignored. */
export const CANTMASK: bigint = sigbit(SIGKILL) | sigbit(SIGSTOP);

/** What a signal does to a process that has not asked for anything else. */
export type DefaultAction = 'ignore' | 'stop' | 'continue' | 'end';

const ignored: ReadonlySet<number> = new Set([SIGCHLD, SIGURG, SIGWINCH]);
const stopping: ReadonlySet<number> = new Set([SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU]);

/** The default action of a signal as a Linux program expects it (signal(7)): SIGPWR ends the process, as it does there. */
export function defaultAction(signal: number): DefaultAction {
  if (signal === SIGCONT) return 'continue';
  if (ignored.has(signal)) return 'ignore';
  return stopping.has(signal) ? 'stop' : 'end';
}

/** Why a signal was sent; becomes the guest's siginfo_t. */
export interface SigInfo {
  /** illumos signal number. */
  readonly signal: number;
  /** si_code: one of the constants above; 0 = kill(2). */
  readonly code: number;
  /** si_errno: the error behind BUS_OBJERR, an illumos number; 0 otherwise. */
  readonly errno: number;
  /** si_addr of a fault. */
  readonly addr?: bigint;
  /** si_pid of the sender or of the child. */
  readonly pid?: number;
  /** si_status of a child: its exit code or the signal (illumos number) that ended, stopped or continued it. */
  readonly status?: number;
  /** si_timerid and si_overrun of an expired timer. */
  readonly timer?: { readonly id: number; readonly overrun: number };
  /** si_value of a queued signal or a timer. */
  readonly value?: bigint;
}
