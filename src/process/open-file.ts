/** What a file descriptor stands for: one open file description, shared by fork and dup. */
import { settle } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { FileOps } from './file-ops.js';
import type { Attributes } from './fs/attributes.js';
import type { Place } from './fs/vnode.js';

/** An open file description and how many descriptors hold it. */
export class OpenFile {
  /** The name it was opened by, from the root: "/dev/fb0". */
  readonly path: string;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly ops: FileOps;
  /** What it is, for fstat(2), and as a directory other names count from. */
  readonly place: Place;
  /** O_APPEND, O_NONBLOCK and what else F_GETFL shows beside the access mode. */
  flags: number;
  /** Where the next read or write happens, in bytes; of no meaning unless the file is seekable. */
  offset = 0;
  /** What getdents64(2) goes through: the entries as they were when it began. */
  entries: ReturnType<NonNullable<FileOps['list']>> | undefined = undefined;
  #holds = 1;

  constructor(o: { path: string; readable: boolean; writable: boolean; ops: FileOps; place: Place; flags?: number }) {
    this.path = o.path;
    this.readable = o.readable;
    this.writable = o.writable;
    this.ops = o.ops;
    this.place = o.place;
    this.flags = o.flags ?? 0;
  }

  /** What fstat(2) tells, or a negated errno. */
  attributes(): Attributes | number {
    return this.ops.attributes?.() ?? this.place.vnode.attributes();
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
