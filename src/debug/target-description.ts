/**
 * The registers of RV64 as GDB numbers them, and their description as XML.
 * [GDB manual, appendix G "Target Descriptions", G.5.12 "RISC-V Features"; numbers as in gdb/riscv-tdep.h]
 */

/** One register of the description. */
export interface TargetRegister {
  readonly name: string;
  /** Number in p and P packets. */
  readonly number: number;
  readonly bits: 32 | 64;
  /** Where it is: an x register, the pc, an f register, a CSR by its number, or the privilege mode. */
  readonly file: 'x' | 'pc' | 'f' | 'csr' | 'priv';
  /** Its number there. */
  readonly index: number;
}

const FIRST_F = 33;
const FIRST_CSR = 65;
const PRIV = 4161;

const X_NAMES = [
  'zero', 'ra', 'sp', 'gp', 'tp', 't0', 't1', 't2', 'fp', 's1', 'a0', 'a1', 'a2', 'a3', 'a4', 'a5',
  'a6', 'a7', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9', 's10', 's11', 't3', 't4', 't5', 't6',
] as const;
const F_NAMES = [
  'ft0', 'ft1', 'ft2', 'ft3', 'ft4', 'ft5', 'ft6', 'ft7', 'fs0', 'fs1', 'fa0', 'fa1', 'fa2', 'fa3', 'fa4', 'fa5',
  'fa6', 'fa7', 'fs2', 'fs3', 'fs4', 'fs5', 'fs6', 'fs7', 'fs8', 'fs9', 'fs10', 'fs11', 'ft8', 'ft9', 'ft10', 'ft11',
] as const;
/** The floating-point CSRs, part of the feature of the f registers. */
const FLOAT_CSRS = [['fflags', 1], ['frm', 2], ['fcsr', 3]] as const;

/** x0 to x31 and pc: numbers 0 to 32. */
const CPU: readonly TargetRegister[] = [
  ...X_NAMES.map((name, n): TargetRegister => ({ name, number: n, bits: 64, file: 'x', index: n })),
  { name: 'pc', number: 32, bits: 64, file: 'pc', index: 0 },
];

const FPU: readonly TargetRegister[] = [
  ...F_NAMES.map((name, n): TargetRegister => ({ name, number: FIRST_F + n, bits: 64, file: 'f', index: n })),
  ...FLOAT_CSRS.map(([name, n]): TargetRegister => ({ name, number: FIRST_CSR + n, bits: 32, file: 'csr', index: n })),
];

/** Registers of the g packet: those of the cpu feature. The others are asked for one by one. */
export const PACKET_REGISTERS: number = CPU.length;

/** Number of the pc. */
export const PC_REGISTER = 32;

const typeOf = (register: TargetRegister): string => {
  if (register.file === 'f') return 'riscv_double';
  if (register.file === 'pc') return 'code_ptr';
  return register.file === 'x' && /^(sp|gp|tp|fp)$/.test(register.name) ? 'data_ptr' : 'int';
};

const line = (register: TargetRegister): string =>
  `<reg name="${register.name}" bitsize="${register.bits}" type="${typeOf(register)}" regnum="${register.number}"/>`;

const feature = (name: string, before: string, registers: readonly TargetRegister[]): string =>
  registers.length === 0 ? '' : `<feature name="org.gnu.gdb.riscv.${name}">${before}${registers.map(line).join('')}</feature>`;

const DOUBLE = '<union id="riscv_double"><field name="float" type="ieee_single"/><field name="double" type="ieee_double"/></union>';

/** A whole description. */
export interface TargetDescription {
  /** By ascending number. */
  readonly registers: readonly TargetRegister[];
  readonly xml: string;
}

/**
 * Describes a target.
 * @param o.csrs the CSRs to show besides the floating-point ones: name and number
 * @param o.osabi `GNU/Linux` for processes; absent for bare machines
 * @param o.privilege whether the privilege mode is shown, as register `priv`
 */
export function describeTarget(o: { csrs: readonly (readonly [name: string, number: number])[]; osabi?: string; privilege: boolean }): TargetDescription {
  const csrs = o.csrs
    .filter(([, number]) => number > 3)
    .map(([name, number]): TargetRegister => ({ name, number: FIRST_CSR + number, bits: 64, file: 'csr', index: number }))
    .sort((a, b) => a.number - b.number);
  const priv: readonly TargetRegister[] = o.privilege ? [{ name: 'priv', number: PRIV, bits: 64, file: 'priv', index: 0 }] : [];
  const xml = [
    '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd"><target version="1.0">',
    '<architecture>riscv:rv64</architecture>',
    o.osabi === undefined ? '' : `<osabi>${o.osabi}</osabi>`,
    feature('cpu', '', CPU), feature('fpu', DOUBLE, FPU), feature('csr', '', csrs), feature('virtual', '', priv),
    '</target>',
  ].join('');
  return { registers: [...CPU, ...FPU, ...csrs, ...priv], xml };
}
