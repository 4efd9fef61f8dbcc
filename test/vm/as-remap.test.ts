import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EAGAIN, EFAULT, EINVAL, ENOMEM, PAGESIZE } from '../../src/base/index.js';
import {
  F_SOFTLOCK, F_SOFTUNLOCK, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_USER, PROT_WRITE, S_WRITE, as_alloc, as_dup, as_fault, as_free, as_grow, as_map, as_remap, as_setprot, as_unmap, copyin, copyout,
  segvn_create,
} from '../../src/vm/index.js';
import type { As } from '../../src/vm/index.js';
import { world } from './world.js';
import type { World } from './world.js';

const K4 = PAGESIZE;
const AT = 0x10_0000;
const SLOTS = 24;
const RW = PROT_READ | PROT_WRITE | PROT_USER;
const at = (page: number): number => AT + page * K4;

const map = (w: World, as: As, page: number, pages: number, type: number = MAP_PRIVATE): number => w.run(() => as_map(as, at(page), pages * K4, segvn_create({ type, prot: RW })));
const peek = (w: World, as: As, page: number): number => {
  const bytes = new Uint8Array(1);
  return w.run(() => copyin(as, at(page), bytes)) === 0 ? (bytes[0] ?? 0) : -1;
};
const poke = (w: World, as: As, page: number, value: number): number => w.run(() => copyout(as, at(page), Uint8Array.of(value)));
const range = (page: number, pages: number): { addr: number; len: number } => ({ addr: at(page), len: pages * K4 });

describe('a mapping', () => {
  it('grows where nothing is behind it, with zeroes', () => {
    const w = world({ ramPages: 256 });
    const as = as_alloc(w.vm, 'A');
    map(w, as, 0, 2);
    poke(w, as, 1, 7);
    expect(w.run(() => as_grow(as, range(0, 2), 4 * K4))).toBe(0);
    expect([1, 2, 3, 4].map((page) => peek(w, as, page))).toEqual([7, 0, 0, -1]);
    map(w, as, 4, 1);
    expect(w.run(() => as_grow(as, range(0, 4), 5 * K4))).toBe(ENOMEM);
    expect(w.run(() => as_grow(as, range(0, 2), 3 * K4))).toBe(ENOMEM);
    expect(w.run(() => as_grow(as, range(9, 1), 2 * K4))).toBe(EFAULT);
  });

  it('does not see, when it grows, the pages of what was cut off it before', () => {
    const w = world({ ramPages: 256 });
    const as = as_alloc(w.vm, 'A');
    map(w, as, 0, 6);
    for (let page = 0; page < 6; page++) poke(w, as, page, 10 + page);
    w.run(() => as_unmap(as, at(2), 2 * K4));
    w.run(() => as_remap(as, range(4, 2), at(10), 2 * K4));
    expect(w.run(() => as_grow(as, range(0, 2), 6 * K4))).toBe(0);
    expect([0, 1, 2, 3, 4, 5, 10, 11].map((page) => peek(w, as, page))).toEqual([10, 11, 0, 0, 0, 0, 14, 15]);
  });

  it('keeps its protections when it moves, and the new pages get that of the last', () => {
    const w = world({ ramPages: 256 });
    const as = as_alloc(w.vm, 'A');
    map(w, as, 0, 2);
    w.run(() => as_setprot(as, at(0), K4, PROT_READ | PROT_USER));
    expect(w.run(() => as_remap(as, range(0, 2), at(4), 3 * K4))).toBe(0);
    expect([4, 5, 6].map((page) => poke(w, as, page, 1))).toEqual([EFAULT, 0, 0]);
  });

  it('stays where it is while its pages are locked for I/O, and where the new place is taken', () => {
    const w = world({ ramPages: 256 });
    const as = as_alloc(w.vm, 'A');
    map(w, as, 0, 2);
    map(w, as, 4, 1);
    w.run(() => as_fault(as, at(0), K4, F_SOFTLOCK, S_WRITE));
    expect(w.run(() => as_remap(as, range(0, 2), at(8), 2 * K4))).toBe(EAGAIN);
    w.run(() => as_fault(as, at(0), K4, F_SOFTUNLOCK, S_WRITE));
    expect(w.run(() => as_remap(as, range(0, 2), at(4), 2 * K4))).toBe(ENOMEM);
    expect(w.run(() => as_remap(as, range(1, 2), at(8), 2 * K4))).toBe(EFAULT);
    expect(w.run(() => as_remap(as, range(0, 2), at(8), 2 * K4))).toBe(0);
  });

  it('of a device cannot move or grow', () => {
    const w = world({ ramPages: 256 });
    const as = as_alloc(w.vm, 'A');
    map(w, as, 0, 1);
    const seg = as.segs[0];
    if (seg?.ops !== undefined) seg.ops = { ...seg.ops };
    expect([w.run(() => as_remap(as, range(0, 1), at(8), K4)), w.run(() => as_grow(as, range(0, 1), 2 * K4))]).toEqual([EINVAL, EINVAL]);
  });

  it('of shared memory is still shared after it has moved', () => {
    const w = world({ ramPages: 256 });
    const as = as_alloc(w.vm, 'A');
    map(w, as, 0, 2, MAP_SHARED);
    poke(w, as, 1, 3);
    const child = w.run(() => as_dup(as, 'B'));
    if (typeof child === 'number') throw new Error('no child');
    expect(w.run(() => as_remap(as, range(1, 1), at(9), 2 * K4))).toBe(0);
    poke(w, as, 9, 4);
    expect(peek(w, child, 1)).toBe(4);
  });
});

type Op = { kind: 'map' | 'unmap' | 'poke' | 'grow' | 'move' | 'fork'; page: number; pages: number; to: number; more: number };

it('moves what a plain array of pages says, whatever happened before, and leaks no frame', () => {
  const op: fc.Arbitrary<Op> = fc.record({
    kind: fc.constantFrom('map', 'unmap', 'poke', 'poke', 'grow', 'move', 'move', 'fork'), page: fc.nat(SLOTS - 1), pages: fc.integer({ min: 1, max: 6 }), to: fc.nat(SLOTS - 1), more: fc.nat(4),
  });
  fc.assert(fc.property(fc.array(op, { maxLength: 40 }), (ops) => {
    const w = world({ ramPages: 512 });
    const before = w.vm.pages.used;
    let as = as_alloc(w.vm, 'A');
    // -1: nothing mapped; else what the first byte of the page is.
    const model = Array.from({ length: 2 * SLOTS }, () => -1);
    let value = 0;
    for (const { kind, page, pages, to, more } of ops) {
      const free = (from: number, count: number): boolean => model.slice(from, from + count).every((held) => held < 0);
      if (kind === 'map' && free(page, pages)) {
        expect(map(w, as, page, pages)).toBe(0);
        model.fill(0, page, page + pages);
      } else if (kind === 'unmap') {
        w.run(() => as_unmap(as, at(page), pages * K4));
        model.fill(-1, page, page + pages);
      } else if (kind === 'poke') {
        value = (value % 250) + 1;
        if ((poke(w, as, page, value) === 0) !== (model[page] !== -1)) throw new Error('poke');
        if (model[page] !== -1) model[page] = value;
      } else if (kind === 'grow') {
        const error = w.run(() => as_grow(as, range(page, pages), (pages + more) * K4));
        if (error === 0) {
          expect(free(page + pages, more)).toBe(true);
          model.fill(0, page + pages, page + pages + more);
        }
      } else if (kind === 'move' && free(to, pages + more) && (to >= page + pages || to + pages + more <= page)) {
        const moved = model.slice(page, page + pages);
        const error = w.run(() => as_remap(as, range(page, pages), at(to), (pages + more) * K4));
        if (error === 0) {
          expect(moved.includes(-1)).toBe(false);
          model.fill(-1, page, page + pages);
          model.fill(0, to, to + pages + more);
          model.splice(to, pages, ...moved);
        }
      } else if (kind === 'fork') {
        const child = w.run(() => as_dup(as, 'C'));
        if (typeof child === 'number') throw new Error(`as_dup: ${child}`);
        w.run(() => as_free(as));
        as = child;
      }
      for (let n = 0; n < SLOTS; n++) if (peek(w, as, n) !== model[n]) throw new Error(`page ${n} after ${kind}: ${peek(w, as, n)}, not ${model[n]}`);
    }
    w.run(() => as_free(as));
    expect(w.vm.pages.used).toBe(before);
  }), { numRuns: 200, seed: 20261122 });
});
