/** ?, c, C, s, S, vCont, D, k, vKill, vAttach: letting go on, and letting go. */
import { type Command, type Dialogue, REFUSED } from './dialogue.js';
import { parseNumber } from './hex-text.js';
import { stopReply } from './stop-reply.js';
import type { ResumeAction, ThreadId } from './target.js';
import { PC_REGISTER } from './target-description.js';
import { parseSelector, selects, type ThreadSelector } from './thread-selector.js';

/** GDB_SIGNAL_TRAP. */
const TRAP = 5;
const STAY: ResumeAction = { kind: 'stop', signal: 0 };

/** ?: why everything stands still. */
export const whyStopped: Command = (dialogue) => {
  const thread = dialogue.target.currentThread();
  if (dialogue.lastEvent !== undefined) return stopReply(dialogue, dialogue.lastEvent);
  return thread === undefined ? 'W00' : stopReply(dialogue, { kind: 'stopped', thread, signal: TRAP, why: { kind: 'none' } });
};

/** Two hexadecimal digits of a signal; undefined for anything else. */
const parseSignal = (text: string): number | undefined => (/^[0-9a-f]{2}$/i.test(text) ? Number.parseInt(text, 16) : undefined);

/** c, C, s and S: the thread of Hc (all, where it names none), and with a step everything else goes on too. */
function resumeOld(dialogue: Dialogue, kind: 'continue' | 'step', signal: number | undefined, address: string | undefined): string | undefined {
  const thread = dialogue.thread();
  if (thread === undefined) return REFUSED.noThread;
  if (signal === undefined) return REFUSED.invalid;
  if (address !== undefined && !setPc(dialogue, thread, address)) return REFUSED.invalid;
  const { continuing } = dialogue;
  const others: ResumeAction = continuing !== undefined && continuing.tid > 0 ? STAY : { kind: 'continue', signal: 0 };
  const chosen = continuing !== undefined && continuing.tid > 0 ? dialogue.target.threads().find((candidate) => selects(continuing, candidate)) : thread;
  if (chosen === undefined) return REFUSED.noThread;
  return dialogue.resume((candidate) => (candidate.pid === chosen.pid && candidate.tid === chosen.tid ? { kind, signal } : others));
}

function setPc({ target }: Dialogue, thread: ThreadId, text: string): boolean {
  const pc = target.registers.find(({ number }) => number === PC_REGISTER);
  const address = parseNumber(text);
  return pc !== undefined && address !== undefined && target.writeRegister(thread, pc, address);
}

const plain = (kind: 'continue' | 'step'): Command => (dialogue, args) => resumeOld(dialogue, kind, 0, args === '' ? undefined : args);
const signalled = (kind: 'continue' | 'step'): Command => (dialogue, args) => {
  const [signal = '', address] = args.split(';');
  return resumeOld(dialogue, kind, parseSignal(signal), address);
};

/** c [ADDRESS]: goes on, at the address where there is one. */
export const goOn: Command = plain('continue');
/** s [ADDRESS]: executes one instruction of the chosen thread, at the address where there is one. */
export const step: Command = plain('step');
/** C SIGNAL[;ADDRESS]: goes on with a signal, in GDB's numbers. */
export const goOnWith: Command = signalled('continue');
/** S SIGNAL[;ADDRESS]: executes one instruction with a signal, in GDB's numbers. */
export const stepWith: Command = signalled('step');

/** An action of vCont and the threads it is for. */
interface Choice {
  readonly action: ResumeAction;
  readonly threads: ThreadSelector | undefined;
}

function parseChoice(text: string): Choice | undefined {
  const colon = text.indexOf(':');
  const verb = colon < 0 ? text : text.slice(0, colon);
  const threads = colon < 0 ? undefined : parseSelector(text.slice(colon + 1));
  if (colon >= 0 && threads === undefined) return undefined;
  switch (verb) {
    case 'c': return { action: { kind: 'continue', signal: 0 }, threads };
    case 's': return { action: { kind: 'step', signal: 0 }, threads };
    case 't': return { action: STAY, threads };
    default:
  }
  const signal = parseSignal(verb.slice(1));
  if (signal === undefined || !/^[CS]/.test(verb)) return undefined;
  return { action: { kind: verb.startsWith('C') ? 'continue' : 'step', signal }, threads };
}

/** vCont;ACTION:THREADS...: of the actions that name a thread, the first is its own; a thread no action names stays. */
export const resumeEach: Command = (dialogue, args) => {
  if (args === '?') return 'vCont;c;C;s;S;t';
  const choices = args.split(';').slice(1).map(parseChoice);
  const known = choices.filter((choice) => choice !== undefined);
  if (!args.startsWith(';') || known.length !== choices.length || known.length === 0) return REFUSED.invalid;
  return dialogue.resume((thread) => known.find(({ threads }) => threads === undefined || selects(threads, thread))?.action ?? STAY);
};

/** vCtrlC: as the interrupt byte. */
export const interrupt: Command = (dialogue) => {
  if (dialogue.running) dialogue.target.interrupt();
  return 'OK';
};

/** D and D;PID: the guest goes on without its debugger. */
export const detach: Command = (dialogue, args) => {
  const { target } = dialogue;
  const pid = args === '' ? undefined : parseNumber(args.slice(1));
  if (args !== '' && (!args.startsWith(';') || pid === undefined)) return REFUSED.invalid;
  if (pid !== undefined && !target.detach(Number(pid))) return REFUSED.noThread;
  if (pid === undefined) target.release();
  if (target.threads().length === 0 || pid === undefined) {
    target.release();
    dialogue.ended = 'detached';
  }
  return 'OK';
};

/** k: the machine ends. There is no reply. */
export const kill: Command = (dialogue) => {
  dialogue.ended = 'killed';
  return undefined;
};

/** vKill;PID: the same, with a reply. */
export const killProcess: Command = (dialogue, args) => {
  const pid = parseNumber(args.slice(1));
  if (!args.startsWith(';') || pid === undefined) return REFUSED.invalid;
  if (!dialogue.target.threads().some((thread) => BigInt(thread.pid) === pid)) return REFUSED.noThread;
  dialogue.ended = 'killed';
  return 'OK';
};

/** vAttach;PID. */
export const attach: Command = (dialogue, args) => {
  const { target } = dialogue;
  const pid = parseNumber(args.slice(1));
  if (!args.startsWith(';') || pid === undefined) return REFUSED.invalid;
  if (!target.attach(Number(pid))) return REFUSED.noThread;
  const thread = target.threads().find((candidate) => BigInt(candidate.pid) === pid);
  return thread === undefined ? REFUSED.noThread : stopReply(dialogue, { kind: 'stopped', thread, signal: 0, why: { kind: 'none' } });
};

