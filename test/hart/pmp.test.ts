/** Physical memory protection against a checker that asks byte by byte, and its registers' own rules. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pmp } from '../../src/hart/pmp.js';
import { allowed, type Entry, L, NA4, NAPOT, TOR } from './pmp-checker.js';

const SEED = 71;

/** Writes entries from the last to the first, so that locks stop nothing. */
function pmpOf(entries: readonly Entry[]): Pmp {
  const pmp = new Pmp(() => {});
  entries.forEach(({ address }, n) => pmp.writeAddress(n, address));
  for (const first of [0, 8]) {
    pmp.writeCfg(first, Array.from({ length: 8 }, (_, n) => BigInt(entries[first + n]?.cfg ?? 0) << BigInt(8 * n)).reduce((a, b) => a | b));
  }
  return pmp;
}

/** Entries that meet each other around the same few addresses. */
const cfgs = fc.constantFrom(0, 1, 3, 4, 5, 7).chain((permission) => fc.constantFrom(0, TOR, NA4, NAPOT, NAPOT | L, TOR | L).map((mode) => permission | mode));
const addresses = fc.oneof(fc.nat(32), fc.constantFrom(0x1f, 0x17, 0xf, 0x7, 0x3, 0x1, 0x3ff)).map((n) => 0x2000_0000n + BigInt(n));
const entry: fc.Arbitrary<Entry> = fc.record({ cfg: cfgs, address: fc.oneof({ weight: 8, arbitrary: addresses }, fc.constantFrom(0n, (1n << 54n) - 1n, (1n << 40n) - 1n)) });

describe('protection', () => {
  it(`decides every access as the manual says (seed ${SEED})`, () => {
    fc.assert(fc.property(
      fc.array(entry, { maxLength: 16 }), fc.nat(160), fc.constantFrom(1, 2, 4, 8), fc.constantFrom(0 as const, 1 as const, 2 as const), fc.constantFrom(0 as const, 1 as const, 3 as const),
      (entries, offset, size, access, priv) => {
        const pmp = pmpOf(entries);
        const pa = 0x8000_0000 - 16 + offset;
        expect(pmp.allows(pa, size, access, priv)).toBe(allowed(entries, pa, size, access, priv));
      },
    ), { seed: SEED, numRuns: 2000 });
  });

  it('is open only where an entry below all others grants everything to everybody', () => {
    const all = (1n << 54n) - 1n;
    expect(new Pmp(() => {}).open).toBe(false);
    expect(pmpOf([{ cfg: NAPOT | 7, address: all }]).open).toBe(true);
    expect(pmpOf([{ cfg: TOR | 7, address: all }]).open).toBe(true);
    expect(pmpOf([{ cfg: 0, address: 0n }, { cfg: NAPOT | 7 | L, address: all }]).open).toBe(true);
    expect(pmpOf([{ cfg: NAPOT | 5, address: all }]).open).toBe(false);
    expect(pmpOf([{ cfg: NA4, address: 0x2000_0000n }, { cfg: NAPOT | 7, address: all }]).open).toBe(false);
  });
});

describe('its registers', () => {
  it('keep what can be kept: bits 53:0 of addresses, no reserved bits, never W without R', () => {
    const pmp = new Pmp(() => {});
    pmp.writeAddress(15, 2n ** 64n - 1n);
    expect(pmp.readAddress(15)).toBe(2n ** 54n - 1n);
    pmp.writeCfg(8, 0x7f_1e_06_02_01_00_60_1fn);
    expect(pmp.readCfg(8).toString(16)).toBe('1f1800000100001f');
  });

  it('do not change where they are locked, nor below a locked TOR entry', () => {
    const pmp = pmpOf([{ cfg: 0, address: 0x10n }, { cfg: TOR | L | 1, address: 0x20n }, { cfg: NAPOT | L, address: 0x30n }]);
    for (const n of [0, 1, 2, 3]) pmp.writeAddress(n, 0x99n);
    expect([0, 1, 2, 3].map((n) => pmp.readAddress(n))).toEqual([0x10n, 0x20n, 0x30n, 0x99n]);
    pmp.writeCfg(0, 0x0707_0707n);
    expect(pmp.readCfg(0).toString(16)).toBe((0x0798_8907).toString(16));
  });
});
