import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/process/labels.js';

describe('names of mappings', () => {
  it('are cut by munmap at the head, in the middle and at the tail', () => {
    const labels = new Labels();
    labels.map(0x1000, 0x5000, '/dev/fb0');
    labels.unmap(0x3000, 0x1000);
    expect([0xfff, 0x1000, 0x2fff, 0x3000, 0x3fff, 0x4000, 0x5fff, 0x6000].map((at) => labels.at(at))).toEqual(
      [undefined, '/dev/fb0', '/dev/fb0', undefined, undefined, '/dev/fb0', '/dev/fb0', undefined]);
    expect(labels.holeAt(0x3800)).toMatchObject({ base: 0x3000, end: 0x4000 });
  });

  it('give way to what is mapped over them, and a hole closes again', () => {
    const labels = new Labels();
    labels.map(0x1000, 0x3000, 'old');
    labels.unmap(0x1000, 0x3000);
    labels.map(0x2000, 0x1000, 'new');
    expect(labels.at(0x2000)).toBe('new');
    expect(labels.holeAt(0x2000)).toBeUndefined();
    expect(labels.holeAt(0x3000)).toMatchObject({ base: 0x3000, end: 0x4000 });
  });

  it('cost no more with 4000 mappings than with few, wherever they lie', () => {
    for (const place of [(n: number): number => n, (n: number): number => 8000 - n, (n: number): number => (n * 2654435761) % 65536]) {
      const labels = new Labels();
      const cost = (n: number): number => {
        const before = labels.looks;
        labels.map(place(n) * 0x2000, 0x1000, `m${n}`);
        labels.unmap(place(n) * 0x2000 + 0x1000, 0x1000);
        labels.map(place(n) * 0x2000 + 0x1000, 0x1000, 'again');
        return labels.looks - before;
      };
      for (let n = 0; n < 4000; n++) expect(cost(n)).toBeLessThan(150);
      for (const n of [0, 1777, 3999]) expect(labels.at(place(n) * 0x2000 + 0xfff)).toBe(`m${n}`);
    }
  });

  it('are as right as a page by page record, after any calls', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(40), fc.integer({ min: 1, max: 20 }))), (calls) => {
      const labels = new Labels();
      const pages: (string | undefined)[] = Array.from({ length: 64 }, () => undefined);
      for (const [n, [mapping, page, count]] of calls.entries()) {
        if (mapping) labels.map(page * 4096, count * 4096, `m${n}`);
        else labels.unmap(page * 4096, count * 4096);
        pages.fill(mapping ? `m${n}` : 'hole', page, page + count);
      }
      for (const [page, name] of pages.entries()) {
        expect(labels.at(page * 4096 + 4095)).toBe(name === 'hole' ? undefined : name);
        expect(labels.holeAt(page * 4096) !== undefined).toBe(name === 'hole');
      }
    }), { seed: 20, numRuns: 300 });
  });

  it('are bounded where a program cuts holes for ever; the youngest are still known', () => {
    const labels = new Labels();
    labels.map(0, 0x4000_0000, 'big');
    for (let n = 0; n < 20_000; n++) labels.unmap(n * 0x2000, 0x1000);
    expect(labels.looks).toBeLessThan(20_000 * 100);
    expect([labels.holeAt(0), labels.holeAt(19_999 * 0x2000)?.end, labels.at(19_999 * 0x2000 - 1)]).toEqual([undefined, 19_999 * 0x2000 + 0x1000, 'big']);
  });

  it('are copied for a child of fork, not shared', () => {
    const parent = new Labels();
    parent.map(0x1000, 0x1000, 'both');
    const child = new Labels(parent);
    child.unmap(0x1000, 0x1000);
    expect([parent.at(0x1000), child.at(0x1000)]).toEqual(['both', undefined]);
  });
});
