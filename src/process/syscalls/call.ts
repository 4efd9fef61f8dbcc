/** One system call: who makes it, with what arguments. */
import { EFAULT, EILSEQ, ENAMETOOLONG, PAGESIZE, once } from '../../base/index.js';
import type { Kgen, MaybeKgen } from '../../kernel/index.js';
import type { Lwp } from '../lwp.js';
import type { Proc } from '../proc.js';
import type { System } from '../system.js';

/**
 * What a handler answers: zero or above is the result, below zero a negated illumos errno (-ERESTART: do it again after a
 * signal; -ERESTARTNOHAND: only where no handler runs), undefined: registers and pc are already what they shall be.
 */
export type SyscallResult = number | undefined;

/** One row of the system call table. */
export interface Syscall {
  readonly name: string;
  /** How many arguments a trace shows. */
  readonly args: number;
  readonly handler: (call: Call) => MaybeKgen<SyscallResult>;
}

/** System calls by their Linux RV64 number (Linux `include/uapi/asm-generic/unistd.h`). */
export type SyscallFamily = Readonly<Record<number, Syscall>>;

/** The register of the first argument. */
const A0 = 10;
/** PATH_MAX, including the terminating zero. */
const PATH_MAX = 4096;

const decoder = once(() => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }));

/** The text of a path; -EILSEQ unless it is UTF-8, which all names here are. */
function decode(bytes: Uint8Array): string | number {
  try {
    return decoder().decode(bytes);
  } catch {
    return -EILSEQ;
  }
}

/** A system call being made. Arguments count from 0. */
export class Call {
  readonly system: System;
  readonly lwp: Lwp;
  readonly proc: Proc;

  constructor(system: System, lwp: Lwp) {
    this.system = system;
    this.lwp = lwp;
    this.proc = lwp.proc;
  }

  /** Argument `n` as a signed number; not exact beyond 2^53, where no argument is legal anyway. */
  number(n: number): number {
    return this.lwp.xNumber(A0 + n);
  }

  /** Argument `n` as a size_t: a number, 0 or above. */
  size(n: number): number {
    const value = this.number(n);
    return value >= 0 ? value : value + 2 ** 64;
  }

  /** Argument `n` as a C int: its low 32 bits, signed. */
  int(n: number): number {
    return Number(BigInt.asIntN(32, this.lwp.x(A0 + n)));
  }

  /** Argument `n` as a C unsigned int. */
  uint(n: number): number {
    return this.int(n) >>> 0;
  }

  /** Argument `n` as an unsigned 64-bit number. */
  long(n: number): bigint {
    return BigInt.asUintN(64, this.lwp.x(A0 + n));
  }

  /** Reads `length` bytes at user address `from`; undefined is EFAULT. */
  *copyin(from: number, length: number): Kgen<DataView | undefined> {
    const bytes = new Uint8Array(length);
    return (yield* this.lwp.userMemory.copyin(from, bytes)) === 0 ? new DataView(bytes.buffer) : undefined;
  }

  /** Writes to user address `to`; 0 or -EFAULT. */
  *copyout(view: DataView, to: number): Kgen<number> {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return -(yield* this.lwp.userMemory.copyout(bytes, to));
  }

  /** Reads a zero-terminated path; -EFAULT, -ENAMETOOLONG beyond PATH_MAX, or -EILSEQ for what is no UTF-8. Reads no page behind the one with the zero. */
  *path(from: number): Kgen<string | number> {
    const bytes = new Uint8Array(PATH_MAX);
    for (let length = 0; length < PATH_MAX;) {
      const step = Math.min(PATH_MAX - length, PAGESIZE - ((((from + length) % PAGESIZE) + PAGESIZE) % PAGESIZE));
      if ((yield* this.lwp.userMemory.copyin(from + length, bytes.subarray(length, length + step))) !== 0) return -EFAULT;
      const end = bytes.subarray(length, length + step).indexOf(0);
      if (end >= 0) return decode(bytes.subarray(0, length + end));
      length += step;
    }
    return -ENAMETOOLONG;
  }
}
