/** Finding the compressed form of an instruction, for `.option rvc`. */
import { COMPRESSED, encode, fieldError } from './isa.js';
import type { CompressedInstruction, FieldName } from './isa.js';

let candidates: ReadonlyMap<string, readonly CompressedInstruction[]> | undefined;

/** Compressed rows by the instruction they expand to; made on first use, because it parses every row. */
function compressedFormsOf(name: string): readonly CompressedInstruction[] {
  if (candidates === undefined) {
    const map = new Map<string, CompressedInstruction[]>();
    for (const row of COMPRESSED) map.set(row.expansion.name, [...(map.get(row.expansion.name) ?? []), row]);
    candidates = map;
  }
  return candidates.get(name) ?? [];
}

/** The 16 bits of a compressed instruction that expands to `name` with these field values; undefined where there is none. */
export function compress(name: string, values: { readonly [field in FieldName]?: number }): number | undefined {
  for (const row of compressedFormsOf(name)) {
    const found = solve(row, values);
    if (found !== undefined) return encode(row, found);
  }
  return undefined;
}

function solve(row: CompressedInstruction, values: { readonly [field in FieldName]?: number }): { [field in FieldName]?: number } | undefined {
  const found: { [field in FieldName]?: number } = {};
  for (const [full, source] of Object.entries(row.expansion.values)) {
    const value = values[full as FieldName] ?? 0;
    if (typeof source === 'number') {
      if (source !== value) return undefined;
    } else {
      if ((found[source.name] ?? value) !== value || fieldError(source, value) !== undefined) return undefined;
      found[source.name] = value;
    }
  }
  return found;
}
