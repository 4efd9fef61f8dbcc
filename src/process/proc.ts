/** A process as the kernel keeps it (`proc_t`): state only; what happens to it is in the files named after what happens. */
import { Kcondvar } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import type { ElfImage } from '../../guest/index.js';
import type { GuestDeath } from './death.js';
import type { FileTable } from './file-table.js';
import type { FsContext } from './fs/fs-context.js';
import type { Place } from './fs/vnode.js';
import type { IntervalTimer } from './interval-timer.js';
import { Labels } from './labels.js';
import type { Limit } from './limits.js';
import { SignalState } from './signal-state.js';
import type { UserThread } from './user-thread.js';

/** How a process ended. `signal` is an illumos number. */
export type ExitStatus =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: number; readonly death: GuestDeath };

/** A change of a process that lives on. */
export type JobNews = { readonly kind: 'stopped'; readonly signal: number } | { readonly kind: 'continued' };

/** The heap, brk(2): [base, end) is what the program asked for. Belongs to an address space, so vfork(2) shares it. */
export interface Heap {
  base: number;
  end: number;
}

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
  heap: Heap = { base: 0, end: 0 };
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
  /** The threads that run its program, in the order of their creation; none for a process driven by the host. */
  readonly threads: Set<UserThread> = new Set();
  /** Woken when a thread has gone. */
  readonly threadGone: Kcondvar;
  /** Exit code of the first thread, when it ended before the others: the process's own then. */
  firstCode: number | undefined = undefined;
  /** Process group and session, by the number of the process that began them. */
  pgid: number;
  sid: number;
  /** It runs in its parent's memory, and a thread of the parent sleeps until it does no more (vfork(2)). */
  borrows = false;
  /** Woken when a child gives back the memory it has borrowed. */
  readonly memoryBack: Kcondvar;
  /** Whether it has replaced its program: its group can then not be changed by its parent. */
  execed = false;
  /** Signal its parent gets when it ends; 0 = none. illumos number. */
  exitSignal = 0;
  /** Limits it has set itself, by resource. */
  limits: Map<number, Limit> = new Map();
  /** Its timers: ITIMER_REAL, and those of timer_create(2) by their number. */
  readonly timers: Map<number | 'real', IntervalTimer> = new Map();
  /** Instructions its threads have executed, and those of its children that it has waited for. */
  executed = 0;
  childrenExecuted = 0;
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
    this.pgid = o.pid;
    this.sid = o.pid;
    this.childChanged = new Kcondvar(`pid ${o.pid}: child changed`);
    this.continued = new Kcondvar(`pid ${o.pid}: continued`);
    this.threadGone = new Kcondvar(`pid ${o.pid}: threads end`);
    this.memoryBack = new Kcondvar(`pid ${o.pid}: vfork`);
  }
}
