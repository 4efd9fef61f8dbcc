/** The operations behind a file descriptor. */
import type { Uio } from '../ddi/index.js';
import type { MaybeKgen } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import type { Attributes } from './fs/attributes.js';
import type { Pollhead } from './fs/pollhead.js';

/** What mmap(2) asks a file for (VOP_MAP); page aligned, constants illumos'. */
export interface MapRequest {
  readonly as: As;
  /** Where it must be (MAP_FIXED) or may be; 0 = anywhere. */
  readonly addr: number;
  /** Bytes. */
  readonly len: number;
  /** Offset in the file, in bytes. */
  readonly off: number;
  /** PROT_ bits of the mapping. */
  readonly prot: number;
  /** PROT_ bits that mprotect(2) may give it later. */
  readonly maxprot: number;
  /** MAP_ bits. */
  readonly flags: number;
}

/** A change of attributes; what is absent stays. */
export interface AttributeChange {
  /** Permission bits. */
  readonly mode?: number;
  /** ns since 1970. */
  readonly mtime?: bigint;
}

/** An entry of a directory, as getdents64(2) shows it. */
export interface DirectoryEntry {
  readonly name: string;
  readonly ino: number;
  readonly type: Attributes['type'];
}

/** The operations behind a descriptor. All answer 0 or an illumos errno unless said otherwise. */
export interface FileOps {
  /** Whether reads and writes happen at an offset, which they advance (`uio.loffset`). */
  readonly seekable?: boolean;
  /** Whether reads may wait for somebody else. */
  readonly stream?: boolean;
  /** Moves at most `uio.resid` bytes to the caller and advances `uio`; nothing moved = end of file. `flags` are O_ flags of the open file. */
  read(uio: Uio, flags: number): MaybeKgen<number>;
  /** Takes bytes from the caller and advances `uio`; with O_APPEND it sets `uio.loffset` itself. */
  write(uio: Uio, flags: number): MaybeKgen<number>;
  /** `rvalp` is the result where the errno is 0. */
  ioctl(cmd: number, arg: number, rvalp: { value: number }): MaybeKgen<number>;
  /** The address of the new mapping, or a negated errno. */
  mmap(request: MapRequest): MaybeKgen<number>;
  /** The last descriptor is gone. */
  close(): MaybeKgen<number>;
  /** Attributes now, or a negated errno; absent: those of the vnode it was opened by. */
  attributes?(): Attributes | number;
  /** POLLIN, POLLOUT, POLLHUP, POLLERR; absent: always ready. */
  ready?(): number;
  /** Who polls it. */
  readonly pollhead?: Pollhead;
  /** Sets the size in bytes; absent: EINVAL. */
  truncate?(size: number): number;
  /** Makes sure that [0, size) can be written without running out of room; absent: ENODEV. */
  allocate?(size: number, keepSize: boolean): number;
  /** Changes attributes of the open file; absent: those of the vnode it was opened by. */
  change?(change: AttributeChange): number;
  /** Puts everything where it lasts. */
  sync?(): number;
  /** What a directory holds, "." and ".." first, or a negated errno; absent: not a directory. */
  list?(): readonly DirectoryEntry[] | number;
}
