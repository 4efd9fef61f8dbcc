import { describe, expect, test } from 'vitest';
import { asVaddr, PAGESIZE } from '../../src/base/index.js';
import type { TlbConfig } from '../../mmu/index.js';
import { Mmu, PTE_A, PTE_D, PTE_R, PTE_U, PTE_V, PTE_W, pteEncode, READ, SATP_SV39, tlbEntries, TranslationCache, walkCacheEntries, WRITE } from '../../mmu/index.js';

const DATA = PTE_V | PTE_R | PTE_W | PTE_U | PTE_A | PTE_D;
const TLB: TlbConfig = {
  name: 'test', title: '', sources: [], assumed: [],
  levels: [[{ name: '4K', sets: 4, ways: 2, pageSizes: ['4K'], replacement: 'fifo' }, { name: '2M', sets: 1, ways: 4, pageSizes: ['2M'], replacement: 'fifo' }]],
  walkCache: [{ name: 'tables', sets: 1, ways: 4, pageSizes: ['2M'], replacement: 'fifo' }],
};

/** A hart over three page tables in frames 1 to 3: root, level 1, level 0, for the first gigabyte. */
function hart() {
  const u32 = new Uint32Array((4 * PAGESIZE) / 4);
  const set = (table: number, slot: number, pfn: number, flags: number): void => {
    const { lo, hi } = pteEncode({ pfn, flags });
    u32[table * 1024 + slot * 2] = lo;
    u32[table * 1024 + slot * 2 + 1] = hi;
  };
  set(1, 0, 2, PTE_V);
  set(2, 0, 3, PTE_V);
  const cache = new TranslationCache({ memory: new WebAssembly.Memory({ initial: 1, maximum: 1 }), at: 0, entries: 16 });
  const mmu = new Mmu({ hartId: 0, memory: { u32, hostPage: (pfn) => pfn * PAGESIZE }, cache, tlb: TLB, ad: 'svade' });
  mmu.setSatp(SATP_SV39, 5, 1);
  return { mmu, set };
}

describe('what an MMU remembers', () => {
  test('is listed with address space, pages, frame and rights, and looking changes nothing', () => {
    const { mmu, set } = hart();
    set(3, 7, 0x80007, DATA);
    set(2, 3, 0x80600, DATA & ~PTE_W);
    expect([mmu.translate(asVaddr(0x7123), WRITE), mmu.translate(asVaddr(0x654321), READ)]).toEqual([0x80007123, 0x80654321]);
    const entries = [...tlbEntries(mmu)];
    expect(entries).toEqual([
      { array: '4K', asid: 5, global: false, vpn: 7, pages: 1, pfn: 0x80007, flags: DATA, pbmt: 0 },
      { array: '2M', asid: 5, global: false, vpn: 0x600, pages: 512, pfn: 0x80600, flags: DATA & ~PTE_W, pbmt: 0 },
    ]);
    expect([...walkCacheEntries(mmu)]).toEqual([{ array: 'tables', asid: 5, global: false, vpn: 0, pages: 512, pfn: 3, flags: PTE_V, pbmt: 0 }]);
    expect([...tlbEntries(mmu)]).toEqual(entries);
  });

  test('is nothing after a fence of everything', () => {
    const { mmu, set } = hart();
    set(3, 7, 0x80007, DATA);
    mmu.translate(asVaddr(0x7000), READ);
    mmu.sfenceVma(undefined, undefined);
    expect([...tlbEntries(mmu), ...walkCacheEntries(mmu)]).toEqual([]);
  });
});
