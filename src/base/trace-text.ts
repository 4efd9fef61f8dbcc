/** Printing of trace events: one line of text (stable, diffable) or one line of NDJSON. */
import { hex } from './address.js';
import type { TraceEvent } from './trace.js';

/** Fields that are addresses, lengths, frames or bit sets. */
const hexFields: ReadonlySet<string> = new Set(['va', 'pa', 'pc', 'tval', 'addr', 'len', 'off', 'pfn', 'size', 'base', 'flags', 'align', 'bytes', 'entry', 'cmd', 'maplen']);

/** One event as a line of text without a newline: `kind name=value ...`. */
export function traceText(event: TraceEvent): string {
  let line: string = event.kind;
  for (const [name, value] of Object.entries(event.fields)) {
    line += ` ${name}=${typeof value === 'number' && hexFields.has(name) ? hex(value) : String(value)}`;
  }
  return line;
}

/** One event as a JSON object on one line: `seq`, `kind`, then its fields as they are. */
export const traceJson = (event: TraceEvent): string => JSON.stringify({ seq: event.seq, kind: event.kind, ...event.fields });
