/** What all parts of the oracle's decoder share: the decoded form, fields of words, and names as `objdump -M no-aliases` writes them. */

/** A decoded instruction: what to do, and how assembly language writes it (as `objdump -M no-aliases` does). */
export interface Decoded {
  /** Mnemonic of the full instruction, without .aq and .rl. */
  readonly op: string;
  readonly rd: number;
  readonly rs1: number;
  readonly rs2: number;
  /** Third source of a multiply-add. */
  readonly rs3?: number;
  /** The rounding-mode field where there is one. */
  readonly rm?: number;
  readonly imm: bigint;
  readonly length: 2 | 4;
  readonly text: string;
}

const abi = 'zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6'.split(' ');
export const X = (n: number): string => abi[n]!;
const floatAbi = 'ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5 fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11'.split(' ');
export const F = (n: number): string => floatAbi[n]!;
export const hex = (n: number | bigint): string => `0x${n.toString(16)}`;
export const address = (pc: number, offset: bigint): string => hex(BigInt.asUintN(64, BigInt(pc) + offset));
/** Sign-extends the low `width` bits. */
export const sext = (value: number, width: number): bigint => BigInt.asIntN(width, BigInt(value));
/** Bits high to low of a word. */
export const bits = (word: number, high: number, low: number): number => Math.floor((word >>> 0) / 2 ** low) % 2 ** (high - low + 1);

export const csrNames: Record<number, string> = {
  0x001: 'fflags', 0x002: 'frm', 0x003: 'fcsr', 0xc00: 'cycle', 0xc01: 'time', 0xc02: 'instret',
  0x100: 'sstatus', 0x104: 'sie', 0x105: 'stvec', 0x106: 'scounteren', 0x10a: 'senvcfg', 0x140: 'sscratch', 0x141: 'sepc', 0x142: 'scause', 0x143: 'stval', 0x144: 'sip', 0x180: 'satp',
  0xf11: 'mvendorid', 0xf12: 'marchid', 0xf13: 'mimpid', 0xf14: 'mhartid', 0xf15: 'mconfigptr',
  0x300: 'mstatus', 0x301: 'misa', 0x302: 'medeleg', 0x303: 'mideleg', 0x304: 'mie', 0x305: 'mtvec', 0x306: 'mcounteren', 0x30a: 'menvcfg', 0x320: 'mcountinhibit',
  0x340: 'mscratch', 0x341: 'mepc', 0x342: 'mcause', 0x343: 'mtval', 0x344: 'mip', 0x3a0: 'pmpcfg0', 0x3a2: 'pmpcfg2', 0xb00: 'mcycle', 0xb02: 'minstret',
  0x7a0: 'tselect', 0x7a1: 'tdata1', 0x7a2: 'tdata2', 0x7a3: 'tdata3', 0x7a4: 'tinfo',
};
for (let n = 0; n < 16; n++) csrNames[0x3b0 + n] = `pmpaddr${n}`;
for (let n = 3; n < 32; n++) [csrNames[0xb00 + n], csrNames[0xc00 + n], csrNames[0x320 + n]] = [`mhpmcounter${n}`, `hpmcounter${n}`, `mhpmevent${n}`];
