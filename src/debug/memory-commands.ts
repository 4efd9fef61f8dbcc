/** m, M, x and X: memory. */
import { type Command, type Dialogue, REFUSED } from './dialogue.js';
import { bytesText, parseBytes, parseNumber } from './hex-text.js';
import { fromBytes, PACKET_SIZE, toBytes } from './packet.js';

/** Bytes one packet can carry as digits. */
const MOST = PACKET_SIZE / 2 - 16;

/** `address,length`, and what follows a colon. */
interface Span {
  readonly address: bigint;
  readonly length: number;
  readonly rest: string | undefined;
}

function parseSpan(args: string): Span | undefined {
  const colon = args.indexOf(':');
  const [address, length, more] = (colon < 0 ? args : args.slice(0, colon)).split(',').map(parseNumber);
  if (address === undefined || length === undefined || more !== undefined || address + length > 1n << 64n) return undefined;
  return { address, length: Number(length), rest: colon < 0 ? undefined : args.slice(colon + 1) };
}

/** An error that says why, to a debugger that understands that; others may ask with `monitor why`. */
function because(dialogue: Dialogue, why: string): string {
  dialogue.refusal = why;
  return dialogue.features.has('error-message') ? `E.${why}` : REFUSED.fault;
}

function read(dialogue: Dialogue, args: string, reply: (bytes: Uint8Array) => string): string {
  const span = parseSpan(args);
  const thread = dialogue.thread();
  if (span === undefined || span.rest !== undefined) return REFUSED.invalid;
  if (thread === undefined) return REFUSED.noThread;
  const { bytes, refused } = dialogue.target.readMemory(thread, span.address, Math.min(span.length, MOST));
  if (bytes.length > 0 || span.length === 0) return reply(bytes);
  return because(dialogue, refused ?? 'it cannot be read');
}

function write(dialogue: Dialogue, args: string, parse: (text: string) => Uint8Array | undefined): string {
  const span = parseSpan(args);
  const thread = dialogue.thread();
  const bytes = span?.rest === undefined ? undefined : parse(span.rest);
  if (span === undefined || bytes === undefined || bytes.length !== span.length) return REFUSED.invalid;
  if (thread === undefined) return REFUSED.noThread;
  if (bytes.length === 0) return 'OK';
  const refused = dialogue.target.writeMemory(thread, span.address, bytes);
  return refused === undefined ? 'OK' : because(dialogue, refused);
}

/** m ADDRESS,LENGTH: digits of as many bytes as can be read. */
export const readMemory: Command = (dialogue, args) => read(dialogue, args, bytesText);

/** x ADDRESS,LENGTH: the same as bytes, behind a b. */
export const readBinary: Command = (dialogue, args) => read(dialogue, args, (bytes) => `b${fromBytes(bytes)}`);

/** M ADDRESS,LENGTH:DIGITS. */
export const writeMemory: Command = (dialogue, args) => write(dialogue, args, parseBytes);

/** X ADDRESS,LENGTH:BYTES. */
export const writeBinary: Command = (dialogue, args) => write(dialogue, args, toBytes);
