/** Decoding of floating-point arithmetic. */
import { F, X, bits } from './decode-fields.js';
import type { Decoded } from './decode-fields.js';
import { floatRow } from './float-encodings.js';

/** How a rounding mode is written behind the operands; modes 5 and 6 are reserved, 7 takes that of frm and is not written. */
const MODES: readonly (string | undefined)[] = [',rne', ',rtz', ',rdn', ',rup', ',rmm', undefined, undefined, ''];
/** Conversions that are always exact: assembly language writes them without a mode, which is 0. */
const EXACT = new Set(['fcvt.d.s', 'fcvt.d.w', 'fcvt.d.wu']);

/** Decodes OP-FP and the multiply-adds; undefined for anything else. */
export function floatArithmetic(w: number): Decoded | undefined {
  const row = floatRow(w);
  if (row === undefined) return undefined;
  const [rd, rm, rs1, rs2, rs3] = [bits(w, 11, 7), bits(w, 14, 12), bits(w, 19, 15), bits(w, 24, 20), bits(w, 31, 27)];
  const mode = row.rm ? MODES[rm] : '';
  if (mode === undefined) return undefined;
  const operands = [row.rd === 'x' ? X(rd) : F(rd), row.rs1 === 'x' ? X(rs1) : F(rs1), ...(row.rs2 ? [F(rs2)] : []), ...(row.rs3 ? [F(rs3)] : [])];
  const text = `${row.op} ${operands.join(',')}${EXACT.has(row.op) && rm === 0 ? '' : mode}`;
  return { op: row.op, rd, rs1, rs2, rs3, ...(row.rm ? { rm } : {}), imm: 0n, length: 4, text };
}
