/**
 * What a hart keeps to take traps and return from them: privilege mode, mstatus, and one set of trap registers each for
 * machine and supervisor mode. [RISC-V privileged ISA, Machine-Level CSRs and Supervisor CSRs]
 */
import { Cause, Interrupt } from './cause.js';
import { Status, StatusRegister } from './status.js';

/** Privilege modes: user, supervisor, machine. */
export type Mode = 0 | 1 | 3;

const bit = (n: number): number => 1 << n;
const SUPERVISOR_INTERRUPTS: number = bit(Interrupt.SupervisorSoftware) | bit(Interrupt.SupervisorTimer) | bit(Interrupt.SupervisorExternal);
const MACHINE_INTERRUPTS: number = bit(Interrupt.MachineSoftware) | bit(Interrupt.MachineTimer) | bit(Interrupt.MachineExternal);
/** Exceptions that can be delegated: all but those that no mode below machine mode raises. */
const DELEGABLE: number = Object.values(Cause).filter((code) => code !== Cause.EcallFromM).reduce<number>((mask, code) => mask | bit(code), 0);
/** Order in which simultaneous interrupts are taken. */
const INTERRUPT_ORDER: readonly number[] = [
  Interrupt.MachineExternal, Interrupt.MachineSoftware, Interrupt.MachineTimer,
  Interrupt.SupervisorExternal, Interrupt.SupervisorSoftware, Interrupt.SupervisorTimer,
];
const VECTORED = 1n;

/** The trap registers of one mode. */
export class TrapSet {
  /** tvec: bits 63:2 base, bit 0 vectored. */
  tvec = 0n;
  epc = 0n;
  /** cause: interrupts have bit 63 set. */
  cause = 0n;
  tval = 0n;
  scratch = 0n;
  counteren = 0;
}

/** Trap state of one hart. Numbers hold interrupt and exception masks. */
export class TrapRegisters {
  mode: Mode = 3;
  readonly status: StatusRegister = new StatusRegister();
  readonly machine: TrapSet = new TrapSet();
  readonly supervisor: TrapSet = new TrapSet();
  #medeleg = 0;
  #mideleg = 0;
  #mie = 0;
  #mip = 0;
  /** Bits of mip that devices hold at the moment; software cannot clear them. */
  lines = 0;

  /** medeleg; a write keeps the exceptions that can be delegated. */
  get medeleg(): number {
    return this.#medeleg;
  }
  set medeleg(mask: number) {
    this.#medeleg = mask & DELEGABLE;
  }

  /** mideleg; a write keeps the supervisor interrupts. */
  get mideleg(): number {
    return this.#mideleg;
  }
  set mideleg(mask: number) {
    this.#mideleg = mask & SUPERVISOR_INTERRUPTS;
  }

  /** mie; a write keeps the interrupts there are. */
  get mie(): number {
    return this.#mie;
  }
  set mie(mask: number) {
    this.#mie = mask & (SUPERVISOR_INTERRUPTS | MACHINE_INTERRUPTS);
  }

  /** sie: the delegated part of mie. */
  get sie(): number {
    return this.#mie & this.#mideleg;
  }
  set sie(mask: number) {
    this.#mie = (this.#mie & ~this.#mideleg) | (mask & this.#mideleg);
  }

  /** mip: what software has raised, and what devices hold at the moment. */
  get mip(): number {
    return this.#mip | this.lines;
  }
  /** Software's write: the machine-level bits belong to devices. */
  set mip(mask: number) {
    this.#mip = (this.#mip & ~SUPERVISOR_INTERRUPTS) | (mask & SUPERVISOR_INTERRUPTS);
  }

  /** sip: the delegated part of mip. */
  get sip(): number {
    return this.mip & this.#mideleg;
  }
  /** Software's write: only the supervisor software interrupt, where it is delegated. */
  set sip(mask: number) {
    const writable = bit(Interrupt.SupervisorSoftware) & this.#mideleg;
    this.#mip = (this.#mip & ~writable) | (mask & writable);
  }

  /** A device raises or lowers an interrupt. */
  setInterrupt(code: number, on: boolean): void {
    this.#mip = on ? this.#mip | bit(code) : this.#mip & ~bit(code);
  }

  /** Whether an interrupt is pending that wfi waits for, whatever the global enables say. */
  get wakes(): boolean {
    return (this.mip & this.#mie) !== 0;
  }

  /** The interrupt to be taken now, -1 for none. */
  pendingInterrupt(): number {
    const pending = this.mip & this.#mie;
    if (pending === 0) return -1;
    const { mode, status } = this;
    const machine = mode < 3 || status.has(Status.MIE) ? pending & ~this.#mideleg : 0;
    const supervisor = mode < 1 || (mode === 1 && status.has(Status.SIE)) ? pending & this.#mideleg : 0;
    const taken = machine === 0 ? supervisor : machine;
    return INTERRUPT_ORDER.find((code) => taken & bit(code)) ?? -1;
  }

  /** Enters the handler of an exception or interrupt at `pc` and returns where it is. */
  enter(code: number, interrupt: boolean, pc: bigint, tval: bigint): bigint {
    const delegated = ((interrupt ? this.#mideleg : this.#medeleg) & bit(code)) !== 0;
    const toSupervisor = this.mode !== 3 && delegated;
    const set = toSupervisor ? this.supervisor : this.machine;
    const { status } = this;
    if (toSupervisor) {
      status.spp = this.mode === 1 ? 1 : 0;
      status.set(Status.SPIE, status.has(Status.SIE));
      status.set(Status.SIE, false);
    } else {
      status.mpp = this.mode;
      status.set(Status.MPIE, status.has(Status.MIE));
      status.set(Status.MIE, false);
    }
    this.mode = toSupervisor ? 1 : 3;
    set.epc = pc;
    set.cause = BigInt(code) | (interrupt ? 1n << 63n : 0n);
    set.tval = tval;
    const base = set.tvec & ~3n;
    return interrupt && (set.tvec & VECTORED) !== 0n ? base + 4n * BigInt(code) : base;
  }

  /** mret: back to the mode before the trap; returns the pc. */
  returnFromMachine(): bigint {
    const { status } = this;
    this.mode = status.mpp;
    status.mpp = 0;
    status.set(Status.MIE, status.has(Status.MPIE));
    status.set(Status.MPIE, true);
    if (this.mode !== 3) status.set(Status.MPRV, false);
    return this.machine.epc;
  }

  /** sret: back to the mode before the trap; returns the pc. */
  returnFromSupervisor(): bigint {
    const { status } = this;
    this.mode = status.spp;
    status.spp = 0;
    status.set(Status.SIE, status.has(Status.SPIE));
    status.set(Status.SPIE, true);
    status.set(Status.MPRV, false);
    return this.supervisor.epc;
  }
}
