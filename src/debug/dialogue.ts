/** What a session remembers between packets, and what commands may do to it. */
import type { DebugTarget, StopEvent, ThreadId } from './target.js';
import { ANY, selects, type ThreadSelector } from './thread-selector.js';

/** Error numbers of E replies. */
export const REFUSED = { permission: 'E01', noThread: 'E03', tooLong: 'E07', fault: 'E0e', invalid: 'E16' } as const;

/** The state of a session. */
export class Dialogue {
  readonly target: DebugTarget;
  /** Features both sides have: names without the plus sign, as the debugger's qSupported gives them. */
  features: ReadonlySet<string> = new Set();
  /** The thread of g, m and the like (Hg), and of c and s (Hc). */
  general: ThreadSelector | undefined = undefined;
  continuing: ThreadSelector | undefined = undefined;
  /** Why the last memory access was refused, for `monitor why`. */
  refusal: string | undefined = undefined;
  /** The last event, for `?`. */
  lastEvent: StopEvent | undefined = undefined;
  /** Whether acknowledgements are off. */
  noAck = false;
  /** Whether the debugger waits for a stop reply. */
  running = false;
  /** How the session has ended; undefined while it goes on. */
  ended: 'detached' | 'killed' | undefined = undefined;
  /** Threads qsThreadInfo has still to name. */
  threadsLeft: ThreadId[] = [];
  /** Sends a packet out of turn. */
  readonly send: (payload: string) => void;

  constructor(target: DebugTarget, send: (payload: string) => void) {
    this.target = target;
    this.send = send;
  }

  /** Whether the debugger has announced the multiprocess extension: thread names then begin with p and the process. */
  get multiprocess(): boolean {
    return this.features.has('multiprocess');
  }

  /** The thread registers and memory are read of; undefined where there is none. */
  thread(): ThreadId | undefined {
    const { general, target } = this;
    const current = target.currentThread();
    if (general === undefined || (general.pid === ANY && general.tid === ANY)) return current;
    if (current !== undefined && selects(general, current)) return current;
    return target.threads().find((thread) => selects(general, thread));
  }

  /** Lets threads go on. The stop reply follows when something has happened. */
  resume(actionOf: Parameters<DebugTarget['resume']>[0]): undefined {
    this.target.resume(actionOf);
    this.running = true;
    return undefined;
  }
}

/** Does one command. `args` is what follows its name. Returns the reply, '' for not supported, or undefined where a reply comes later or never. */
export type Command = (dialogue: Dialogue, args: string) => string | undefined;
