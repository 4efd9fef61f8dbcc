/**
 * The way of a miss in generated code against the one in TypeScript: two equal machines live through the same random history, one
 * answers misses in generated code and the other does not. Everything must be equal all the time: host addresses, faults, and byte
 * for byte translation cache, TLB, counters, store flags and page tables. Where every change of a page table is followed by a
 * fence, results must also be those of the bigint oracle; where it is not, stale entries must stay stale in both.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asPaddr, asVaddr, PAGESIZE, Trace } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { Hart, hartReserved, HartEngine, type HartOptions } from '../../src/hart/index.js';
import { State, STORE_FLAGS, translationCache } from '../../src/hart/layout.js';
import { type Priv, TLB_PRESETS, type TlbConfig, tlbEntries, WALK_STATE } from '../../mmu/index.js';
import { oracleTranslate } from '../oracle/sv39.js';

const SEED = 0x3a1c;
const RAM = 0x8000_0000;
/** 6 MiB, so that 2M pages lie in it wholly and partly. */
const FRAMES = 1536;
const FIRST = RAM / PAGESIZE;
const DEVICE = 0x4000_0000;
const REGISTERS = 0x5000_0000;
/** Root, level-1 table, two level-0 tables. */
const TABLES = 4;
const STEPS = 600;

type Random = (end: number) => number;

/** The same numbers in every run, from a seed. */
function numbers(seed: number): Random {
  let s = seed | 0 || 1;
  return (end) => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % end;
  };
}

const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;

/** FIFO arrays small enough to evict all the time; each page size has its own. */
const SMALL: TlbConfig = {
  name: 'small', title: 'evicts all the time', sources: [], assumed: [], walkCache: [],
  levels: [[
    { name: 'I', serves: ['fetch'], sets: 2, ways: 2, pageSizes: ['4K', '2M', '1G'], replacement: 'fifo' },
    { name: 'D-4K', serves: ['load', 'store'], sets: 4, ways: 3, pageSizes: ['4K', '64K'], replacement: 'fifo' },
    { name: 'D-2M', serves: ['store', 'load'], sets: 1, ways: 2, pageSizes: ['2M'], replacement: 'fifo' },
    { name: 'D-1G', serves: ['load', 'store'], sets: 1, ways: 1, pageSizes: ['1G'], replacement: 'fifo' },
  ]],
};

/** One machine of two harts; `walks` says whether generated code answers misses. */
class World {
  readonly bus = new Bus({ ramBase: asPaddr(RAM), ramSize: FRAMES * PAGESIZE, reserved: hartReserved(undefined, 2), poolSize: 0x4_0000 });
  readonly engine: HartEngine;
  readonly harts: readonly Hart[];
  readonly walks: boolean;
  /** Misses that TypeScript answered. */
  slow = 0;
  misses = 0;
  hart: Hart;

  constructor(walks: boolean, o: Partial<HartOptions>) {
    this.walks = walks;
    this.bus.attachMemory({ name: 'memory', base: asPaddr(DEVICE), size: 0x20_0000 });
    this.bus.attachRegisters({ name: 'registers', base: asPaddr(REGISTERS), size: 0x1000, sizes: [4, 8], window: { read: (offset) => BigInt(offset), write: () => true } });
    this.engine = new HartEngine(this.bus);
    this.harts = [0, 1].map((id) => new Hart(this.engine, { id, kernel: true, ...o }));
    this.hart = this.harts[0]!;
    const { slowPath } = this.engine;
    const guarded = slowPath.guardedAccess.bind(slowPath);
    slowPath.guardedAccess = (low, high, size, kind) => {
      this.slow++;
      return guarded(low, high, size, kind);
    };
    this.use(0);
  }

  use(n: number): void {
    this.hart = this.harts[n]!;
    this.engine.enter(this.hart);
  }

  poke(table: number, index: number, pte: bigint): void {
    this.bus.store(asPaddr(RAM + table * PAGESIZE + index * 8), 8, pte);
  }

  /** What generated code does for a data access: the host address, or minus what the fault said. */
  access(va: bigint, size: number, kind: number): string {
    const address = Number(BigInt.asIntN(64, va));
    const canonical = va === BigInt.asIntN(39, va);
    if (canonical && address % size === 0) {
      const cached = this.hart.cache.lookup(address, kind & 1 ? 1 : 0);
      if (cached >= 0) return `${cached}`;
    }
    const [low, high] = [Number(BigInt.asIntN(32, va)), Number(BigInt.asIntN(32, va >> 32n))];
    this.misses++;
    this.engine.openWalk();
    const { slowPath } = this.engine;
    const host = this.walks ? this.engine.miss(low, high, size, kind) >>> 0 : slowPath.guardedAccess(low, high, size, kind) >>> 0;
    if (host === 0) return `cause ${slowPath.cause} at ${slowPath.faultHigh} ${slowPath.faultLow}`;
    if (kind === 2) this.hart.state.setCell(State.reservation, host);
    return `${host}`;
  }

  /** State, store flags, translation caches, TLBs and page tables, as they lie in memory. */
  bytes(): Buffer {
    for (let n = 0; n < 2; n++) this.bus.i32[(translationCache(n) + WALK_STATE) >> 2] = 0;
    const { u8, ramHost } = this.bus;
    const flags = u8.subarray(STORE_FLAGS, STORE_FLAGS + (u8.length >>> 12));
    return Buffer.concat([u8.subarray(0, 0x1000), flags, u8.subarray(translationCache(0), translationCache(2)), u8.subarray(ramHost, ramHost + TABLES * PAGESIZE)]);
  }
}

/** A leaf or pointer, good or bad. */
function somePte(random: Random, level: number, fenced: boolean): bigint {
  if (level > 0 && random(3) > 0) return (BigInt(FIRST + (level === 2 ? 1 : 2 + random(2))) << 10n) | (random(12) === 0 ? 0x21n : 1n);
  if (random(25) === 0) return 0n;
  const flags = pick(random, [0xdfn, 0xdfn, 0xdfn, 0xd7n, 0xd7n, 0xd3n, 0x5fn, 0x57n, 0x1fn, 0xcfn, 0xffn, 0xdbn, 0xd9n, 0x47n, 0xd5n]);
  const span = 512 ** level;
  const target = random(10);
  let frame = BigInt(Math.floor((FIRST + 8 + random(FRAMES - 8)) / span) * span);
  if (target === 0) frame = BigInt(pick(random, [DEVICE, REGISTERS, RAM + FRAMES * PAGESIZE - span * PAGESIZE, 0x10_0000]) / PAGESIZE);
  // A Svnapot range whose PTEs differ is software's mistake, for which the TLB and the oracle have different answers.
  if (target === 1 && level === 0 && !fenced) return (BigInt(FIRST + 16 + random(40) * 16 + 8) << 10n) | flags | (1n << 63n);
  if (target === 2 && random(3) === 0) return (frame << 10n) | flags | (1n << BigInt(54 + random(fenced ? 9 : 10)));
  if (target === 3 && level > 0) frame += BigInt(random(3));
  return (frame << 10n) | flags;
}

interface Plan {
  readonly tlb: TlbConfig | undefined;
  readonly ad: 'svade' | 'svadu';
  readonly misaligned: 'work' | 'trap';
  readonly fenced: boolean;
}

const OFFSETS = [0, 0, 8, 16, 0x7f8, 0xff8, 0xffc, 0xfff, 3, 0x101] as const;

function someAddress(random: Random): bigint {
  if (random(6) === 0) return BigInt(pick(random, [RAM, RAM + 0x20_0000, RAM + FRAMES * PAGESIZE - 0x2000, DEVICE, 0x1000_0000_0000]) + random(4) * PAGESIZE + pick(random, OFFSETS));
  const region = pick(random, [0n, 0n, 0n, 1n, 511n]);
  const va = (region << 30n) | (BigInt(random(3)) << 21n) | (BigInt(pick(random, [0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 40])) << 12n) | BigInt(pick(random, OFFSETS));
  const canonical = BigInt.asIntN(39, va);
  return random(60) === 0 ? canonical ^ (1n << BigInt(39 + random(25))) : canonical;
}

/** Something that is no data access, to be done to both machines. */
function event(random: Random, fenced: boolean): (w: World) => void {
  switch (random(11)) {
    case 0: case 1: case 2: case 3: {
      const level = pick(random, [0, 0, 0, 0, 1, 1, 2]);
      const table = level === 2 ? 0 : level === 1 ? 1 : 2 + random(2);
      const index = level === 2 ? pick(random, [0, 1, 511]) : level === 1 ? random(3) : pick(random, [0, 1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 40]);
      const pte = somePte(random, level, fenced);
      return (w) => {
        w.poke(table, index, pte);
        if (fenced) for (const hart of w.harts) hart.sfenceVma(undefined, undefined);
      };
    }
    case 4: {
      const [va, asid] = [Number(someAddress(random) & ~0xfffn), pick(random, [undefined, 1, 2])];
      return (w) => w.hart.sfenceVma(asVaddr(va), asid);
    }
    case 5: {
      const asid = pick(random, [undefined, 1, 2, 2, 2]);
      return (w) => w.hart.sfenceVma(undefined, asid);
    }
    case 6: {
      const asid = 1 + random(2);
      return (w) => w.hart.setSatp(asid, FIRST);
    }
    case 7: {
      const [priv, sum, mxr] = [pick<Priv>(random, [0, 0, 0, 1, 1, 3]), random(2) === 0, random(4) === 0];
      return (w) => {
        w.hart.mmu.priv = priv;
        w.hart.mmu.sum = sum;
        w.hart.mmu.mxr = mxr;
      };
    }
    case 8: {
      const n = random(2);
      return (w) => w.use(n);
    }
    case 9: {
      // Executed pages must see stores.
      const va = someAddress(random) & ~1n;
      return (w) => { w.engine.slowPath.locate(Number(BigInt.asIntN(32, va)), Number(BigInt.asIntN(32, va >> 32n))); };
    }
    default:
      return (w) => w.engine.watch.fenceI();
  }
}

/** What the oracle says of an aligned access inside a page; undefined where it does not know (untranslated, not memory). */
function expected(w: World, ad: Plan['ad'], va: bigint, kind: number): string | undefined {
  const { mmu } = w.hart;
  if (mmu.dataPriv === 3) return undefined;
  const memory = {
    read: (pa: bigint): bigint | undefined => (pa >= BigInt(RAM) && pa < BigInt(RAM + FRAMES * PAGESIZE) ? w.bus.load(asPaddr(Number(pa)), 8) : undefined),
    write: (): void => {},
  };
  const state = { root: BigInt(FIRST), user: mmu.dataPriv === 0, sum: mmu.sum, mxr: mmu.mxr, hardwareAd: ad === 'svadu', svpbmt: true, svnapot: true, paBits: 46n };
  const result = oracleTranslate(memory, state, BigInt.asUintN(64, va), kind & 1 ? 'store' : 'load');
  if ('cause' in result) return `cause ${result.cause} at `;
  const offset = Number(result.pa) - RAM;
  return offset >= 0 && offset < FRAMES * PAGESIZE ? `${w.bus.ramHost + offset}` : undefined;
}

function live(plan: Plan, seed: number): World {
  const random = numbers(seed);
  const options = { ad: plan.ad, misaligned: plan.misaligned, ...(plan.tlb === undefined ? {} : { tlb: plan.tlb }) };
  const [wasm, plain] = [new World(true, options), new World(false, options)] as const;
  const both = (act: (w: World) => void): void => { act(wasm); act(plain); };
  both((w) => {
    for (const index of [0, 511]) w.poke(0, index, (BigInt(FIRST + 1) << 10n) | 1n);
    w.poke(0, 1, (BigInt(RAM / 2 ** 30) << 28n) | 0xdfn);
    for (const index of [0, 1]) w.poke(1, index, (BigInt(FIRST + 2 + index) << 10n) | 1n);
    w.poke(1, 2, (BigInt(FIRST + 512) << 10n) | 0xdfn);
    for (let n = 0; n < 64; n++) for (const table of [2, 3]) w.poke(table, n, (BigInt(FIRST + TABLES + 64 * table + n) << 10n) | 0xdfn);
    for (const hart of w.harts) hart.setSatp(1, FIRST);
  });
  for (let step = 0; step < STEPS; step++) {
    if (random(8) === 0) {
      const act = event(random, plan.fenced);
      both(act);
      continue;
    }
    const kind = pick(random, [0, 0, 0, 1, 1, 1, 2, 3]);
    const size = kind >= 2 ? pick(random, [4, 8]) : pick(random, [1, 2, 4, 8]);
    const va = someAddress(random);
    const aligned = va % BigInt(size) === 0n;
    // A store over two pages is done by the slow path itself, perhaps to a page table, and nothing fences that.
    if (plan.fenced && !aligned) continue;
    const oracle = plan.fenced ? expected(plain, plan.ad, va, kind) : undefined;
    const [got, want] = [wasm.access(va, size, kind), plain.access(va, size, kind)];
    const what = `step ${step}: kind ${kind} of ${size} bytes at ${BigInt.asUintN(64, va).toString(16)}`;
    if (got !== want) expect(got, what).toBe(want);
    if (oracle !== undefined && !want.startsWith(oracle)) expect(want, `${what}, oracle`).toBe(oracle);
  }
  wasm.harts.forEach((hart, n) => {
    expect(hart.mmu.counters).toEqual(plain.harts[n]!.mmu.counters);
    expect([...tlbEntries(hart.mmu)]).toEqual([...tlbEntries(plain.harts[n]!.mmu)]);
  });
  expect(wasm.engine.slowPath.extraLookups).toBe(plain.engine.slowPath.extraLookups);
  expect(Buffer.compare(wasm.bytes(), plain.bytes()), 'caches, TLBs, counters, flags, page tables').toBe(0);
  return wasm;
}

describe('misses answered in generated code', () => {
  const plans: readonly (readonly [string, Plan])[] = [
    ['with the default TLB', { tlb: undefined, ad: 'svade', misaligned: 'work', fenced: false }],
    ['with a TLB that evicts all the time', { tlb: SMALL, ad: 'svade', misaligned: 'work', fenced: false }],
    ['where the walker sets A and D', { tlb: SMALL, ad: 'svadu', misaligned: 'work', fenced: false }],
    ['where misaligned accesses trap', { tlb: SMALL, ad: 'svadu', misaligned: 'trap', fenced: false }],
    ['with fences, as the oracle says', { tlb: SMALL, ad: 'svade', misaligned: 'work', fenced: true }],
    ['with fences, as the oracle says, A and D set', { tlb: undefined, ad: 'svadu', misaligned: 'work', fenced: true }],
  ];
  for (const [name, plan] of plans) {
    it(`are what TypeScript answers, and leave the same behind, ${name}`, () => {
      let [misses, slow] = [0, 0];
      fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seed) => {
        const w = live(plan, seed);
        misses += w.misses;
        slow += w.slow;
      }), { seed: SEED, numRuns: 4, endOnFailure: true });
      // Generated code that leaves everything to TypeScript would be right as well.
      expect(misses - slow).toBeGreaterThan(misses / 5);
    });
  }

  /** A hart with one page mapped, and whether a load from it reaches TypeScript. */
  function asks(o: Partial<HartOptions>, prepare: (w: World) => void = () => {}): boolean {
    const w = new World(true, o);
    w.poke(0, 0, (BigInt(FIRST + 1) << 10n) | 1n);
    w.poke(1, 0, (BigInt(FIRST + 2) << 10n) | 1n);
    w.poke(2, 5, (BigInt(FIRST + 9) << 10n) | 0xdfn);
    w.hart.setSatp(1, FIRST);
    prepare(w);
    expect(w.access(0x5000n, 8, 0)).toBe(`${w.bus.ramHost + 9 * PAGESIZE}`);
    return w.slow > 0;
  }

  it('need no TypeScript where nobody must see them', () => {
    expect(asks({})).toBe(false);
    expect(asks({ walkInGeneratedCode: false })).toBe(true);
  });

  it.each([
    ['a page that is read and may be written as well', 0xdfn, 0, true],
    ['a page that is written and may be read as well', 0xdfn, 1, true],
    ['a page that is read and is not dirty', 0x5fn, 0, false],
    ['a page that is read and must not be written', 0xdbn, 0, false],
  ] as const)('make %s known for one kind of access or for both', (_, flags, kind, both) => {
    const w = new World(true, {});
    w.poke(0, 0, (BigInt(FIRST + 1) << 10n) | 1n);
    w.poke(1, 0, (BigInt(FIRST + 2) << 10n) | 1n);
    w.poke(2, 5, (BigInt(FIRST + 9) << 10n) | flags);
    w.hart.setSatp(1, FIRST);
    w.access(0x5000n, 8, kind);
    const host = w.bus.ramHost + 9 * PAGESIZE;
    expect([w.hart.cache.lookup(0x5000, kind), w.hart.cache.lookup(0x5000, kind === 0 ? 1 : 0)]).toEqual([host, both ? host : -1]);
  });

  it('need no TypeScript where addresses are not translated', () => {
    const w = new World(true, {});
    w.hart.mmu.priv = 3;
    expect(w.access(BigInt(RAM) + 0x5008n, 8, 1)).toBe(`${w.bus.ramHost + 0x5008}`);
    expect(w.slow).toBe(0);
    expect(w.hart.cache.lookup(RAM + 0x5ff8, 1)).toBe(w.bus.ramHost + 0x5ff8);
    expect(w.access(BigInt(REGISTERS), 8, 0)).not.toContain('cause');
    expect(w.slow).toBe(1);
  });

  it('are left to TypeScript by every TLB but the default one', () => {
    for (const tlb of TLB_PRESETS.values()) expect(asks({ tlb }), tlb.name).toBe(tlb.name !== 'segdev');
  });

  it('are left to TypeScript while somebody traces, watches or protects memory', () => {
    const trace = new Trace();
    const stop = trace.listen(() => {});
    expect(asks({ trace })).toBe(true);
    stop();
    expect(asks({ trace })).toBe(false);
    expect(asks({}, (w) => w.engine.breakpoints.watch({ space: FIRST, va: 0x9000, length: 4, kind: 'read' }))).toBe(true);
    expect(asks({}, (w) => { w.hart.mmu.protection = { allowsPage: () => true, allows: () => true }; })).toBe(true);
    expect(asks({}, (w) => { w.hart.mmu.walker.protection = { allows: () => true }; })).toBe(true);
  });

  it('of one hart leave what another one has reserved to the store watch', () => {
    const w = new World(true, {});
    for (const [table, index, pte] of [[0, 0, 1], [1, 0, 2]] as const) w.poke(table, index, (BigInt(FIRST + pte) << 10n) | 1n);
    w.poke(2, 5, (BigInt(FIRST + 9) << 10n) | 0xdfn);
    for (const hart of w.harts) hart.setSatp(1, FIRST);
    w.access(0x5000n, 8, 2);
    w.use(1);
    w.access(0x5008n, 8, 1);
    expect(w.harts[0]!.reserved).toBe(true);
    w.access(0x5000n, 8, 1);
    expect(w.harts[0]!.reserved).toBe(false);
  });
});
