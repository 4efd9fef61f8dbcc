/**
 * C: compressed instructions, each with the full instruction it stands for. [RISC-V unprivileged ISA, "C" Extension, RVC Instruction Set Listings]
 * The first row that matches is meant: special cases stand before the general ones. HINTs need no rows of their own: they expand to
 * instructions that write x0. An all-zero parcel is illegal by definition, and no row matches it.
 */
import { compressed, type CompressedInstruction, type Encoded } from './instruction.js';

const LISTING: readonly (readonly [name: string, encoding: string, syntax: string, means: string])[] = [
  // --- quadrant 0
  ['c.addi4spn', "000 nzuimm[5:4|9:6|2|3] rd' 00",                'rd, sp, imm',  'addi rd, x2, imm'],
  ['c.fld',      "001 uimm[5:3] rs1' uimm[7:6] rd' 00",           'fd, imm(rs1)', 'fld rd, imm(rs1)'],
  ['c.lw',       "010 uimm[5:3] rs1' uimm[2|6] rd' 00",           'rd, imm(rs1)', 'lw rd, imm(rs1)'],
  ['c.ld',       "011 uimm[5:3] rs1' uimm[7:6] rd' 00",           'rd, imm(rs1)', 'ld rd, imm(rs1)'],
  ['c.fsd',      "101 uimm[5:3] rs1' uimm[7:6] rs2' 00",          'fs2, imm(rs1)', 'fsd rs2, imm(rs1)'],
  ['c.sw',       "110 uimm[5:3] rs1' uimm[2|6] rs2' 00",          'rs2, imm(rs1)', 'sw rs2, imm(rs1)'],
  ['c.sd',       "111 uimm[5:3] rs1' uimm[7:6] rs2' 00",          'rs2, imm(rs1)', 'sd rs2, imm(rs1)'],

  // --- quadrant 1
  ['c.nop',      '000 0 00000 00000 01',                          '',             'addi x0, x0, 0'],
  ['c.addi',     '000 imm[5] rd imm[4:0] 01',                     'rd, imm',      'addi rd, rd, imm'],
  ['c.addiw',    '001 imm[5] rd!=0 imm[4:0] 01',                  'rd, imm',      'addiw rd, rd, imm'],
  ['c.li',       '010 imm[5] rd imm[4:0] 01',                     'rd, imm',      'addi rd, x0, imm'],
  ['c.addi16sp', '011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01',        'sp, imm',      'addi x2, x2, imm'],
  ['c.lui',      '011 nzimm[17] rd!=2 nzimm[16:12] 01',           'rd, upper',    'lui rd, imm'],
  ['c.srli',     "100 shamt[5] 00 rd' shamt[4:0] 01",             'rd, shamt',    'srli rd, rd, shamt'],
  ['c.srai',     "100 shamt[5] 01 rd' shamt[4:0] 01",             'rd, shamt',    'srai rd, rd, shamt'],
  ['c.andi',     "100 imm[5] 10 rd' imm[4:0] 01",                 'rd, imm',      'andi rd, rd, imm'],
  ['c.sub',      "100 0 11 rd' 00 rs2' 01",                       'rd, rs2',      'sub rd, rd, rs2'],
  ['c.xor',      "100 0 11 rd' 01 rs2' 01",                       'rd, rs2',      'xor rd, rd, rs2'],
  ['c.or',       "100 0 11 rd' 10 rs2' 01",                       'rd, rs2',      'or rd, rd, rs2'],
  ['c.and',      "100 0 11 rd' 11 rs2' 01",                       'rd, rs2',      'and rd, rd, rs2'],
  ['c.subw',     "100 1 11 rd' 00 rs2' 01",                       'rd, rs2',      'subw rd, rd, rs2'],
  ['c.addw',     "100 1 11 rd' 01 rs2' 01",                       'rd, rs2',      'addw rd, rd, rs2'],
  ['c.j',        '101 imm[11|4|9:8|10|6|7|3:1|5] 01',             'target',       'jal x0, imm'],
  ['c.beqz',     "110 imm[8|4:3] rs1' imm[7:6|2:1|5] 01",         'rs1, target',  'beq rs1, x0, imm'],
  ['c.bnez',     "111 imm[8|4:3] rs1' imm[7:6|2:1|5] 01",         'rs1, target',  'bne rs1, x0, imm'],

  // --- quadrant 2
  ['c.slli',     '000 shamt[5] rd shamt[4:0] 10',                 'rd, shamt',    'slli rd, rd, shamt'],
  ['c.fldsp',    '001 uimm[5] rd uimm[4:3|8:6] 10',               'fd, imm(sp)',  'fld rd, imm(x2)'],
  ['c.lwsp',     '010 uimm[5] rd!=0 uimm[4:2|7:6] 10',            'rd, imm(sp)',  'lw rd, imm(x2)'],
  ['c.ldsp',     '011 uimm[5] rd!=0 uimm[4:3|8:6] 10',            'rd, imm(sp)',  'ld rd, imm(x2)'],
  ['c.jr',       '100 0 rs1!=0 00000 10',                         'rs1',          'jalr x0, 0(rs1)'],
  ['c.mv',       '100 0 rd rs2!=0 10',                            'rd, rs2',      'add rd, x0, rs2'],
  ['c.ebreak',   '100 1 00000 00000 10',                          '',             'ebreak'],
  ['c.jalr',     '100 1 rs1!=0 00000 10',                         'rs1',          'jalr x1, 0(rs1)'],
  ['c.add',      '100 1 rd rs2!=0 10',                            'rd, rs2',      'add rd, rd, rs2'],
  ['c.fsdsp',    '101 uimm[5:3|8:6] rs2 10',                      'fs2, imm(sp)', 'fsd rs2, imm(x2)'],
  ['c.swsp',     '110 uimm[5:2|7:6] rs2 10',                      'rs2, imm(sp)', 'sw rs2, imm(x2)'],
  ['c.sdsp',     '111 uimm[5:3|8:6] rs2 10',                      'rs2, imm(sp)', 'sd rs2, imm(x2)'],
];

/** The rows of C, over the full instructions they expand to. */
export const extensionC = (full: (name: string) => Encoded | undefined): readonly CompressedInstruction[] =>
  LISTING.map(([name, encoding, syntax, means]) => compressed(name, encoding, syntax, means, full));
