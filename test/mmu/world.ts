/** Page tables for tests: a small machine whose tables are written word by word, and generators of PTEs good and bad. */
import fc from 'fast-check';
import { asPaddr, asVaddr, type Vaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { Mmu, TranslationCache, vaddrFromHalves, type MmuOptions, type TlbConfig } from '../../mmu/index.js';

export const RAM_BASE = 0x8000_0000n;
export const RAM_FRAME: bigint = RAM_BASE / 4096n;
/** Frames of RAM; the first ones are page tables. */
export const FRAMES = 64;
export const TABLES = 8;
/** Entries of the translation cache in tests: small, so that slots collide. */
export const CACHE_ENTRIES = 64;

/** One seed for all property tests of this folder; fast-check prints it on failure. */
export const SEED = 0x5e9d;

export interface World {
  readonly bus: Bus;
  readonly cache: TranslationCache;
  readonly mmu: Mmu;
}

export function world(tlb: TlbConfig, o: Partial<Omit<MmuOptions, 'tlb' | 'memory' | 'cache'>> = {}, frames: number = FRAMES): World {
  const bus = new Bus({ ramSize: frames * 4096, reserved: TranslationCache.bytes(CACHE_ENTRIES), poolSize: 16 * 4096 });
  const cache = new TranslationCache({ memory: bus.memory, at: 0, entries: CACHE_ENTRIES });
  return { bus, cache, mmu: new Mmu({ hartId: 0, memory: bus, cache, tlb, ad: 'svade', ...o }) };
}

/** The same numbers in every run, from a seed. */
export class Xorshift {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1;
  }

  /** An integer in [0, end). */
  below(end: number): number {
    let s = this.#state;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.#state = s;
    return (s >>> 0) % end;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

/** Writes one PTE: table number, index, 64-bit value. */
export function poke(bus: Bus, table: number, index: number, pte: bigint): void {
  if (!bus.store(asPaddr(Number(RAM_BASE) + table * 4096 + index * 8), 8, pte)) throw new Error('PTE outside RAM');
}

export const peek = (bus: Bus, table: number, index: number): bigint => bus.load(asPaddr(Number(RAM_BASE) + table * 4096 + index * 8), 8) ?? -1n;

/** Physical frame of a page table. */
export const tableFrame = (table: number): bigint => RAM_FRAME + BigInt(table);

/** A 64-bit virtual address as the MMU takes it. */
export const toVaddr = (va: bigint): Vaddr => vaddrFromHalves(Number(BigInt.asIntN(32, va)), Number(BigInt.asIntN(32, va >> 32n)));

/** A signed number as a virtual address. */
export const at = (va: number): Vaddr => asVaddr(va);

/** PTE from its parts. Flags are given as letters, e.g. 'vrwxuad'. */
export function pte(frame: bigint, flags: string, high = 0n): bigint {
  let value = (frame << 10n) | high;
  for (const letter of flags) {
    const n = 'vrwxugad'.indexOf(letter);
    if (n < 0) throw new Error(`no flag ${letter}`);
    value |= 1n << BigInt(n);
  }
  return value;
}

/** The few indices the tests use in every table, so that random addresses meet random PTEs. */
export const INDICES: readonly number[] = [0, 1, 2, 15, 16, 17, 255, 256, 511];

const frameArb = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: FRAMES - 1 }).map((n) => RAM_FRAME + BigInt(n)) },
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 31n }).map((n) => n * 512n) },
  { weight: 3, arbitrary: fc.bigInt({ min: 0n, max: 15n }).map((n) => n * 262144n) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 255n }).map((n) => n * 16n + 8n) },
  { weight: 1, arbitrary: fc.bigInt({ min: 1n << 34n, max: (1n << 44n) - 1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: 1n << 34n }) },
);

const leafArb = fc.tuple(frameArb, fc.constantFrom('vrad', 'vrwad', 'vrxad', 'vrwxad', 'vxad', 'vrw', 'vrwa', 'vr', 'vrwx', 'vx'), fc.boolean(), fc.boolean())
  .map(([frame, flags, user, global]) => pte(frame, flags + (user ? 'u' : '') + (global ? 'g' : '')));

const napotArb = fc.tuple(fc.bigInt({ min: 0n, max: 255n }), fc.constantFrom(8n, 8n, 8n, 0n, 4n, 12n, 1n), fc.constantFrom('vrwxuad', 'vrwx', 'vrwad', 'vxuad'))
  .map(([frame, low, flags]) => pte(frame * 16n + low, flags, 1n << 63n));

const pointerArb = fc.tuple(fc.integer({ min: 0, max: TABLES - 1 }), fc.boolean()).map(([table, global]) => pte(tableFrame(table), global ? 'vg' : 'v'));

const oneBitArb = fc.bigInt({ min: 0n, max: 63n }).map((n) => 1n << n);

/** PTEs of every kind: leaves, pointers, Svnapot, memory types, one bit wrong, and plain noise. */
export const pteArb: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 8, arbitrary: leafArb },
  { weight: 8, arbitrary: pointerArb },
  { weight: 2, arbitrary: napotArb },
  { weight: 1, arbitrary: fc.tuple(leafArb, fc.bigInt({ min: 1n, max: 3n })).map(([value, type]) => value | (type << 61n)) },
  { weight: 3, arbitrary: fc.tuple(fc.oneof(leafArb, pointerArb, napotArb), oneBitArb).map(([value, flip]) => value ^ flip) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
  { weight: 1, arbitrary: fc.constant(0n) },
);

/** One PTE somewhere. */
export const placedPteArb: fc.Arbitrary<{ table: number; index: number; value: bigint }> = fc.record({
  table: fc.integer({ min: 0, max: TABLES - 1 }), index: fc.constantFrom(...INDICES), value: pteArb,
});

/** Addresses that meet the indices above; some are not canonical. */
export const vaArb: fc.Arbitrary<bigint> = fc.tuple(
  fc.constantFrom(...INDICES), fc.constantFrom(...INDICES), fc.constantFrom(...INDICES), fc.integer({ min: 0, max: 4095 }), fc.integer({ min: 0, max: 30 }), oneBitArb,
).map(([a, b, c, offset, spoil, flip]) => {
  const va = BigInt.asUintN(64, BigInt.asIntN(39, (BigInt(a) << 30n) | (BigInt(b) << 21n) | (BigInt(c) << 12n) | BigInt(offset)));
  return spoil === 0 ? va ^ flip : va;
});
