/** A process as the kernel keeps it (`proc_t`): state only; what happens to it is in the files named after what happens. */
import { Kcondvar } from '../kernel/index.js';
import type { Kthread } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import type { ElfImage } from '../../guest/index.js';
import type { GuestDeath } from './death.js';
import type { FileTable } from './file-table.js';
import type { FsContext } from './fs/fs-context.js';
import type { Place } from './fs/vnode.js';
import { Labels } from './labels.js';
import { SignalState } from './signal-state.js';

/** How a process ended. `signal` is an illumos number. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number; readonly death: GuestDeath };

/** A change of a process that lives on. */
export type JobNews = { readonly kind: 'stopped'; readonly signal: number } | { readonly kind: 'continued' };

/** One process. */
export class Proc {
  readonly pid: number;
  name: string;
  as: As;
  files: FileTable;
  /** Its root, directory and umask. */
  fs: FsContext;
  signals: SignalState = new SignalState();
  labels: Labels = new Labels();
  /** The program it runs, for symbols in reports; undefined for a process driven by the host. */
  image: ElfImage | undefined = undefined;
  /** The file of that program; undefined where it came from outside the tree. */
  exe: Place | undefined = undefined;
  /** What it was started with. */
  argv: readonly string[] = [];
  /** End of the heap, brk(2): [heapBase, heapEnd) is what the program asked for. */
  heapBase = 0;
  heapEnd = 0;
  parent: Proc | undefined = undefined;
  readonly children: Set<Proc> = new Set();
  /** Woken when a child ends, stops or goes on. */
  readonly childChanged: Kcondvar;
  /** Woken when a stopped process goes on. */
  readonly continued: Kcondvar;
  /** Set once it has begun to end. */
  status: ExitStatus | undefined = undefined;
  /** Everything is given back; it waits for its parent to ask. */
  zombie = false;
  /** The kernel thread that runs its program; undefined for a process driven by the host. */
  kthread: Kthread | undefined = undefined;
  /** Address that is cleared at exit (set_tid_address, CLONE_CHILD_CLEARTID); 0 = none. */
  clearChildTid = 0;
  /** Signal its parent gets when it ends; 0 = none. illumos number. */
  exitSignal = 0;
  /** Stopped by a job control signal. */
  stopped = false;
  /** What wait4(2) has not told the parent yet: that it has stopped, by which signal (illumos number), or that it goes on. */
  news: JobNews | undefined = undefined;

  constructor(o: { pid: number; name: string; as: As; files: FileTable; fs: FsContext }) {
    this.pid = o.pid;
    this.name = o.name;
    this.as = o.as;
    o.as.proc = this;
    this.files = o.files;
    this.fs = o.fs;
    this.childChanged = new Kcondvar(`pid ${o.pid}: child changed`);
    this.continued = new Kcondvar(`pid ${o.pid}: continued`);
  }
}
