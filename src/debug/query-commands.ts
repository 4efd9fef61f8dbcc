/** H, T, q and Q: threads, features, descriptions, monitor commands. [GDB manual, E.4 "General Query Packets"] */
import { type Command, REFUSED } from './dialogue.js';
import { messageText, parseBytes, parseNumber } from './hex-text.js';
import { PACKET_SIZE } from './packet.js';
import { parseSelector, selects, threadText } from './thread-selector.js';

/** Thread ids in one reply of qfThreadInfo. */
const THREADS_A_REPLY = 100;

/** Features that need the debugger's consent, and are then on. */
const MUTUAL = new Set(['multiprocess', 'swbreak', 'hwbreak', 'fork-events', 'error-message']);

/** qSupported:FEATURES. */
export const supported: Command = (dialogue, args) => {
  const asked = args.slice(1).split(';').filter((feature) => feature.endsWith('+')).map((feature) => feature.slice(0, -1));
  dialogue.features = new Set(asked.filter((feature) => MUTUAL.has(feature)));
  if (dialogue.features.has('fork-events')) dialogue.target.followForks();
  const agreed = [...dialogue.features].map((feature) => `${feature}+`);
  return [
    `PacketSize=${PACKET_SIZE.toString(16)}`, 'QStartNoAckMode+', 'vContSupported+', 'QPassSignals+', 'qXfer:features:read+', 'qXfer:exec-file:read+',
    'binary-upload+', ...agreed,
  ].join(';');
};

/** QStartNoAckMode. The reply itself is acknowledged still. */
export const startNoAckMode: Command = (dialogue) => {
  dialogue.noAck = true;
  return 'OK';
};

/** QPassSignals:SIGNAL;SIGNAL...: signals the debugger need not hear of. */
export const passSignals: Command = (dialogue, args) => {
  const numbers = args.slice(1).split(';').filter((text) => text !== '').map(parseNumber);
  const known = numbers.filter((number) => number !== undefined);
  if (!args.startsWith(':') || known.length !== numbers.length) return REFUSED.invalid;
  dialogue.target.passSignals(known.map(Number));
  return 'OK';
};

/** Hg and Hc: the thread the commands that follow are for. */
export const selectThread: Command = (dialogue, args) => {
  const selector = parseSelector(args.slice(1));
  if (selector === undefined || !/^[gc]/.test(args)) return REFUSED.invalid;
  if (selector.tid > 0 && !dialogue.target.threads().some((thread) => selects(selector, thread))) return REFUSED.noThread;
  if (args.startsWith('g')) dialogue.general = selector;
  else dialogue.continuing = selector;
  return 'OK';
};

/** T THREAD: whether it lives. */
export const threadAlive: Command = (dialogue, args) => {
  const selector = parseSelector(args);
  if (selector === undefined || selector.tid <= 0) return REFUSED.invalid;
  const thread = dialogue.target.threads().find((candidate) => selects(selector, candidate));
  return thread !== undefined && dialogue.target.isAlive(thread) ? 'OK' : REFUSED.noThread;
};

/** qC: the current thread. */
export const currentThread: Command = (dialogue) => {
  const thread = dialogue.thread();
  return thread === undefined ? REFUSED.noThread : `QC${threadText(thread, dialogue.multiprocess)}`;
};

/** qfThreadInfo and qsThreadInfo: all threads, some a reply, then l. */
export const firstThreads: Command = (dialogue, args) => {
  dialogue.threadsLeft = dialogue.target.threads();
  return nextThreads(dialogue, args);
};
/** qsThreadInfo: the next threads that firstThreads has found, or l where none is left. */
export const nextThreads: Command = (dialogue) => {
  const some = dialogue.threadsLeft.splice(0, THREADS_A_REPLY);
  return some.length === 0 ? 'l' : `m${some.map((thread) => threadText(thread, dialogue.multiprocess)).join(',')}`;
};

/** qThreadExtraInfo,THREAD: a line about it. */
export const threadInfo: Command = (dialogue, args) => {
  const selector = parseSelector(args.slice(1));
  if (!args.startsWith(',') || selector === undefined) return REFUSED.invalid;
  const thread = dialogue.target.threads().find((candidate) => selects(selector, candidate));
  return thread === undefined ? REFUSED.noThread : messageText(dialogue.target.describeThread(thread));
};

/** A part of an object for qXfer: m where more follows, l at the end. */
function part(object: string, offsetText: string, lengthText: string): string {
  const [offset, length] = [parseNumber(offsetText), parseNumber(lengthText)];
  if (offset === undefined || length === undefined || offset > BigInt(object.length)) return REFUSED.invalid;
  const at = Number(offset);
  const end = at + Math.min(Number(length), PACKET_SIZE / 2);
  return `${end < object.length ? 'm' : 'l'}${object.slice(at, end)}`;
}

/** qXfer:OBJECT:read:ANNEX:OFFSET,LENGTH. */
export const transfer: Command = (dialogue, args) => {
  const [, object, verb, annex = '', span = ''] = args.split(':');
  const [offset = '', length = ''] = span.split(',');
  if (verb !== 'read') return '';
  if (object === 'features') return annex === 'target.xml' ? part(dialogue.target.description, offset, length) : 'E00';
  if (object !== 'exec-file') return '';
  const pid = annex === '' ? dialogue.thread()?.pid : Number(parseNumber(annex) ?? 0n);
  const path = pid === undefined ? undefined : dialogue.target.executable(pid);
  return path === undefined ? REFUSED.noThread : part(path, offset, length);
};

/** qAttached: always 1, so that a debugger that goes away detaches and does not kill. */
export const attached: Command = () => '1';

/** Characters of output in one O packet. */
const OUTPUT_CHUNK = 2000;

/** qRcmd,HEX: a monitor command. */
export const monitorCommand: Command = (dialogue, args) => {
  const bytes = parseBytes(args.slice(1));
  if (!args.startsWith(',') || bytes === undefined) return REFUSED.invalid;
  const command = new TextDecoder().decode(bytes);
  const why = `${dialogue.refusal ?? 'no memory access was refused'}\n`;
  const output = command.trim() === 'why' ? why : dialogue.target.monitor(command, dialogue.thread());
  for (let at = 0; at < output.length; at += OUTPUT_CHUNK) dialogue.send(`O${messageText(output.slice(at, at + OUTPUT_CHUNK))}`);
  return 'OK';
};
