/** Signals as the remote protocol numbers them, whatever the target's own numbers. [GDB, include/gdb/signals.def] */
import { SIGMAX, SIGRTMIN, linuxSignal, signalName } from '../process/index.js';

const BY_NAME: Readonly<Record<string, number>> = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGEMT: 7, SIGFPE: 8, SIGKILL: 9, SIGBUS: 10, SIGSEGV: 11, SIGSYS: 12,
  SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGURG: 16, SIGSTOP: 17, SIGTSTP: 18, SIGCONT: 19, SIGCHLD: 20, SIGTTIN: 21, SIGTTOU: 22, SIGXCPU: 24,
  SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGUSR1: 30, SIGUSR2: 31, SIGPWR: 32, SIGPOLL: 33,
};
/** Linux real-time signals: 32 and 64 stand apart, 33 to 63 are 45 to 75. */
const realTime = (linux: number): number => (linux === 32 ? 77 : linux === 64 ? 78 : linux + 12);

/** GDB_SIGNAL_UNKNOWN. */
const UNKNOWN = 143;
/** GDB_SIGNAL_INT and GDB_SIGNAL_TRAP. */
export const GDB_INT = 2;
export const GDB_TRAP = 5;
/** GDB_SIGNAL_XCPU: what a run that has used up its instructions ends with. */
export const GDB_XCPU = 24;
/** GDB_SIGNAL_ABRT: what a machine ends with that cannot go on. */
export const GDB_ABRT = 6;

/** GDB's number of a signal (illumos number). */
export function gdbSignal(signal: number): number {
  if (signal >= SIGRTMIN && signal <= SIGMAX) return realTime(linuxSignal(signal));
  return BY_NAME[signalName(signal)] ?? UNKNOWN;
}

const BACK: ReadonlyMap<number, number> = new Map(Array.from({ length: SIGMAX }, (_, i) => i + 1)
  .filter((signal) => signalName(signal) !== String(signal))
  .flatMap((signal) => {
    try {
      return [[gdbSignal(signal), signal] as const];
    } catch {
      return [];
    }
  }));

/** The signal (illumos number) of a number of GDB's; undefined where a process cannot get it. */
export const signalOfGdb = (number: number): number | undefined => BACK.get(number);
