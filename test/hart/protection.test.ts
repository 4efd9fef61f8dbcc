/** PMP in the way of accesses: loads, stores, fetches and page walks of every mode, with the translation cache in between. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../src/base/index.js';
import { Cause, CSR_NAMES, EVERY_SPACE, Exit, type Hart } from '../../src/hart/index.js';
import { code, type Line, R, RAM, Rig, W, X } from './kit.js';
import { allowed, type Entry, L, NA4, NAPOT, TOR } from './pmp-checker.js';

const SEED = 72;
const HANDLER = RAM + 0x800;
/** Where the instruction under test stands, and the page it works on. */
const HERE = RAM + 0x1_0000;
const THERE = RAM + 0x2_0000;
const KIND = { load: 0, store: 1, fetch: 2 } as const;

/** A machine-mode hart with PMP whose handler stays where it is. */
function protectedHart(): { rig: Rig; hart: Hart } {
  const rig = new Rig();
  rig.put(HANDLER, code(['jal', { imm: 0 }]));
  const hart = rig.machine({ pmp: true });
  hart.csrs.write(CSR_NAMES.mtvec, BigInt(HANDLER));
  return { rig, hart };
}

function setEntry(hart: Hart, n: number, { cfg, address }: Entry): void {
  const pmp = hart.pmp!;
  pmp.writeAddress(n, address);
  const first = n < 8 ? 0 : 8;
  const shift = BigInt(8 * (n - first));
  pmp.writeCfg(first, (pmp.readCfg(first) & ~(0xffn << shift)) | (BigInt(cfg) << shift));
}

/** Entry for a whole page. */
const page = (pa: number, permission: number): Entry => ({ cfg: NAPOT | permission, address: BigInt(pa / 4) | 0x1ffn });

/** Puts the hart into a mode at an address; machine mode, with MPRV and MPP for the mode given as `data`. */
function enter(hart: Hart, mode: 0 | 1 | 3, pc: number): void {
  hart.traps.machine.cause = 0n;
  hart.traps.mode = mode;
  hart.pc = pc;
  hart.translationChanged();
}

/** Runs one instruction and answers the exception code and mtval, undefined where there was none. */
function trapOf(hart: Hart): readonly [number, number] | undefined {
  hart.run(1);
  return hart.pc === HANDLER ? [Number(hart.traps.machine.cause), Number(hart.traps.machine.tval)] : undefined;
}

const LOADS: Record<number, string> = { 1: 'lbu', 2: 'lhu', 4: 'lwu', 8: 'ld' };
const STORES: Record<number, string> = { 1: 'sb', 2: 'sh', 4: 'sw', 8: 'sd' };

describe('an access', () => {
  const entry: fc.Arbitrary<Entry> = fc.record({
    cfg: fc.tuple(fc.constantFrom(0, 1, 3, 4, 5, 7), fc.constantFrom(0, TOR, NA4, NAPOT, NAPOT)).map(([permission, mode]) => permission | mode),
    address: fc.oneof(fc.nat(40).map((n) => BigInt(THERE / 4 + n)), fc.constantFrom(0x1ffn, 0x3ffn, 0xfn).map((ones) => BigInt(THERE / 4) | ones)),
  });
  const step = fc.oneof(
    fc.record({ entry, n: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ mode: fc.constantFrom(0 as const, 1 as const, 3 as const), kind: fc.constantFrom('load' as const, 'store' as const), size: fc.constantFrom(1, 2, 4, 8), offset: fc.nat(176) }),
  );

  it(`is allowed or refused as the entries say at that moment, whatever was accessed before (seed ${SEED})`, () => {
    const { rig, hart } = protectedHart();
    fc.assert(fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
      const entries: Entry[] = Array.from({ length: 16 }, (_, n) => (n === 0 ? page(HERE, 5) : { cfg: 0, address: 0n }));
      entries.forEach((one, n) => setEntry(hart, n, one));
      for (const one of steps) {
        if ('n' in one) {
          setEntry(hart, one.n, one.entry);
          entries[one.n] = one.entry;
          continue;
        }
        const { mode, kind, size } = one;
        const at = THERE + one.offset;
        rig.put(HERE, code([kind === 'load' ? LOADS[size]! : STORES[size]!, { rd: 5, rs1: 10, rs2: 6 }]));
        hart.fenceI();
        hart.setX(10, BigInt(at));
        enter(hart, mode, HERE);
        const refused = kind === 'load' ? Cause.LoadAccess : Cause.StoreAccess;
        expect(trapOf(hart)).toEqual(allowed(entries, at, size, KIND[kind], mode) ? undefined : [refused, at]);
      }
    }), { seed: SEED, numRuns: 50 });
  });

  it('over two pages is checked in each, and nothing is stored where one refuses', () => {
    const { rig, hart } = protectedHart();
    setEntry(hart, 0, page(HERE, 5));
    setEntry(hart, 1, page(THERE, 7));
    setEntry(hart, 2, page(THERE + PAGESIZE, 1));
    rig.put(HERE, code(['sd', { rs1: 10, rs2: 11 }]));
    hart.setX(10, BigInt(THERE + PAGESIZE - 4));
    hart.setX(11, -1n);
    enter(hart, 1, HERE);
    expect(trapOf(hart)).toEqual([Cause.StoreAccess, THERE + PAGESIZE]);
    expect(rig.load(THERE + PAGESIZE - 4, 4)).toBe(0n);
  });

  it('of machine mode obeys locked entries, and with MPRV all entries', () => {
    const { rig, hart } = protectedHart();
    rig.put(HERE, code(['ld', { rd: 5, rs1: 10 }]));
    hart.setX(10, BigInt(THERE));
    setEntry(hart, 0, page(THERE, 0));
    enter(hart, 3, HERE);
    expect(trapOf(hart)).toBeUndefined();
    hart.traps.status.set(0x2_0000, true);
    hart.traps.status.mpp = 0;
    enter(hart, 3, HERE);
    expect(trapOf(hart)).toEqual([Cause.LoadAccess, THERE]);
    hart.traps.status.set(0x2_0000, false);
    setEntry(hart, 0, { ...page(THERE, 0), cfg: NAPOT | L });
    enter(hart, 3, HERE);
    expect(trapOf(hart)).toEqual([Cause.LoadAccess, THERE]);
  });
});

describe('a fetch', () => {
  it('of a mode below machine mode is refused until an entry grants it', () => {
    const { rig, hart } = protectedHart();
    rig.put(HERE, code(['addi'], ['addi']));
    for (const mode of [0, 1] as const) {
      enter(hart, mode, HERE);
      expect(trapOf(hart)).toEqual([Cause.FetchAccess, HERE]);
    }
    setEntry(hart, 3, page(HERE, 4));
    enter(hart, 0, HERE);
    expect(trapOf(hart)).toBeUndefined();
    setEntry(hart, 3, page(HERE, 3));
    expect(trapOf(hart)).toEqual([Cause.FetchAccess, HERE + 4]);
  });

  it('goes on to the last instruction before the end of what is granted, also where that lies inside a page', () => {
    const { rig, hart } = protectedHart();
    rig.put(HERE, code(...Array.from({ length: 20 }, (): Line => ['addi', { rd: 5, rs1: 5, imm: 1 }])));
    setEntry(hart, 0, { cfg: 0, address: BigInt(HERE / 4) });
    setEntry(hart, 1, { cfg: TOR | 4, address: BigInt(HERE / 4 + 7) });
    enter(hart, 1, HERE);
    hart.run(8);
    expect([hart.x(5), hart.traps.machine.cause, hart.traps.machine.epc, hart.traps.machine.tval]).toEqual([7n, 1n, BigInt(HERE + 28), BigInt(HERE + 28)]);
  });

  it('in a page that is granted in part comes to the next instruction also behind one that generated code had to be left for', () => {
    const { rig, hart } = protectedHart();
    rig.put(HERE, code(['addi', { rd: 5, rs1: 5, imm: 1 }], ['fadd.d', { rd: 1, rs1: 1, rs2: 1 }], ['ld', { rd: 6, rs1: 7, imm: 0 }], ['addi', { rd: 5, rs1: 5, imm: 1 }], ['jal', { rd: 0, imm: 0 }]));
    setEntry(hart, 0, { cfg: TOR | 7, address: BigInt(HERE / 4 + 5) });
    hart.csrs.write(CSR_NAMES.mstatus, 1n << 13n);
    hart.setX(7, BigInt(HERE));
    const { breakpoints } = rig.engine;
    breakpoints.watch({ space: EVERY_SPACE, va: HERE, length: 8, kind: 'access' });
    breakpoints.add(EVERY_SPACE, HERE + 12);
    enter(hart, 1, HERE);
    hart.run(2);
    expect([hart.pc, hart.traps.machine.cause, (hart.csrs.read(CSR_NAMES.sstatus)! >> 13n) & 3n]).toEqual([HERE + 8, 0n, 3n]);
    expect([hart.run(5), hart.pc]).toEqual([Exit.Watchpoint, HERE + 8]);
    expect([hart.run(5, true), hart.pc]).toEqual([Exit.Breakpoint, HERE + 12]);
    expect([hart.run(5, true), hart.pc, hart.x(5)]).toEqual([Exit.Quantum, HERE + 16, 2n]);
  });

  it('of an instruction whose second half is refused reports the address of that half', () => {
    const { rig, hart } = protectedHart();
    rig.put(HERE, code(['c.nop'], ['addi', { rd: 5, rs1: 5, imm: 1 }]));
    setEntry(hart, 0, { cfg: NA4 | 4, address: BigInt(HERE / 4) });
    enter(hart, 0, HERE);
    expect(trapOf(hart)).toBeUndefined();
    expect(trapOf(hart)).toEqual([Cause.FetchAccess, HERE + 4]);
    expect(hart.traps.machine.epc).toBe(BigInt(HERE + 2));
  });

  it('of an instruction over two pages needs both', () => {
    const { rig, hart } = protectedHart();
    rig.put(HERE + PAGESIZE - 2, code(['addi', { rd: 5, rs1: 5, imm: 1 }]));
    setEntry(hart, 0, page(HERE, 4));
    enter(hart, 0, HERE + PAGESIZE - 2);
    expect(trapOf(hart)).toEqual([Cause.FetchAccess, HERE + PAGESIZE]);
    setEntry(hart, 1, { cfg: NA4 | 4, address: BigInt((HERE + PAGESIZE) / 4) });
    enter(hart, 0, HERE + PAGESIZE - 2);
    expect(trapOf(hart)).toBeUndefined();
    expect(hart.x(5)).toBe(1n);
  });
});

describe('a page walk', () => {
  /** A supervisor hart in Sv39 that may read everything but `table`, whose permission is given. */
  function walking(permission: number, leaf: number): { rig: Rig; hart: Hart } {
    const { rig, hart } = protectedHart();
    rig.map(0x4000_0000, HERE, R | X, 0xc1);
    rig.map(0x4000_1000, THERE, R | W, leaf);
    const all: Entry = { cfg: NAPOT | 7, address: (1n << 54n) - 1n };
    setEntry(hart, 0, page(rig.root, permission));
    setEntry(hart, 1, all);
    hart.setSatp(0, rig.root / PAGESIZE);
    return { rig, hart };
  }

  it('that may not read its table is an access fault of the kind of the access', () => {
    for (const [line, cause] of [[['ld', { rd: 5, rs1: 10 }], Cause.LoadAccess], [['sd', { rs1: 10, rs2: 5 }], Cause.StoreAccess]] as const) {
      const { rig, hart } = walking(7, 0xc1);
      rig.put(HERE, code(line));
      hart.setX(10, 0x4000_1000n);
      enter(hart, 1, 0x4000_0000);
      expect(trapOf(hart)).toBeUndefined();
      setEntry(hart, 0, page(rig.root, 0));
      hart.sfenceVma(undefined, undefined);
      enter(hart, 1, 0x4000_0000);
      expect(trapOf(hart)).toEqual([Cause.FetchAccess, 0x4000_0000]);
      // Machine mode fetches untranslated; its loads and stores walk with MPRV.
      hart.traps.status.set(0x2_0000, true);
      hart.traps.status.mpp = 1;
      enter(hart, 3, HERE);
      expect(trapOf(hart)).toEqual([cause, 0x4000_1000]);
    }
  });

  it('sets A and D where menvcfg.ADUE asks for it and its table may be written, else faults', () => {
    const trial = (adue: boolean, permission: number): readonly unknown[] => {
      const { rig, hart } = walking(permission, 0x01);
      rig.put(HERE, code(['sd', { rs1: 10, rs2: 5 }]));
      hart.csrs.write(CSR_NAMES.menvcfg, adue ? 1n << 61n : 0n);
      hart.setX(10, 0x4000_1000n);
      // The leaf lies in the third page table the rig made; protect that one.
      const leafTable = rig.root - 2 * PAGESIZE;
      setEntry(hart, 0, page(leafTable, permission));
      enter(hart, 1, 0x4000_0000);
      return [trapOf(hart)?.[0], Number(rig.load(leafTable + 8, 8)) & 0xc0];
    };
    expect(trial(false, 7)).toEqual([Cause.StorePageFault, 0]);
    expect(trial(true, 7)).toEqual([undefined, 0xc0]);
    expect(trial(true, 1)).toEqual([Cause.StoreAccess, 0]);
  });
});

describe('cache-block instructions', () => {
  it('clear their block whether its page is in the translation cache or not, translated or not', () => {
    for (const translated of [false, true]) {
      const { rig, hart } = protectedHart();
      rig.map(0x4000_0000, HERE, R | X, 0xc1);
      rig.map(0x4000_1000, THERE, R | W, 0xc1);
      rig.put(HERE, code(['cbo.zero', { rs1: 10 }], ['cbo.zero', { rs1: 11 }]));
      rig.put(THERE, new Uint8Array(256).fill(0xff));
      setEntry(hart, 0, { cfg: NAPOT | 7, address: (1n << 54n) - 1n });
      hart.csrs.write(CSR_NAMES.menvcfg, 0x80n);
      if (translated) hart.setSatp(0, rig.root / PAGESIZE);
      hart.setX(10, translated ? 0x4000_1040n : BigInt(THERE + 0x40));
      hart.setX(11, translated ? 0x4000_10bfn : BigInt(THERE + 0xbf));
      enter(hart, 1, translated ? 0x4000_0000 : HERE);
      hart.run(2);
      expect([0x38, 0x40, 0x78, 0x80, 0xb8, 0xc0].map((at) => rig.load(THERE + at, 8) === 0n)).toEqual([false, true, true, true, true, false]);
    }
  });

  it('are illegal below machine mode until the environment configuration allows them', () => {
    const allow = { 'cbo.zero': 0x80n, 'cbo.clean': 0x40n, 'cbo.flush': 0x40n, 'cbo.inval': 0x30n };
    for (const [name, bits] of Object.entries(allow)) {
      const { rig, hart } = protectedHart();
      rig.put(HERE, code([name, { rs1: 10 }]));
      hart.setX(10, BigInt(THERE));
      setEntry(hart, 0, { cfg: NAPOT | 7, address: (1n << 54n) - 1n });
      const outcomes = ([[0n, 0n, 3], [0n, 0n, 1], [bits, 0n, 1], [0n, bits, 0], [bits, 0n, 0], [bits, bits, 0]] as const).map(([menvcfg, senvcfg, mode]) => {
        hart.traps.mode = 3;
        hart.csrs.write(CSR_NAMES.menvcfg, menvcfg);
        hart.csrs.write(CSR_NAMES.senvcfg, senvcfg);
        enter(hart, mode, HERE);
        return trapOf(hart)?.[0];
      });
      expect([name, ...outcomes]).toEqual([name, undefined, 2, undefined, 2, 2, undefined]);
    }
  });
});
