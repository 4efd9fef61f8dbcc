/**
 * RV64IMAC with Zicsr, Zifencei, machine, supervisor and user mode, in bigint: one step at a time, one switch, no cache
 * of anything. Written from the manual; slow and plain on purpose, it is what the hart is held against.
 *
 * Where the manual leaves a choice, this takes the one of the product and says so here:
 *  - misaligned loads and stores work; one that crosses a page faults at the first byte it cannot reach
 *  - lr, sc and AMOs must be naturally aligned and fault before anything else otherwise
 *  - sc translates, and may fault, whether or not the reservation holds; the reservation is the address of the last lr
 *  - traps and returns from them end a reservation; other stores of the same hart do not
 *  - an instruction over two pages faults, at the second page's address, before it is known whether it is legal
 */
import { CsrFile } from './hart-csr.js';
import { decode } from './hart-decode.js';
import type { Decoded } from './hart-decode.js';
import type { OraclePhysical } from './hart-memory.js';
import { oracleTranslate } from './sv39.js';
import type { OracleAccess } from './sv39.js';

/** An exception: its code as in mcause, and what xtval receives. */
export interface OracleTrap {
  readonly cause: number;
  readonly tval: bigint;
}

class TrapSignal extends Error {
  readonly trap: OracleTrap;
  constructor(cause: number, tval: bigint) {
    super(`cause ${cause}`);
    this.trap = { cause, tval };
  }
}

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const s64 = (v: bigint): bigint => BigInt.asIntN(64, v);
const u32 = (v: bigint): bigint => BigInt.asUintN(32, v);
const s32 = (v: bigint): bigint => BigInt.asIntN(32, v);
const ACCESS_FAULT = { fetch: 1, load: 5, store: 7 } as const;

/** One hart, stepped by its user. */
export class OracleHart {
  /** x0..x31 as signed 64-bit integers. */
  readonly x: bigint[] = Array<bigint>(32).fill(0n);
  /** Unsigned 64-bit address. */
  pc = 0n;
  /** Instructions retired. */
  instret = 0n;
  /** Loads, stores and atomics retired. */
  dataAccesses = 0n;
  /** The last instruction was a wfi that no interrupt ends. */
  waiting = false;
  readonly csr: CsrFile;
  readonly memory: OraclePhysical;
  readonly #kernel: boolean;
  /** Physical address of the last lr. */
  #reservation: bigint | undefined;
  #next = 0n;
  /** The bits of the instruction, which an illegal-instruction exception reports. */
  #word = 0n;

  /** @param kernel user-mode traps are returned instead of taken */
  constructor(memory: OraclePhysical, kernel: boolean, hartId = 0) {
    this.memory = memory;
    this.#kernel = kernel;
    this.csr = new CsrFile(hartId);
    this.csr.priv = kernel ? 0 : 3;
  }

  /** Executes one instruction, or takes a trap, which retires nothing; one that is returned has changed nothing. */
  step(): OracleTrap | undefined {
    const interrupt = this.#kernel ? undefined : this.csr.pendingInterrupt();
    if (interrupt !== undefined) {
      this.#reservation = undefined;
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
      this.#reservation = undefined;
      if (this.#kernel && this.csr.priv === 0) return error.trap;
      this.pc = this.csr.enterTrap(this.pc, BigInt(error.trap.cause), error.trap.tval);
      return undefined;
    }
  }

  // --- memory

  #translate(va: bigint, access: OracleAccess): bigint {
    const priv = access === 'fetch' ? this.csr.priv : this.csr.dataPriv;
    const satp = this.csr.satp;
    if (priv === 3 || satp >> 60n === 0n) return va;
    const result = oracleTranslate(this.memory, {
      root: satp & ((1n << 44n) - 1n), user: priv === 0, sum: this.csr.field('SUM') === 1n, mxr: this.csr.field('MXR') === 1n, hardwareAd: false, svpbmt: true, svnapot: true, paBits: 46n,
    }, va, access);
    if ('cause' in result) throw new TrapSignal(result.cause, va);
    return result.pa;
  }

  /** Physical place of every byte of an access: one run, or two where it crosses a page. */
  #places(va: bigint, size: number, access: OracleAccess): { pa: bigint; size: number; va: bigint }[] {
    const head = Math.min(size, 4096 - Number(va & 4095n));
    const second = u64(va + BigInt(head));
    const places = [{ pa: this.#translate(va, access), size: head, va }];
    if (head < size) places.push({ pa: this.#translate(second, access), size: size - head, va: second });
    for (const place of places) if (this.memory.load(place.pa, place.size) === undefined) throw new TrapSignal(ACCESS_FAULT[access], place.va);
    return places;
  }

  #load(va: bigint, size: number): bigint {
    let value = 0n;
    let shift = 0n;
    for (const place of this.#places(u64(va), size, 'load')) {
      value |= this.memory.load(place.pa, place.size)! << shift;
      shift += BigInt(8 * place.size);
    }
    this.dataAccesses++;
    return value;
  }

  #store(va: bigint, size: number, value: bigint): void {
    let rest = BigInt.asUintN(8 * size, value);
    for (const place of this.#places(u64(va), size, 'store')) {
      this.memory.store(place.pa, place.size, rest);
      rest >>= BigInt(8 * place.size);
    }
    this.dataAccesses++;
  }

  #parcel(va: bigint): number {
    const pa = this.#translate(va, 'fetch');
    const value = this.memory.load(pa, 2);
    if (value === undefined) throw new TrapSignal(1, va);
    return Number(value);
  }

  #fetch(): Decoded {
    const low = this.#parcel(this.pc);
    const word = (low & 3) === 3 ? low + this.#parcel(u64(this.pc + 2n)) * 65536 : low;
    const instruction = decode(word);
    if (instruction === undefined) throw new TrapSignal(2, BigInt(word));
    this.#word = BigInt(word);
    return instruction;
  }

  #illegal(): never {
    throw new TrapSignal(2, this.#word);
  }

  #atomic(va: bigint, size: number, write: boolean): bigint {
    if (u64(va) % BigInt(size) !== 0n) throw new TrapSignal(write ? 6 : 4, u64(va));
    return this.#places(u64(va), size, write ? 'store' : 'load')[0]!.pa;
  }

  // --- execution

  #set(rd: number, value: bigint): void {
    if (rd !== 0) this.x[rd] = s64(value);
  }

  #execute(i: Decoded): void {
    const [a, b] = [this.x[i.rs1]!, this.x[i.rs2]!];
    if (this.#control(i, a, b) || this.#memoryAccess(i, a, b) || this.#system(i, a)) return;
    this.#set(i.rd, this.#alu(i, a, b));
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

  #memoryAccess(i: Decoded, a: bigint, b: bigint): boolean {
    const va = a + i.imm;
    switch (i.op) {
      case 'lb': this.#set(i.rd, BigInt.asIntN(8, this.#load(va, 1))); return true;
      case 'lh': this.#set(i.rd, BigInt.asIntN(16, this.#load(va, 2))); return true;
      case 'lw': this.#set(i.rd, s32(this.#load(va, 4))); return true;
      case 'ld': this.#set(i.rd, this.#load(va, 8)); return true;
      case 'lbu': this.#set(i.rd, this.#load(va, 1)); return true;
      case 'lhu': this.#set(i.rd, this.#load(va, 2)); return true;
      case 'lwu': this.#set(i.rd, this.#load(va, 4)); return true;
      case 'sb': this.#store(va, 1, b); return true;
      case 'sh': this.#store(va, 2, b); return true;
      case 'sw': this.#store(va, 4, b); return true;
      case 'sd': this.#store(va, 8, b); return true;
      default: return this.#atomicAccess(i, a, b);
    }
  }

  #atomicAccess(i: Decoded, a: bigint, b: bigint): boolean {
    const [name, width] = i.op.split('.');
    if (width !== 'w' && width !== 'd') return false;
    const size = width === 'w' ? 4 : 8;
    const signed = (v: bigint): bigint => BigInt.asIntN(size * 8, v);
    const unsigned = (v: bigint): bigint => BigInt.asUintN(size * 8, v);
    const pa = this.#atomic(a, size, name !== 'lr');
    this.dataAccesses++;
    const old = signed(this.memory.load(pa, size)!);
    if (name === 'lr') {
      this.#reservation = pa;
      this.#set(i.rd, old);
      return true;
    }
    if (name === 'sc') {
      const holds = this.#reservation === pa;
      if (holds) this.memory.store(pa, size, unsigned(b));
      this.#reservation = undefined;
      this.#set(i.rd, holds ? 0n : 1n);
      return true;
    }
    const [x, y] = [old, signed(b)];
    const results: Record<string, bigint> = {
      amoswap: y, amoadd: x + y, amoxor: x ^ y, amoand: x & y, amoor: x | y, amomin: x < y ? x : y, amomax: x > y ? x : y,
      amominu: unsigned(x) < unsigned(y) ? x : y, amomaxu: unsigned(x) > unsigned(y) ? x : y,
    };
    this.memory.store(pa, size, unsigned(results[name!]!));
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
        this.#reservation = undefined;
        return true;
      }
      case 'wfi':
        if (!this.csr.mayWait()) this.#illegal();
        this.waiting = !this.csr.wakes();
        return true;
      case 'sfence.vma':
        if (!this.csr.mayFence()) this.#illegal();
        return true;
      case 'csrrw': case 'csrrs': case 'csrrc': this.#csrAccess(i, a, i.op === 'csrrw' || i.rs1 !== 0); return true;
      case 'csrrwi': case 'csrrsi': case 'csrrci': this.#csrAccess(i, BigInt(i.rs1), i.op === 'csrrwi' || i.rs1 !== 0); return true;
      default: return false;
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

  #alu(i: Decoded, a: bigint, b: bigint): bigint {
    const ua = u64(a);
    const ub = u64(b);
    const shift = BigInt(Number(ub & 63n));
    const shiftW = ub & 31n;
    switch (i.op) {
      case 'lui': return i.imm;
      case 'auipc': return this.pc + i.imm;
      case 'addi': return a + i.imm;
      case 'slti': return a < i.imm ? 1n : 0n;
      case 'sltiu': return ua < u64(i.imm) ? 1n : 0n;
      case 'xori': return a ^ i.imm;
      case 'ori': return a | i.imm;
      case 'andi': return a & i.imm;
      case 'slli': return a << i.imm;
      case 'srli': return ua >> i.imm;
      case 'srai': return a >> i.imm;
      case 'addiw': return s32(a + i.imm);
      case 'slliw': return s32(a << i.imm);
      case 'srliw': return s32(u32(a) >> i.imm);
      case 'sraiw': return s32(a) >> i.imm;
      case 'add': return a + b;
      case 'sub': return a - b;
      case 'sll': return a << shift;
      case 'slt': return a < b ? 1n : 0n;
      case 'sltu': return ua < ub ? 1n : 0n;
      case 'xor': return a ^ b;
      case 'srl': return ua >> shift;
      case 'sra': return a >> shift;
      case 'or': return a | b;
      case 'and': return a & b;
      case 'addw': return s32(a + b);
      case 'subw': return s32(a - b);
      case 'sllw': return s32(a << shiftW);
      case 'srlw': return s32(u32(a) >> shiftW);
      case 'sraw': return s32(a) >> shiftW;
      case 'mul': return a * b;
      case 'mulh': return (a * b) >> 64n;
      case 'mulhsu': return (a * ub) >> 64n;
      case 'mulhu': return (ua * ub) >> 64n;
      case 'mulw': return s32(a * b);
      // Division by zero gives all ones; the one signed overflow wraps, which s64 and s32 do to bigint's exact result.
      case 'div': return b === 0n ? -1n : a / b;
      case 'divu': return b === 0n ? -1n : ua / ub;
      case 'rem': return b === 0n ? a : a % b;
      case 'remu': return b === 0n ? a : ua % ub;
      case 'divw': return s32(b) === 0n ? -1n : s32(s32(a) / s32(b));
      case 'divuw': return u32(b) === 0n ? -1n : s32(u32(a) / u32(b));
      case 'remw': return s32(b) === 0n ? s32(a) : s32(s32(a) % s32(b));
      case 'remuw': return u32(b) === 0n ? s32(a) : s32(u32(a) % u32(b));
      default: throw new Error(`the oracle does not know ${i.op}`);
    }
  }
}
