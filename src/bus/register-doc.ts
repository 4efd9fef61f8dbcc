/** Documentation made from register data, so that a driver's README cannot differ from its hardware. */
import { hex } from '../base/index.js';
import type { RegisterSpec } from './register-spec.js';

const meaning: Readonly<Record<RegisterSpec['access'], string>> = { ro: 'read only', rw: 'read/write', w1c: 'write 1 to clear', wo: 'write only' };

/** Registers as a Markdown table, by offset: offset, name, width in bits, access, reset value, reserved bits, description. */
export function registerTable(registers: readonly RegisterSpec[]): string {
  const rows = registers.toSorted((a, b) => a.offset - b.offset).map((spec) => {
    const access = spec.latched === true ? `${meaning[spec.access]}, latched` : meaning[spec.access];
    const cells = [`0x${spec.offset.toString(16).padStart(3, '0')}`, `\`${spec.name}\``, spec.size * 8, access, hex(spec.reset), spec.reserved === 0n ? 'none' : hex(spec.reserved), spec.doc];
    return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| offset | register | bits | access | reset | reserved bits | what it is |', '| --- | --- | --- | --- | --- | --- | --- |', ...rows].join('\n');
}
