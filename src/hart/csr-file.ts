/**
 * The control and status registers: one entry each, and the rules of access to them.
 * [RISC-V privileged ISA, Control and Status Registers; RISC-V unprivileged ISA, Zicntr]
 */
import { decodeSatp, encodeSatp, type Mmu } from '../../mmu/index.js';
import { Counters } from './counters.js';
import { EnvironmentConfig } from './environment-config.js';
import type { FloatUnit } from './float/float-unit.js';
import type { InterruptLines } from './interrupt-lines.js';
import { CSR_FAMILIES, CSR_NAMES, type CsrName } from './isa/index.js';
import type { Pmp } from './pmp.js';
import { Status } from './status.js';
import type { TrapRegisters, TrapSet } from './trap-registers.js';

/** What the CSRs need of the hart they belong to. */
export interface CsrHart {
  readonly id: number;
  readonly traps: TrapRegisters;
  readonly mmu: Mmu;
  readonly float: FloatUnit;
  /** Instructions retired so far, this one not included. */
  readonly instret: number;
  /** Virtual time in nanoseconds. */
  readonly now: number;
  /** What devices say the time is. */
  readonly lines: InterruptLines;
  /** Physical memory protection; undefined where there is none. */
  readonly pmp: Pmp | undefined;
  /** Called after satp or mstatus have changed how addresses are translated. */
  translationChanged(): void;
}

interface Csr {
  read(): bigint;
  /** Absent: writes are ignored (WARL with one legal value). */
  write?(value: bigint): void;
}

const EXTENSIONS = [...'IMAFDCBSU'].reduce((bits, letter) => bits | (1n << BigInt(letter.charCodeAt(0) - 65)), 0n);
const MISA: bigint = (2n << 62n) | EXTENSIONS;

const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
/** Masks of at most 32 bits travel as numbers. */
const mask = (value: bigint): number => Number(BigInt.asIntN(32, value));
const constant = (value: bigint): Csr => ({ read: () => value });
const ZERO: Csr = constant(0n);
/** tinfo of a trigger that does not exist: type 0. */
const NO_TRIGGER = 1n;

/** The CSRs of one hart. Values are unsigned 64-bit integers. */
export class CsrFile {
  readonly #hart: CsrHart;
  readonly #csrs = new Map<number, Csr>();
  /** menvcfg and senvcfg. */
  readonly environment: EnvironmentConfig;

  constructor(hart: CsrHart) {
    this.#hart = hart;
    this.environment = new EnvironmentConfig(hart.mmu.options, () => hart.mmu.cache.flush());
    this.#add(this.#machine());
    this.#add(this.#supervisor());
    this.#add(this.#counters());
    this.#add(this.#float());
    this.#addFamilies();
  }

  /** Reads a CSR from the present mode; undefined where that is an illegal instruction. */
  read(number: number): bigint | undefined {
    return this.#allowed(number) ? this.#csrs.get(number)?.read() : undefined;
  }

  /** Writes a CSR from the present mode; false where that is an illegal instruction. */
  write(number: number, value: bigint): boolean {
    const csr = this.#csrs.get(number);
    if (csr === undefined || !this.#allowed(number) || number >>> 10 === 3) return false;
    csr.write?.(unsigned(value));
    return true;
  }

  /** Reads a CSR whatever the present mode, for debuggers; undefined where there is none. */
  peek(number: number): bigint | undefined {
    return this.#csrs.get(number)?.read();
  }

  /** Writes a CSR whatever the present mode; false where there is none or it is read-only. */
  poke(number: number, value: bigint): boolean {
    const csr = this.#csrs.get(number);
    if (csr?.write === undefined || number >>> 10 === 3) return false;
    csr.write(unsigned(value));
    return true;
  }

  #allowed(number: number): boolean {
    const { mode, status, machine, supervisor } = this.#hart.traps;
    if (mode < ((number >>> 8) & 3)) return false;
    if (number === CSR_NAMES.satp && mode === 1 && status.has(Status.TVM)) return false;
    if (number <= CSR_NAMES.fcsr && !status.floats) return false;
    const counter = number - CSR_NAMES.cycle;
    if (counter < 0 || counter >= 32 || mode === 3) return true;
    const enabled = mode === 1 ? machine.counteren : machine.counteren & supervisor.counteren;
    return ((enabled >>> counter) & 1) === 1;
  }

  #add(csrs: { readonly [name in CsrName]?: Csr }): void {
    for (const [name, csr] of Object.entries(csrs)) this.#csrs.set(CSR_NAMES[name as CsrName], csr);
  }

  #machine(): { readonly [name in CsrName]?: Csr } {
    const { traps } = this.#hart;
    const { status } = traps;
    const { environment } = this;
    return {
      mvendorid: ZERO, marchid: ZERO, mimpid: ZERO, mconfigptr: ZERO, mhartid: constant(BigInt(this.#hart.id)),
      misa: constant(MISA), menvcfg: { read: () => environment.menvcfg, write: (value) => { environment.menvcfg = value; } },
      mstatus: { read: () => status.readMachine(), write: (value) => { status.writeMachine(value); this.#hart.translationChanged(); } },
      medeleg: { read: () => BigInt(traps.medeleg), write: (value) => { traps.medeleg = mask(value); } },
      mideleg: { read: () => BigInt(traps.mideleg), write: (value) => { traps.mideleg = mask(value); } },
      mie: { read: () => BigInt(traps.mie), write: (value) => { traps.mie = mask(value); } },
      mip: { read: () => BigInt(traps.mip), write: (value) => { traps.mip = mask(value); } },
      mtvec: tvec(traps.machine), mcounteren: counteren(traps.machine),
      // No triggers: tselect can only be 0, and what it selects has type 0.
      tselect: ZERO, tdata1: ZERO, tdata2: ZERO, tdata3: ZERO, tinfo: constant(NO_TRIGGER),
      mscratch: scratch(traps.machine), mepc: epc(traps.machine), mcause: cause(traps.machine), mtval: tval(traps.machine),
    };
  }

  #supervisor(): { readonly [name in CsrName]?: Csr } {
    const { traps } = this.#hart;
    const { status } = traps;
    const { environment } = this;
    return {
      sstatus: { read: () => status.readSupervisor(), write: (value) => { status.writeSupervisor(value); this.#hart.translationChanged(); } },
      senvcfg: { read: () => environment.senvcfg, write: (value) => { environment.senvcfg = value; } },
      sie: { read: () => BigInt(traps.sie), write: (value) => { traps.sie = mask(value); } },
      sip: { read: () => BigInt(traps.sip), write: (value) => { traps.sip = mask(value); } },
      stvec: tvec(traps.supervisor), scounteren: counteren(traps.supervisor),
      sscratch: scratch(traps.supervisor), sepc: epc(traps.supervisor), scause: cause(traps.supervisor), stval: tval(traps.supervisor),
      satp: {
        read: () => encodeSatp(this.#hart.mmu),
        write: (value) => {
          const satp = decodeSatp(value);
          if (satp === undefined) return;
          this.#hart.mmu.setSatp(satp.mode, satp.asid, satp.rootPfn);
          this.#hart.translationChanged();
        },
      },
    };
  }

  /** Sets mstatus.FS to Dirty. */
  dirtyFloat(): void {
    this.#hart.traps.status.set(Status.FS, true);
    this.#hart.float.ready = true;
  }

  #float(): { readonly [name in CsrName]?: Csr } {
    const { float } = this.#hart;
    const part = (name: 'fflags' | 'frm' | 'fcsr'): Csr => ({
      read: () => BigInt(float[name]),
      write: (value) => {
        this.dirtyFloat();
        float[name] = mask(value);
      },
    });
    return { fflags: part('fflags'), frm: part('frm'), fcsr: part('fcsr') };
  }

  #counters(): { readonly [name in CsrName]?: Csr } {
    const hart = this.#hart;
    const counters = new Counters(() => hart.instret);
    const { cycle, instret } = counters;
    return {
      cycle: { read: () => cycle.value },
      time: { read: () => hart.lines.ticks(hart.now) },
      instret: { read: () => instret.value },
      mcycle: { read: () => cycle.value, write: (value) => { cycle.value = value; } },
      minstret: { read: () => instret.value, write: (value) => { instret.value = value; } },
      mcountinhibit: { read: () => counters.inhibit, write: (value) => { counters.inhibit = value; } },
    };
  }

  #addFamilies(): void {
    for (const family of ['mhpmcounter', 'mhpmevent', 'hpmcounter'] as const) {
      const [first, last, number] = CSR_FAMILIES[family];
      for (let n = first; n <= last; n++) this.#csrs.set(number + n - first, ZERO);
    }
    const { pmp } = this.#hart;
    if (pmp === undefined) return;
    this.#add({
      pmpcfg0: { read: () => pmp.readCfg(0), write: (value) => { pmp.writeCfg(0, value); } },
      pmpcfg2: { read: () => pmp.readCfg(8), write: (value) => { pmp.writeCfg(8, value); } },
    });
    const [, last, number] = CSR_FAMILIES.pmpaddr;
    for (let n = 0; n <= last; n++) this.#csrs.set(number + n, { read: () => pmp.readAddress(n), write: (value) => { pmp.writeAddress(n, value); } });
  }
}

const tvec = (set: TrapSet): Csr => ({ read: () => set.tvec, write: (value) => { set.tvec = value & ~2n; } });
const epc = (set: TrapSet): Csr => ({ read: () => unsigned(set.epc), write: (value) => { set.epc = value & ~1n; } });
const cause = (set: TrapSet): Csr => ({ read: () => set.cause, write: (value) => { set.cause = value; } });
const tval = (set: TrapSet): Csr => ({ read: () => unsigned(set.tval), write: (value) => { set.tval = value; } });
const scratch = (set: TrapSet): Csr => ({ read: () => set.scratch, write: (value) => { set.scratch = value; } });
const counteren = (set: TrapSet): Csr => ({ read: () => BigInt(set.counteren >>> 0), write: (value) => { set.counteren = mask(value); } });
