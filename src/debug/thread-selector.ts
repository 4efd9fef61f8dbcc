/** Thread ids as packets write them: `p1.2`, `p1.-1`, `p1`, `-1`, `0`, `2`; hexadecimal. [GDB manual, E.2 "Packets", thread-id syntax] */
import type { ThreadId } from './target.js';

/** Which threads a packet means. 0 is any one, ALL all of them. */
export interface ThreadSelector {
  readonly pid: number;
  readonly tid: number;
}

/** Every process, or every thread of one. */
export const ALL = -1;
/** Whichever process or thread the target likes. */
export const ANY = 0;

function parseId(text: string | undefined): number | undefined {
  if (text === '-1') return ALL;
  return text !== undefined && /^[0-9a-f]{1,8}$/i.test(text) ? Number.parseInt(text, 16) : undefined;
}

/** Parses a thread id; undefined where it is none. Without a process it may be any process's. */
export function parseSelector(text: string): ThreadSelector | undefined {
  const [process, thread] = text.startsWith('p') ? text.slice(1).split('.') : [undefined, text];
  const pid = process === undefined ? ANY : parseId(process);
  const tid = thread === undefined ? ALL : parseId(thread);
  if (pid === undefined || tid === undefined) return undefined;
  return { pid: process === undefined && tid === ALL ? ALL : pid, tid };
}

/** Whether a thread is meant. */
export const selects = ({ pid, tid }: ThreadSelector, thread: ThreadId): boolean => (pid <= 0 || pid === thread.pid) && (tid <= 0 || tid === thread.tid);

/** A thread id, with its process where the debugger knows of several. */
export const threadText = ({ pid, tid }: ThreadId, multiprocess: boolean): string =>
  multiprocess ? `p${pid.toString(16)}.${tid.toString(16)}` : tid.toString(16);
