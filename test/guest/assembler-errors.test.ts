import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssemblerError, assemble } from '../../guest/index.js';

describe('a mistake', () => {
  it.each([
    // characters and tokens
    ['nop\n  ?', '2:3: unexpected character "?"'],
    ['.word 12x', '1:7: malformed number 12x'],
    ['.word 089', '1:7: malformed number 089'],
    ['.ascii "abc', '1:8: string without an end'],
    ['.ascii "a\\q"', '1:10: unknown escape \\q'],
    ['/* no end', '1:1: comment without an end'],
    // statements
    ['nop nop', '1:5: the operands do not fit; it is written nop'],
    ['nop 5 5', '1:7: unexpected 5 after the statement'],
    ['add a0, a1,', '1:12: expected an operand instead of the end of the line'],
    ['5', '1:1: expected an instruction or a directive instead of 5'],
    ['lw a0, 4(5)', '1:10: expected a register instead of 5'],
    ['lw a0, %foo(x)(a0)', '1:8: unknown function %foo; known are %hi, %lo, %pcrel_hi and %pcrel_lo'],
    // names
    ['frobnicate a0', '1:1: unknown instruction frobnicate'],
    ['.frob', '1:1: unknown directive .frob'],
    ['.section .note', '1:10: unknown section .note; there are .text, .rodata, .data, .bss'],
    ['j nowhere', '1:3: nowhere is not defined'],
    ['nop\nj 1f', '2:3: no local label 1 after this line'],
    ['j 1b\n1: nop', '1:3: no local label 1 before this line'],
    ['a: nop\nb: nop\n a: nop', '3:2: a is already defined in line 1'],
    ['.globl x\nnop', '1:8: x is declared global but not defined'],
    // operands
    ['add a0, a1', '1:5: the operands do not fit; it is written add rd, rs1, rs2 or add register, register, expression'],
    ['addi a0, a1, 2048', '1:14: the immediate of addi must be between -2048 and 2047, not 2048'],
    ['lw a0, -2049(sp)', '1:8: the immediate of lw must be between -2048 and 2047, not -2049'],
    ['slli a0, a0, 64', '1:14: the immediate of slli must be between 0 and 63, not 64'],
    ['lui a0, 0x100000', '1:9: the upper immediate of lui must be between 0 and 0xfffff, not 1048576'],
    ['li a0, 1 << 64', '1:8: 18446744073709551616 does not fit in 64 bits'],
    ['li a0, later\nlater: nop', '1:8: later is not defined'],
    ['a: li a0, a', '1:11: needs a constant; an address is not known here yet'],
    ['beq a0, a1, far\n.zero 4096\nfar: nop', '1:13: target 0x11004 is 4100 bytes away; beq reaches -4096 to 4094'],
    ['j odd\n.byte 0\nodd: nop', '1:3: target 0x10005 is odd; instructions start at even addresses'],
    ['lw a0, %pcrel_lo(x)(a0)\nx: nop', '1:8: %pcrel_lo() needs the label of an auipc with %pcrel_hi(); there is none at 0x10004'],
    ['addi a0, a0, %hi(5)', '1:14: %hi() belongs to lui; this holds the low 12 bits'],
    ['lui a0, %lo(5)', '1:9: %lo() holds low bits; lui needs %hi() or %pcrel_hi()'],
    ['fence q, w', '1:7: q is no fence set: letters of iorw, in this order'],
    ['csrr a0, nosuch', '1:10: nosuch is not defined'],
    ['amoadd.w a0, a1, 4(a2)', '1:18: amoadd.w takes no offset'],
    // compressed
    ['c.lw t0, 0(a0)', '1:6: c.lw reaches s0, s1 and a0 to a5 only, not t0'],
    ['c.addi16sp a0, 16', '1:12: c.addi16sp works on sp only, not a0'],
    ['c.lw a0, 2(a0)', '1:10: the immediate of c.lw must be a multiple of 4, not 2'],
    ['c.lwsp zero, 0(sp)', '1:8: c.lwsp cannot take zero as rd'],
    // data
    ['.byte 256', '1:7: 256 does not fit in a byte'],
    ['.word -0x80000001', '1:7: -2147483649 does not fit in 4 bytes'],
    ['.bss\n.word 1', '2:7: .bss holds no values; reserve room with .zero'],
    ['.balign 3', '1:9: alignment 3 is not a power of two'],
    ['.zero -1', '1:7: a number of bytes must be between 0 and 1099511627776, not -1'],
    ['.data\n.zero 1 << 30', '2:1: .data grows beyond 67108864 bytes'],
    ['.equ a, 1 / 0\nli a0, a', '1:11: division by zero'],
    ['.option pop', '1:1: .option pop without .option push'],
    ['', '1:1: nothing to execute: .text is empty'],
  ])('in %j is told with its place', (source, message) => {
    expect(() => assemble(source, { name: 'x.s' })).toThrow(new AssemblerError('x.s', message.replace(/^\d+:\d+: /, ''), ...(message.split(':').slice(0, 2).map(Number) as [number, number])));
  });

  it('carries line and column as numbers', () => {
    let error: unknown;
    try {
      assemble('nop\n\n   frob');
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ name: 'AssemblerError', line: 3, column: 4, what: 'unknown instruction frob', message: 'source:3:4: unknown instruction frob' });
  });

  it('of any kind is an AssemblerError: no source makes the assembler fail otherwise', () => {
    const words = ['add', 'li', 'la', 'lw', 'c.lw', '.word', '.equ', '.set', '.align', '.zero', '.fill', '.bss', '.text', '.section', '.globl', '.type', '.size', '.option', 'rvc', 'push', 'a0', 'x', 'x:', '1:', '1b', '1f',
      '%hi(', '%pcrel_lo(', '(', ')', ',', '-', '<<', '5', '0x7fffffffffffffffff', '"s"', "'c'", '.', '$1', '$here', '@function', '=', '\n', ';', '#', '/*'];
    fc.assert(fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (parts) => {
      try {
        assemble(parts.join(' '));
      } catch (error) {
        if (!(error instanceof AssemblerError)) throw error;
      }
    }), { numRuns: 3000 });
  });
});
