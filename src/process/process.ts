/** A process as the host sees it: plain calls, each of which runs the machine's scheduler until it is done. */
import type { AccessSize, Bus } from '../bus/index.js';
import { KernelDeadlock } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { SegmentFacts } from '../vm/index.js';
import type { GuestDeath } from './death.js';
import type { HostAccess } from './host-access.js';
import { userMemory } from './lwp.js';
import { mapsText } from './mappings.js';
import type { Proc } from './proc.js';
import { uread, uwrite } from './proc-memory.js';
import { postSignal } from './post-signal.js';
import { ProcessCalls } from './process-calls.js';
import type { HostMmap, OpenMode } from './process-calls.js';
import { signalName } from './signals.js';
import type { System } from './system.js';

/**
 * A process, driven by the host or running a program. Every call may throw KernelPanic (a real kernel would have stopped),
 * KernelDeadlock (the call can never return) or TypeError (called from inside the kernel, or the process has ended); everything else is a
 * result. Error numbers are illumos'.
 */
export class Process {
  readonly pid: number;
  /** The same calls as generators, for kernel threads of the host's own. */
  readonly calls: ProcessCalls;
  readonly #system: System;
  readonly #proc: Proc;
  readonly #bus: Bus;

  /** Made by Machine.createProcess, Machine.spawn and fork. */
  constructor(system: System, proc: Proc, bus: Bus) {
    this.pid = proc.pid;
    this.#system = system;
    this.#proc = proc;
    this.#bus = bus;
    this.calls = new ProcessCalls(system, proc, bus);
  }

  /** What it is called in traces and reports: the last part of the path of its program, or the name it was made with. */
  get name(): string {
    return this.#proc.name;
  }

  /** The kernel's side of it: address space, files, signals. For tests and reports. */
  get proc(): Proc {
    return this.#proc;
  }

  /** The exit code; undefined while it lives or when a signal ended it. */
  get exitCode(): number | undefined {
    const { status } = this.#proc;
    return status?.kind === 'exited' ? status.code : undefined;
  }

  /** Why a signal ended it; undefined otherwise. */
  get death(): GuestDeath | undefined {
    const { status } = this.#proc;
    return status?.kind === 'signaled' ? status.death : undefined;
  }

  /** open(2). Returns a descriptor, or a negated errno: -ENOENT, -EMFILE, or what the driver's open(9E) said. */
  open(path: string, mode: OpenMode = 'rw'): number {
    return this.run('open', () => this.calls.open(path, mode));
  }

  /** close(2). Returns 0 or an errno: EBADF. */
  close(fd: number): number {
    return this.run('close', () => this.calls.close(fd));
  }

  /** ioctl(2). Returns the result, or a negated errno: -EBADF, -ENOTTY, or what the driver's ioctl(9E) said. */
  ioctl(fd: number, cmd: number, arg = 0): number {
    return this.run('ioctl', () => this.calls.ioctl(fd, cmd, arg));
  }

  /** pread(2) into its memory at `buf`. Returns the bytes moved, or a negated errno: -EBADF, -ESPIPE, or what the driver's read(9E) said. */
  pread(fd: number, buf: number, len: number, offset: number): number {
    return this.run('pread', () => this.calls.pread(fd, buf, len, offset));
  }

  /** pwrite(2) from its memory at `buf`. Returns the bytes moved, or a negated errno: -EBADF, -ESPIPE, or what the driver's write(9E) said. */
  pwrite(fd: number, buf: number, len: number, offset: number): number {
    return this.run('pwrite', () => this.calls.pwrite(fd, buf, len, offset));
  }

  /** mmap(2). */
  mmap(request: HostMmap): { addr: number } | { errno: number } {
    return this.run('mmap', () => this.calls.mmap(request));
  }

  /** munmap(2). Returns 0 or an errno: EINVAL. */
  munmap(addr: number, len: number): number {
    return this.run('munmap', () => this.calls.munmap(addr, len));
  }

  /** mprotect(2). Returns 0 or an errno: EINVAL, ENOMEM, EACCES, or the segment driver's. */
  mprotect(addr: number, len: number, prot: number): number {
    return this.run('mprotect', () => this.calls.mprotect(addr, len, prot));
  }

  /**
   * memcntl(2). `cmd` is MC_SYNC (`arg`: MS_* flags), MC_LOCK, MC_UNLOCK, MC_ADVISE (MADV_*), MC_LOCKAS (MCL_* flags) and MC_UNLOCKAS (address
   * and length 0), MC_HAT_ADVISE (a page size in bytes; 0: whatever suits) or MC_INHERIT_ZERO.
   * Returns 0 or an errno: EINVAL, ENOMEM (a gap), EBUSY, EAGAIN, or the segment driver's.
   */
  memcntl(addr: number, len: number, cmd: number, arg = 0, attr = 0): number {
    return this.run('memcntl', () => this.calls.memcntl(addr, len, cmd, arg, attr));
  }

  /** mincore(2). Returns a byte of SEG_PAGE_* bits for each page, or an errno: EINVAL, ENOMEM. */
  mincore(addr: number, len: number): Uint8Array | { errno: number } {
    const pages = this.run('mincore', () => this.calls.mincore(addr, len));
    return typeof pages === 'number' ? { errno: pages } : pages;
  }

  /** What the mapping of the page at `addr` says about itself; undefined where nothing is mapped. */
  segment(addr: number): SegmentFacts | undefined {
    return this.run('segment', () => this.calls.segment(addr));
  }

  /** fork(2). Returns the child, driven by the host too, or an errno: EAGAIN, or what devmap_dup(9E) said. */
  fork(): Process | { errno: number } {
    const child = this.run('fork', () => this.calls.fork());
    return typeof child === 'number' ? { errno: child } : new Process(this.#system, child, this.#bus);
  }

  /**
   * exit(2): files are closed, mappings undone.
   * @throws TypeError when it runs a program, which ends itself or by kill()
   */
  exit(code = 0): void {
    if (this.#proc.threads.size > 0) throw new TypeError(`exit: process ${this.pid} runs a program; use kill`);
    this.run('exit', () => this.calls.exit(code));
  }

  /** kill(2), from outside the machine: makes a signal (illumos number) pending; it is delivered when the program runs. */
  kill(signal: number): void {
    if (signalName(signal) === String(signal)) throw new RangeError(`kill: ${signal} is not a signal`);
    postSignal(this.#proc, { signal, code: 0, errno: 0, pid: 0 });
  }

  /** Loads 1, 2, 4 or 8 bytes, zero-extended; a misaligned address is SIGBUS. */
  load(va: number, size: AccessSize): HostAccess {
    return this.run('load', () => this.calls.load(va, size));
  }

  /** Stores the low 1, 2, 4 or 8 bytes of `value`; a misaligned address is SIGBUS. */
  store(va: number, size: AccessSize, value: bigint): HostAccess {
    return this.run('store', () => this.calls.store(va, size, value));
  }

  /** Faults a page in as an access would, without making the access. */
  touch(va: number, rw: 'read' | 'write' | 'exec'): HostAccess {
    return this.run('touch', () => this.calls.touch(va, rw));
  }

  /** Copies bytes out of its memory (copyin(9F)); undefined is EFAULT. */
  read(va: number, length: number): Uint8Array | undefined {
    const bytes = new Uint8Array(length);
    return this.run('read memory', () => this.#memory.copyin(va, bytes)) === 0 ? bytes : undefined;
  }

  /** Copies bytes into its memory (copyout(9F)). Returns 0 or EFAULT. */
  write(va: number, bytes: Uint8Array): number {
    return this.run('write memory', () => this.#memory.copyout(bytes, va));
  }

  /**
   * Reads its memory as /proc/PID/mem shows it to another process: whatever the protections. Returns the bytes up to the first page that
   * cannot be read, or an errno when that is the first: EIO.
   */
  procRead(addr: number, len: number): Uint8Array | { errno: number } {
    const bytes = new Uint8Array(len);
    const { moved, error } = this.run('/proc read', () => uread(this.#proc.as, addr, bytes));
    return moved > 0 || error === 0 ? bytes.subarray(0, moved) : { errno: error };
  }

  /** Writes its memory as /proc/PID/mem does: whatever the protections. Returns the bytes written, or a negated errno when none were: -EIO. */
  procWrite(addr: number, bytes: Uint8Array): number {
    const { moved, error } = this.run('/proc write', () => uwrite(this.#proc.as, addr, bytes));
    return moved > 0 || error === 0 ? moved : -error;
  }

  /** Its mappings, a line each, like /proc/PID/maps. */
  maps(): string {
    return mapsText(this.#proc);
  }

  /** Runs `body` as a kernel thread that works for this process. */
  run<T>(what: string, body: () => Kgen<T>): T {
    const { kernel } = this.#system;
    if (this.#proc.status !== undefined && what !== 'exit') throw new TypeError(`${what}: process ${this.pid} has ended`);
    const outcome = kernel.tryUntilDone(`${this.name}[${this.pid}] ${what}`, body, { data: { userMemory: this.#memory } });
    if (outcome.status === 'done') return outcome.value;
    if (outcome.status === 'panic') throw outcome.panic;
    throw new KernelDeadlock(outcome.report);
  }

  get #memory(): ReturnType<typeof userMemory> {
    return userMemory(() => this.#proc.as);
  }
}
