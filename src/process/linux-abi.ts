/**
 * The edge where illumos numbers become Linux numbers: errors and signals. Nothing else in the program knows a Linux errno.
 * Sources: Linux `include/uapi/asm-generic/errno*.h` and `signal.h` (RV64 uses the generic ones), illumos `<sys/errno.h>` and
 * `<sys/iso/signal_iso.h>`.
 */
import {
  EDEADLK, EILSEQ, ELIBBAD, ELOOP, ENAMETOOLONG, ENOSYS, ENOTEMPTY, ENOTSUP, EOVERFLOW, ETIME, ETIMEDOUT,
} from '../base/index.js';
import {
  SIGBUS, SIGCHLD, SIGCONT, SIGEMT, SIGMAX, SIGPOLL, SIGPROF, SIGPWR, SIGRTMIN, SIGSTOP, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG,
  SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
} from './signals.js';

/** illumos "Interrupted system call should be restarted": never seen by a guest. */
export const ERESTART = 91;
/** As ERESTART, but any handler makes it EINTR, whatever its SA_RESTART (the number is Linux's own, and never seen by a guest either). */
export const ERESTARTNOHAND = 514;

/** Errors whose Linux number differs; up to ERANGE (34) both systems agree. ENOTSUP is Linux's EOPNOTSUPP. */
const linuxErrnoOf: ReadonlyMap<number, number> = new Map([
  [EDEADLK, 35], [ENOTSUP, 95], [ETIME, 62], [ENAMETOOLONG, 36], [EOVERFLOW, 75], [ENOSYS, 38], [ENOTEMPTY, 39], [ELOOP, 40], [EILSEQ, 84],
  [ELIBBAD, 80], [ETIMEDOUT, 110], [ERESTART, 4], [ERESTARTNOHAND, 4],
]);

/** The Linux number of an illumos error; an error unknown to Linux is EIO (5), so that no wrong number reaches a guest. */
export function linuxErrno(errno: number): number {
  const known = linuxErrnoOf.get(errno);
  if (known !== undefined) return known;
  return errno >= 1 && errno <= 34 ? errno : 5;
}

/** Linux numbers 1..31 by illumos number; SIGEMT, which Linux lacks on this machine, stands for SIGSTKFLT. */
const differing: readonly (readonly [illumos: number, linux: number])[] = [
  [SIGBUS, 7], [SIGUSR1, 10], [SIGUSR2, 12], [SIGEMT, 16], [SIGCHLD, 17], [SIGCONT, 18], [SIGSTOP, 19], [SIGTSTP, 20], [SIGTTIN, 21],
  [SIGTTOU, 22], [SIGURG, 23], [SIGXCPU, 24], [SIGXFSZ, 25], [SIGVTALRM, 26], [SIGPROF, 27], [SIGWINCH, 28], [SIGPOLL, 29], [SIGPWR, 30],
  [SIGSYS, 31],
];
/** First Linux real-time signal. Linux has 33 of them; illumos' own count does not matter to a Linux guest. */
const LINUX_SIGRTMIN = 32;
/** The largest Linux signal number. */
export const LINUX_SIGMAX = 64;

const toLinux = new Map<number, number>(differing);
const fromLinux = new Map<number, number>(differing.map(([illumos, linux]) => [linux, illumos]));
for (const same of [1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 14, 15]) {
  toLinux.set(same, same);
  fromLinux.set(same, same);
}
for (let linux = LINUX_SIGRTMIN; linux <= LINUX_SIGMAX; linux++) {
  toLinux.set(SIGRTMIN + linux - LINUX_SIGRTMIN, linux);
  fromLinux.set(linux, SIGRTMIN + linux - LINUX_SIGRTMIN);
}

/**
 * The Linux number of an illumos signal.
 * @throws RangeError when it has none.
 */
export function linuxSignal(signal: number): number {
  const linux = toLinux.get(signal);
  if (linux === undefined) throw new RangeError(`illumos signal ${signal} has no Linux number`);
  return linux;
}

/** The illumos number of a Linux signal, or undefined unless it lies in 1..64. */
export const illumosSignal = (linux: number): number | undefined => fromLinux.get(linux);

/** A Linux `sigset_t` (bit `n - 1` for signal `n`, 64 bits) of an illumos set. */
export function linuxSigset(set: bigint): bigint {
  let out = 0n;
  for (let signal = 1; signal <= SIGMAX; signal++) {
    const linux = toLinux.get(signal);
    if (linux !== undefined && (set >> BigInt(signal - 1)) & 1n) out |= 1n << BigInt(linux - 1);
  }
  return out;
}

/** The illumos set of a Linux `sigset_t`. */
export function illumosSigset(linuxSet: bigint): bigint {
  let out = 0n;
  for (let linux = 1; linux <= LINUX_SIGMAX; linux++) {
    const signal = fromLinux.get(linux);
    if (signal !== undefined && (linuxSet >> BigInt(linux - 1)) & 1n) out |= 1n << BigInt(signal - 1);
  }
  return out;
}
