import { describe, expect, it } from 'vitest';
import * as base from '../../src/base/index.js';
import { ERESTART, LINUX_SIGMAX, illumosSignal, illumosSigset, linuxErrno, linuxSignal, linuxSigset } from '../../src/process/linux-abi.js';
import * as S from '../../src/process/signals.js';

// The Linux numbers, from Linux' own uapi headers (asm-generic/errno-base.h, errno.h, signal.h), written down by hand.
const LINUX_ERRNO: Readonly<Record<string, number>> = {
  EPERM: 1, ENOENT: 2, ESRCH: 3, EINTR: 4, EIO: 5, ENXIO: 6, E2BIG: 7, ENOEXEC: 8, EBADF: 9, ECHILD: 10, EAGAIN: 11, ENOMEM: 12, EACCES: 13,
  EFAULT: 14, EBUSY: 16, EEXIST: 17, EXDEV: 18, ENODEV: 19, ENOTDIR: 20, EISDIR: 21, EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOTTY: 25, ETXTBSY: 26, EFBIG: 27, ENOSPC: 28,
  ESPIPE: 29, EROFS: 30, EMLINK: 31, EPIPE: 32, ERANGE: 34, EDEADLK: 35, ENAMETOOLONG: 36, ENOSYS: 38, ENOTEMPTY: 39, ELOOP: 40, ELIBBAD: 80, ETIMEDOUT: 110, EILSEQ: 84, ETIME: 62, EOVERFLOW: 75, ENOTSUP: 95,
};
const LINUX_SIGNAL: Readonly<Record<string, number>> = {
  SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGTRAP: 5, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9, SIGUSR1: 10, SIGSEGV: 11, SIGUSR2: 12,
  SIGPIPE: 13, SIGALRM: 14, SIGTERM: 15, SIGCHLD: 17, SIGCONT: 18, SIGSTOP: 19, SIGTSTP: 20, SIGTTIN: 21, SIGTTOU: 22, SIGURG: 23, SIGXCPU: 24,
  SIGXFSZ: 25, SIGVTALRM: 26, SIGPROF: 27, SIGWINCH: 28, SIGPOLL: 29, SIGPWR: 30, SIGSYS: 31,
};

describe('the Linux edge', () => {
  it('gives a guest the Linux number of every error the kernel can answer', () => {
    const ours = base as unknown as Readonly<Record<string, unknown>>;
    const names = Object.keys(ours).filter((name) => /^E[A-Z0-9]+$/.test(name));
    expect(names.length).toBeGreaterThan(30);
    for (const name of names) expect([name, linuxErrno(ours[name] as number)]).toEqual([name, LINUX_ERRNO[name]]);
  });

  it('shows an interrupted call that nobody restarts as EINTR, and an unknown error as EIO', () => {
    expect(linuxErrno(ERESTART)).toBe(4);
    expect(linuxErrno(12345)).toBe(5);
  });

  it('translates every named signal to its Linux number and back', () => {
    const ours = S as unknown as Readonly<Record<string, unknown>>;
    for (const [name, linux] of Object.entries(LINUX_SIGNAL)) {
      expect([name, linuxSignal(ours[name] as number)]).toEqual([name, linux]);
      expect(illumosSignal(linux)).toBe(ours[name]);
    }
  });

  it('is a bijection between the 64 Linux signals and as many of ours', () => {
    const ours = Array.from({ length: LINUX_SIGMAX }, (_, i) => illumosSignal(i + 1));
    expect(new Set(ours).size).toBe(LINUX_SIGMAX);
    ours.forEach((signal, i) => expect(linuxSignal(signal ?? 0)).toBe(i + 1));
    for (const bad of [0, -1, 65, 1e9]) expect(illumosSignal(bad)).toBeUndefined();
    expect(() => linuxSignal(33)).toThrow(RangeError);
  });

  it('translates signal sets bit by bit, all 64 of them', () => {
    const all = 2n ** 64n - 1n;
    expect(linuxSigset(illumosSigset(all))).toBe(all);
    expect(illumosSigset(1n << 6n)).toBe(S.sigbit(S.SIGBUS));
    expect(linuxSigset(S.sigbit(S.SIGCHLD) | S.sigbit(S.SIGUSR1))).toBe((1n << 16n) | (1n << 9n));
  });
});
