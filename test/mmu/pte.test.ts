import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSatp, encodeSatp, isCanonical, pteEncode, pteFlags, pteFlagsText, pteLeaf, pteNapot, ptePbmt, ptePpn, pteReserved, pteSoftware, pteValid, vaddrFromHalves } from '../../mmu/index.js';
import { SEED } from './world.js';

const word = ({ lo, hi }: { lo: number; hi: number }): bigint => (BigInt(hi) << 32n) | BigInt(lo);
const halves = (value: bigint): [number, number] => [Number(value & 0xffff_ffffn), Number(value >> 32n)];
const anyPte = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('a PTE as two halves', () => {
  it('puts every field where the manual draws it', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: (1n << 44n) - 1n }), fc.integer({ min: 0, max: 0x3ff }), fc.constantFrom<0 | 1 | 2>(0, 1, 2), (ppn, flags, pbmt) => {
      expect(word(pteEncode({ pfn: Number(ppn), flags, pbmt }))).toBe((BigInt(pbmt) << 61n) | (ppn << 10n) | BigInt(flags));
    }), { seed: SEED });
  });

  it('encodes any page of a Svnapot range as the same frame with PPN[3:0] = 1000', () => {
    for (let n = 0; n < 16; n++) expect(word(pteEncode({ pfn: 0x12340 + n, flags: 0x1f, napot: true }))).toBe((1n << 63n) | (0x12348n << 10n) | 0x1fn);
  });

  it('reads every field of any 64-bit word', () => {
    fc.assert(fc.property(anyPte, (value) => {
      const [lo, hi] = halves(value);
      expect(BigInt(ptePpn(lo, hi))).toBe((value >> 10n) & ((1n << 44n) - 1n));
      expect(BigInt(pteFlags(lo))).toBe(value & 0xffn);
      expect(BigInt(pteSoftware(lo))).toBe(value & 0x300n);
      expect(BigInt(ptePbmt(hi))).toBe((value >> 61n) & 3n);
      expect(pteNapot(hi)).toBe(value >> 63n === 1n);
      expect(pteReserved(hi)).toBe(((value >> 54n) & 0x7fn) !== 0n);
      expect(pteValid(lo)).toBe((value & 1n) === 1n);
      expect(pteLeaf(lo)).toBe((value & 0b1010n) !== 0n);
    }), { seed: SEED });
  });

  it('prints flags in the order of the manual', () => {
    expect(pteFlagsText(0xdf)).toBe('da-uxwrv');
    expect(pteFlagsText(0x21)).toBe('--g----v');
  });
});

describe('satp', () => {
  it('round-trips the modes this machine has', () => {
    fc.assert(fc.property(fc.constantFrom<0 | 8>(0, 8), fc.integer({ min: 0, max: 0xffff }), fc.bigInt({ min: 0n, max: (1n << 44n) - 1n }), (mode, asid, ppn) => {
      const value = (BigInt(mode) << 60n) | (BigInt(asid) << 44n) | ppn;
      expect(decodeSatp(value)).toEqual({ mode, asid, rootPfn: Number(ppn) });
      expect(encodeSatp({ mode, asid, rootPfn: Number(ppn) })).toBe(value);
    }), { seed: SEED });
  });

  it('refuses Sv48, Sv57 and reserved modes, whose write has no effect', () => {
    for (const mode of [1n, 7n, 9n, 10n, 11n, 15n]) expect(decodeSatp(mode << 60n)).toBeUndefined();
  });
});

describe('vaddrFromHalves', () => {
  it('accepts exactly the addresses whose bits 63:39 equal bit 38, as signed numbers', () => {
    fc.assert(fc.property(fc.oneof(anyPte, anyPte.map((n) => BigInt.asUintN(64, BigInt.asIntN(39, n))), fc.bigInt({ min: (1n << 38n) - 2n, max: (1n << 38n) + 2n })), (value) => {
      const canonical = BigInt.asIntN(39, value) === BigInt.asIntN(64, value);
      const [lo, hi] = halves(value);
      expect(vaddrFromHalves(lo, hi)).toBe(canonical ? Number(BigInt.asIntN(64, value)) : Number.NaN);
      expect(vaddrFromHalves(lo | 0, hi | 0)).toBe(vaddrFromHalves(lo, hi));
      expect(isCanonical(vaddrFromHalves(lo, hi))).toBe(canonical);
    }), { seed: SEED, numRuns: 500 });
  });
});
