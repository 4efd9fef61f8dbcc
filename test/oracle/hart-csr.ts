/**
 * The control and status registers of the oracle, from the manual's descriptions of them: one 64-bit value each, with a
 * mask of the bits software can change. [RISC-V privileged ISA, Machine-Level ISA and Supervisor-Level ISA]
 *
 * What the manual leaves open is taken as the product has it: no counters but cycle, time and instret, the others are 0;
 * one cycle an instruction and a tick of time every hundred; an instruction that starts or stops a counter is not
 * counted by it; a reserved MPP, satp.MODE or CBIE keeps the old one; all the bits of cause and tval exist; no triggers.
 */
import { OraclePmp } from './hart-pmp.js';

const FIELDS: Readonly<Record<string, readonly [shift: number, width: number]>> = {
  SIE: [1, 1], MIE: [3, 1], SPIE: [5, 1], MPIE: [7, 1], SPP: [8, 1], MPP: [11, 2], FS: [13, 2], MPRV: [17, 1], SUM: [18, 1], MXR: [19, 1], TVM: [20, 1], TW: [21, 1], TSR: [22, 1],
};
const all = (1n << 64n) - 1n;
const bitsOf = (...names: string[]): bigint => names.reduce((mask, name) => mask | (((1n << BigInt(FIELDS[name]![1])) - 1n) << BigInt(FIELDS[name]![0])), 0n);
const S_STATUS = bitsOf('SIE', 'SPIE', 'SPP', 'FS', 'SUM', 'MXR');
const M_STATUS = bitsOf(...Object.keys(FIELDS));
const S_INTERRUPTS = (1n << 1n) | (1n << 5n) | (1n << 9n);
const M_INTERRUPTS = (1n << 3n) | (1n << 7n) | (1n << 11n);
/** Exceptions that can be delegated: 0 to 9, 12, 13, 15. */
const DELEGABLE = 0x3ffn | (1n << 12n) | (1n << 13n) | (1n << 15n);
const MISA = (2n << 62n) | [0, 1, 2, 3, 5, 8, 12, 18, 20].reduce((bits, n) => bits | (1n << BigInt(n)), 0n); // A B C D F I M S U
/** Fields of menvcfg and senvcfg: FIOM, CBIE, CBCFE, CBZE; menvcfg alone has ADUE and PBMTE. */
const [CBIE, CBCFE, CBZE, ADUE, PBMTE] = [3n << 4n, 1n << 6n, 1n << 7n, 1n << 61n, 1n << 62n];
const S_ENVIRONMENT = 1n | CBIE | CBCFE | CBZE;
/** mcountinhibit: cycle and instret can be stopped. */
const [CY, IR] = [1n, 4n];
const XL = { UXL: 2n << 32n, SXL: 2n << 34n };

/** The CSRs of one oracle hart. */
export class CsrFile {
  /** Privilege mode: 0 user, 1 supervisor, 3 machine. */
  priv: 0 | 1 | 3 = 3;
  /** Exception flags and rounding mode of floating point. */
  fflags = 0;
  frm = 0;
  readonly pmp: OraclePmp | undefined;
  #status = 0n;
  #mie = 0n;
  #mip = 0n;
  /** What mcycle and minstret are ahead of the instructions retired; their values while they are stopped. */
  readonly #ahead: [bigint, bigint] = [0n, 0n];
  readonly #stopped: [bigint | undefined, bigint | undefined] = [undefined, undefined];
  /** Registers without a life of their own, by number. */
  readonly #plain = new Map<number, bigint>();
  readonly #hartId: bigint;

  /** @param pmp whether there is physical memory protection; without, everything is allowed and its registers do not exist */
  constructor(hartId: number, pmp: boolean) {
    this.#hartId = BigInt(hartId);
    this.pmp = pmp ? new OraclePmp() : undefined;
    this.#plain.set(0x30a, PBMTE);
  }

  /** Whether the hart keeps the A and D bits of page tables itself (Svadu). */
  get hardwareAd(): boolean {
    return (this.#get(0x30a) & ADUE) !== 0n;
  }
  set hardwareAd(on: boolean) {
    this.#plain.set(0x30a, on ? this.#get(0x30a) | ADUE : this.#get(0x30a) & ~ADUE);
  }

  get svpbmt(): boolean {
    return (this.#get(0x30a) & PBMTE) !== 0n;
  }

  #counter(which: 0 | 1, retired: bigint): bigint {
    return this.#stopped[which] ?? (retired + this.#ahead[which]) & all;
  }

  /** The next instruction reads `value`: this one's own retirement does not count. */
  #setCounter(which: 0 | 1, value: bigint, retired: bigint): void {
    if (this.#stopped[which] === undefined) this.#ahead[which] = value - (retired + 1n);
    else this.#stopped[which] = value;
  }

  #inhibit(which: 0 | 1, stop: boolean, retired: bigint): void {
    if (stop === (this.#stopped[which] !== undefined)) return;
    const value = this.#counter(which, retired);
    this.#stopped[which] = stop ? value : undefined;
    if (!stop) this.#setCounter(which, value, retired);
  }

  /** A field of mstatus. */
  field(name: string): bigint {
    const [shift, width] = FIELDS[name]!;
    return (this.#status >> BigInt(shift)) & ((1n << BigInt(width)) - 1n);
  }

  #setField(name: string, value: bigint): void {
    this.#status = (this.#status & ~bitsOf(name)) | (value << BigInt(FIELDS[name]![0]));
  }

  get satp(): bigint {
    return this.#get(0x180);
  }

  /** What a kernel has done for its user programs: cycle, time and instret can be read, floating point and cache-block instructions work. */
  prepareUser(): void {
    this.#plain.set(0x306, 7n);
    this.#plain.set(0x106, 7n);
    this.#plain.set(0x30a, this.#get(0x30a) | S_ENVIRONMENT & ~(2n << 4n));
    this.#plain.set(0x10a, S_ENVIRONMENT & ~(2n << 4n));
    this.#setField('FS', 3n);
  }

  /** Called by every floating-point instruction: false where FS is off; FS is dirty from here on. */
  useFloat(): boolean {
    if (this.field('FS') === 0n) return false;
    this.#setField('FS', 3n);
    return true;
  }

  /** Whether the present mode may execute a cache-block instruction. */
  mayManageCaches(op: 'cbo.zero' | 'cbo.clean' | 'cbo.flush' | 'cbo.inval'): boolean {
    const bits = op === 'cbo.zero' ? CBZE : op === 'cbo.inval' ? CBIE : CBCFE;
    return this.priv === 3 || ((this.#get(0x30a) & bits) !== 0n && (this.priv === 1 || (this.#get(0x10a) & bits) !== 0n));
  }

  /** Privilege mode of loads and stores. */
  get dataPriv(): number {
    return this.field('MPRV') === 1n ? Number(this.field('MPP')) : this.priv;
  }

  #get(number: number): bigint {
    return this.#plain.get(number) ?? 0n;
  }

  // --- access by instructions

  /** Value of a CSR for an instruction that also writes it or not; undefined where the access is illegal. */
  read(number: number, writes: boolean, retired: bigint): bigint | undefined {
    if (this.priv < ((number >> 8) & 3) || (writes && number >> 10 === 3)) return undefined;
    if (number <= 3 && this.field('FS') === 0n) return undefined;
    if (number === 0x180 && this.priv === 1 && this.field('TVM') === 1n) return undefined;
    if (number >= 0xc00 && number <= 0xc1f) {
      const bit = BigInt(number - 0xc00);
      if (this.priv < 3 && ((this.#get(0x306) >> bit) & 1n) === 0n) return undefined;
      if (this.priv < 1 && ((this.#get(0x106) >> bit) & 1n) === 0n) return undefined;
    }
    return this.#value(number, retired);
  }

  /** SD: whether there is state that a context switch must save. */
  #summary(): bigint {
    return this.field('FS') === 3n ? 1n << 63n : 0n;
  }

  #value(number: number, retired: bigint): bigint | undefined {
    switch (number) {
      case 1: return BigInt(this.fflags);
      case 2: return BigInt(this.frm);
      case 3: return BigInt((this.frm << 5) | this.fflags);
      case 0xc00: case 0xb00: return this.#counter(0, retired);
      case 0xc01: return retired / 100n;
      case 0xc02: case 0xb02: return this.#counter(1, retired);
      case 0x7a0: case 0x7a1: case 0x7a2: case 0x7a3: case 0xf11: case 0xf12: case 0xf13: case 0xf15: return 0n;
      case 0x7a4: return 1n; // no trigger has a type
      case 0xf14: return this.#hartId;
      case 0x301: return MISA;
      case 0x300: return this.#status | XL.UXL | XL.SXL | this.#summary();
      case 0x100: return (this.#status & S_STATUS) | XL.UXL | this.#summary();
      case 0x304: return this.#mie;
      case 0x344: return this.#mip;
      case 0x104: return this.#mie & this.#get(0x303);
      case 0x144: return this.#mip & this.#get(0x303);
      case 0x3a0: case 0x3a2: return this.pmp?.readConfig(number === 0x3a0 ? 0 : 8);
      // tvec, counteren, scratch, epc, cause, tval, satp, delegation
      case 0x105: case 0x106: case 0x10a: case 0x140: case 0x141: case 0x142: case 0x143: case 0x180:
      case 0x302: case 0x303: case 0x305: case 0x306: case 0x30a: case 0x320: case 0x340: case 0x341: case 0x342: case 0x343: return this.#get(number);
      default:
    }
    if (number >= 0x3b0 && number <= 0x3bf) return this.pmp?.readAddress(number - 0x3b0);
    // hpmcounter3 and up, with their events
    return [0xc00, 0xb00, 0x320].some((first) => number >= first + 3 && number <= first + 31) ? 0n : undefined;
  }

  /** Writes a CSR whose access `read` has allowed. */
  write(number: number, value: bigint, retired: bigint): void {
    const mask = (bits: bigint, old: bigint): bigint => (old & ~bits) | (value & bits);
    const delegated = this.#get(0x303);
    if (number <= 3) {
      this.#setField('FS', 3n);
      if (number !== 2) this.fflags = Number(value & 31n);
      if (number !== 1) this.frm = Number((number === 2 ? value : value >> 5n) & 7n);
      return;
    }
    switch (number) {
      case 0xb00: this.#setCounter(0, value, retired); break;
      case 0xb02: this.#setCounter(1, value, retired); break;
      case 0x320:
        this.#plain.set(number, value & (CY | IR));
        this.#inhibit(0, (value & CY) !== 0n, retired);
        this.#inhibit(1, (value & IR) !== 0n, retired);
        break;
      case 0x30a: case 0x10a: {
        const old = this.#get(number);
        const legal = (value & CBIE) === 2n << 4n ? (value & ~CBIE) | (old & CBIE) : value;
        this.#plain.set(number, legal & (number === 0x30a ? S_ENVIRONMENT | ADUE | PBMTE : S_ENVIRONMENT));
        break;
      }
      case 0x3a0: case 0x3a2: this.pmp!.writeConfig(number === 0x3a0 ? 0 : 8, value); break;
      case 0x300: {
        const mpp = this.field('MPP');
        this.#status = mask(M_STATUS, this.#status);
        if (this.field('MPP') === 2n) this.#setField('MPP', mpp);
        break;
      }
      case 0x100: this.#status = mask(S_STATUS, this.#status); break;
      case 0x304: this.#mie = mask(S_INTERRUPTS | M_INTERRUPTS, this.#mie); break;
      case 0x104: this.#mie = mask((S_INTERRUPTS | M_INTERRUPTS) & delegated, this.#mie); break;
      case 0x344: this.#mip = mask(S_INTERRUPTS, this.#mip); break;
      case 0x144: this.#mip = mask(2n & delegated, this.#mip); break;
      case 0x302: this.#plain.set(number, value & DELEGABLE); break;
      case 0x303: this.#plain.set(number, value & S_INTERRUPTS); break;
      case 0x305: case 0x105: this.#plain.set(number, value & ~2n); break;
      case 0x306: case 0x106: this.#plain.set(number, value & 0xffff_ffffn); break;
      case 0x341: case 0x141: this.#plain.set(number, value & ~1n); break;
      case 0x180: if (value >> 60n === 0n || value >> 60n === 8n) this.#plain.set(number, value); break;
      case 0x140: case 0x142: case 0x143: case 0x340: case 0x342: case 0x343: this.#plain.set(number, value); break;
      default: // pmpaddr; else read-only zero, or one legal value
        if (number >= 0x3b0 && number <= 0x3bf) this.pmp!.writeAddress(number - 0x3b0, value);
    }
  }

  // --- traps

  /** Takes a trap at `pc` and returns where its handler is. `cause` has bit 63 set for an interrupt. */
  enterTrap(pc: bigint, cause: bigint, tval: bigint): bigint {
    const interrupt = cause >> 63n === 1n;
    const code = cause & 63n;
    const supervisor = this.priv < 3 && ((this.#get(interrupt ? 0x303 : 0x302) >> code) & 1n) === 1n;
    const set = supervisor ? 0x100 : 0x300;
    this.#plain.set(set + 0x41, pc);
    this.#plain.set(set + 0x42, cause);
    this.#plain.set(set + 0x43, tval & all);
    const [ie, pie, pp] = supervisor ? ['SIE', 'SPIE', 'SPP'] as const : ['MIE', 'MPIE', 'MPP'] as const;
    this.#setField(pie, this.field(ie));
    this.#setField(ie, 0n);
    this.#setField(pp, BigInt(this.priv));
    this.priv = supervisor ? 1 : 3;
    const tvec = this.#get(set + 5);
    return (tvec & ~3n) + (interrupt && (tvec & 1n) === 1n ? 4n * code : 0n);
  }

  /** mret or sret: the address to go on at, undefined where it is illegal. */
  returnFrom(op: 'mret' | 'sret'): bigint | undefined {
    if (op === 'mret' ? this.priv !== 3 : this.priv === 0 || (this.priv === 1 && this.field('TSR') === 1n)) return undefined;
    const [ie, pie, pp] = op === 'mret' ? ['MIE', 'MPIE', 'MPP'] as const : ['SIE', 'SPIE', 'SPP'] as const;
    this.priv = Number(this.field(pp)) as 0 | 1 | 3;
    this.#setField(ie, this.field(pie));
    this.#setField(pie, 1n);
    this.#setField(pp, 0n);
    if (this.priv !== 3) this.#setField('MPRV', 0n);
    return this.#get(op === 'mret' ? 0x341 : 0x141);
  }

  mayWait(): boolean {
    return this.priv === 3 || (this.priv === 1 && this.field('TW') === 0n);
  }

  /** Whether wfi goes on at once. */
  wakes(): boolean {
    return (this.#mip & this.#mie) !== 0n;
  }

  mayFence(): boolean {
    return this.priv === 3 || (this.priv === 1 && this.field('TVM') === 0n);
  }

  /** The interrupt to be taken before the next instruction, by code. */
  pendingInterrupt(): bigint | undefined {
    const delegated = this.#get(0x303);
    const pending = this.#mip & this.#mie;
    const machine = this.priv < 3 || this.field('MIE') === 1n ? pending & ~delegated : 0n;
    const supervisor = this.priv < 1 || (this.priv === 1 && this.field('SIE') === 1n) ? pending & delegated : 0n;
    const taken = machine !== 0n ? machine : supervisor;
    return [11n, 3n, 7n, 9n, 1n, 5n].find((code) => ((taken >> code) & 1n) === 1n);
  }
}
