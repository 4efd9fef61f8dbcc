/** What a file descriptor stands for: one open file description, shared by fork and dup. */
import type { Uio } from '../ddi/index.js';
import { settle } from '../kernel/index.js';
import type { Kgen, MaybeKgen } from '../kernel/index.js';
import type { As } from '../vm/index.js';

/** What mmap(2) asks a file for (VOP_MAP); page aligned, constants illumos'. */
export interface MapRequest {
  readonly as: As;
  /** Where it must be (MAP_FIXED) or may be; 0 = anywhere. */
  readonly addr: number;
  readonly len: number;
  readonly off: number;
  readonly prot: number;
  readonly maxprot: number;
  readonly flags: number;
}

/** The operations behind a descriptor. All answer 0 or an illumos errno unless said otherwise. */
export interface FileOps {
  /** Whether reads and writes happen at an offset, which they advance (`uio.loffset`). */
  readonly seekable?: boolean;
  /** Whether reads may wait for somebody outside the machine. */
  readonly stream?: boolean;
  /** Moves at most `uio.resid` bytes to the caller and advances `uio`; nothing moved = end of file. */
  read(uio: Uio): MaybeKgen<number>;
  /** Takes bytes from the caller and advances `uio`. */
  write(uio: Uio): MaybeKgen<number>;
  /** `rvalp` is the result where the errno is 0. */
  ioctl(cmd: number, arg: number, rvalp: { value: number }): MaybeKgen<number>;
  /** The address of the new mapping, or a negated errno. */
  mmap(request: MapRequest): MaybeKgen<number>;
  /** The last descriptor is gone. */
  close(): MaybeKgen<number>;
}

/** An open file description and how many descriptors hold it. */
export class OpenFile {
  /** The name it was opened by, "/dev/fb0". */
  readonly path: string;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly ops: FileOps;
  /** Where the next read or write happens, in bytes; of no meaning unless the file is seekable. */
  offset = 0;
  #holds = 1;

  constructor(o: { path: string; readable: boolean; writable: boolean; ops: FileOps }) {
    this.path = o.path;
    this.readable = o.readable;
    this.writable = o.writable;
    this.ops = o.ops;
  }

  /** One descriptor more. */
  hold(): this {
    this.#holds++;
    return this;
  }

  /** One descriptor less; the last one closes. Returns 0 or an errno. */
  *release(): Kgen<number> {
    this.#holds--;
    return this.#holds > 0 ? 0 : yield* settle(this.ops.close());
  }
}
