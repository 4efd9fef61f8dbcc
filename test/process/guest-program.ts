/** Small guest programs for tests: system calls in a row, each result checked by the guest itself. */
import { expect } from 'vitest';
import { Trace, traceText } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { Machine, MachineConfig, RunResult } from '../../src/machine/index.js';
import { formatDeath } from '../../src/process/index.js';
import { assemble } from '../../guest/index.js';

/** Linux RV64 system call numbers (include/uapi/asm-generic/unistd.h). */
export const NR = {
  getcwd: 17, dup3: 24, flock: 32, mknodat: 33, mkdirat: 34, unlinkat: 35, symlinkat: 36, linkat: 37, statfs: 43, fstatfs: 44, truncate: 45, ftruncate: 46, fallocate: 47,
  faccessat: 48, chdir: 49, fchdir: 50, fchmod: 52, fchmodat: 53, fchownat: 54, fchown: 55, pipe2: 59, getdents64: 61, preadv: 69, pwritev: 70, sendfile: 71,
  pselect6: 72, ppoll: 73, readlinkat: 78, newfstatat: 79, fstat: 80, fsync: 82, utimensat: 88, umask: 166, renameat2: 276, copy_file_range: 285, statx: 291,
  close_range: 436,
  dup: 23, fcntl: 25, ioctl: 29, openat: 56, close: 57, lseek: 62, read: 63, write: 64, readv: 65, writev: 66, pread64: 67, pwrite64: 68, exit: 93, exit_group: 94,
  set_tid_address: 96, clock_gettime: 113, clock_getres: 114, sched_yield: 124, kill: 129, tkill: 130, tgkill: 131, sigaltstack: 132,
  rt_sigsuspend: 133, rt_sigaction: 134, rt_sigprocmask: 135, rt_sigpending: 136, rt_sigtimedwait: 137, rt_sigqueueinfo: 138, rt_sigreturn: 139, uname: 160, getpid: 172, getppid: 173, getuid: 174, gettid: 178,
  futex: 98, set_robust_list: 99, get_robust_list: 100, nanosleep: 101, getitimer: 102, setitimer: 103, timer_create: 107, timer_gettime: 108, timer_settime: 110,
  timer_delete: 111, clock_nanosleep: 115, sched_getaffinity: 123, waitid: 95, times: 153, setpgid: 154, getpgid: 155, getsid: 156, setsid: 157, getrlimit: 163,
  setrlimit: 164, getrusage: 165, prctl: 167, getcpu: 168, gettimeofday: 169, sysinfo: 179, mremap: 216, execve: 221, rt_tgsigqueueinfo: 240, prlimit64: 261,
  getrandom: 278, execveat: 281, membarrier: 283, clone3: 435,
  brk: 214, munmap: 215, clone: 220, mmap: 222, mprotect: 226,
  msync: 227, mlock: 228, munlock: 229, mlockall: 230, munlockall: 231, mincore: 232, madvise: 233, wait4: 260,
} as const;

/** Linux errors a guest may see, negated as a system call returns them. */
export const LINUX = {
  EPERM: -1, ENOENT: -2, ESRCH: -3, EINTR: -4, EIO: -5, E2BIG: -7, ENOEXEC: -8, EBADF: -9, ECHILD: -10, EAGAIN: -11, ENOMEM: -12, EACCES: -13, EFAULT: -14, EBUSY: -16, EEXIST: -17, EXDEV: -18, ENODEV: -19, ENOTDIR: -20,
  EISDIR: -21, EINVAL: -22, ENFILE: -23, EMFILE: -24, ENOTTY: -25, EFBIG: -27, ENOSPC: -28, ESPIPE: -29, EROFS: -30, EPIPE: -32, ERANGE: -34, ENAMETOOLONG: -36, ENOSYS: -38,
  ENOTEMPTY: -39, ELOOP: -40, ELIBBAD: -80, EILSEQ: -84, EOPNOTSUPP: -95, ETIMEDOUT: -110,
} as const;

/** An argument: a number, or a register, or `&label`. */
export type Arg = number | bigint | string;

const load = (register: string, arg: Arg): string => {
  if (typeof arg !== 'string') return `li ${register}, ${arg}`;
  return arg.startsWith('&') ? `la ${register}, ${arg.slice(1)}` : `mv ${register}, ${arg}`;
};

/** What a finished guest left. */
export interface Finished {
  readonly machine: Machine;
  readonly result: RunResult;
  readonly stdout: string;
  readonly stderr: string;
  readonly trace: readonly string[];
}

/** A program under construction. Failed checks end it with the number of the check as its exit code. */
export class Guest {
  #text = '_start:\n';
  #data = '';
  #functions = '';
  readonly #checks: string[] = [];

  /** Raw assembly. */
  asm(source: string): this {
    this.#text += `${source}\n`;
    return this;
  }

  /** Assembly placed behind the program: handlers, subroutines. */
  sub(source: string): this {
    this.#functions += `${source}\n`;
    return this;
  }

  /** Assembly of the data section. */
  data(source: string): this {
    this.#data += `${source}\n`;
    return this;
  }

  /** A system call; strings are registers (s0.. or others not yet loaded) or `&label`. */
  sys(name: keyof typeof NR | number, ...args: readonly Arg[]): this {
    args.forEach((arg, i) => this.asm(load(`a${i}`, arg)));
    return this.asm(`li a7, ${typeof name === 'number' ? name : NR[name]}\necall`);
  }

  /** The guest checks that a register, by default the result a0, has a value. */
  expect(value: Arg, register = 'a0'): this {
    this.#checks.push(`${register} == ${value}`);
    return this.asm(`${load('t6', value)}\nbne ${register}, t6, .Lbad${this.#checks.length}`);
  }

  /** The guest checks the 8 (or 4, 1) bytes at a label. */
  expectAt(label: string, value: Arg, size: 8 | 4 | 1 = 8): this {
    const op = size === 8 ? 'ld' : size === 4 ? 'lw' : 'lbu';
    return this.asm(`la t5, ${label}\n${op} t5, 0(t5)`).expect(value, 't5');
  }

  /** The source, with exit code 0 at its end. */
  get source(): string {
    const bad = this.#checks.map((_, i) => `.Lbad${i + 1}: li a0, ${i + 1}\nj .Lexit`).join('\n');
    return `.text\n${this.#text}\nli a0, 0\n.Lexit: li a7, 94\necall\n${bad}\n${this.#functions}\n.data\n.balign 16\n${this.#data}\n`;
  }

  /** Runs it to its end, whatever that is. */
  run(config: MachineConfig = {}, maxInstructions = 10_000_000): Finished {
    return runSource(this.source, config, maxInstructions);
  }

  /** Runs it and expects that every check held. */
  passes(config: MachineConfig = {}): Finished {
    const finished = this.run(config);
    const { result } = finished;
    if (result.status === 'signaled') expect.fail(formatDeath(result.report).join('\n'));
    if (result.status === 'exited' && result.code !== 0) expect.fail(`check ${result.code} failed: ${this.#checks[result.code - 1]}\n${finished.trace.slice(-12).join('\n')}`);
    expect(result).toEqual({ status: 'exited', code: 0 });
    return finished;
  }
}

/** Assembles and runs a program, tracing everything. */
export function runSource(source: string, config: MachineConfig = {}, maxInstructions = 10_000_000, argv: readonly string[] = ['test']): Finished {
  const trace = new Trace();
  const lines: string[] = [];
  trace.listen((event) => lines.push(traceText(event)));
  const out: { stdout: string; stderr: string } = { stdout: '', stderr: '' };
  const decoder = new TextDecoder();
  const machine = createMachine({
    ramSize: 6 * 2 ** 20, poolSize: 2 ** 20, trace, stdout: (bytes) => (out.stdout += decoder.decode(bytes)), stderr: (bytes) => (out.stderr += decoder.decode(bytes)), ...config,
  });
  machine.spawn(assemble(source).elf, argv);
  const result = machine.run({ maxInstructions });
  return { machine, result, ...out, trace: lines };
}
