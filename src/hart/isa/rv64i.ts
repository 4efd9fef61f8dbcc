/** RV32I and RV64I, the base integer instruction set. [RISC-V unprivileged ISA, RV32I and RV64I Base Integer Instruction Set] */
import type { Emitter } from '../emitter.js';
import type { Long, Word } from '../value.js';
import { type Instruction, rows } from './instruction.js';

const i = rows('I');

/** Effective address of a load or store. */
const address = (e: Emitter): Long => e.add(e.rs1(), e.imm());
/** rd = a 32-bit result, sign-extended, as all W instructions deliver it. */
const setWord = (e: Emitter, result: Word): void => e.setRd(e.sext(result));
const low1 = (e: Emitter): Word => e.low(e.rs1());
const low2 = (e: Emitter): Word => e.low(e.rs2());
const lowImm = (e: Emitter): Word => e.low(e.imm());

/** The rows of RV64I, in the order of the manual's listing. WebAssembly takes shift counts modulo the width, as RISC-V does. */
export const rv64i: readonly Instruction[] = [
  i('lui',    'imm[31:12] rd 0110111',                         'rd, upper',       (e) => e.setRd(e.imm())),
  i('auipc',  'imm[31:12] rd 0010111',                         'rd, upper',       (e) => e.setRd(e.add(e.pc(), e.imm()))),
  i('jal',    'imm[20|10:1|11|19:12] rd 1101111',              'rd, target',      (e) => { e.setRd(e.nextPc()); e.branch(); }, 'jump'),
  i('jalr',   'imm[11:0] rs1 000 rd 1100111',                  'rd, imm(rs1)',    (e) => {
    const target = e.let(e.and(address(e), e.const(-2n)));
    e.setRd(e.nextPc());
    e.jump(target);
  }, 'jumpRegister'),

  i('beq',    'imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011',  'rs1, rs2, target', (e) => e.branchIf(e.eq(e.rs1(), e.rs2())), 'branch'),
  i('bne',    'imm[12|10:5] rs2 rs1 001 imm[4:1|11] 1100011',  'rs1, rs2, target', (e) => e.branchIf(e.ne(e.rs1(), e.rs2())), 'branch'),
  i('blt',    'imm[12|10:5] rs2 rs1 100 imm[4:1|11] 1100011',  'rs1, rs2, target', (e) => e.branchIf(e.ltS(e.rs1(), e.rs2())), 'branch'),
  i('bge',    'imm[12|10:5] rs2 rs1 101 imm[4:1|11] 1100011',  'rs1, rs2, target', (e) => e.branchIf(e.geS(e.rs1(), e.rs2())), 'branch'),
  i('bltu',   'imm[12|10:5] rs2 rs1 110 imm[4:1|11] 1100011',  'rs1, rs2, target', (e) => e.branchIf(e.ltU(e.rs1(), e.rs2())), 'branch'),
  i('bgeu',   'imm[12|10:5] rs2 rs1 111 imm[4:1|11] 1100011',  'rs1, rs2, target', (e) => e.branchIf(e.geU(e.rs1(), e.rs2())), 'branch'),

  i('lb',     'imm[11:0] rs1 000 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadS(1, address(e)))),
  i('lh',     'imm[11:0] rs1 001 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadS(2, address(e)))),
  i('lw',     'imm[11:0] rs1 010 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadS(4, address(e)))),
  i('ld',     'imm[11:0] rs1 011 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadS(8, address(e)))),
  i('lbu',    'imm[11:0] rs1 100 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadU(1, address(e)))),
  i('lhu',    'imm[11:0] rs1 101 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadU(2, address(e)))),
  i('lwu',    'imm[11:0] rs1 110 rd 0000011',                  'rd, imm(rs1)',    (e) => e.setRd(e.loadU(4, address(e)))),
  i('sb',     'imm[11:5] rs2 rs1 000 imm[4:0] 0100011',        'rs2, imm(rs1)',   (e) => e.store(1, address(e), e.rs2())),
  i('sh',     'imm[11:5] rs2 rs1 001 imm[4:0] 0100011',        'rs2, imm(rs1)',   (e) => e.store(2, address(e), e.rs2())),
  i('sw',     'imm[11:5] rs2 rs1 010 imm[4:0] 0100011',        'rs2, imm(rs1)',   (e) => e.store(4, address(e), e.rs2())),
  i('sd',     'imm[11:5] rs2 rs1 011 imm[4:0] 0100011',        'rs2, imm(rs1)',   (e) => e.store(8, address(e), e.rs2())),

  i('addi',   'imm[11:0] rs1 000 rd 0010011',                  'rd, rs1, imm',    (e) => e.setRd(e.add(e.rs1(), e.imm()))),
  i('slti',   'imm[11:0] rs1 010 rd 0010011',                  'rd, rs1, imm',    (e) => e.setRd(e.flag(e.ltS(e.rs1(), e.imm())))),
  i('sltiu',  'imm[11:0] rs1 011 rd 0010011',                  'rd, rs1, imm',    (e) => e.setRd(e.flag(e.ltU(e.rs1(), e.imm())))),
  i('xori',   'imm[11:0] rs1 100 rd 0010011',                  'rd, rs1, imm',    (e) => e.setRd(e.xor(e.rs1(), e.imm()))),
  i('ori',    'imm[11:0] rs1 110 rd 0010011',                  'rd, rs1, imm',    (e) => e.setRd(e.or(e.rs1(), e.imm()))),
  i('andi',   'imm[11:0] rs1 111 rd 0010011',                  'rd, rs1, imm',    (e) => e.setRd(e.and(e.rs1(), e.imm()))),
  i('slli',   '000000 shamt[5:0] rs1 001 rd 0010011',          'rd, rs1, shamt',  (e) => e.setRd(e.shl(e.rs1(), e.imm()))),
  i('srli',   '000000 shamt[5:0] rs1 101 rd 0010011',          'rd, rs1, shamt',  (e) => e.setRd(e.shrU(e.rs1(), e.imm()))),
  i('srai',   '010000 shamt[5:0] rs1 101 rd 0010011',          'rd, rs1, shamt',  (e) => e.setRd(e.shrS(e.rs1(), e.imm()))),

  i('add',    '0000000 rs2 rs1 000 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.add(e.rs1(), e.rs2()))),
  i('sub',    '0100000 rs2 rs1 000 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.sub(e.rs1(), e.rs2()))),
  i('sll',    '0000000 rs2 rs1 001 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.shl(e.rs1(), e.rs2()))),
  i('slt',    '0000000 rs2 rs1 010 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.flag(e.ltS(e.rs1(), e.rs2())))),
  i('sltu',   '0000000 rs2 rs1 011 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.flag(e.ltU(e.rs1(), e.rs2())))),
  i('xor',    '0000000 rs2 rs1 100 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.xor(e.rs1(), e.rs2()))),
  i('srl',    '0000000 rs2 rs1 101 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.shrU(e.rs1(), e.rs2()))),
  i('sra',    '0100000 rs2 rs1 101 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.shrS(e.rs1(), e.rs2()))),
  i('or',     '0000000 rs2 rs1 110 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.or(e.rs1(), e.rs2()))),
  i('and',    '0000000 rs2 rs1 111 rd 0110011',                'rd, rs1, rs2',    (e) => e.setRd(e.and(e.rs1(), e.rs2()))),

  i('addiw',  'imm[11:0] rs1 000 rd 0011011',                  'rd, rs1, imm',    (e) => setWord(e, e.add32(low1(e), lowImm(e)))),
  i('slliw',  '0000000 shamt[4:0] rs1 001 rd 0011011',         'rd, rs1, shamt',  (e) => setWord(e, e.shl32(low1(e), lowImm(e)))),
  i('srliw',  '0000000 shamt[4:0] rs1 101 rd 0011011',         'rd, rs1, shamt',  (e) => setWord(e, e.shrU32(low1(e), lowImm(e)))),
  i('sraiw',  '0100000 shamt[4:0] rs1 101 rd 0011011',         'rd, rs1, shamt',  (e) => setWord(e, e.shrS32(low1(e), lowImm(e)))),
  i('addw',   '0000000 rs2 rs1 000 rd 0111011',                'rd, rs1, rs2',    (e) => setWord(e, e.add32(low1(e), low2(e)))),
  i('subw',   '0100000 rs2 rs1 000 rd 0111011',                'rd, rs1, rs2',    (e) => setWord(e, e.sub32(low1(e), low2(e)))),
  i('sllw',   '0000000 rs2 rs1 001 rd 0111011',                'rd, rs1, rs2',    (e) => setWord(e, e.shl32(low1(e), low2(e)))),
  i('srlw',   '0000000 rs2 rs1 101 rd 0111011',                'rd, rs1, rs2',    (e) => setWord(e, e.shrU32(low1(e), low2(e)))),
  i('sraw',   '0100000 rs2 rs1 101 rd 0111011',                'rd, rs1, rs2',    (e) => setWord(e, e.shrS32(low1(e), low2(e)))),

  // One hart runs at a time and memory is never reordered, so every fence is a no-op; reserved fields are ignored as the manual asks.
  i('fence',  'fm pred succ rs1 000 rd 0001111',               'pred, succ',      () => {}),
  i('ecall',  '000000000000 00000 000 00000 1110011',          '',                (e) => e.system(), 'system'),
  i('ebreak', '000000000001 00000 000 00000 1110011',          '',                (e) => e.system(), 'system'),
];
