/** How results and codes print in a scenario trace. */
import { errnoName, hex } from '../../base/index.js';
import { FC_CODE, FC_ERRNO, FC_OBJERR } from '../../vm/index.js';

const FC_NAMES = ['0', 'FC_HWERR', 'FC_ALIGN', 'FC_OBJERR', 'FC_PROT', 'FC_NOMAP', 'FC_NOSUPPORT'];

/** An errno by name; numbers that are none as `E1234`, negative ones as they are. */
export function errnoText(errno: number): string {
  if (errno <= 0) return String(errno);
  const name = errnoName(errno);
  return /^\d/.test(name) ? `E${name}` : name;
}

/** A fault code by name. */
export function codeText(code: number): string {
  if (FC_CODE(code) === FC_OBJERR) return `FC_OBJERR(${errnoText(FC_ERRNO(code))})`;
  return FC_NAMES[code] ?? `FC?${hex(code >>> 0)}`;
}

/** A DDI result by name. */
export const ddiText = (code: number): string => (code === 0 ? 'DDI_SUCCESS' : code === -1 ? 'DDI_FAILURE' : `DDI(${code})`);
