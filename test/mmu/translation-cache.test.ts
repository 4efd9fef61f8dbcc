/** The translation cache alone: its bytes as generated code reads them, and its contexts and generations against a plain model. */
import { describe, expect, it } from 'vitest';
import { TC_ADDEND, TC_ENTRY_BYTES, TC_EXEC, TC_GENERATION, TC_READ, TC_WRITE, TranslationCache, type Access } from '../../mmu/index.js';
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
  if (tag !== BigInt.asIntN(64, (va & ~(0xfffn & ~(size - 1n))) | view.getBigInt64(AT + TC_GENERATION, true))) return -1;
  return (Number(BigInt.asUintN(32, va)) + view.getInt32(entry + TC_ADDEND, true)) >>> 0;
}

describe('TranslationCache', () => {
  it('is found by generated code: page, access, alignment and page crossing in one compare', () => {
    const { cache, view } = make(16);
    const va = -0x3f_ffff_e000;
    cache.fill(va + 0x123, 0, 0x8_7000);
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
    cache.fill(0x7fff_f000, 0, 0xffff_e000);
    cache.fill(0x1000, 1, 0x8000_0000);
    expect(cache.lookup(0x7fff_f123, 0)).toBe(0xffff_e123);
    expect(cache.lookup(0x1fff, 1)).toBe(0x8000_0fff);
  });

  it('tells physical addresses above 32 bits apart, as machine mode needs them', () => {
    const { cache, view } = make(16);
    cache.fill(2 ** 45 + 0x5000, 0, 0x3000);
    expect(cache.lookup(2 ** 45 + 0x5008, 0)).toBe(0x3008);
    expect(cache.lookup(2 ** 44 + 0x5008, 0)).toBe(-1);
    expect(generated(view, 16, 2n ** 45n + 0x5008n, 0, 8n)).toBe(0x3008);
  });

  it('agrees with a model through random fills, drops, changes of context and flushes, until generations have run out', () => {
    const entries = 32;
    const random = new Xorshift(77);
    const { cache, view } = make(entries);
    /** slot and access -> page, host and the context it was filled in; drops may take more than they name, never less. */
    const model = new Map<number, { page: number; host: number; context: number }>();
    let context = 0;
    let found = 0;
    for (let step = 0; step < 12_000; step++) {
      const what = random.below(100);
      if (what < 60) {
        const page = random.below(96) - 48;
        const access = random.below(3) as Access;
        const host = random.pick([1, 2, 3, 40, 41]) * 4096;
        cache.fill(page * 4096 + random.below(4096), access, host);
        const slot = page & (entries - 1);
        for (const other of [0, 1, 2]) {
          const there = model.get(slot * 4 + other);
          if (there !== undefined && there.host - there.page * 4096 !== host - page * 4096) model.delete(slot * 4 + other);
        }
        model.set(slot * 4 + access, { page, host, context });
      } else if (what < 75) {
        const first = random.below(96) - 48;
        const last = first + random.pick([0, 0, 0, 0, 0, 3, 40, 511, 600]);
        const kinds = random.pick([1, 2, 3, 4, 7]);
        cache.drop(first, last, kinds);
        for (const [key, { page }] of model) if (last - first > 511 || (page >= first && page <= last && (kinds >> (key & 3)) & 1)) model.delete(key);
      } else if (what < 98) {
        context = random.below(5) === 0 ? step : random.below(4);
        cache.use(context);
      } else {
        cache.flush();
        model.clear();
      }
      const page = random.below(96) - 48;
      const access = random.below(3) as Access;
      const there = model.get((page & (entries - 1)) * 4 + access);
      const got = cache.lookup(page * 4096 + 8, access);
      const inGeneratedCode = generated(view, entries, BigInt(page) * 4096n + 8n, access, 8n);
      if (inGeneratedCode !== got) expect(inGeneratedCode, `step ${step}`).toBe(got);
      if (got < 0) continue;
      found++;
      const want = there?.page === page && there.context === context ? there.host + 8 : -1;
      if (want !== got) expect(got, `step ${step}`).toBe(want);
    }
    expect(found).toBeGreaterThan(100);
  });

  it('keeps the tags of a context that is left and comes back, until a flush takes those of all contexts', () => {
    const { cache } = make(16);
    cache.use(5);
    cache.fill(0x1000, 0, 0x9000);
    cache.use(6);
    expect(cache.lookup(0x1000, 0)).toBe(-1);
    cache.fill(0x2000, 0, 0xa000);
    cache.use(5);
    expect(cache.lookup(0x1000, 0)).toBe(0x9000);
    cache.flush();
    expect(cache.lookup(0x1000, 0)).toBe(-1);
    cache.use(6);
    expect(cache.lookup(0x2000, 0)).toBe(-1);
  });

  it('never takes a tag from before for one of its own, however often it is flushed', () => {
    const { cache } = make(16);
    for (let n = 0; n < 3000; n++) {
      expect(cache.lookup(0x3000, 1), `flush ${n}`).toBe(-1);
      if (n % 7 === 0) cache.fill(0x3000, 1, 0x5000);
      cache.flush();
    }
  });

  it('leaves memory outside its table alone', () => {
    const { cache, view } = make(16);
    for (let page = -40; page < 40; page++) cache.fill(page * 4096, 1, 0x5000);
    cache.flush();
    expect(view.getBigInt64(AT - 8, true)).toBe(0n);
    expect(view.getBigInt64(AT + TranslationCache.bytes(16), true)).toBe(0n);
  });

  it('refuses a table that is no table', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    expect(() => new TranslationCache({ memory, at: 0, entries: 12 })).toThrow(/entries: 12/);
    expect(() => new TranslationCache({ memory, at: 8, entries: 16 })).toThrow(/at: 8/);
    expect(() => new TranslationCache({ memory, at: 0, entries: 4096 })).toThrow(/exceed the memory/);
  });
});
