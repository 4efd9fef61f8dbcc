/** Traces are compared byte for byte, so a word of the guest must print as it is, also where no number holds it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { traceJson, traceText, tracedWord } from '../../src/base/index.js';
import type { TraceEvent } from '../../src/base/index.js';

const trap = (pc: bigint, tval: bigint): TraceEvent => ({ seq: 7, kind: 'guest.trap', fields: { pid: 1, hart: 0, pc: tracedWord(pc), cause: 'loadPage', tval: tracedWord(tval) } });

describe('a word of the guest in a trace', () => {
  it.each<[bigint, string]>([
    [0x10000n, '0x10000'],
    [-8n, '0xfffffffffffffff8'],
    [0xfffffffffffffff8n, '0xfffffffffffffff8'],
    [-(1n << 63n), '0x8000000000000000'],
    // The neighbours of the largest exact number.
    [(1n << 53n) - 1n, '0x1fffffffffffff'],
    [(1n << 53n) + 1n, '0x20000000000001'],
    [0x4141414141414141n, '0x4141414141414141'],
  ])('%s prints as %s', (word, digits) => {
    expect(traceText(trap(word, word))).toBe(`guest.trap pid=1 hart=0 pc=${digits} cause=loadPage tval=${digits}`);
  });

  it('prints all 64 bits, whichever they are', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (word) => {
      const digits = word.toString(16);
      expect(traceText(trap(word, 0n))).toBe(`guest.trap pid=1 hart=0 pc=0x${digits} cause=loadPage tval=0x0`);
    }), { seed: 64, numRuns: 200 });
  });

  it('is a number in NDJSON, and a string of its digits where a number is not exact', () => {
    expect(traceJson(trap(0x10000n, -8n))).toBe('{"seq":7,"kind":"guest.trap","pid":1,"hart":0,"pc":65536,"cause":"loadPage","tval":-8}');
    expect(traceJson(trap(0x10000n, 0x4141414141414141n))).toBe('{"seq":7,"kind":"guest.trap","pid":1,"hart":0,"pc":65536,"cause":"loadPage","tval":"0x4141414141414141"}');
  });
});
