/** Printing of trace events: one line of text (stable, diffable) or one line of NDJSON. */
import { hex } from './address.js';
import type { TraceEvent } from './trace.js';

/** Fields that are addresses, lengths, frames or bit sets. */
const hexFields: ReadonlySet<string> = new Set(['va', 'pa', 'pc', 'tval', 'addr', 'len', 'off', 'pfn', 'size', 'base', 'flags', 'align', 'bytes', 'entry', 'cmd', 'maplen']);

/** One event as a line of text without a newline: `kind name=value ...`. */
export function traceText(event: TraceEvent): string {
  let line: string = event.kind;
  for (const [name, value] of Object.entries(event.fields)) {
    line += ` ${name}=${typeof value !== 'string' && hexFields.has(name) ? hex(value) : String(value)}`;
  }
  return line;
}

const exact = (_name: string, value: unknown): unknown => (typeof value === 'bigint' ? hex(value) : value);

/** One event as a JSON object on one line: `seq`, `kind`, then its fields as they are; a word that no JSON number holds as a string, "0x...". */
export function traceJson({ seq, kind, fields }: TraceEvent): string {
  const odd = Object.values(fields).some((value) => typeof value === 'bigint');
  return JSON.stringify({ seq, kind, ...fields }, odd ? exact : undefined);
}
