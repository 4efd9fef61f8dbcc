import { describe, expect, it } from 'vitest';
import { ARG_MAX, initialStack } from '../../src/process/initial-stack.js';
import type { StackContents } from '../../src/process/initial-stack.js';

const TOP = 0x3f_ffff_0000;
const random = Uint8Array.from({ length: 16 }, (_, i) => 100 + i);
const contents: StackContents = {
  top: TOP, path: '/bin/prog', argv: ['prog', '', 'ünïcode'], env: ['A=1', 'EMPTY='], entry: 0x10100, phdr: 0x10040, phent: 56, phnum: 2, random,
};

/** Reads an initial stack the way a C library's start code does. */
function readStack({ sp, bytes }: { sp: number; bytes: Uint8Array }): { argv: string[]; env: string[]; auxv: Map<number, number>; at: (va: number, n: number) => Uint8Array; text: (va: number) => string } {
  const view = new DataView(bytes.buffer);
  const at = (va: number, n: number): Uint8Array => bytes.subarray(va - sp, va - sp + n);
  const text = (va: number): string => new TextDecoder().decode(bytes.subarray(va - sp, bytes.indexOf(0, va - sp)));
  let next = 0;
  const word = (): number => Number(view.getBigInt64(8 * next++, true));
  const list = (): string[] => {
    const strings: string[] = [];
    for (let p = word(); p !== 0; p = word()) strings.push(text(p));
    return strings;
  };
  const argc = word();
  const argv = list();
  expect(argc).toBe(argv.length);
  const env = list();
  const auxv = new Map<number, number>();
  for (let type = word(); type !== 0; type = word()) auxv.set(type, word());
  return { argv, env, auxv, at, text };
}

describe('the initial stack', () => {
  it('is read back by start code: arguments, environment, auxiliary vector', () => {
    const stack = initialStack(contents);
    if (stack === undefined) throw new Error('no stack');
    const { argv, env, auxv, at, text } = readStack(stack);
    expect(argv).toEqual(contents.argv);
    expect(env).toEqual(contents.env);
    expect([auxv.get(3), auxv.get(4), auxv.get(5), auxv.get(6), auxv.get(9)]).toEqual([0x10040, 56, 2, 4096, 0x10100]);
    expect([11, 12, 13, 14, 23].map((type) => auxv.get(type))).toEqual([0, 0, 0, 0, 0]);
    expect(auxv.get(16)).toBe((1 << 0) | (1 << 2) | (1 << 3) | (1 << 5) | (1 << 8) | (1 << 12)); // A, C, D, F, I, M
    expect([...at(auxv.get(25) ?? 0, 16)]).toEqual([...random]);
    expect(text(auxv.get(31) ?? 0)).toBe('/bin/prog');
  });

  it('is 16-byte aligned and ends at the top, whatever the arguments', () => {
    for (let n = 0; n < 20; n++) {
      const stack = initialStack({ ...contents, argv: Array.from({ length: n }, (_, i) => 'x'.repeat(i)) });
      expect((stack?.sp ?? 1) % 16).toBe(0);
      expect((stack?.sp ?? 0) + (stack?.bytes.length ?? 0)).toBe(TOP);
    }
  });

  it('leaves the program headers out where no segment loads them', () => {
    const stack = initialStack({ ...contents, phdr: undefined });
    if (stack === undefined) throw new Error('no stack');
    expect(readStack(stack).auxv.has(3)).toBe(false);
  });

  it('refuses arguments beyond the limit instead of overflowing the stack', () => {
    expect(initialStack({ ...contents, env: ['x'.repeat(ARG_MAX)] })).toBeUndefined();
    expect(initialStack({ ...contents, env: ['x'.repeat(ARG_MAX - 100)] })).toBeDefined();
  });
});
