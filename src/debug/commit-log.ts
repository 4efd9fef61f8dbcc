/**
 * What a hart has done, an instruction a line, in the format of Spike's --log-commits: hart, privilege mode, pc, instruction, then the
 * registers written by ascending key (number times 16 plus kind), then memory read and written. An instruction that traps has no line.
 *
 *     core   0: 3 0x0000000080000004 (0x00112623) mem 0x000000008000100c 0x00000001
 *
 * [riscv-isa-sim, riscv/execute.cc, commit_log_print_insn; which registers, riscv/decode_macros.h and riscv/csrs.cc]
 */
import type { Bus } from '../bus/index.js';
import { csrName, decode, type DecodedInstruction, type Hart, type HartObserver } from '../hart/index.js';
import { EXEC, READ } from '../../mmu/index.js';
import { probeHost } from './probe.js';

/** Major opcodes (RISC-V unprivileged ISA, "RV32/64G Instruction Set Listings"). */
const OPCODE = { load: 0x03, loadFloat: 0x07, store: 0x23, storeFloat: 0x27, amo: 0x2f } as const;
/** Those of floating-point computation: fused multiply-add in four forms, and all others. */
const FLOAT_OPCODES: ReadonlySet<number> = new Set([0x43, 0x47, 0x4b, 0x4f, 0x53]);
/** Bytes that cbo.zero clears. */
const CACHE_BLOCK = 64;
/** funct5 of lr and sc. */
const [LR, SC] = [2, 3];
const [FFLAGS, FRM, FCSR, SSTATUS, SIE, SIP, MSTATUS, MIE, MIP] = [1, 2, 3, 0x100, 0x104, 0x144, 0x300, 0x304, 0x344];
/** CSRs that are views of others, and those in whose names Spike logs a write. */
const VIEWS: Readonly<Record<number, readonly number[]>> = { [FCSR]: [FFLAGS, FRM], [SSTATUS]: [MSTATUS], [SIE]: [MIE], [SIP]: [MIP] };
/** Kinds of registers in keys. */
const [KIND_X, KIND_F, KIND_CSR] = [0, 1, 4];

/** Hexadecimal digits of a value's low `bits` bits. */
const digits = (value: bigint, bits: number): string => `0x${BigInt.asUintN(bits, value).toString(16).padStart(bits / 4, '0')}`;

/** A memory access of the instruction at hand, worked out before it is executed. */
interface Memory {
  readonly address: bigint;
  readonly size: number;
  readonly reads: boolean;
  /** The bits a plain store or an sc stores; undefined: what is in memory afterwards. */
  readonly stores: bigint | undefined | 'nothing';
}

/** What is known of an instruction before it is executed. */
interface Pending {
  readonly pc: bigint;
  readonly mode: number;
  readonly bits: number;
  readonly instruction: DecodedInstruction;
  readonly memory: Memory | undefined;
  readonly status: bigint;
  /** Whether it may raise floating-point flags, and those that were raised before. */
  readonly raises: boolean;
  readonly flags: number;
}

/** Writes the commit log of one hart. */
export class CommitLog implements HartObserver {
  readonly #hart: Hart;
  readonly #bus: Bus;
  readonly #write: (line: string) => void;
  #pending: Pending | undefined = undefined;

  /** To be made the hart's observer; `write` takes lines without their ends. */
  constructor(hart: Hart, bus: Bus, write: (line: string) => void) {
    this.#hart = hart;
    this.#bus = bus;
    this.#write = write;
  }

  before(): void {
    const hart = this.#hart;
    const bits = this.#instructionAt(hart.pc);
    const instruction = bits === undefined ? undefined : decode(bits);
    if (bits === undefined || instruction === undefined) {
      this.#pending = undefined;
      return;
    }
    const raises = raisesFlags(instruction);
    this.#pending = {
      pc: hart.pc64, mode: hart.traps.mode, bits, instruction, memory: memoryOf(hart, instruction), status: this.#csr(MSTATUS), raises, flags: hart.float.fflags,
    };
    // Spike logs flags that are raised again, so they must be down to be seen.
    if (raises) hart.float.fflags = 0;
  }

  after(retired: boolean): void {
    const pending = this.#pending;
    if (pending === undefined) return;
    const { float } = this.#hart;
    const raised = pending.raises ? float.fflags : 0;
    if (pending.raises) float.fflags |= pending.flags;
    if (!retired) return;
    const { pc, mode, bits, instruction } = pending;
    const length = instruction.length * 8;
    const registers = this.#registers(pending, raised !== 0).sort((a, b) => a.key - b.key).map(({ text }) => text).join('');
    this.#write(`core${String(this.#hart.id).padStart(4)}: ${mode} ${digits(pc, 64)} (${digits(BigInt(bits), length)})${registers}${this.#memory(pending)}`);
  }

  #csr(number: number): bigint {
    return this.#hart.csrs.peek(number) ?? 0n;
  }

  /** The instruction at an address; undefined where it is not in memory. */
  #instructionAt(pc: number): number | undefined {
    const first = this.#parcel(pc);
    if (first === undefined || (first & 3) !== 3) return first;
    const second = this.#parcel(pc + 2);
    return second === undefined ? undefined : (first | (second << 16)) >>> 0;
  }

  #parcel(va: number): number | undefined {
    const host = probeHost(this.#bus, this.#hart, va, EXEC);
    return host === 0 ? undefined : this.#bus.u16[host >>> 1];
  }

  #registers({ instruction, status }: Pending, raised: boolean): { readonly key: number; readonly text: string }[] {
    const { row, rd } = instruction;
    const found: { key: number; text: string }[] = [];
    const add = (kind: number, number: number, name: string, value: bigint): void => {
      found.push({ key: number * 16 + kind, text: ` ${name} ${digits(value, 64)}` });
    };
    const addCsr = (number: number): void => add(KIND_CSR, number, `c${number}_${csrName(number)}`, this.#csr(number));
    if (row.operands.includes('rd') && rd !== 0) add(KIND_X, rd, `x${String(rd).padEnd(2)}`, this.#hart.x(rd));
    if (row.operands.includes('fd')) add(KIND_F, rd, `f${String(rd).padEnd(2)}`, this.#hart.state.floatRegisters()[rd] ?? 0n);
    const written = writtenCsrs(instruction);
    for (const number of written) addCsr(number);
    if (raised) addCsr(FFLAGS);
    // The first change of floating-point state makes it dirty.
    if (!written.includes(MSTATUS) && (row.name === 'mret' || row.name === 'sret' || this.#csr(MSTATUS) !== status)) addCsr(MSTATUS);
    return found;
  }

  #memory({ memory, instruction }: Pending): string {
    if (instruction.row.name === 'cbo.zero' && memory !== undefined) return zeros(memory.address);
    if (memory === undefined) return '';
    const address = digits(memory.address, 64);
    const read = memory.reads ? ` mem ${address}` : '';
    const failed = instruction.row.name.startsWith('sc.') && instruction.rd !== 0 && this.#hart.x(instruction.rd) !== 0n;
    if (memory.stores === 'nothing' || failed) return read;
    return `${read} mem ${address} ${digits(memory.stores ?? this.#load(memory), memory.size * 8)}`;
  }

  /** What is in memory where an AMO has stored. */
  #load({ address, size }: Memory): bigint {
    const host = probeHost(this.#bus, this.#hart, Number(address), READ);
    if (host === 0) return 0n;
    return size === 8 ? this.#bus.view.getBigUint64(host, true) : BigInt(this.#bus.view.getUint32(host, true));
  }
}

/** cbo.zero as Spike does it, a byte at a time. */
const zeros = (address: bigint): string =>
  Array.from({ length: CACHE_BLOCK }, (_, i) => ` mem ${digits(address - (address % BigInt(CACHE_BLOCK)) + BigInt(i), 64)} 0x00`).join('');

/** Whether an instruction computes in floating point. */
const raisesFlags = ({ row }: DecodedInstruction): boolean => FLOAT_OPCODES.has(row.match & 0x7f);

/** The CSRs an instruction writes, as Spike names them. */
function writtenCsrs({ row, rs1, imm }: DecodedInstruction): readonly number[] {
  const writes = row.operands.includes('csr') && (row.name.startsWith('csrrw') || rs1 !== 0);
  return writes ? (VIEWS[imm] ?? [imm]) : [];
}

/** The data access of an instruction, if it makes one. */
function memoryOf(hart: Hart, { row, rs1, rs2, imm }: DecodedInstruction): Memory | undefined {
  const size = 1 << ((row.match >>> 12) & 3);
  const base = hart.x(rs1);
  const address = base + BigInt(imm);
  switch (row.match & 0x7f) {
    case OPCODE.load: case OPCODE.loadFloat: return { address, size, reads: true, stores: 'nothing' };
    case OPCODE.store: return { address, size, reads: false, stores: hart.x(rs2) };
    case OPCODE.storeFloat: return { address, size, reads: false, stores: hart.state.floatRegisters()[rs2] ?? 0n };
    case OPCODE.amo: {
      const funct5 = row.match >>> 27;
      if (funct5 === LR) return { address: base, size, reads: true, stores: 'nothing' };
      return funct5 === SC ? { address: base, size, reads: false, stores: hart.x(rs2) } : { address: base, size, reads: true, stores: undefined };
    }
    default: return row.name === 'cbo.zero' ? { address: BigInt.asUintN(64, base), size, reads: false, stores: 0n } : undefined;
  }
}
