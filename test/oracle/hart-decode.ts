/**
 * Decoding of RV64GC, Zicsr, Zifencei and the supervisor's instructions, written from the manual's encoding tables as one
 * switch a quadrant; floating point and bit manipulation are rows of their own. It shares nothing with the product; it
 * exists to disagree with it.
 *
 * [RISC-V unprivileged ISA, RV32/64G Instruction Set Listings; "C" Extension, RVC Instruction Set Listings]
 */
import { bitManipulation } from './decode-bits.js';
import { F, X, address, bits, csrNames, hex, sext } from './decode-fields.js';
import type { Decoded } from './decode-fields.js';
import { floatArithmetic } from './decode-float.js';
export type { Decoded } from './decode-fields.js';

/** Decodes the instruction in `word` (a compressed one in its low half) at `pc`; undefined where it is illegal. */
export function decode(word: number, pc = 0): Decoded | undefined {
  switch (word & 3) {
    case 0: return quadrant0(word & 0xffff);
    case 1: return quadrant1(word & 0xffff, pc);
    case 2: return quadrant2(word & 0xffff);
    default: return bitManipulation(word >>> 0) ?? floatArithmetic(word >>> 0) ?? full(word >>> 0, pc);
  }
}

function full(w: number, pc: number): Decoded | undefined {
  const [opcode, rd, f3, rs1, rs2, f7] = [bits(w, 6, 0), bits(w, 11, 7), bits(w, 14, 12), bits(w, 19, 15), bits(w, 24, 20), bits(w, 31, 25)];
  const immI = sext(bits(w, 31, 20), 12);
  const make = (op: string, imm: bigint, text: string): Decoded => ({ op, rd, rs1, rs2, imm, length: 4, text });
  const threeRegisters = (op: string | undefined): Decoded | undefined => (op === undefined ? undefined : make(op, 0n, `${op} ${X(rd)},${X(rs1)},${X(rs2)}`));
  switch (opcode) {
    case 0x37: return make('lui', sext(w & 0xfffff000, 32), `lui ${X(rd)},${hex(bits(w, 31, 12))}`);
    case 0x17: return make('auipc', sext(w & 0xfffff000, 32), `auipc ${X(rd)},${hex(bits(w, 31, 12))}`);
    case 0x6f: {
      const imm = sext((bits(w, 31, 31) << 20) | (bits(w, 19, 12) << 12) | (bits(w, 20, 20) << 11) | (bits(w, 30, 21) << 1), 21);
      return make('jal', imm, `jal ${X(rd)},${address(pc, imm)}`);
    }
    case 0x67: return f3 === 0 ? make('jalr', immI, `jalr ${X(rd)},${immI}(${X(rs1)})`) : undefined;
    case 0x63: {
      const op = ['beq', 'bne', undefined, undefined, 'blt', 'bge', 'bltu', 'bgeu'][f3];
      const imm = sext((bits(w, 31, 31) << 12) | (bits(w, 7, 7) << 11) | (bits(w, 30, 25) << 5) | (bits(w, 11, 8) << 1), 13);
      return op === undefined ? undefined : make(op, imm, `${op} ${X(rs1)},${X(rs2)},${address(pc, imm)}`);
    }
    case 0x03: {
      const op = ['lb', 'lh', 'lw', 'ld', 'lbu', 'lhu', 'lwu'][f3];
      return op === undefined ? undefined : make(op, immI, `${op} ${X(rd)},${immI}(${X(rs1)})`);
    }
    case 0x07: {
      const op = f3 === 2 ? 'flw' : f3 === 3 ? 'fld' : undefined;
      return op === undefined ? undefined : make(op, immI, `${op} ${F(rd)},${immI}(${X(rs1)})`);
    }
    case 0x27: {
      const op = f3 === 2 ? 'fsw' : f3 === 3 ? 'fsd' : undefined;
      const imm = sext((f7 << 5) | rd, 12);
      return op === undefined ? undefined : make(op, imm, `${op} ${F(rs2)},${imm}(${X(rs1)})`);
    }
    case 0x23: {
      const op = ['sb', 'sh', 'sw', 'sd'][f3];
      const imm = sext((f7 << 5) | rd, 12);
      return op === undefined ? undefined : make(op, imm, `${op} ${X(rs2)},${imm}(${X(rs1)})`);
    }
    case 0x13: {
      const [f6, shamt] = [bits(w, 31, 26), bits(w, 25, 20)];
      if (f3 === 1 || f3 === 5) {
        const op = f3 === 1 ? (f6 === 0 ? 'slli' : undefined) : f6 === 0 ? 'srli' : f6 === 0x10 ? 'srai' : undefined;
        return op === undefined ? undefined : make(op, BigInt(shamt), `${op} ${X(rd)},${X(rs1)},${hex(shamt)}`);
      }
      const op = ['addi', '', 'slti', 'sltiu', 'xori', '', 'ori', 'andi'][f3]!;
      return make(op, immI, `${op} ${X(rd)},${X(rs1)},${immI}`);
    }
    case 0x1b: {
      if (f3 === 0) return make('addiw', immI, `addiw ${X(rd)},${X(rs1)},${immI}`);
      const op = f3 === 1 ? (f7 === 0 ? 'slliw' : undefined) : f3 === 5 ? (f7 === 0 ? 'srliw' : f7 === 0x20 ? 'sraiw' : undefined) : undefined;
      return op === undefined ? undefined : make(op, BigInt(rs2), `${op} ${X(rd)},${X(rs1)},${hex(rs2)}`);
    }
    case 0x33:
      if (f7 === 0x00) return threeRegisters(['add', 'sll', 'slt', 'sltu', 'xor', 'srl', 'or', 'and'][f3]);
      if (f7 === 0x20) return threeRegisters(f3 === 0 ? 'sub' : f3 === 5 ? 'sra' : undefined);
      return f7 === 0x01 ? threeRegisters(['mul', 'mulh', 'mulhsu', 'mulhu', 'div', 'divu', 'rem', 'remu'][f3]) : undefined;
    case 0x3b:
      if (f7 === 0x00) return threeRegisters(f3 === 0 ? 'addw' : f3 === 1 ? 'sllw' : f3 === 5 ? 'srlw' : undefined);
      if (f7 === 0x20) return threeRegisters(f3 === 0 ? 'subw' : f3 === 5 ? 'sraw' : undefined);
      return f7 === 0x01 ? threeRegisters(['mulw', undefined, undefined, undefined, 'divw', 'divuw', 'remw', 'remuw'][f3]) : undefined;
    case 0x2f: {
      const width = f3 === 2 ? '.w' : f3 === 3 ? '.d' : undefined;
      const names: Record<number, string> = { 0: 'amoadd', 1: 'amoswap', 2: 'lr', 3: 'sc', 4: 'amoxor', 8: 'amoor', 12: 'amoand', 16: 'amomin', 20: 'amomax', 24: 'amominu', 28: 'amomaxu' };
      const name = names[bits(w, 31, 27)];
      if (name === undefined || width === undefined || (name === 'lr' && rs2 !== 0)) return undefined;
      const order = ['', '.rl', '.aq', '.aqrl'][bits(w, 26, 25)]!;
      return make(name + width, 0n, `${name}${width}${order} ${X(rd)},${name === 'lr' ? '' : `${X(rs2)},`}(${X(rs1)})`);
    }
    case 0x0f: {
      const set = (n: number): string => ['i', 'o', 'r', 'w'].filter((_, i) => (n & (8 >> i)) !== 0).join('') || '0';
      if (f3 === 0) return make('fence', 0n, `fence ${set(bits(w, 27, 24))},${set(bits(w, 23, 20))}`);
      if (f3 === 1) return make('fence.i', 0n, 'fence.i');
      const cbo = f3 === 2 && rd === 0 ? { 0: 'cbo.inval', 1: 'cbo.clean', 2: 'cbo.flush', 4: 'cbo.zero' }[bits(w, 31, 20)] : undefined;
      return cbo === undefined ? undefined : make(cbo, 0n, `${cbo} (${X(rs1)})`);
    }
    case 0x73: {
      if (f3 !== 0 && f3 !== 4) {
        const op = ['', 'csrrw', 'csrrs', 'csrrc', '', 'csrrwi', 'csrrsi', 'csrrci'][f3]!;
        const csr = bits(w, 31, 20);
        return make(op, BigInt(csr), `${op} ${X(rd)},${csrNames[csr] ?? hex(csr)},${f3 > 4 ? rs1 : X(rs1)}`);
      }
      if (f3 === 0 && f7 === 0x09 && rd === 0) return make('sfence.vma', 0n, `sfence.vma ${X(rs1)},${X(rs2)}`);
      if (f3 === 0 && f7 === 0x0b && rd === 0) return make('sinval.vma', 0n, `sinval.vma ${X(rs1)},${X(rs2)}`);
      const whole: Record<number, string> = { 0x18000073: 'sfence.w.inval', 0x18100073: 'sfence.inval.ir', 0x00000073: 'ecall', 0x00100073: 'ebreak', 0x30200073: 'mret', 0x10200073: 'sret', 0x10500073: 'wfi' };
      const op = whole[w];
      return op === undefined ? undefined : make(op, 0n, op);
    }
    default: return undefined;
  }
}

/** A compressed instruction as the full one it stands for. */
const short = (op: string, rd: number, rs1: number, rs2: number, imm: number | bigint, text: string): Decoded => ({ op, rd, rs1, rs2, imm: BigInt(imm), length: 2, text });

function quadrant0(h: number): Decoded | undefined {
  const [low, base] = [bits(h, 4, 2) + 8, bits(h, 9, 7) + 8];
  const word = (bits(h, 12, 10) << 3) | (bits(h, 6, 6) << 2) | (bits(h, 5, 5) << 6);
  const double = (bits(h, 12, 10) << 3) | (bits(h, 6, 5) << 6);
  switch (bits(h, 15, 13)) {
    case 0: {
      const imm = (bits(h, 12, 11) << 4) | (bits(h, 10, 7) << 6) | (bits(h, 6, 6) << 2) | (bits(h, 5, 5) << 3);
      return imm === 0 ? undefined : short('addi', low, 2, 0, imm, `c.addi4spn ${X(low)},sp,${imm}`);
    }
    case 1: return short('fld', low, base, 0, double, `c.fld ${F(low)},${double}(${X(base)})`);
    case 2: return short('lw', low, base, 0, word, `c.lw ${X(low)},${word}(${X(base)})`);
    case 3: return short('ld', low, base, 0, double, `c.ld ${X(low)},${double}(${X(base)})`);
    case 5: return short('fsd', 0, base, low, double, `c.fsd ${F(low)},${double}(${X(base)})`);
    case 6: return short('sw', 0, base, low, word, `c.sw ${X(low)},${word}(${X(base)})`);
    case 7: return short('sd', 0, base, low, double, `c.sd ${X(low)},${double}(${X(base)})`);
    default: return undefined;
  }
}

function quadrant1(h: number, pc: number): Decoded | undefined {
  const rd = bits(h, 11, 7);
  const imm = sext((bits(h, 12, 12) << 5) | bits(h, 6, 2), 6);
  switch (bits(h, 15, 13)) {
    case 0: return rd === 0 && imm === 0n ? short('addi', 0, 0, 0, 0, 'c.nop') : short('addi', rd, rd, 0, imm, `c.addi ${X(rd)},${imm}`);
    case 1: return rd === 0 ? undefined : short('addiw', rd, rd, 0, imm, `c.addiw ${X(rd)},${imm}`);
    case 2: return short('addi', rd, 0, 0, imm, `c.li ${X(rd)},${imm}`);
    case 3: {
      if (imm === 0n) return undefined;
      if (rd !== 2) return short('lui', rd, 0, 0, imm << 12n, `c.lui ${X(rd)},${hex(BigInt.asUintN(20, imm))}`);
      const step = sext((bits(h, 12, 12) << 9) | (bits(h, 6, 6) << 4) | (bits(h, 5, 5) << 6) | (bits(h, 4, 3) << 7) | (bits(h, 2, 2) << 5), 10);
      return short('addi', 2, 2, 0, step, `c.addi16sp sp,${step}`);
    }
    case 4: return arithmetic(h, bits(h, 9, 7) + 8, imm);
    case 5: {
      const offset = sext((bits(h, 12, 12) << 11) | (bits(h, 11, 11) << 4) | (bits(h, 10, 9) << 8) | (bits(h, 8, 8) << 10) | (bits(h, 7, 7) << 6) | (bits(h, 6, 6) << 7) | (bits(h, 5, 3) << 1) | (bits(h, 2, 2) << 5), 12);
      return short('jal', 0, 0, 0, offset, `c.j ${address(pc, offset)}`);
    }
    default: {
      const offset = sext((bits(h, 12, 12) << 8) | (bits(h, 11, 10) << 3) | (bits(h, 6, 5) << 6) | (bits(h, 4, 3) << 1) | (bits(h, 2, 2) << 5), 9);
      const [base, zero] = [bits(h, 9, 7) + 8, bits(h, 15, 13) === 6];
      return short(zero ? 'beq' : 'bne', 0, base, 0, offset, `c.b${zero ? 'eq' : 'ne'}z ${X(base)},${address(pc, offset)}`);
    }
  }
}

function arithmetic(h: number, rd: number, imm: bigint): Decoded | undefined {
  const shamt = (bits(h, 12, 12) << 5) | bits(h, 6, 2);
  const rs2 = bits(h, 4, 2) + 8;
  switch (bits(h, 11, 10)) {
    case 0: return short('srli', rd, rd, 0, shamt, `c.srli ${X(rd)},${hex(shamt)}`);
    case 1: return short('srai', rd, rd, 0, shamt, `c.srai ${X(rd)},${hex(shamt)}`);
    case 2: return short('andi', rd, rd, 0, imm, `c.andi ${X(rd)},${imm}`);
    default: {
      const op = bits(h, 12, 12) === 0 ? ['sub', 'xor', 'or', 'and'][bits(h, 6, 5)] : ['subw', 'addw'][bits(h, 6, 5)];
      return op === undefined ? undefined : short(op, rd, rd, rs2, 0, `c.${op} ${X(rd)},${X(rs2)}`);
    }
  }
}

function quadrant2(h: number): Decoded | undefined {
  const [rd, rs2] = [bits(h, 11, 7), bits(h, 6, 2)];
  switch (bits(h, 15, 13)) {
    case 0: {
      const shamt = (bits(h, 12, 12) << 5) | rs2;
      return short('slli', rd, rd, 0, shamt, `c.slli ${X(rd)},${hex(shamt)}`);
    }
    case 1: {
      const imm = (bits(h, 12, 12) << 5) | (bits(h, 6, 5) << 3) | (bits(h, 4, 2) << 6);
      return short('fld', rd, 2, 0, imm, `c.fldsp ${F(rd)},${imm}(sp)`);
    }
    case 2: {
      const imm = (bits(h, 12, 12) << 5) | (bits(h, 6, 4) << 2) | (bits(h, 3, 2) << 6);
      return rd === 0 ? undefined : short('lw', rd, 2, 0, imm, `c.lwsp ${X(rd)},${imm}(sp)`);
    }
    case 3: {
      const imm = (bits(h, 12, 12) << 5) | (bits(h, 6, 5) << 3) | (bits(h, 4, 2) << 6);
      return rd === 0 ? undefined : short('ld', rd, 2, 0, imm, `c.ldsp ${X(rd)},${imm}(sp)`);
    }
    case 4: {
      if (bits(h, 12, 12) === 0) {
        if (rs2 !== 0) return short('add', rd, 0, rs2, 0, `c.mv ${X(rd)},${X(rs2)}`);
        return rd === 0 ? undefined : short('jalr', 0, rd, 0, 0, `c.jr ${X(rd)}`);
      }
      if (rs2 !== 0) return short('add', rd, rd, rs2, 0, `c.add ${X(rd)},${X(rs2)}`);
      return rd === 0 ? short('ebreak', 0, 0, 0, 0, 'c.ebreak') : short('jalr', 1, rd, 0, 0, `c.jalr ${X(rd)}`);
    }
    case 5: {
      const imm = (bits(h, 12, 10) << 3) | (bits(h, 9, 7) << 6);
      return short('fsd', 0, 2, rs2, imm, `c.fsdsp ${F(rs2)},${imm}(sp)`);
    }
    case 6: {
      const imm = (bits(h, 12, 9) << 2) | (bits(h, 8, 7) << 6);
      return short('sw', 0, 2, rs2, imm, `c.swsp ${X(rs2)},${imm}(sp)`);
    }
    case 7: {
      const imm = (bits(h, 12, 10) << 3) | (bits(h, 9, 7) << 6);
      return short('sd', 0, 2, rs2, imm, `c.sdsp ${X(rs2)},${imm}(sp)`);
    }
    default: return undefined;
  }
}
