/** Names and numbers of control and status registers. [RISC-V privileged ISA, CSR Listing] */
import { once } from '../../base/index.js';

/** The CSRs known by name, but for the numbered families: those the hart has, and those an assembler may want to write. */
export const CSR_NAMES = {
  fflags: 0x001, frm: 0x002, fcsr: 0x003,
  cycle: 0xc00, time: 0xc01, instret: 0xc02,
  sstatus: 0x100, sie: 0x104, stvec: 0x105, scounteren: 0x106, senvcfg: 0x10a,
  sscratch: 0x140, sepc: 0x141, scause: 0x142, stval: 0x143, sip: 0x144, satp: 0x180,
  mvendorid: 0xf11, marchid: 0xf12, mimpid: 0xf13, mhartid: 0xf14, mconfigptr: 0xf15,
  mstatus: 0x300, misa: 0x301, medeleg: 0x302, mideleg: 0x303, mie: 0x304, mtvec: 0x305, mcounteren: 0x306, menvcfg: 0x30a,
  mcountinhibit: 0x320,
  mscratch: 0x340, mepc: 0x341, mcause: 0x342, mtval: 0x343, mip: 0x344,
  pmpcfg0: 0x3a0, pmpcfg2: 0x3a2,
  tselect: 0x7a0, tdata1: 0x7a1, tdata2: 0x7a2, tdata3: 0x7a3, tinfo: 0x7a4,
  mcycle: 0xb00, minstret: 0xb02,
} as const;

/** A CSR this project knows by name. */
export type CsrName = keyof typeof CSR_NAMES;

/** CSRs that differ in a number at the end of their names: the numbers of the first and last, and the CSR number of the first. */
export const CSR_FAMILIES = {
  pmpaddr: [0, 15, 0x3b0],
  mhpmcounter: [3, 31, 0xb03],
  mhpmevent: [3, 31, 0x323],
  hpmcounter: [3, 31, 0xc03],
} as const;

const families = (): readonly (readonly [name: string, number: number])[] => Object.entries(CSR_FAMILIES).flatMap(([family, [first, last, number]]) =>
  Array.from({ length: last - first + 1 }, (_, n): [string, number] => [`${family}${first + n}`, number + n]));
const numbers = once((): ReadonlyMap<string, number> => new Map([...Object.entries(CSR_NAMES), ...families()]));
const names = once((): ReadonlyMap<number, string> => new Map([...numbers()].map(([name, number]) => [number, name])));

/** The name of a CSR, or its number in hexadecimal where it has none here. */
export const csrName = (number: number): string => names().get(number) ?? `0x${number.toString(16)}`;

/** The number of a CSR name, undefined where the name is unknown. */
export const csrNumber = (name: string): number | undefined => numbers().get(name);
