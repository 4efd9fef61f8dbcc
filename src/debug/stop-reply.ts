/** Stop replies: what the debugger is told when everything has stopped. [GDB manual, E.3 "Stop Reply Packets"] */
import { messageText, registerText } from './hex-text.js';
import type { Dialogue } from './dialogue.js';
import type { StopEvent, StopReason, WatchKind } from './target.js';
import { PC_REGISTER } from './target-description.js';
import { threadText } from './thread-selector.js';

const WATCH: Readonly<Record<WatchKind, string>> = { write: 'watch', read: 'rwatch', access: 'awatch' };
/** Registers every stop reply carries, because debuggers ask for them at once: ra, sp, fp and pc. */
const EXPEDITED = [1, 2, 8, PC_REGISTER];

const byte = (n: number): string => (n & 0xff).toString(16).padStart(2, '0');

function reasonText(dialogue: Dialogue, why: StopReason): string {
  switch (why.kind) {
    case 'breakpoint': return dialogue.features.has('swbreak') ? 'swbreak:;' : '';
    case 'watchpoint': return `${WATCH[why.access]}:${why.address.toString(16)};`;
    case 'fork': case 'vfork': return `${why.kind}:${threadText(why.child, dialogue.multiprocess)};`;
    case 'vfork-done': return 'vforkdone:;';
    case 'exec': return `exec:${messageText(why.path)};`;
    case 'none': case 'no-resumed': return '';
  }
}

/** The stop reply of an event. */
export function stopReply(dialogue: Dialogue, event: StopEvent): string {
  const process = dialogue.multiprocess && event.kind !== 'stopped' ? `;process:${event.pid.toString(16)}` : '';
  switch (event.kind) {
    case 'exited': return `W${byte(event.code)}${process}`;
    case 'killed': return `X${byte(event.signal)}${process}`;
    case 'stopped': break;
  }
  if (event.why.kind === 'no-resumed') return 'N';
  const { target } = dialogue;
  const expedited = EXPEDITED.map((number) => {
    const register = target.registers.find((candidate) => candidate.number === number);
    const value = register && target.readRegister(event.thread, register);
    return register === undefined || value === undefined ? '' : `${byte(number)}:${registerText(value, register.bits)};`;
  });
  return `T${byte(event.signal)}${reasonText(dialogue, event.why)}thread:${threadText(event.thread, dialogue.multiprocess)};${expedited.join('')}`;
}
