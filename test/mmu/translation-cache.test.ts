/** The translation cache alone: its bytes as generated code reads them, and its lists of owners against a plain model. */
import { describe, expect, it } from 'vitest';
import { TC_ADDEND, TC_ENTRY_BYTES, TC_EXEC, TC_READ, TC_WRITE, TranslationCache, type Access } from '../../mmu/index.js';
import { Xorshift } from './world.js';

const AT = 64;
const TAGS = [TC_READ, TC_WRITE, TC_EXEC] as const;

function make(entries: number): { cache: TranslationCache; view: DataView } {
  const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
  return { cache: new TranslationCache({ memory, at: AT, entries }), view: new DataView(memory.buffer) };
}

/** What generated code computes for a naturally aligned access of `size` bytes: a linear address, or -1. */
function generated(view: DataView, entries: number, va: bigint, access: Access, size: bigint): number {
  const entry = AT + Number((va >> 12n) & BigInt(entries - 1)) * TC_ENTRY_BYTES;
  const tag = view.getBigInt64(entry + TAGS[access], true);
  if (tag !== BigInt.asIntN(64, va & ~(0xfffn & ~(size - 1n)))) return -1;
  return (Number(BigInt.asUintN(32, va)) + view.getInt32(entry + TC_ADDEND, true)) >>> 0;
}

describe('TranslationCache', () => {
  it('is found by generated code: page, access, alignment and page crossing in one compare', () => {
    const { cache, view } = make(16);
    cache.setOwners(4);
    const va = -0x3f_ffff_e000;
    cache.fill(va + 0x123, 0, 0x8_7000, 1);
    const wide = BigInt(va);
    expect(generated(view, 16, wide + 0xff8n, 0, 8n)).toBe(0x8_7ff8);
    expect(generated(view, 16, wide + 0xff9n, 0, 8n)).toBe(-1);
    expect(generated(view, 16, wide + 0xffcn, 0, 8n)).toBe(-1);
    expect(generated(view, 16, wide + 0xfffn, 0, 1n)).toBe(0x8_7fff);
    expect(generated(view, 16, wide, 1, 4n)).toBe(-1);
    expect(generated(view, 16, wide + 0x10000n, 0, 4n)).toBe(-1);
    expect(generated(view, 16, wide ^ (1n << 60n), 0, 4n)).toBe(-1);
  });

  it('reaches linear addresses in all 4 GiB', () => {
    const { cache } = make(16);
    cache.fill(0x7fff_f000, 0, 0xffff_e000, 0);
    cache.fill(0x1000, 1, 0x8000_0000, 0);
    expect(cache.lookup(0x7fff_f123, 0)).toBe(0xffff_e123);
    expect(cache.lookup(0x1fff, 1)).toBe(0x8000_0fff);
  });

  it('tells physical addresses above 32 bits apart, as machine mode needs them', () => {
    const { cache, view } = make(16);
    cache.fill(2 ** 45 + 0x5000, 0, 0x3000, 0);
    expect(cache.lookup(2 ** 45 + 0x5008, 0)).toBe(0x3008);
    expect(cache.lookup(2 ** 44 + 0x5008, 0)).toBe(-1);
    expect(generated(view, 16, 2n ** 45n + 0x5008n, 0, 8n)).toBe(0x3008);
  });

  it('agrees with a model through random fills, drops and flushes', () => {
    const entries = 32;
    const owners = 9;
    const random = new Xorshift(77);
    const { cache, view } = make(entries);
    cache.setOwners(owners);
    /** slot and access -> page, host, owner */
    const model = new Map<number, { page: number; host: number; owner: number }>();
    for (let step = 0; step < 6_000; step++) {
      const what = random.below(100);
      if (what < 70) {
        const page = random.below(96) - 48;
        const access = random.below(3) as Access;
        const host = random.pick([1, 2, 3, 40, 41]) * 4096;
        const owner = random.below(owners + 1);
        cache.fill(page * 4096 + random.below(4096), access, host, owner);
        const slot = page & (entries - 1);
        for (const other of [0, 1, 2]) {
          const there = model.get(slot * 4 + other);
          if (there !== undefined && there.host - there.page * 4096 !== host - page * 4096) model.delete(slot * 4 + other);
        }
        model.set(slot * 4 + access, { page, host, owner });
      } else if (what < 99) {
        const owner = 1 + random.below(owners);
        cache.drop(owner);
        for (const [key, value] of model) if (value.owner === owner) model.delete(key);
      } else {
        cache.flush();
        model.clear();
      }
      const page = random.below(96) - 48;
      const access = random.below(3) as Access;
      const there = model.get((page & (entries - 1)) * 4 + access);
      const want = there?.page === page ? there.host + 8 : -1;
      expect(cache.lookup(page * 4096 + 8, access), `step ${step}`).toBe(want);
      expect(generated(view, entries, BigInt(page) * 4096n + 8n, access, 8n), `step ${step}`).toBe(want);
    }
  });

  it('leaves memory outside its table alone', () => {
    const { cache, view } = make(16);
    for (let page = -40; page < 40; page++) cache.fill(page * 4096, 1, 0x5000, 0);
    cache.flush();
    expect(view.getBigInt64(AT - 8, true)).toBe(0n);
    expect(view.getBigInt64(AT + 16 * TC_ENTRY_BYTES, true)).toBe(0n);
  });

  it('refuses a table that is no table', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    expect(() => new TranslationCache({ memory, at: 0, entries: 12 })).toThrow(/entries: 12/);
    expect(() => new TranslationCache({ memory, at: 8, entries: 16 })).toThrow(/at: 8/);
    expect(() => new TranslationCache({ memory, at: 0, entries: 4096 })).toThrow(/exceed the memory/);
    expect(TranslationCache.bytes()).toBe(2 ** 20);
  });
});
