/** Z0 to Z4 and z0 to z4: breakpoints and watchpoints. [GDB manual, E.2 "Packets"] */
import { type Command, REFUSED } from './dialogue.js';
import { parseNumber } from './hex-text.js';
import type { StopPoint } from './target.js';
import { ANY, ALL } from './thread-selector.js';

/** Software and hardware breakpoints are the same here: neither writes to the program. */
const KINDS: Readonly<Record<string, StopPoint['kind']>> = { 0: 'breakpoint', 1: 'breakpoint', 2: 'write', 3: 'read', 4: 'access' };
/** Bytes one watchpoint may cover. */
const LONGEST = 1n << 32n;

/** The point of `TYPE,ADDRESS,KIND`; '' for a type nobody knows; undefined for a bad packet. Conditions and commands were not offered. */
function parsePoint(args: string): StopPoint | '' | undefined {
  const [type = '', addressText = '', kindText = '', more] = args.split(/[,;]/);
  const kind = KINDS[type];
  if (kind === undefined) return /^[0-9a-f]$/i.test(type) ? '' : undefined;
  const address = parseNumber(addressText);
  const length = parseNumber(kindText);
  if (address === undefined || length === undefined || more !== undefined) return undefined;
  if (kind === 'breakpoint') return { kind, address };
  return length > 0n && length <= LONGEST && address + length <= 1n << 64n ? { kind, address, length: Number(length) } : undefined;
}

const command = (setting: boolean): Command => (dialogue, args) => {
  const point = parsePoint(args);
  if (point === undefined) return REFUSED.invalid;
  if (point === '') return '';
  const { general, target } = dialogue;
  const pid = general !== undefined && general.pid !== ANY && general.pid !== ALL ? general.pid : dialogue.thread()?.pid;
  if (pid === undefined) return REFUSED.noThread;
  return (setting ? target.setStop(pid, point) : target.clearStop(pid, point)) ? 'OK' : REFUSED.invalid;
};

/** Z TYPE,ADDRESS,KIND: sets a breakpoint or watchpoint. An empty answer for a type nobody knows. */
export const setStop: Command = command(true);
/** z TYPE,ADDRESS,KIND: takes a breakpoint or watchpoint away. */
export const clearStop: Command = command(false);
