import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ElfError, assemble, readElf } from '../../guest/index.js';

const program = assemble('.globl _start\n_start: nop\nf: nop\n ret\n.data\nd: .zero 16\n.bss\n.zero 16').elf;
const PHDR = 64;

/** The program with 2-, 4- or 8-byte fields overwritten: [offset, size, value]. */
function patched(...changes: readonly (readonly [number, 1 | 2 | 4 | 8, bigint | number])[]): Uint8Array {
  const bytes = program.slice();
  const view = new DataView(bytes.buffer);
  for (const [offset, size, value] of changes) for (let i = 0; i < size; i++) view.setUint8(offset + i, Number((BigInt.asUintN(64, BigInt(value)) >> BigInt(8 * i)) & 255n));
  return bytes;
}
const errorOf = (bytes: Uint8Array): string => {
  try {
    readElf(bytes);
  } catch (error) {
    if (error instanceof ElfError) return error.message;
    throw error;
  }
  return 'no error';
};
/** Field of program header `i`. */
const ph = (i: number, field: 'type' | 'flags' | 'offset' | 'vaddr' | 'filesz' | 'memsz' | 'align'): number =>
  PHDR + i * 56 + { type: 0, flags: 4, offset: 8, vaddr: 16, filesz: 32, memsz: 40, align: 48 }[field];

describe('readElf refuses', () => {
  it.each([
    ['an empty file', new Uint8Array(), 'not an ELF file: it begins with nothing (empty file), not 7f 45 4c 46'],
    ['a script', new TextEncoder().encode('#!/bin/sh\n'), 'not an ELF file: it begins with 23 21 2f 62, not 7f 45 4c 46'],
    ['a header cut short', program.slice(0, 40), 'truncated: the file header needs bytes 0x0 to 0x40, the file has 0x28'],
    ['a 32-bit program', patched([4, 1, 1]), 'not a 64-bit ELF file: class 1 (32-bit) at byte 4'],
    ['a big-endian program', patched([5, 1, 2]), 'not little-endian: data encoding 2 (big-endian) at byte 5'],
    ['another ELF version', patched([6, 1, 9]), 'unknown ELF version 9 at byte 6'],
    ['an x86-64 program', patched([18, 2, 62]), 'not a RISC-V program: machine 62 (x86-64), expected 243'],
    ['an unheard-of machine', patched([18, 2, 4242]), 'not a RISC-V program: machine 4242, expected 243'],
    ['an RV64E program', patched([48, 4, 8]), 'uses the RV64E calling convention (e_flags 0x8), which this machine does not run'],
    ['an object file', patched([16, 2, 1]), 'not an executable: file type 1 (relocatable object; link it)'],
    ['a core dump', patched([16, 2, 4]), 'not an executable: file type 4 (core dump)'],
    ['a program without program headers', patched([56, 2, 0]), 'nothing to load: the file has no program headers'],
    ['program headers of another size', patched([54, 2, 32]), 'program headers of 32 bytes, expected 56'],
    ['program headers outside the file', patched([32, 8, 0x10000]), 'truncated: the table of 2 program headers needs bytes 0x10000 to 0x10070, the file has 0x2268'],
    ['a program header offset that wraps', patched([32, 8, -8]), 'truncated: the table of 2 program headers needs bytes 0xfffffffffffffff8 to 0x10000000000000068, the file has 0x2268'],
    ['nothing to load', patched([ph(0, 'type'), 4, 4], [ph(1, 'type'), 4, 4]), 'nothing to load: no program header is a loadable segment with a size'],
    ['a segment cut short', patched([ph(1, 'filesz'), 8, 0x4000], [ph(1, 'memsz'), 8, 0x4000]), 'truncated: segment 1 needs bytes 0x2000 to 0x6000, the file has 0x2268'],
    ['a segment larger in the file than in memory', patched([ph(1, 'memsz'), 8, 8]), 'segment 1 has more bytes in the file (0x10) than in memory (0x8)'],
    ['a segment in the kernel half', patched([ph(1, 'vaddr'), 8, 0xffffffc000000000n]), 'segment 1 lies outside user space: 0x20 bytes at 0xffffffc000000000, user addresses end at 0x4000000000'],
    ['a segment across the end of user space', patched([ph(1, 'vaddr'), 8, 0x3ffffffff0n]), 'segment 1 lies outside user space: 0x20 bytes at 0x3ffffffff0, user addresses end at 0x4000000000'],
    ['a segment that wraps', patched([ph(1, 'vaddr'), 8, -16]), 'segment 1 wraps around the address space: 0x20 bytes at 0xfffffffffffffff0'],
    ['a segment at page 0', patched([ph(1, 'vaddr'), 8, 0x800]), 'segment 1 at 0x800 covers page 0, which stays unmapped so that null pointers fault'],
    ['an alignment that is no power of two', patched([ph(1, 'align'), 8, 24]), 'segment 1 has alignment 0x18, not a power of two'],
    ['overlapping segments', patched([ph(1, 'vaddr'), 8, 0x10008]), 'segments overlap: [0x10000, 0x1000c) and [0x10008, 0x10028)'],
    ['an entry outside every segment', patched([24, 8, 0x50000]), 'the entry point 0x50000 lies in no segment'],
    ['an entry in data', patched([24, 8, 0x11000]), 'the entry point 0x11000 lies in a segment that is not executable: [0x11000, 0x11020)'],
    ['an odd entry', patched([24, 8, 0x10001]), 'the entry point 0x10001 is odd; instructions start at even addresses'],
    ['section headers outside the file', patched([40, 8, 1n << 40n]), 'truncated: the table of 7 section headers needs bytes 0x10000000000 to 0x100000001c0, the file has 0x2268'],
    ['a file cut behind its segments', program.slice(0, 0x2100), 'truncated: the table of 7 section headers needs bytes 0x20a8 to 0x2268, the file has 0x2100'],
  ])('%s', (_, bytes, message) => {
    expect(errorOf(bytes)).toBe(message);
  });

  it('a dynamically linked program, naming the interpreter it asks for', () => {
    const bytes = patched([ph(1, 'type'), 4, 3], [ph(1, 'filesz'), 8, 12]);
    bytes.set(new TextEncoder().encode('/lib/ld.so\n\0'), 0x2000);
    expect(errorOf(bytes)).toBe('dynamically linked: asks for the interpreter /lib/ld.so?; link it with -static');
    const pie = bytes.slice();
    pie[16] = 3;
    expect(errorOf(pie)).toBe('dynamically linked: asks for the interpreter /lib/ld.so?; link it with -static');
  });

  it('nothing but with an ElfError, however a real program is damaged', () => {
    const demo = new Uint8Array(readFileSync(new URL('../../guest/images/hello.elf', import.meta.url)));
    const interesting = fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff));
    const place = (size: number): fc.Arbitrary<number> => fc.oneof(fc.nat(63), fc.integer({ min: 64, max: 300 }), fc.integer({ min: Math.max(0, size - 700), max: size - 1 }), fc.nat(size - 1));
    const mutated = fc.constantFrom(program, demo, patched([16, 2, 3]), patched([ph(1, 'vaddr'), 8, 0x10800])).chain((bytes) => fc.record({
      bytes: fc.constant(bytes),
      changes: fc.array(fc.tuple(place(bytes.length), interesting), { maxLength: 6 }),
      length: fc.oneof({ weight: 4, arbitrary: fc.constant(bytes.length) }, { weight: 1, arbitrary: fc.nat(bytes.length) }),
    }));
    fc.assert(fc.property(mutated, ({ bytes, changes, length }) => {
      const damaged = bytes.slice();
      for (const [at, value] of changes) damaged[at] = value;
      let image;
      try {
        image = readElf(damaged.subarray(0, length));
      } catch (error) {
        if (!(error instanceof ElfError)) throw error;
        expect(error.message).not.toContain('\n');
        return;
      }
      // What is accepted can be loaded without a further check.
      let end = 4096;
      for (const segment of image.segments) {
        expect(segment.address).toBeGreaterThanOrEqual(end);
        expect(segment.data.length).toBeLessThanOrEqual(segment.size);
        end = segment.address + segment.size;
      }
      expect(end).toBeLessThanOrEqual(2 ** 38);
      expect(image.segments.some((s) => s.executable && image.entry >= s.address && image.entry < s.address + s.size)).toBe(true);
      for (const symbol of image.symbols) image.symbolAt(symbol.address);
    }), { numRuns: 3000 });
  });
});

describe('readElf reads', () => {
  it('a program without sections or symbols', () => {
    const image = readElf(patched([40, 8, 0], [60, 2, 0], [58, 2, 0]));
    expect(image.symbols).toEqual([]);
    expect(image.symbolAt(0x10000)).toBeUndefined();
    expect(image.segments.length).toBe(2);
  });

  it('segments without a size as nothing', () => {
    expect(readElf(patched([ph(1, 'filesz'), 8, 0], [ph(1, 'memsz'), 8, 0])).segments.length).toBe(1);
  });

  it('an image that is itself a view of a larger buffer', () => {
    const around = new Uint8Array(program.length + 100);
    around.set(program, 50);
    const image = readElf(around.subarray(50, 50 + program.length));
    expect(image.symbols).toEqual(readElf(program).symbols);
    expect([...(image.segments[0]?.data ?? [])].slice(0, 4)).toEqual([0x13, 0, 0, 0]);
  });

  it('segments that share a page, as linkers make them without -z separate-code', () => {
    const { segments } = readElf(patched([ph(1, 'vaddr'), 8, 0x10800]));
    expect(segments.map(({ address, size }) => [address, size])).toEqual([[0x10000, 0xc], [0x10800, 0x20]]);
  });

  it('a position independent program at two thirds of user space, kept to the alignment it asks for', () => {
    const image = readElf(patched([16, 2, 3]));
    const base = 0x2a_aaaa_a000;
    expect([image.entry, image.symbol('f'), image.segments[1]?.address]).toEqual([base + 0x10000, base + 0x10004, base + 0x11000]);
    expect(readElf(patched([16, 2, 3], [ph(0, 'align'), 8, 0x20_0000])).entry).toBe(0x2a_aaa0_0000 + 0x10000);
  });

  it('where the program headers are loaded, for the auxiliary vector', () => {
    expect(readElf(program).headers).toEqual({ address: undefined, entrySize: 56, count: 2 });
    const compiled = readElf(readFileSync(new URL('../../guest/images/hello.elf', import.meta.url)));
    expect(compiled.headers).toEqual({ address: 0x10040, entrySize: 56, count: 3 });
  });
});

describe('symbolAt', () => {
  const source = (...lines: string[]): string => lines.join('\n');
  const image = readElf(assemble(source(
    'early: nop', '.type outer, @function', 'outer: nop', 'inner: nop', ' nop', '.size outer, . - outer', 'late: nop', '.data', 'd: .word 1',
  )).elf);

  it.each([
    [0x10000, 'early', 0], [0x10002, 'early', 2], [0x10004, 'outer', 0], [0x1000c, 'outer', 8], [0x10010, 'late', 0], [0x10012, 'late', 2], [0x11000, 'd', 0],
  ])('%i is %s+%i', (address, name, offset) => {
    expect(image.symbolAt(address)).toEqual({ name, offset });
  });

  it('a label inside a function with a size does not hide the function', () => {
    expect(image.symbolAt(0x10008)?.name).toBe('outer');
  });

  it('knows nothing outside the segments, and nothing of another segment', () => {
    expect([0, -1, 0xffff, 0x10014, 0x11004, 2 ** 38].map((address) => image.symbolAt(address))).toEqual(Array(6).fill(undefined));
    expect(image.symbol('outer')).toBe(0x10004);
    expect(image.symbol('nobody')).toBeUndefined();
  });
});
