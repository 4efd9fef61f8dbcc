/** What the host may ask of a process, as kernel code: for threads the host makes itself. `Process` offers the same as plain calls. */
import { EBADF } from '../base/index.js';
import type { AccessSize, Bus } from '../bus/index.js';
import { settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { MAP_ANON, as_inspect } from '../vm/index.js';
import type { SegmentFacts } from '../vm/index.js';
import { controlMemory, incoreMemory } from './control-memory.js';
import { exitProcess } from './exit.js';
import type { FaultAccess } from './counters.js';
import { forkProcess } from './fork.js';
import { openFile } from './fs/open.js';
import { hostAccess } from './host-access.js';
import type { HostAccess } from './host-access.js';
import { O_RDONLY, O_RDWR, O_WRONLY } from './linux-flags.js';
import { mapMemory, protectMemory, unmapMemory } from './map-memory.js';
import type { Proc } from './proc.js';
import type { System } from './system.js';
import { transferAt } from './transfer.js';

/** How a file is opened. */
export type OpenMode = 'r' | 'w' | 'rw';

/** Arguments of mmap(2); constants illumos'. */
export interface HostMmap {
  /** A hint, or the place with MAP_FIXED. */
  readonly addr?: number;
  /** Bytes. */
  readonly len: number;
  /** PROT_ bits. */
  readonly prot: number;
  /** MAP_ bits; one of MAP_SHARED and MAP_PRIVATE. */
  readonly flags: number;
  /** Absent or -1 with MAP_ANON. */
  readonly fd?: number;
  /** Offset in the file, in bytes, a multiple of PAGESIZE; default 0. */
  readonly off?: number;
}

const MODES: Readonly<Record<OpenMode, number>> = { r: O_RDONLY, w: O_WRONLY, rw: O_RDWR };
const TOUCHES: Readonly<Record<'read' | 'write' | 'exec', FaultAccess>> = { read: 'load', write: 'store', exec: 'fetch' };

/** The calls, each a generator to be run by a kernel thread whose data is {userMemory}. */
export class ProcessCalls {
  readonly #system: System;
  readonly #proc: Proc;
  readonly #bus: Bus;

  constructor(system: System, proc: Proc, bus: Bus) {
    this.#system = system;
    this.#proc = proc;
    this.#bus = bus;
  }

  /** open(2): a descriptor, or a negated errno. */
  *open(path: string, mode: OpenMode): Kgen<number> {
    const { files, fs, pid } = this.#proc;
    const free = files.lowest();
    if (free < 0) return free;
    const file = yield* openFile({ root: fs.root, start: fs.cwd, caller: { pid } }, path, MODES[mode], 0);
    return typeof file === 'number' ? file : files.add(file);
  }

  /** close(2): 0 or an errno. */
  close(fd: number): Kgen<number> {
    return this.#proc.files.close(fd);
  }

  /** ioctl(2): the result, or a negated errno. */
  *ioctl(fd: number, cmd: number, arg: number): Kgen<number> {
    const file = this.#proc.files.get(fd);
    if (file === undefined) return -EBADF;
    const rvalp = { value: 0 };
    const error = yield* settle(file.ops.ioctl(cmd, arg, rvalp));
    return error === 0 ? rvalp.value : -error;
  }

  /** read(2) at an offset into memory at `buf`: the bytes moved, or a negated errno. */
  *pread(fd: number, buf: number, len: number, offset: number): Kgen<number> {
    const file = this.#proc.files.get(fd);
    return file?.readable === true ? yield* transferAt(file, false, buf, len, offset) : -EBADF;
  }

  /** write(2) at an offset from memory at `buf`: the bytes moved, or a negated errno. */
  *pwrite(fd: number, buf: number, len: number, offset: number): Kgen<number> {
    const file = this.#proc.files.get(fd);
    return file?.writable === true ? yield* transferAt(file, true, buf, len, offset) : -EBADF;
  }

  /** mmap(2). */
  *mmap(a: HostMmap): Kgen<{ addr: number } | { errno: number }> {
    const file = (a.flags & MAP_ANON) === 0 ? this.#proc.files.get(a.fd ?? -1) : undefined;
    if (file === undefined && (a.flags & MAP_ANON) === 0) return { errno: EBADF };
    const addr = yield* mapMemory(this.#proc, { addr: a.addr ?? 0, len: a.len, prot: a.prot, flags: a.flags, file, off: a.off ?? 0 });
    return addr < 0 ? { errno: -addr } : { addr };
  }

  /** munmap(2): 0 or an errno. */
  munmap(addr: number, len: number): Kgen<number> {
    return unmapMemory(this.#proc, addr, len);
  }

  /** mprotect(2): 0 or an errno. */
  mprotect(addr: number, len: number, prot: number): Kgen<number> {
    return protectMemory(this.#proc, addr, len, prot);
  }

  /** memcntl(2): 0 or an errno. */
  memcntl(addr: number, len: number, cmd: number, arg: number, attr: number): Kgen<number> {
    return controlMemory(this.#proc, { addr, len, cmd, arg, attr });
  }

  /** mincore(2): a byte of SEG_PAGE_* bits for each page, or an errno. */
  mincore(addr: number, len: number): Kgen<Uint8Array | number> {
    return incoreMemory(this.#proc, addr, len);
  }

  /** What the mapping of the page at `addr` says about itself. */
  segment(addr: number): Kgen<SegmentFacts | undefined> {
    return as_inspect(this.#proc.as, addr);
  }

  /** fork(2): the child, or an errno. */
  *fork(): Kgen<Proc | number> {
    const forked = yield* forkProcess(this.#system, this.#proc, undefined);
    return typeof forked === 'number' ? -forked : forked.proc;
  }

  /** exit(2). */
  exit(code: number): Kgen<void> {
    return exitProcess(this.#system, this.#proc, { kind: 'exited', code: code & 0xff });
  }

  /** A load of `size` bytes at `va`. */
  load(va: number, size: AccessSize): Kgen<HostAccess> {
    return hostAccess(this.#system, this.#proc, va, size, 'load', (pa) => this.#bus.load(pa, size));
  }

  /** A store of the low `size` bytes of `value` at `va`. */
  store(va: number, size: AccessSize, value: bigint): Kgen<HostAccess> {
    return hostAccess(this.#system, this.#proc, va, size, 'store', (pa) => (this.#bus.store(pa, size, value) ? 0n : undefined));
  }

  /** Translates as an access to one byte would, without making it: device registers see nothing. */
  touch(va: number, rw: 'read' | 'write' | 'exec'): Kgen<HostAccess> {
    return hostAccess(this.#system, this.#proc, va, 1, TOUCHES[rw], () => 0n);
  }
}
