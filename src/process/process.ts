/** A process as the host sees it: plain calls, each of which runs the machine's scheduler until it is done. */
import type { AccessSize, Bus } from '../bus/index.js';
import { KernelDeadlock } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { GuestDeath } from './death.js';
import type { HostAccess } from './host-access.js';
import { userMemory } from './lwp.js';
import { mapsText } from './mappings.js';
import type { Proc } from './proc.js';
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
    if (this.#proc.kthread !== undefined) throw new TypeError(`exit: process ${this.pid} runs a program; use kill`);
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
