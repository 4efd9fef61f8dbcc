import { describe, expect, it } from 'vitest';
import { assemble, readElf } from '../../guest/index.js';

const text = (source: string, rvc = false): number[] => {
  const bytes = assemble(source, { rvc }).sections[0]?.bytes ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(i * 4, true));
};
const section = (source: string, name: string): number[] => [...(assemble(`nop\n${source}`).sections.find((s) => s.name === name)?.bytes ?? [])];

describe('labels', () => {
  it('are reached forwards and backwards, from any section', () => {
    const { symbols } = assemble('a: nop\nb: j a\n.data\nc: .dword a, d\n.text\nd: nop');
    expect(Object.fromEntries(symbols)).toEqual({ a: 0x10000, b: 0x10004, c: 0x11000, d: 0x10008 });
    expect(text('a: nop\n j b\n nop\nb: j a')).toEqual([0x00000013, 0x0080006f, 0x00000013, 0xff5ff06f]);
  });

  it('may share a line with each other and with a statement', () => {
    const { symbols } = assemble('a: b: nop; c: nop');
    expect([symbols.get('a'), symbols.get('b'), symbols.get('c')]).toEqual([0x10000, 0x10000, 0x10004]);
  });

  it('1b is the last definition of 1, 1f the next one, also when both are near', () => {
    // 1: j 1f -> +4; 1: j 1b -> itself; j 1f -> +4; 1: nop
    expect(text('1: j 1f\n1: j 1b\n j 1f\n1: nop')).toEqual([0x0040006f, 0x0000006f, 0x0040006f, 0x00000013]);
  });

  it('a label may be called like an instruction or carry dots and dollars', () => {
    expect(assemble('add: j add\n.Lx$1: nop').symbols.get('add')).toBe(0x10000);
  });
});

describe('data', () => {
  it('is little-endian, with signed and unsigned values of every size', () => {
    expect(section('.data\n.byte -1, 255, 0x7f\n.half -2, 0xffff\n.word -3, 0xffffffff\n.dword -4, 0xffffffffffffffff', '.data')).toEqual([
      255, 255, 127, 254, 255, 255, 255, 253, 255, 255, 255, 255, 255, 255, 255, 252, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    ]);
  });

  it('strings end with a zero where the directive says so, and know the usual escapes', () => {
    expect(section('.rodata\n.ascii "ab", "c"\n.asciz "\\n\\x41\\101\\0\\"\\\\"\n.string "ä€"', '.rodata')).toEqual([
      97, 98, 99, 10, 0x41, 0o101, 0, 34, 92, 0, 0xe4, 0xe2, 0x82, 0xac, 0,
    ]);
  });

  it('.fill repeats a value of its size, .zero and .space reserve', () => {
    expect(section('.data\n.fill 2, 4, 0x01020304\n.zero 2\n.space 2, 7', '.data')).toEqual([4, 3, 2, 1, 4, 3, 2, 1, 0, 0, 7, 7]);
  });

  it('.align and .p2align take a power, .balign a number of bytes', () => {
    const { symbols } = assemble('nop\n.data\n.byte 1\n.align 2\na: .byte 1\n.balign 8\nb: .byte 1\n.p2align 4\nc: .byte 0');
    expect([symbols.get('a'), symbols.get('b'), symbols.get('c')]).toEqual([0x11004, 0x11008, 0x11010]);
  });

  it('alignment of code pads with no-operations', () => {
    expect(text('c.nop\n.align 3\nnop')).toEqual([0x00010001, 0x00000013, 0x00000013]);
  });

  it('.bss has a size and no bytes, behind .data', () => {
    const { sections, symbols } = assemble('nop\n.data\n.byte 1\n.bss\nx: .zero 4096\ny: .zero 8');
    expect(sections.map((s) => [s.name, s.address, s.bytes.length, s.size])).toEqual([
      ['.text', 0x10000, 4, 4], ['.data', 0x11000, 1, 1], ['.bss', 0x11010, 0, 4104],
    ]);
    expect(symbols.get('y')).toBe(0x12010);
  });
});

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3', 7], ['(1 + 2) * 3', 9], ['-8 / 3', -2], ['-8 % 3', -2], ['1 << 4 | 1', 17], ['~0', -1], ['- -3', 3], ["'a' + 1", 98],
    ['0x10 + 0b11 + 010', 27], ['0xff & 0xf0 ^ 0x30', 0xc0], ['1000 >> 3', 125], ["'\\n'", 10],
  ])('%s is %i', (source, value) => {
    expect(assemble(`nop\n.equ v, ${source}`).symbols.get('v')).toBe(value);
  });

  it('know distances between labels of a section before addresses are known', () => {
    expect(text('a: nop\n nop\nb: li a0, b - a')[2]).toBe(0x00800513); // addi a0, x0, 8
  });

  it('. is the address of the statement', () => {
    expect(assemble('nop\nnop\n.equ here, .\nnop').symbols.get('here')).toBe(0x10008);
    expect(text('nop\nj .')[1]).toBe(0x0000006f);
  });

  it('.equ may name what comes later, and a name defined by itself is a mistake', () => {
    expect(assemble('.equ n, end - 4\nnop\nend: nop').symbols.get('n')).toBe(0x10000);
    expect(() => assemble('.equ a, b\n.equ b, a\nnop')).toThrow('a is defined by itself');
  });
});

describe('programs', () => {
  it('begin at _start, at a named entry, or at the beginning of .text', () => {
    expect(assemble('nop\n_start: nop').entry).toBe(0x10004);
    expect(assemble('nop\n_start: nop\ngo: nop', { entry: 'go' }).entry).toBe(0x10008);
    expect(assemble('nop', { base: 0x8000_0000 }).entry).toBe(0x8000_0000);
    expect(() => assemble('nop', { entry: 'go' })).toThrow('the entry go is not defined');
  });

  it('come back from the ELF reader with permissions, bytes and symbols', () => {
    const source = '.globl _start\n.type _start, @function\n_start: la a0, msg\n ret\n.size _start, . - _start\n.rodata\nmsg: .asciz "hi"\n.data\nd: .word 5\n.bss\nb: .zero 100';
    const image = readElf(assemble(source).elf);
    expect(image.entry).toBe(0x10000);
    expect(image.segments.map((s) => [s.address, s.size, s.data.length, s.readable, s.writable, s.executable])).toEqual([
      [0x10000, 12, 12, true, false, true],
      [0x11000, 3, 3, true, false, false],
      [0x12000, 116, 4, true, true, false],
    ]);
    expect(image.symbols).toEqual([
      { name: '_start', address: 0x10000, size: 12, kind: 'function', global: true },
      { name: 'msg', address: 0x11000, size: 0, kind: 'label', global: false },
      { name: 'd', address: 0x12000, size: 0, kind: 'label', global: false },
      { name: 'b', address: 0x12010, size: 0, kind: 'label', global: false },
    ]);
    expect(image.symbolAt(0x10008)).toEqual({ name: '_start', offset: 8 });
    expect(image.symbolAt(0x12014)).toEqual({ name: 'b', offset: 4 });
  });

  it('the same source makes the same bytes', () => {
    const source = 'a: la a0, b\n.data\nb: .dword a';
    expect(assemble(source).elf).toEqual(assemble(source).elf);
  });

  it.each([0, 4095, 100, 2 ** 38, -4096, 4096.5])('a base of %d is refused', (base) => {
    expect(() => assemble('nop', { base })).toThrow(RangeError);
  });
});

describe('.option rvc', () => {
  it('compresses where a compressed form exists and the operands are known', () => {
    expect(text('mv a0, a1\nli a0, 5\nadd a0, a0, a1\nld a1, 8(sp)', true)).toEqual([0x4515852e, 0x65a2952e]);
  });

  it('leaves branches and addresses alone, so that distances stay what they are', () => {
    expect(assemble('a: j a\n la a0, a', { rvc: true }).sections[0]?.bytes.length).toBe(12);
  });

  it('is kept and brought back by push and pop', () => {
    expect(text('.option push\n.option rvc\n nop\n nop\n.option pop\n nop')).toEqual([0x00010001, 0x00000013]);
  });
});
