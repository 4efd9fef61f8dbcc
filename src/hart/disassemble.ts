/** From instruction bits to assembly text, in the form `objdump -M no-aliases` uses. */
import { findRow } from './decode.js';
import { csrName, type Encoded, extract, F_NAMES, type Operand, operandField, X_NAMES } from './isa/index.js';

const FENCE_LETTERS = 'iorw';
const ROUNDING = ['rne', 'rtz', 'rdn', 'rup', 'rmm'];
/** The rm field that stands for the mode in frm. */
const DYNAMIC = 7;

/**
 * The text of the instruction in `bits` at address `pc` (signed, canonical), with pc-relative targets as addresses.
 * A compressed instruction is expected in the low half. Illegal bits give ".word 0x..." or ".short 0x...".
 */
export function disassemble(bits: number, pc: number): string {
  const row = findRow(bits);
  if (row === undefined) {
    return (bits & 3) === 3 ? `.word 0x${(bits >>> 0).toString(16).padStart(8, '0')}` : `.short 0x${(bits & 0xffff).toString(16).padStart(4, '0')}`;
  }
  const name = row.name + ordering(row, bits);
  const text = row.syntax.replace(', rm', '').replace(/[a-z]+\d?/g, (operand) => operandText(row, operand as Operand, bits, pc));
  return text === '' ? name : `${name} ${text.replaceAll(', ', ',')}${rounding(row, bits)}`;
}

/** The last operand of what rounds: left away where it is the usual one, dynamic, or to nearest for conversions that are exact. */
function rounding(row: Encoded, bits: number): string {
  const { rm } = row.fields;
  if (rm === undefined) return '';
  const mode = extract(rm, bits);
  const usual = mode === DYNAMIC || (mode === 0 && !row.operands.includes('rm'));
  return usual ? '' : `,${ROUNDING[mode] ?? '?'}`;
}

/** The suffix that the aq and rl bits stand for. */
function ordering(row: Encoded, bits: number): string {
  const { aq, rl } = row.fields;
  const suffix = (aq && extract(aq, bits) ? 'aq' : '') + (rl && extract(rl, bits) ? 'rl' : '');
  return suffix === '' ? '' : `.${suffix}`;
}

function operandText(row: Encoded, operand: Operand, bits: number, pc: number): string {
  const name = operandField(operand);
  const field = name && row.fields[name];
  if (field === undefined) return operand;
  const content = extract(field, bits);
  switch (operand) {
    case 'rd': case 'rs1': case 'rs2': case 'rs3': return X_NAMES[content] ?? '?';
    case 'fd': case 'fs1': case 'fs2': case 'fs3': return F_NAMES[content] ?? '?';
    case 'target': return address(pc + content);
    case 'upper': return `0x${((content >>> 12) & 0xfffff).toString(16)}`;
    case 'shamt': return `0x${content.toString(16)}`;
    case 'csr': return csrName(content);
    case 'pred': case 'succ': return [...FENCE_LETTERS].filter((_, i) => content & (8 >> i)).join('') || '0';
    default: return String(content);
  }
}

const address = (va: number): string => `0x${BigInt.asUintN(64, BigInt(va)).toString(16)}`;
