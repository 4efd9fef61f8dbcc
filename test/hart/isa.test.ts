import { describe, expect, it } from 'vitest';
import {
  COMPRESSED, csrNumber, decode, disassemble, encode, type Encoded, extract, type FieldName, fieldError, fieldRange, INSTRUCTIONS, instructionNamed, operandField, registerNumber,
} from '../../src/hart/index.js';
import { parseEncoding } from '../../src/hart/isa/encoding.js';
import { KNOWN } from './known-encodings.js';

const ALL: readonly Encoded[] = [...INSTRUCTIONS, ...COMPRESSED];

describe('the table against the GNU assembler', () => {
  it.each(KNOWN)('%s', (text, bits) => {
    expect(disassemble(bits, 0)).toBe(text);
  });

  it('covers every row of the table', () => {
    const seen = new Set(KNOWN.map(([text]) => text.split(' ')[0]!.replace(/\.(aq|rl|aqrl)$/, '')));
    expect(ALL.map((row) => row.name).filter((name) => !seen.has(name))).toEqual([]);
  });

  it('encodes the fields of each known instruction to the same bits', () => {
    for (const [text, bits] of KNOWN) {
      const row = instructionNamed(text.split(' ')[0]!.replace(/\.(aq|rl|aqrl)$/, ''))!;
      const values: { [name in FieldName]?: number } = {};
      for (const field of Object.values(row.fields)) values[field.name] = extract(field, bits);
      expect(encode(row, values), text).toBe(bits);
    }
  });
});

describe('every row', () => {
  it.each(ALL.map((row) => [row.name, row] as const))('%s is well formed', (_, row) => {
    expect(row.match & ~row.mask).toBe(0);
    for (const operand of row.operands) {
      const field = operandField(operand);
      if (field !== undefined) expect(row.fields[field], operand).toBeDefined();
    }
  });

  it('differs from every other in bits both fix, but for the special cases that stand first', () => {
    const overlaps: string[] = [];
    for (const [list, first] of [[INSTRUCTIONS, 0], [COMPRESSED, 0]] as const) {
      list.forEach((a, i) => list.slice(i + 1 + first).forEach((b) => {
        if (((a.match ^ b.match) & a.mask & b.mask) === 0 && !a.guarded && !b.guarded) overlaps.push(`${a.name} ${b.name}`);
      }));
    }
    expect(overlaps).toEqual(['c.nop c.addi']);
  });

  it('reads back what was encoded, at both ends of every field', () => {
    for (const row of ALL) {
      for (const field of Object.values(row.fields)) {
        const { min, max } = fieldRange(field);
        for (const value of [min, max]) {
          if (fieldError(field, value) === undefined) expect(extract(field, encode(row, { ...legal(row), [field.name]: value })), `${row.name} ${field.name}`).toBe(value);
        }
      }
    }
  });
});

/** A legal value for every field. */
function legal(row: Encoded): { [name in FieldName]?: number } {
  const values: { [name in FieldName]?: number } = {};
  for (const field of Object.values(row.fields)) {
    values[field.name] = [field.bias, field.scale, 2 * field.scale, 3 * field.scale].find((value) => fieldError(field, value) === undefined)!;
  }
  return values;
}

describe('encode refuses, naming instruction and field', () => {
  const refused: readonly [string, { [name in FieldName]?: number }, RegExp][] = [
    ['addi', { imm: 2048 }, /addi: imm must be between -2048 and 2047, not 2048/],
    ['beq', { imm: 3 }, /beq: imm must be a multiple of 2/],
    ['lui', { imm: 0x1001 }, /lui: imm must be a multiple of 4096/],
    ['add', { rd: 32 }, /add: rd must be between 0 and 31/],
    ['add', { rd: 1.5 }, /add: rd must be/],
    ['c.lw', { rd: 7 }, /c.lw: rd must be between 8 and 15/],
    ['c.lwsp', { rd: 0 }, /c.lwsp: rd must not be 0/],
    ['c.lui', { rd: 2, imm: 4096 }, /c.lui: rd must not be 2/],
    ['c.addi4spn', { rd: 8, imm: 0 }, /c.addi4spn: imm must not be 0/],
    ['slliw', { shamt: 32 }, /slliw: shamt must be between 0 and 31/],
  ];
  it.each(refused)('%s %o', (name, values, message) => {
    expect(() => encode(instructionNamed(name)!, values)).toThrow(message);
  });
});

describe('decode', () => {
  it('gives compressed instructions as what they stand for', () => {
    const expanded = (bits: number): string => {
      const { row, rd, rs1, rs2, imm, length } = decode(bits)!;
      return `${row.name} ${rd} ${rs1} ${rs2} ${imm} /${length}`;
    };
    // Bits from known-encodings.ts, meaning from the manual's expansions.
    const bitsOf = (text: string): number => KNOWN.find(([known]) => known === text)![1];
    expect(expanded(bitsOf('c.addi4spn a0,sp,1020'))).toBe('addi 10 2 0 1020 /2');
    expect(expanded(bitsOf('c.addi16sp sp,-512'))).toBe('addi 2 2 0 -512 /2');
    expect(expanded(bitsOf('c.lui a0,0xfffe0'))).toBe('lui 10 0 0 -131072 /2');
    expect(expanded(bitsOf('c.li t6,-1'))).toBe('addi 31 0 0 -1 /2');
    expect(expanded(bitsOf('c.jr t0'))).toBe('jalr 0 5 0 0 /2');
    expect(expanded(bitsOf('c.jalr t0'))).toBe('jalr 1 5 0 0 /2');
    expect(expanded(bitsOf('c.mv t0,t6'))).toBe('add 5 0 31 0 /2');
    expect(expanded(bitsOf('c.sdsp ra,504(sp)'))).toBe('sd 0 2 1 504 /2');
    expect(expanded(bitsOf('c.bnez s1,0xffffffffffffff00'))).toBe('bne 0 9 0 -256 /2');
    expect(expanded(bitsOf('c.srai s1,0x1'))).toBe('srai 9 9 0 1 /2');
  });

  it('knows no all-zero and no all-one instruction', () => {
    expect(decode(0)).toBeUndefined();
    expect(decode(0xffff_ffff)).toBeUndefined();
  });

  it('rejects the reserved compressed encodings', () => {
    // c.addiw with rd 0, c.lwsp with rd 0, c.jr with rs1 0, c.lui and c.addi16sp with immediate 0, quadrant 1's unused arithmetic.
    for (const bits of [0x2001, 0x4002, 0x8002, 0x6081, 0x6101, 0x9c41, 0x8000]) expect(decode(bits), bits.toString(16)).toBeUndefined();
  });

  it('executes hints as writes to x0', () => {
    expect(decode(0x0081)!.row.name).toBe('addi');
    expect(decode(0x4005)).toMatchObject({ rd: 0, imm: 1 });
  });
});

describe('the disassembler', () => {
  it('shows what is no instruction as data', () => {
    expect(disassemble(0xffff_ffff, 0)).toBe('.word 0xffffffff');
    expect(disassemble(0x0000, 0)).toBe('.short 0x0000');
  });

  it('computes targets from the pc, signed addresses as 64 bits', () => {
    expect(disassemble(0x0000006f, 0x1234)).toBe('jal zero,0x1234');
    expect(disassemble(0x0000006f, -4096)).toBe('jal zero,0xfffffffffffff000');
  });
});

describe('names', () => {
  it('of registers: ABI names, x and f names, fp', () => {
    expect(['zero', 'sp', 's0', 'fp', 't6', 'x17'].map((name) => registerNumber(name))).toEqual([0, 2, 8, 8, 31, 17]);
    expect(['fa0', 'f31'].map((name) => registerNumber(name, 'f'))).toEqual([10, 31]);
    expect([registerNumber('x32'), registerNumber('fa0'), registerNumber('a0', 'f')]).toEqual([undefined, undefined, undefined]);
  });

  it('of CSRs', () => {
    expect([csrNumber('satp'), csrNumber('mhartid'), csrNumber('toString')]).toEqual([0x180, 0xf14, undefined]);
  });
});

describe('the encoding notation', () => {
  it('refuses text that does not add up', () => {
    expect(() => parseEncoding('0000000 rs2 rs1 000 rd 011001', 32)).toThrow(/31 bits instead of 32/);
    expect(() => parseEncoding('0000000 rs2 rs1 000 imm 0110011', 32)).toThrow(/does not say which bits/);
  });
});
