/** When regions come, when they go, and that nothing of them stays: rewritten code, moved pages, breakpoints, guests that make code. */
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../../src/base/index.js';
import { EVERY_SPACE } from '../../../src/hart/breakpoints.js';
import { Exit, type Hart } from '../../../src/hart/index.js';
import { Handler } from '../../../src/hart/handlers.js';
import { Decoded, DECODED, DECODED_SHIFT, REGION_SLOTS } from '../../../src/hart/layout.js';
import { type Region, RegionTable } from '../../../src/hart/region/region-table.js';
import { CLOSED, LEADS } from '../../../src/hart/region/compiler/code-copies.js';
import { BlockFlag, BlockWord, Summary } from '../../../src/hart/region/compiler/compiler.js';
import { Plan } from '../../../src/hart/region/plan.js';
import { code, type Line, R, RAM, Rig, W, X } from '../kit.js';

const CODE = 0x1_0000;
const CODE_PA = RAM + 0x1_0000;

/** a0 = a0 + n, a1 times; then a1 is 0 and the program stops at ecall. */
const adder = (n: number): readonly Line[] => [
  ['addi', { rd: 10, rs1: 10, imm: n }],
  ['addi', { rd: 11, rs1: 11, imm: -1 }],
  ['bne', { rs1: 11, rs2: 0, imm: -8 }],
  ['ecall'],
];

/** Runs the program at `pc` to its ecall; returns a0, which was 0. */
function sum(hart: Hart, times: number, pc = CODE): bigint {
  hart.pc = pc;
  hart.setX(10, 0n);
  hart.setX(11, BigInt(times));
  expect(hart.run(1_000_000)).toBe(Exit.Trap);
  return hart.x(10);
}

function rigWith(hotness: number, ...lines: readonly Line[]): { rig: Rig; hart: Hart } {
  const rig = new Rig({ engine: 'regions', hotness });
  rig.map(CODE, CODE_PA, R | W | X);
  rig.put(CODE_PA, code(...lines));
  return { rig, hart: rig.user() };
}

describe('a hot loop', () => {
  it('becomes a region at the threshold, and not before', () => {
    const { rig, hart } = rigWith(50, ...adder(3));
    sum(hart, 50);
    expect(rig.engine.regions.statistics).toMatchObject({ regions: 0, compiledInstructions: 0, modules: 0 });
    for (let n = 0; n < 2; n++) expect(sum(hart, 10_000)).toBe(30_000n);
    expect(rig.engine.regions.statistics).toMatchObject({ engine: 'regions', regions: 1, compiledInstructions: 3, modules: 1 });
    expect(rig.engine.regions.statistics.instructionsInRegions).toBeGreaterThan(25_000);
  });

  it('stays interpreted where the interpreter is asked for', () => {
    const rig = new Rig({ engine: 'interpreter', hotness: 1 });
    rig.map(CODE, CODE_PA, R | X);
    rig.put(CODE_PA, code(...adder(3)));
    expect(sum(rig.user(), 10_000)).toBe(30_000n);
    expect(rig.engine.regions.statistics).toMatchObject({ regions: 0, instructionsInRegions: 0 });
  });

  it('asks the translation cache of the hart that runs it, also when that came later', () => {
    const DATA = 0x3_0000;
    const [first, second] = [RAM + 0x3_0000, RAM + 0x4_0000];
    const { rig, hart } = rigWith(1, ['sd', { rs1: 12, rs2: 11, imm: 0 }], ...adder(1).slice(0, 2), ['bne', { rs1: 11, rs2: 0, imm: -12 }], ['ecall']);
    const storing = (on: Hart, times: number): bigint => {
      on.setX(12, BigInt(DATA));
      return sum(on, times);
    };
    rig.map(DATA, first, R | W);
    expect(storing(hart, 1000)).toBe(1000n);
    const other = rig.user({ id: 1 });
    rig.map(DATA, second, R | W);
    // The first hart has not fenced: it goes on storing where the page was.
    expect(storing(other, 500)).toBe(500n);
    expect([rig.load(first, 8), rig.load(second, 8)]).toEqual([1n, 1n]);
    rig.store(second, 8, 0n);
    expect(storing(hart, 200)).toBe(200n);
    expect([rig.load(first, 8), rig.load(second, 8)]).toEqual([1n, 0n]);
    const before = rig.engine.regions.statistics.regions;
    rig.user({ id: 2 });
    expect([before > 0, rig.engine.regions.statistics.regions]).toEqual([true, before]);
    expect(rig.engine.regions.statistics.instructionsInRegions).toBeGreaterThan(5000);
  });

  it('runs as the same region where its page is mapped at another address too', () => {
    const { rig, hart } = rigWith(1, ['auipc', { rd: 12, imm: 0 }], ...adder(1));
    rig.map(CODE + 0x5000, CODE_PA, R | X);
    expect(sum(hart, 1000)).toBe(1000n);
    const { modules } = rig.engine.regions.statistics;
    expect(sum(hart, 1000, CODE + 0x5000)).toBe(1000n);
    expect(hart.x(12)).toBe(BigInt(CODE + 0x5000));
    expect(rig.engine.regions.statistics.modules).toBe(modules);
  });

  it('over two pages follows the second one when that is mapped elsewhere', () => {
    const rig = new Rig({ engine: 'regions', hotness: 1 });
    rig.map(CODE, CODE_PA, R | X);
    rig.map(CODE + PAGESIZE, CODE_PA + PAGESIZE, R | X);
    const start = CODE + PAGESIZE - 4;
    const rest = (n: number): Uint8Array => code(['addi', { rd: 11, rs1: 11, imm: -1 }], ['addi', { rd: 10, rs1: 10, imm: n }], ['bne', { rs1: 11, rs2: 0, imm: -12 }], ['ecall']);
    rig.put(CODE_PA + PAGESIZE - 4, code(['addi', { rd: 12, rs1: 12, imm: 1 }]));
    rig.put(CODE_PA + PAGESIZE, rest(5));
    rig.put(CODE_PA + 4 * PAGESIZE, rest(7));
    const hart = rig.user();
    expect(sum(hart, 500, start)).toBe(2500n);
    expect(rig.engine.regions.statistics.regions).toBeGreaterThan(0);
    rig.map(CODE + PAGESIZE, CODE_PA + 4 * PAGESIZE, R | X);
    hart.sfenceVma(undefined, undefined);
    expect(sum(hart, 500, start)).toBe(3500n);
    expect(hart.x(12)).toBe(1000n);
  });

  it('stops at a breakpoint set when it was compiled already, each time, and goes on as a region when that is gone', () => {
    const { rig, hart } = rigWith(1, ...adder(1));
    expect(sum(hart, 100)).toBe(100n);
    const { breakpoints, regions } = rig.engine;
    breakpoints.add(EVERY_SPACE, CODE + 4);
    hart.pc = CODE;
    hart.setX(11, 3n);
    expect(hart.run(1000)).toBe(Exit.Breakpoint);
    expect(hart.pc).toBe(CODE + 4);
    expect(regions.statistics.regions).toBe(0);
    breakpoints.remove(EVERY_SPACE, CODE + 4);
    expect(sum(hart, 1000)).toBe(1000n);
    expect(regions.statistics.regions).toBe(1);
  });
});

describe('code that was executed once', () => {
  it('is not compiled with what is hot later, and gives the same when it is executed again', () => {
    const { rig, hart } = rigWith(
      200,
      ['addi', { rd: 10, rs1: 10, imm: 1 }],
      ['bge', { rs1: 10, rs2: 13, imm: 12 }],
      ['addi', { rd: 14, rs1: 14, imm: 2 }],
      ['addi', { rd: 14, rs1: 14, imm: 3 }],
      ['addi', { rd: 11, rs1: 11, imm: -1 }],
      ['bne', { rs1: 11, rs2: 0, imm: -20 }],
      ['ecall'],
    );
    const passed = (limit: bigint): bigint => {
      hart.setX(13, limit);
      hart.setX(14, 0n);
      expect(sum(hart, 10_000)).toBe(10_000n);
      return hart.x(14);
    };
    expect(passed(20n)).toBe(19n * 5n);
    expect(rig.engine.regions.statistics).toMatchObject({ regions: 1, compiledInstructions: 4 });
    expect(passed(5000n)).toBe(4999n * 5n);
    expect(passed(10n ** 6n)).toBe(10_000n * 5n);
  });

  it('is executed where a region leaves in the midst of it, its page being hot since', () => {
    const DATA = 0x3_0000;
    const DATA_PA = RAM + 0x3_0000;
    const { rig, hart } = rigWith(
      50,
      ['addi', { rd: 10, rs1: 10, imm: 1 }],
      ['xori', { rd: 12, rs1: 12, imm: 1 }],
      ['bne', { rs1: 12, rs2: 0, imm: -8 }],
      ['jal', { rd: 1, imm: PAGESIZE - 12 }],
      ['addi', { rd: 11, rs1: 11, imm: -1 }],
      ['bne', { rs1: 11, rs2: 0, imm: -20 }],
      ['ecall'],
    );
    rig.map(CODE + PAGESIZE, CODE_PA + PAGESIZE, R | X);
    const load: Line = ['ld', { rd: 13, rs1: 14, imm: 0 }];
    rig.put(CODE_PA + PAGESIZE, code(['addi', { rd: 10, rs1: 10, imm: 10 }], load, ['add', { rd: 10, rs1: 10, rs2: 13 }], ['jalr', { rd: 0, rs1: 1, imm: 0 }], ...adder(1)));
    for (const [page, value] of [100n, 200n].entries()) {
      rig.map(DATA + page * PAGESIZE, DATA_PA + page * PAGESIZE, R);
      rig.store(DATA_PA + page * PAGESIZE, 8, value);
    }
    hart.setX(14, BigInt(DATA));
    // The loop is hot, the function it calls is not: its page becomes so afterwards, by the other loop there.
    expect(sum(hart, 40)).toBe(40n * 112n);
    expect(rig.engine.regions.statistics).toMatchObject({ regions: 1, compiledInstructions: 10 });
    expect(sum(hart, 1000, CODE + PAGESIZE + 16)).toBe(1000n);
    // What regions execute the interpreter does not: it would be lost to the next plan if it counted as idle.
    const added = rig.engine.decoded.pageOf(rig.bus.ramHost + CODE + PAGESIZE) + (8 << DECODED_SHIFT);
    expect(rig.bus.u16[(added + Decoded.handler) >> 1]).toBeGreaterThan(Handler.Illegal);
    // Nobody has read that page before, so the region leaves before the load.
    hart.setX(14, BigInt(DATA + PAGESIZE));
    expect(sum(hart, 40)).toBe(40n * 212n);
  });

  it('goes on as it was decoded when its page is written and nobody fences', () => {
    const patched = (engine: 'interpreter' | 'regions'): bigint => {
      const rig = new Rig({ engine, hotness: 50 });
      rig.map(CODE, CODE_PA, R | W | X);
      const [first, ...rest] = adder(3).slice(0, 2);
      rig.put(CODE_PA, code(first!, ['sw', { rs1: 16, rs2: 15, imm: 0 }], ...rest, ['bne', { rs1: 11, rs2: 0, imm: -12 }], ['ecall']));
      const hart = rig.user();
      hart.setX(15, BigInt(new DataView(code(...adder(4)).buffer).getUint32(0, true)));
      hart.setX(16, BigInt(CODE));
      const unfenced = sum(hart, 10_000);
      hart.fenceI();
      return unfenced * 1_000_000n + sum(hart, 10_000);
    };
    expect([patched('interpreter'), patched('regions')]).toEqual([30_000_040_000n, 30_000_040_000n]);
  });
});

describe('code that is written without a fence', () => {
  it('goes on as it was decoded before its page had a hot place', () => {
    const called = (engine: 'interpreter' | 'regions'): bigint => {
      const rig = new Rig({ engine, hotness: 50 });
      rig.map(CODE, CODE_PA, R | W | X);
      const [add, count] = adder(3);
      rig.put(CODE_PA, code(
        ['jal', { rd: 1, imm: 28 }],
        ...adder(1).slice(0, 3),
        ['sw', { rs1: 16, rs2: 15, imm: 28 }],
        ['jal', { rd: 1, imm: 8 }],
        ['ecall'],
        add!,
        ['jalr', { rd: 0, rs1: 1, imm: 0 }],
      ));
      const hart = rig.user();
      hart.setX(15, BigInt(new DataView(code(count!).buffer).getUint32(0, true)));
      hart.setX(16, BigInt(CODE));
      return sum(hart, 1000);
    };
    expect([called('interpreter'), called('regions')]).toEqual([1006n, 1006n]);
  });
});

describe('rewritten code', () => {
  it('runs when the host has written it, at once', () => {
    const { rig, hart } = rigWith(1, ...adder(3));
    expect(sum(hart, 100)).toBe(300n);
    rig.put(CODE_PA, code(...adder(4)));
    expect(rig.engine.regions.statistics.regions).toBe(0);
    expect(sum(hart, 100)).toBe(400n);
  });

  it('a guest that makes code again and again gets it compiled less and less often, and always runs the last', () => {
    const { rig, hart } = rigWith(20, ...adder(0));
    for (let n = 1; n <= 300; n++) {
      rig.put(CODE_PA, code(...adder(n)));
      expect(sum(hart, 40)).toBe(40n * BigInt(n));
    }
    const { modules, regions, regionInstructions } = rig.engine.regions.statistics;
    expect(modules).toBeLessThan(10);
    expect(regions).toBeLessThan(2);
    expect(regionInstructions).toBeLessThan(4);
  });

  it('gets a region again when it stays', () => {
    const { rig, hart } = rigWith(20, ...adder(0));
    for (let n = 1; n <= 10; n++) {
      rig.put(CODE_PA, code(...adder(n)));
      sum(hart, 40);
    }
    sum(hart, 100_000);
    expect(rig.engine.regions.statistics.regions).toBe(1);
  });
});

describe('the table of regions', () => {
  const PAGE_AT = DECODED;
  /** One block at the beginning of the page. */
  function plan(): Plan {
    const words = new Int32Array(Summary.head + 2 + BlockWord.words);
    words[Summary.instructions] = words[Summary.pages] = words[Summary.blocks] = 1;
    words.set([0, PAGE_AT], Summary.head);
    words[Summary.head + 2 + BlockWord.end] = 4;
    words[Summary.head + 2 + BlockWord.flags] = BlockFlag.entry;
    return new Plan(words);
  }

  it('marks in a copy of a page what is closed to others and what leads a block, as long as the region it belongs to is there', () => {
    const { bus } = new Rig();
    const table = new RegionTable(bus, { set: () => {} });
    bus.u16[(PAGE_AT + Decoded.handler) >> 1] = 77;
    const install = (): Region => table.install({ plan: plan(), seeds: [0], origin: 0, slot: table.takeSlot(), crosses: false, body: new Uint8Array() }, undefined);
    const marked = (...open: readonly Region[]): number => {
      const copy = bus.u16.slice(PAGE_AT >> 1, (PAGE_AT >> 1) + 8);
      table.mark(PAGE_AT, copy, new Set(open));
      return copy[Decoded.handler >> 1]!;
    };
    const first = install();
    expect(marked()).toBe(77 | CLOSED | LEADS);
    expect(marked(first)).toBe(77 | LEADS);
    // The second has a block there too, but the entry is the first one's, and so is what others are told.
    install();
    table.drop(first);
    expect(marked()).toBe(77);
  });

  it('gives slots and entries out again, and leaves decoded instructions as they were', () => {
    const { bus } = new Rig();
    const slots = new Set<number>();
    const table = new RegionTable(bus, { set: (slot) => slots.add(slot) });
    const handler = (at: number): number => bus.u16[(PAGE_AT + at * 8 + Decoded.handler) >> 1]!;
    bus.u16[(PAGE_AT + Decoded.handler) >> 1] = 77;
    for (let n = 0; n < 2 * REGION_SLOTS; n++) {
      const region = table.install({ plan: plan(), seeds: [0], origin: 0, slot: table.takeSlot(), crosses: false, body: new Uint8Array() }, undefined);
      if (handler(0) !== Handler.Region) throw new Error(`no entry in round ${n}`);
      if (n % 2 === 0) table.drop(region);
      else expect(table.dropPage(PAGE_AT)).toHaveLength(1);
    }
    expect(handler(0)).toBe(77);
    expect(slots).toEqual(new Set([1]));
    expect(table.regions.size).toBe(0);
    expect(table.instructions).toBe(0);
    expect(table.dropPage(PAGE_AT)).toEqual([]);
  });
});

describe('a dump', () => {
  it('shows blocks, entries and jumps beside the code', () => {
    const { rig, hart } = rigWith(1, ...adder(3));
    sum(hart, 100);
    const lines = rig.engine.regions.dump();
    expect(lines[0]).toMatch(/^region 1: 3 instructions, 1 blocks, 1 pages, entered \d+ times$/);
    expect(lines[1]).toBe('  block 0, entry, asks 3, jumps to block 0 (0x10000), goes on to 0x1000c');
    expect(lines.slice(2)).toEqual(['    0x10000  addi a0,a0,3', '    0x10004  addi a1,a1,-1', '    0x10008  bne a1,zero,0x10000']);
  });
});
