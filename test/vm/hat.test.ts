import { describe, expect, it } from 'vitest';
import { LEVEL_SIZE, PAGESIZE, PFN_INVALID, Trace, traceText } from '../../src/base/index.js';
import {
  HAT_LOAD, HAT_LOAD_LOCK, HAT_PLAT_NOCACHE, HAT_STORECACHING_OK, HAT_UNLOAD, HAT_UNLOAD_UNMAP, PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE, hat_alloc, hat_chgprot,
  hat_devload, hat_entries, hat_free_end, hat_getpfnum, hat_memload, hat_probe, hat_unload, hat_unlock,
} from '../../src/vm/index.js';
import { DEVICE_PFN, walkRam, world } from './world.js';

const RWU = PROT_READ | PROT_WRITE | PROT_USER;
const [K4, M2, G1] = LEVEL_SIZE;

describe('hat_devload', () => {
  it('maps the 57 GiB BAR of a public case with 975 pages of 2M and 54 of 1G, when the addresses agree modulo 1G', () => {
    const { vm, look } = world();
    const hat = hat_alloc(vm, 'A1');
    // Offset and length of the case; the physical address stands for the offset.
    const pa = 0x400_0600_0000;
    const va = 0x10_0000_0000 + (pa % G1);
    hat_devload(hat, va, 0xd_f9e0_0000, pa / PAGESIZE, RWU, HAT_LOAD);
    expect(vm.counters.loaded).toEqual([0, 975, 54]);
    expect(look(hat)).toHaveLength(1029);
    // Root, and one table below it at each end: what lies between are leaves of the root.
    expect(vm.counters.tables).toBe(3 + 1);
  });

  it('maps 16 MiB at a physical address of 2M + 4K with 512 pages of 4K and 7 of 2M, when the addresses agree modulo 2M', () => {
    const { vm } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, 0x1000_0000 + M2 + K4, 16 * 2 ** 20, (M2 + K4) / PAGESIZE, RWU, HAT_LOAD);
    expect(vm.counters.loaded).toEqual([512, 7, 0]);
  });

  it('uses base pages only where the addresses disagree, or the policy allows no more', () => {
    const disagreeing = world();
    hat_devload(hat_alloc(disagreeing.vm, 'A1'), 0x1000_0000, 2 * M2, DEVICE_PFN + 1, RWU, HAT_LOAD);
    expect(disagreeing.vm.counters.loaded).toEqual([1024, 0, 0]);
    const limited = world({ vm: { hatPolicy: { maxLevel: 1 } } });
    hat_devload(hat_alloc(limited.vm, 'A1'), G1, G1, DEVICE_PFN, RWU, HAT_LOAD);
    expect(limited.vm.counters.loaded).toEqual([0, 512, 0]);
  });

  it('sends no fence for what was not there, nor for loading the same again', () => {
    const { vm, tlb } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, 0x1000_0000, M2, DEVICE_PFN, RWU, HAT_LOAD);
    hat_devload(hat, 0x1000_0000, M2, DEVICE_PFN, RWU, HAT_LOAD);
    hat_devload(hat, 0x1000_0000 + K4, K4, DEVICE_PFN + 1, RWU, HAT_LOAD);
    hat_unload(hat, 0x2000_0000, 57 * G1, HAT_UNLOAD);
    hat_chgprot(hat, 0x2000_0000, G1, PROT_READ);
    expect(tlb.fences).toEqual([]);
    expect(hat_entries(hat)).toHaveLength(1);
  });

  it('gives devices the memory type of their attributes, and leaves ordinary memory cached', () => {
    const { vm, look } = world();
    const hat = hat_alloc(vm, 'A1');
    const ram = vm.pages.create()!;
    const cases: [pfn: number, attr: number, pbmt: number][] = [
      [DEVICE_PFN, 0x000, 2], [DEVICE_PFN, 0x100, 1], [DEVICE_PFN, 0x200, 1], [DEVICE_PFN, 0x300, 0], [DEVICE_PFN, HAT_STORECACHING_OK, 0],
      [ram, 0x000, 0], [ram, 0x100, 0], [ram, 0x200 | HAT_PLAT_NOCACHE, 1], [ram, HAT_PLAT_NOCACHE, 2],
    ];
    cases.forEach(([pfn, attr], page) => hat_devload(hat, 0x1000_0000 + page * K4, K4, pfn, RWU | attr, HAT_LOAD));
    expect(look(hat).map(({ pbmt }) => pbmt)).toEqual(cases.map(([, , pbmt]) => pbmt));
    expect(hat_entries(hat).map(({ attr }) => attr)).toEqual(cases.map(([, attr]) => RWU | attr));
  });

  it('never writes W without R, and never a leaf that allows nothing', () => {
    const { vm, look } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, 0x1000_0000, K4, DEVICE_PFN, PROT_WRITE | PROT_USER, HAT_LOAD);
    hat_devload(hat, 0x1000_1000, K4, DEVICE_PFN, PROT_EXEC, HAT_LOAD);
    hat_devload(hat, 0x1000_2000, K4, DEVICE_PFN, PROT_USER, HAT_LOAD);
    expect(look(hat).map(({ flags }) => flags)).toEqual([0xd7, 0xc9]);
    expect(hat_probe(hat, 0x1000_0000)).toMatchObject({ prot: PROT_READ | PROT_WRITE | PROT_USER, attr: PROT_WRITE | PROT_USER });
  });

  it('maps kernel addresses of the upper half as well', () => {
    const { vm, look } = world();
    const hat = hat_alloc(vm, 'A1');
    for (const va of [-(2 ** 38), -G1, -K4]) hat_devload(hat, va, K4, DEVICE_PFN, PROT_READ, HAT_LOAD);
    expect(look(hat).map(({ va }) => va)).toEqual([-(2 ** 38), -G1, -K4]);
    expect(hat_entries(hat).map(({ base }) => base)).toEqual([-(2 ** 38), -G1, -K4]);
    hat_unload(hat, -(2 ** 38), 2 ** 38, HAT_UNLOAD);
    expect(look(hat)).toEqual([]);
  });
});

describe('large pages', () => {
  it('are split by an unload in the middle, the rest staying mapped to the same frames', () => {
    const { vm, look, tlb } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, G1, G1, DEVICE_PFN, RWU, HAT_LOAD);
    hat_unload(hat, G1 + 5 * M2 + 7 * K4, K4, HAT_UNLOAD_UNMAP);
    const leaves = look(hat);
    expect([0, 1, 2].map((level) => leaves.filter((leaf) => leaf.level === level).length)).toEqual([511, 511, 0]);
    expect(hat_getpfnum(hat, G1 + 5 * M2 + 7 * K4)).toBe(PFN_INVALID);
    expect(hat_getpfnum(hat, G1 + 5 * M2 + 8 * K4)).toBe(DEVICE_PFN + 5 * 512 + 8);
    expect(tlb.fences).toEqual([{ asid: hat.asid, va: G1, len: G1 }]);
    expect(vm.counters.splits).toBe(2);
  });

  it('are fenced when a lock on a part of them splits them, though every address stays mapped as it was', () => {
    const { vm, look, tlb } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, G1, M2, DEVICE_PFN, RWU, HAT_LOAD);
    look(hat);
    hat_devload(hat, G1 + 3 * K4, K4, DEVICE_PFN + 3, RWU, HAT_LOAD_LOCK);
    expect(look(hat)).toHaveLength(512);
    expect(tlb.fences).toEqual([{ asid: hat.asid, va: G1, len: M2 }]);
    expect([2, 3, 4].map((page) => hat_probe(hat, G1 + page * K4)?.locks)).toEqual([0, 1, 0]);
  });

  it('keep their size when a protection change changes nothing', () => {
    const { vm, tlb } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, G1, M2, DEVICE_PFN, RWU, HAT_LOAD);
    hat_chgprot(hat, G1 + K4, K4, RWU);
    hat_unlock(hat, G1 + K4, K4);
    expect([vm.counters.splits, tlb.fences.length]).toEqual([0, 0]);
  });

  it('replace 512 smaller ones when loaded over them, unless one of those is locked', () => {
    const { vm, look } = world();
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, G1 + K4, K4, DEVICE_PFN + 1, RWU, HAT_LOAD_LOCK);
    hat_devload(hat, G1, M2, DEVICE_PFN, RWU, HAT_LOAD);
    expect(look(hat)).toHaveLength(512);
    hat_unlock(hat, G1 + K4, K4);
    hat_devload(hat, G1, M2, DEVICE_PFN, RWU, HAT_LOAD);
    expect(look(hat)).toHaveLength(1);
    expect(vm.counters.promotions).toBe(1);
  });
});

describe('the i86pc policies', () => {
  const split = (largePart: 'panic' | 'whole', chgprotSkipsDevice = false) => {
    const trace = new Trace();
    const lines: string[] = [];
    trace.listen((event) => {
      if (event.kind.startsWith('hat-')) lines.push(traceText(event));
    });
    const w = world({ vm: { hatPolicy: { largePart, chgprotSkipsDevice, promote: false } }, kernel: { trace } });
    const hat = hat_alloc(w.vm, 'A1');
    hat_devload(hat, G1, 2 * M2, DEVICE_PFN, RWU, HAT_LOAD);
    return { ...w, hat, lines };
  };

  it('panic on an unload that starts inside a large page and on a load inside one', () => {
    const { hat } = split('panic');
    expect(() => hat_unload(hat, G1 + K4, K4, HAT_UNLOAD)).toThrow('hat_unload: unmap inside large page, va=0x40001000');
    expect(() => hat_devload(hat, G1 + K4, K4, DEVICE_PFN + 1, RWU, HAT_LOAD)).toThrow('HAT: ptp not 0, load inside a large page, va=0x40001000');
  });

  it('remove the whole page when an unload ends inside it, or starts inside it without the panic', () => {
    const ends = split('panic');
    hat_unload(ends.hat, G1, M2 + K4, HAT_UNLOAD);
    expect(ends.look(ends.hat)).toEqual([]);
    const starts = split('whole');
    hat_unload(starts.hat, G1 + K4, K4, HAT_UNLOAD);
    expect(starts.look(starts.hat).map(({ va }) => va)).toEqual([G1 + M2]);
    expect(starts.lines).toEqual(['hat-note what=unload-inside-large va=0x40001000', 'hat-gone bytes=0x200000 locked=']);
  });

  it('keep a large page that a load inside agrees with, and drop it for another frame', () => {
    const { hat, look } = split('whole');
    hat_devload(hat, G1 + K4, K4, DEVICE_PFN + 1, RWU, HAT_LOAD);
    expect(look(hat).map(({ level }) => level)).toEqual([1, 1]);
    hat_devload(hat, G1 + K4, K4, DEVICE_PFN + 9, RWU, HAT_LOAD);
    expect(look(hat).map(({ va, pfn }) => [va, pfn])).toEqual([[G1 + K4, DEVICE_PFN + 9], [G1 + M2, DEVICE_PFN + 512]]);
  });

  it('leave device translations alone in hat_chgprot, but not those of memory', () => {
    const { hat, vm, look, tlb } = split('panic', true);
    const ram = vm.pages.create()!;
    hat_memload(hat, 0x1000_0000, ram, RWU, HAT_LOAD);
    hat_chgprot(hat, 0, 2 * G1, PROT_READ | PROT_USER);
    expect(look(hat).map(({ flags }) => flags)).toEqual([0xd3, 0xd7, 0xd7]);
    expect(tlb.fences).toHaveLength(1);
  });
});

describe('locks', () => {
  it('that an unload throws away are reported, and an unlock without one is noted', () => {
    const trace = new Trace();
    const lines: string[] = [];
    trace.listen((event) => {
      if (event.kind.startsWith('hat-')) lines.push(traceText(event));
    });
    const { vm } = world({ kernel: { trace } });
    const hat = hat_alloc(vm, 'A1');
    hat_devload(hat, G1, K4, DEVICE_PFN, RWU, HAT_LOAD_LOCK);
    hat_unload(hat, G1, K4, HAT_UNLOAD);
    hat_devload(hat, G1, K4, DEVICE_PFN, RWU, HAT_LOAD);
    hat_unlock(hat, G1, K4);
    expect(lines).toEqual(['hat-gone bytes=0x1000 locked=locked', 'hat-note what=unlock-underflow va=0x40000000']);
  });
});

describe('address space identifiers', () => {
  it('begin a new generation with a fence of everything when they are used up, and old ones are renewed on use', () => {
    const { vm, tlb } = world({ vm: { asidBits: 2 } });
    const hats = ['a', 'b', 'c'].map((name) => hat_alloc(vm, name));
    expect(hats.map((hat) => hat.asid)).toEqual([1, 2, 3]);
    const fourth = hat_alloc(vm, 'd');
    expect(fourth.asid).toBe(1);
    expect(tlb.fences).toEqual([{ asid: -1, va: undefined, len: 0 }]);
    expect(hats[0]!.asid).toBe(2);
    expect(hats[1]!.asid).toBe(3);
    expect(fourth.asid).toBe(1);
    // Used up again: the third takes over, and nobody ever shares one within a generation.
    expect(hats[2]!.asid).toBe(1);
    expect(tlb.fences).toHaveLength(2);
    expect(new Set([hats[2]!.asid, hats[0]!.asid, hats[1]!.asid]).size).toBe(3);
  });

  it('are used again after the address space is gone, which fences them', () => {
    const { vm, tlb } = world();
    const first = hat_alloc(vm, 'a');
    const { asid } = first;
    hat_devload(first, G1, K4, DEVICE_PFN, RWU, HAT_LOAD);
    hat_free_end(first);
    expect(tlb.fences).toEqual([{ asid, va: undefined, len: 0 }]);
    expect(hat_alloc(vm, 'b').asid).toBe(asid);
  });

  it('refuses an impossible number of bits', () => {
    expect(() => world({ vm: { asidBits: 0 } })).toThrow(/asidBits/);
    expect(() => world({ vm: { asidBits: 17 } })).toThrow(/asidBits/);
  });
});

describe('page tables', () => {
  it('lie in RAM and are given back, zeroed for the next user, when empty', () => {
    const { vm, bus } = world();
    const hat = hat_alloc(vm, 'A1');
    const used = vm.pages.used;
    hat_devload(hat, G1, K4, DEVICE_PFN, RWU, HAT_LOAD);
    expect(walkRam(bus, hat.rootPfn).tables.every((pfn) => vm.pages.isRam(pfn))).toBe(true);
    expect(vm.pages.used).toBe(used + 2);
    hat_unload(hat, G1, K4, HAT_UNLOAD);
    expect(vm.pages.used).toBe(used);
    const pfn = vm.pages.create()!;
    expect(bus.u8.subarray(bus.hostPage(pfn), bus.hostPage(pfn) + PAGESIZE).every((byte) => byte === 0)).toBe(true);
  });
});
