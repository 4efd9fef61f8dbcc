/**
 * RV64GC with Zicsr, Zifencei, Zba, Zbb, Zbs, Zicbom, Zicboz, Svinval, machine, supervisor and user mode, in bigint: one step at a time, no cache of
 * any state. Written from the manual; slow and plain on purpose, it is what the hart is held against.
 *
 * Where the manual leaves a choice, this takes the one of the product and says so here:
 *  - misaligned loads and stores work; one that crosses a page faults at the first byte it cannot reach
 *  - lr, sc and AMOs must be naturally aligned and fault before anything else otherwise
 *  - sc translates, and may fault, whether or not the reservation holds; the reservation is the address of the last lr
 *  - traps and returns from them end a reservation; other stores of the same hart do not
 *  - an instruction over two pages faults, at the second page's address, before it is known whether it is legal
 */
import { HartAccess, TrapSignal } from './hart-access.js';
import type { OracleTrap } from './hart-access.js';
import { CsrFile } from './hart-csr.js';
import { decode } from './hart-decode.js';
import type { Decoded } from './hart-decode.js';
import { box, executeFloat } from './hart-float.js';
import { integerOperation } from './hart-integer.js';
import type { OraclePhysical } from './hart-memory.js';
import { SINGLE } from './float-format.js';

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const s64 = (v: bigint): bigint => BigInt.asIntN(64, v);
const s32 = (v: bigint): bigint => BigInt.asIntN(32, v);
/** cbo.zero and its kin work on blocks of this size. */
const CACHE_BLOCK = 64;

/** What words mean, which never changes: making a decoded instruction's text takes longer than executing it. */
const known = new Map<number, Decoded | undefined>();
function decodeOnce(word: number): Decoded | undefined {
  if (!known.has(word)) known.set(word, decode(word));
  return known.get(word);
}

/** One hart, stepped by its user. */
export class OracleHart {
  /** x0..x31 as signed 64-bit integers. */
  readonly x: bigint[] = Array<bigint>(32).fill(0n);
  /** f0..f31 as unsigned 64-bit encodings. */
  readonly f: bigint[] = Array<bigint>(32).fill(0n);
  /** Unsigned 64-bit address. */
  pc = 0n;
  /** Instructions retired. */
  instret = 0n;
  /** The last instruction was a wfi that no interrupt ends. */
  waiting = false;
  readonly csr: CsrFile;
  readonly memory: OraclePhysical;
  readonly #kernel: boolean;
  readonly #access: HartAccess;
  #next = 0n;
  /** The bits of the instruction, which an illegal-instruction exception reports. */
  #word = 0n;

  /**
   * @param kernel user-mode traps are returned instead of taken
   * @param pmp whether there is physical memory protection
   */
  constructor(memory: OraclePhysical, kernel: boolean, hartId = 0, pmp = false) {
    this.memory = memory;
    this.#kernel = kernel;
    this.csr = new CsrFile(hartId, pmp);
    this.csr.priv = kernel ? 0 : 3;
    this.#access = new HartAccess(memory, this.csr, this);
  }

  /** Loads, stores and atomics retired. */
  get dataAccesses(): bigint {
    return this.#access.done;
  }

  /** Executes one instruction, or takes a trap, which retires nothing; one that is returned has changed nothing. */
  step(): OracleTrap | undefined {
    const interrupt = this.#kernel ? undefined : this.csr.pendingInterrupt();
    if (interrupt !== undefined) {
      this.#endReservation();
      this.pc = this.csr.enterTrap(this.pc, (1n << 63n) | interrupt, 0n);
      return undefined;
    }
    try {
      const instruction = this.#fetch();
      this.#next = u64(this.pc + BigInt(instruction.length));
      this.#execute(instruction);
      this.pc = this.#next;
      this.instret++;
      return undefined;
    } catch (error) {
      if (!(error instanceof TrapSignal)) throw error;
      this.#endReservation();
      if (this.#kernel && this.csr.priv === 0) return error.trap;
      this.pc = this.csr.enterTrap(this.pc, BigInt(error.trap.cause), error.trap.tval);
      return undefined;
    }
  }

  #endReservation(): void {
    this.memory.reservations.delete(this);
  }

  #fetch(): Decoded {
    const low = this.#access.parcel(this.pc);
    const word = (low & 3) === 3 ? low + this.#access.parcel(u64(this.pc + 2n)) * 65536 : low;
    const instruction = decodeOnce(word);
    if (instruction === undefined) throw new TrapSignal(2, BigInt(word));
    this.#word = BigInt(word);
    return instruction;
  }

  #illegal(): never {
    throw new TrapSignal(2, this.#word);
  }

  // --- execution

  #set(rd: number, value: bigint): void {
    if (rd !== 0) this.x[rd] = s64(value);
  }

  #execute(i: Decoded): void {
    const [a, b] = [this.x[i.rs1]!, this.x[i.rs2]!];
    if (this.#control(i, a, b) || this.#floatingPoint(i, a) || this.#memoryAccess(i, a, b) || this.#system(i, a)) return;
    this.#set(i.rd, integerOperation(i, a, b, this.pc));
  }

  #control(i: Decoded, a: bigint, b: bigint): boolean {
    const branch = (taken: boolean): true => {
      if (taken) this.#next = u64(this.pc + i.imm);
      return true;
    };
    switch (i.op) {
      case 'beq': return branch(a === b);
      case 'bne': return branch(a !== b);
      case 'blt': return branch(a < b);
      case 'bge': return branch(a >= b);
      case 'bltu': return branch(u64(a) < u64(b));
      case 'bgeu': return branch(u64(a) >= u64(b));
      case 'jal': this.#set(i.rd, this.#next); return branch(true);
      case 'jalr': {
        const target = u64(a + i.imm) & ~1n;
        this.#set(i.rd, this.#next);
        this.#next = target;
        return true;
      }
      default: return false;
    }
  }

  /** Floating point: any of it makes FS dirty, which the manual allows to be imprecise, before anything else can go wrong. */
  #floatingPoint(i: Decoded, a: bigint): boolean {
    if (!i.op.startsWith('f') || i.op.startsWith('fence')) return false;
    if (!this.csr.useFloat()) this.#illegal();
    const va = a + i.imm;
    switch (i.op) {
      case 'flw': this.f[i.rd] = box(SINGLE, this.#access.load(va, 4)); return true;
      case 'fld': this.f[i.rd] = this.#access.load(va, 8); return true;
      case 'fsw': this.#access.store(va, 4, this.f[i.rs2]!); return true;
      case 'fsd': this.#access.store(va, 8, this.f[i.rs2]!); return true;
      default:
    }
    const mode = i.rm === 7 ? this.csr.frm : i.rm ?? 0;
    if (mode > 4) this.#illegal();
    const result = executeFloat(i.op, { a: this.f[i.rs1]!, b: this.f[i.rs2]!, c: this.f[i.rs3!]!, x: a }, mode);
    this.csr.fflags |= result.flags;
    if (result.f !== undefined) this.f[i.rd] = result.f;
    if (result.x !== undefined) this.#set(i.rd, result.x);
    return true;
  }

  #memoryAccess(i: Decoded, a: bigint, b: bigint): boolean {
    const va = a + i.imm;
    switch (i.op) {
      case 'lb': this.#set(i.rd, BigInt.asIntN(8, this.#access.load(va, 1))); return true;
      case 'lh': this.#set(i.rd, BigInt.asIntN(16, this.#access.load(va, 2))); return true;
      case 'lw': this.#set(i.rd, s32(this.#access.load(va, 4))); return true;
      case 'ld': this.#set(i.rd, this.#access.load(va, 8)); return true;
      case 'lbu': this.#set(i.rd, this.#access.load(va, 1)); return true;
      case 'lhu': this.#set(i.rd, this.#access.load(va, 2)); return true;
      case 'lwu': this.#set(i.rd, this.#access.load(va, 4)); return true;
      case 'sb': this.#access.store(va, 1, b); return true;
      case 'sh': this.#access.store(va, 2, b); return true;
      case 'sw': this.#access.store(va, 4, b); return true;
      case 'sd': this.#access.store(va, 8, b); return true;
      default: return this.#atomicAccess(i, a, b);
    }
  }

  #atomicAccess(i: Decoded, a: bigint, b: bigint): boolean {
    const [, name, width] = /^(amo\w+|lr|sc)\.([wd])$/.exec(i.op) ?? [];
    if (name === undefined) return false;
    const size = width === 'w' ? 4 : 8;
    const signed = (v: bigint): bigint => BigInt.asIntN(size * 8, v);
    const unsigned = (v: bigint): bigint => BigInt.asUintN(size * 8, v);
    const pa = this.#access.atomic(a, size, name !== 'lr');
    const old = signed(this.memory.load(pa, size)!);
    if (name === 'lr') {
      this.memory.reservations.set(this, pa);
      this.#set(i.rd, old);
      return true;
    }
    if (name === 'sc') {
      const holds = this.memory.reservations.get(this) === pa;
      if (holds) this.memory.store(pa, size, unsigned(b), this);
      this.#endReservation();
      this.#set(i.rd, holds ? 0n : 1n);
      return true;
    }
    const [x, y] = [old, signed(b)];
    const results: Record<string, bigint> = {
      amoswap: y, amoadd: x + y, amoxor: x ^ y, amoand: x & y, amoor: x | y, amomin: x < y ? x : y, amomax: x > y ? x : y,
      amominu: unsigned(x) < unsigned(y) ? x : y, amomaxu: unsigned(x) > unsigned(y) ? x : y,
    };
    this.memory.store(pa, size, unsigned(results[name]!), this);
    this.#set(i.rd, old);
    return true;
  }

  #system(i: Decoded, a: bigint): boolean {
    switch (i.op) {
      case 'fence': case 'fence.i': return true;
      case 'ecall': throw new TrapSignal(8 + this.csr.priv, 0n);
      case 'ebreak': throw new TrapSignal(3, this.pc);
      case 'mret': case 'sret': {
        const target = this.csr.returnFrom(i.op);
        if (target === undefined) this.#illegal();
        this.#next = target;
        this.#endReservation();
        return true;
      }
      case 'wfi':
        if (!this.csr.mayWait()) this.#illegal();
        this.waiting = !this.csr.wakes();
        return true;
      case 'sfence.vma': case 'sinval.vma':
        if (!this.csr.mayFence()) this.#illegal();
        return true;
      case 'sfence.w.inval': case 'sfence.inval.ir':
        if (this.csr.priv === 0) this.#illegal();
        return true;
      case 'cbo.zero': case 'cbo.clean': case 'cbo.flush': case 'cbo.inval':
        this.#cacheBlock(i.op, a);
        return true;
      case 'csrrw': case 'csrrs': case 'csrrc': this.#csrAccess(i, a, i.op === 'csrrw' || i.rs1 !== 0); return true;
      case 'csrrwi': case 'csrrsi': case 'csrrci': this.#csrAccess(i, BigInt(i.rs1), i.op === 'csrrwi' || i.rs1 !== 0); return true;
      default: return false;
    }
  }

  /** Caches are coherent: all but cbo.zero only check that the block could be reached. */
  #cacheBlock(op: 'cbo.zero' | 'cbo.clean' | 'cbo.flush' | 'cbo.inval', a: bigint): void {
    if (!this.csr.mayManageCaches(op)) this.#illegal();
    const block = u64(a) & ~BigInt(CACHE_BLOCK - 1);
    try {
      if (op === 'cbo.zero') this.#access.store(block, CACHE_BLOCK, 0n);
      else this.#access.probe(block);
    } catch (error) {
      // The address in tval is that in rs1, wherever the block begins.
      throw error instanceof TrapSignal ? new TrapSignal(error.trap.cause, u64(a)) : error;
    }
  }

  #csrAccess(i: Decoded, operand: bigint, writes: boolean): void {
    const number = Number(i.imm);
    const old = this.csr.read(number, writes, this.instret);
    if (old === undefined) this.#illegal();
    if (writes) {
      const value = i.op.startsWith('csrrw') ? operand : i.op.startsWith('csrrs') ? old | operand : old & ~operand;
      this.csr.write(number, u64(value), this.instret);
    }
    this.#set(i.rd, old);
  }
}
