/** A process of the kit, the files it opened and what it mapped: the calls a guest program makes, made by a test. */
import { EFAULT, hex } from '../base/index.js';
import type { Process } from '../process/index.js';
import { MAP_ANON, MAP_FIXED, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_NONE, PROT_READ, PROT_WRITE } from '../vm/index.js';
import { SignalError, SystemCallError } from './errors.js';

/** What a process needs of its kit. */
export interface KitPort {
  /** The device under test, by its name under /dev. */
  readonly path: string;
  /** Makes a new process the kit's own. */
  adopt(process: KitProcess): KitProcess;
  /** Called after every step; throws where the step broke the contract. */
  step(): void;
  /** The last call into the driver, for failure texts. */
  lastCall(): string;
}

/** Rights as letters: any of "r", "w", "x"; "-" for none. */
export type Rights = '-' | 'r' | 'w' | 'rw' | 'rx' | 'rwx' | 'x';

/** Arguments of mmap(2). */
export interface MapRequest {
  /** Bytes. */
  readonly len: number;
  /** Offset in the device; 0 when absent. */
  readonly off?: number;
  /** "rw" when absent. */
  readonly prot?: Rights;
  /** MAP_SHARED ("shared", the default) or MAP_PRIVATE. */
  readonly type?: 'shared' | 'private';
  /** MAP_FIXED at this address. */
  readonly addr?: number;
}

const protBits = (rights: Rights): number =>
  (rights.includes('r') ? PROT_READ : PROT_NONE) | (rights.includes('w') ? PROT_WRITE : PROT_NONE) | (rights.includes('x') ? PROT_EXEC : PROT_NONE);

/** A process without a program. Every method is one system call or access and throws SystemCallError or SignalError where that fails. */
export class KitProcess {
  readonly #kit: KitPort;
  readonly #process: Process;
  /** False once it has exited. */
  alive = true;

  constructor(kit: KitPort, process: Process) {
    this.#kit = kit;
    this.#process = process;
  }

  /** The process underneath, for what the kit has no word for. */
  get raw(): Process {
    return this.#process;
  }

  /** open(2) of a device, by default the one under test. */
  open(access: 'r' | 'w' | 'rw' = 'rw', path: string = this.#kit.path): KitFile {
    const fd = this.#process.open(`/dev/${path}`, access);
    if (fd < 0) throw this.failure(`open(/dev/${path})`, -fd);
    this.step();
    return new KitFile(this, fd);
  }

  /** fork(2). The child sees every mapping at the same address: `mapping.in(child)`. */
  fork(): KitProcess {
    const child = this.#process.fork();
    if ('errno' in child) throw this.failure('fork()', child.errno);
    const process = this.#kit.adopt(new KitProcess(this.#kit, child));
    this.step();
    return process;
  }

  /** exit(2): everything it mapped is unmapped, everything it opened is closed. */
  exit(): void {
    this.alive = false;
    this.#process.exit(0);
    this.step();
  }

  /** munmap(2) of any range, also across mappings. `len` in bytes. */
  unmap(addr: number, len: number): void {
    const errno = this.#process.munmap(addr, len);
    if (errno !== 0) throw this.failure(`munmap(${hex(addr)}, ${hex(len)})`, errno);
    this.step();
  }

  /** mprotect(2) of any range. */
  protect(addr: number, len: number, prot: Rights): void {
    const errno = this.#process.mprotect(addr, len, protBits(prot));
    if (errno !== 0) throw this.failure(`mprotect(${hex(addr)}, ${hex(len)}, ${prot})`, errno);
    this.step();
  }

  /** mmap(2). */
  map(fd: number, request: MapRequest): KitMapping {
    const { len, off = 0, prot = 'rw', type = 'shared', addr } = request;
    const flags = (type === 'shared' ? MAP_SHARED : MAP_PRIVATE) | (addr === undefined ? 0 : MAP_FIXED) | (fd < 0 ? MAP_ANON : 0);
    const result = this.#process.mmap({ len, off, prot: protBits(prot), flags, fd, ...(addr === undefined ? {} : { addr }) });
    if ('errno' in result) throw this.failure(`mmap(len=${hex(len)}, off=${hex(off)}, ${prot}, ${type})`, result.errno);
    this.step();
    return new KitMapping(this, result.addr, len, off);
  }

  /** Memory of its own that holds `bytes`, for arguments of ioctl(2). */
  buffer(bytes: Uint8Array): KitMapping {
    const buffer = this.map(-1, { len: Math.max(bytes.length, 1), type: 'private' });
    buffer.write(0, bytes);
    return buffer;
  }

  /** ioctl(2); answers its result, 0 or more. */
  ioctl(fd: number, cmd: number, arg: number): number {
    const result = this.#process.ioctl(fd, cmd, arg);
    if (result < 0) throw this.failure(`ioctl(${hex(cmd)})`, -result);
    this.step();
    return result;
  }

  /** close(2). */
  close(fd: number): void {
    const errno = this.#process.close(fd);
    if (errno !== 0) throw this.failure(`close(${fd})`, errno);
    this.step();
  }

  /** One load of 1, 2, 4 or 8 bytes, zero-extended. */
  load(addr: number, size: 1 | 2 | 4 | 8): bigint {
    const result = this.#process.load(addr, size);
    this.step();
    if ('signal' in result) throw new SignalError(`load of ${size} bytes at ${hex(addr)}`, signalText(result));
    return result.value;
  }

  /** One store of the low 1, 2, 4 or 8 bytes of `value`. */
  store(addr: number, size: 1 | 2 | 4 | 8, value: bigint): void {
    const result = this.#process.store(addr, size, value);
    this.step();
    if ('signal' in result) throw new SignalError(`store of ${size} bytes at ${hex(addr)}`, signalText(result));
  }

  /** Faults a page in as an access to one byte would, without making it: "ok", or the signal, as "SIGSEGV SEGV_MAPERR". */
  touch(addr: number, rw: 'read' | 'write'): string {
    const result = this.#process.touch(addr, rw);
    this.step();
    return 'signal' in result ? signalText(result) : 'ok';
  }

  /** Ends a step: the kit looks at its books. */
  step(): void {
    this.#kit.step();
  }

  /** The error for a system call that failed. A breach of the contract, where there was one, is the better explanation. */
  failure(call: string, errno: number): SystemCallError {
    this.step();
    const last = this.#kit.lastCall();
    return new SystemCallError(call, errno, last === '' ? 'the driver was not called' : `last call into the driver: ${last}`);
  }
}

/** An open device. */
export class KitFile {
  readonly process: KitProcess;
  readonly fd: number;

  constructor(process: KitProcess, fd: number) {
    this.process = process;
    this.fd = fd;
  }

  /** mmap(2) of the device. */
  mmap(request: MapRequest): KitMapping {
    return this.process.map(this.fd, request);
  }

  /** ioctl(2) with an integer argument. */
  ioctl(cmd: number, arg = 0): number {
    return this.process.ioctl(this.fd, cmd, arg);
  }

  /** ioctl(2) whose argument points at a structure: `bytes` goes in, what the driver left there comes back. */
  ioctlStruct(cmd: number, bytes: Uint8Array): Uint8Array {
    const buffer = this.process.buffer(bytes);
    this.process.ioctl(this.fd, cmd, buffer.addr);
    return buffer.read(0, bytes.length);
  }

  /** close(2) of the descriptor. */
  close(): void {
    this.process.close(this.fd);
  }
}

/** A mapping, as mmap(2) made it. Offsets of its methods are bytes from its start; nothing stops them from leaving it. */
export class KitMapping {
  readonly process: KitProcess;
  readonly addr: number;
  /** Bytes it was made with. */
  readonly len: number;
  /** Device offset of its first byte. */
  readonly off: number;

  constructor(process: KitProcess, addr: number, len: number, off: number) {
    this.process = process;
    this.addr = addr;
    this.len = len;
    this.off = off;
  }

  /** The same mapping as another process sees it, usually a child. */
  in(process: KitProcess): KitMapping {
    return new KitMapping(process, this.addr, this.len, this.off);
  }

  /** One load as an instruction does it, faults and all. @throws SignalError where it ends in a signal */
  load(offset: number, size: 1 | 2 | 4 | 8 = 4): bigint {
    return this.process.load(this.addr + offset, size);
  }

  /** One store of the lowest `size` bytes of `value`, faults and all. @throws SignalError where it ends in a signal */
  store(offset: number, value: bigint, size: 1 | 2 | 4 | 8 = 4): void {
    this.process.store(this.addr + offset, size, value);
  }

  /** Copies bytes out, as the kernel does for a system call. */
  read(offset: number, length: number): Uint8Array {
    const bytes = this.process.raw.read(this.addr + offset, length);
    if (bytes === undefined) throw this.process.failure(`copyin(${hex(this.addr + offset)}, ${hex(length)})`, EFAULT);
    return bytes;
  }

  /** Copies bytes in, as the kernel does for a system call. */
  write(offset: number, bytes: Uint8Array): void {
    const errno = this.process.raw.write(this.addr + offset, bytes);
    if (errno !== 0) throw this.process.failure(`copyout(${hex(this.addr + offset)}, ${hex(bytes.length)})`, errno);
    this.process.step();
  }

  /** Faults a page in as an access would, without making it: "ok", or the signal, as "SIGSEGV SEGV_MAPERR". Registers see nothing. */
  touch(offset: number, rw: 'read' | 'write' = 'read'): string {
    return this.process.touch(this.addr + offset, rw);
  }

  /** munmap(2) of a part; of the whole mapping when nothing is said. */
  unmap(offset = 0, len: number = this.len - offset): void {
    this.process.unmap(this.addr + offset, len);
  }

  /** mprotect(2) of a part; of the whole mapping when no part is said. */
  protect(prot: Rights, offset = 0, len: number = this.len - offset): void {
    this.process.protect(this.addr + offset, len, prot);
  }
}

const signalText = (result: { readonly signal: string; readonly code: string }): string => `${result.signal} ${result.code}`;
