import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PADDR_END, asPaddr, type Paddr } from '../../src/base/index.js';
import { BackingExhausted, Bus, type AccessSize, type RegisterWindow } from '../../src/bus/index.js';

const SEED = 0xb05;
const RAM = 0x8000_0000;
const pa = (n: number): Paddr => asPaddr(n);
const make = (o: Partial<ConstructorParameters<typeof Bus>[0]> = {}): Bus => new Bus({ ramSize: 0x1_0000, reserved: 4096, poolSize: 0x2_0000, ...o });

/** A window that remembers what it was asked. */
class Recorder implements RegisterWindow {
  readonly log: string[] = [];
  read(offset: number, size: AccessSize): bigint {
    this.log.push(`read ${offset} ${size}`);
    return 0x1122_3344_5566_7788n & ((1n << BigInt(size * 8)) - 1n);
  }
  write(offset: number, size: AccessSize, value: bigint): void {
    this.log.push(`write ${offset} ${size} ${value.toString(16)}`);
  }
}

it('weighs nothing in the heap before it is touched, so that no machine makes V8 collect garbage', () => {
  const before = process.memoryUsage().external;
  const buses = Array.from({ length: 4 }, () => make({ ramSize: 2 ** 28 }));
  expect(process.memoryUsage().external - before).toBeLessThan(2 ** 20);
  expect(buses).toHaveLength(4);
});

describe('RAM', () => {
  it('is little-endian bytes in linear memory, at the address the layout promises', () => {
    const bus = make();
    expect(bus.store(pa(RAM + 0x1008), 8, 0x0123_4567_89ab_cdefn)).toBe(true);
    const host = bus.hostPage(RAM / 4096 + 1) + 8;
    expect(host).toBe(bus.ramHost + 0x1008);
    expect([...bus.u8.subarray(host, host + 8)]).toEqual([0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01]);
    expect(bus.load(pa(RAM + 0x100a), 2)).toBe(0x89abn);
  });

  it('reads back every aligned store, truncated to its size', () => {
    const bus = make();
    const shadow = new Uint8Array(0x1_0000);
    const view = new DataView(shadow.buffer);
    fc.assert(fc.property(fc.integer({ min: 0, max: 0x1fff }), fc.constantFrom<AccessSize>(1, 2, 4, 8), fc.bigInt({ min: -(1n << 64n), max: 1n << 65n }), (word, size, value) => {
      const offset = word * 8;
      expect(bus.store(pa(RAM + offset), size, value)).toBe(true);
      for (let n = 0; n < size; n++) view.setUint8(offset + n, Number((BigInt.asUintN(64, value) >> BigInt(8 * n)) & 0xffn));
      expect(bus.load(pa(RAM + offset), 8)).toBe(view.getBigUint64(offset, true));
    }), { seed: SEED, numRuns: 300 });
  });

  it('an unaligned access is a bus error and stores nothing', () => {
    const bus = make();
    for (const size of [2, 4, 8] as const) {
      for (let offset = 1; offset < size; offset++) {
        expect(bus.load(pa(RAM + offset), size)).toBeUndefined();
        expect(bus.store(pa(RAM + offset), size, -1n)).toBe(false);
      }
    }
    expect(bus.load(pa(RAM), 8)).toBe(0n);
  });

  it('nothing answers before, after and between regions', () => {
    const bus = make();
    for (const at of [0, RAM - 8, RAM + 0x1_0000, 2 ** 45]) {
      expect(bus.load(pa(at), 8)).toBeUndefined();
      expect(bus.store(pa(at), 1, 0n)).toBe(false);
      expect(bus.hostPage(Math.floor(at / 4096))).toBe(0);
      expect(bus.regionAt(pa(at))).toBeUndefined();
    }
  });

  it('keeps the reserved part of linear memory to itself', () => {
    const bus = make({ reserved: 100_000 });
    expect(bus.ramHost).toBeGreaterThanOrEqual(100_000);
    bus.write(pa(RAM), new Uint8Array(0x1_0000).fill(0xff));
    expect(bus.u8.subarray(0, 100_000).every((byte) => byte === 0)).toBe(true);
  });
});

describe('device memory', () => {
  it('of 57 GiB costs the pages that are touched', () => {
    const bus = make();
    const size = 57 * 2 ** 30;
    const memory = bus.attachMemory({ name: 'vram', base: pa(2 ** 40), size });
    expect(memory.backedPages).toBe(0);
    bus.store(pa(2 ** 40 + size - 8), 8, 0xabcdn);
    bus.store(pa(2 ** 40), 1, 1n);
    expect(bus.load(pa(2 ** 40 + size - 8), 8)).toBe(0xabcdn);
    expect(memory.backedPages).toBe(2);
  });

  it('reads as zero before it is touched, and reading a block of it backs nothing', () => {
    const bus = make();
    const memory = bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x10_0000 });
    const bytes = new Uint8Array(9000).fill(7);
    expect(bus.read(pa(0x1000_0123), bytes)).toBe(true);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(memory.read(0xff000, 0x1000).every((byte) => byte === 0)).toBe(true);
    expect(memory.backedPages).toBe(0);
  });

  it('is the same bytes through the bus, through hostPage and through the device', () => {
    const bus = make();
    const memory = bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x1_0000 });
    memory.write(0xffe, Uint8Array.of(1, 2, 3, 4));
    expect(bus.load(pa(0x1000_1000), 2)).toBe(0x0403n);
    bus.u8[bus.hostPage(0x1_0001) + 2] = 9;
    expect([...memory.read(0xffe, 5)]).toEqual([1, 2, 3, 4, 9]);
  });

  it('fill repeats its pattern across pages from where it starts', () => {
    const bus = make();
    const memory = bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x4000 });
    memory.fill(0xffd, 0x1006, Uint8Array.of(1, 2, 3, 4));
    const want = Array.from({ length: 0x1006 }, (_, n) => (n % 4) + 1);
    expect([...memory.read(0xffd, 0x1006)]).toEqual(want);
    expect([...memory.read(0xffc, 1), ...memory.read(0x2003, 1)]).toEqual([0, 0]);
    memory.fill(0, 0x4000, Uint8Array.of(5));
    expect(memory.read(0, 0x4000).every((byte) => byte === 5)).toBe(true);
  });

  it('says clearly when the pool is used up, whose page it was and what to change', () => {
    const bus = make({ poolSize: 8192 });
    const memory = bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x1_0000 });
    memory.write(0, new Uint8Array(8192).fill(1));
    expect(() => bus.hostPage(0x1_0005)).toThrow(BackingExhausted);
    expect(() => bus.store(pa(0x1000_5000), 8, 1n)).toThrow(/page 0x5000 of vram.*raise poolSize/);
    expect(memory.read(0, 8192).every((byte) => byte === 1)).toBe(true);
    expect(memory.backedPages).toBe(2);
  });

  it('accesses outside it through the device are errors of the caller', () => {
    const memory = make().attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 4096 });
    for (const [offset, length] of [[-1, 1], [4096, 1], [0, 4097], [0.5, 1], [Number.NaN, 1]] as const) {
      expect(() => memory.read(offset, length), `${offset} ${length}`).toThrow(RangeError);
      expect(() => { memory.write(offset, new Uint8Array(length)); }).toThrow(/vram/);
    }
    expect(() => { memory.fill(0, 1, new Uint8Array(0)); }).toThrow(/pattern/);
  });
});

describe('register windows', () => {
  it('get the offset, size and truncated value of an access they declare', () => {
    const bus = make();
    const window = new Recorder();
    bus.attachRegisters({ name: 'regs', base: pa(0x1000_0010), size: 0x20, sizes: [4, 8], window });
    expect(bus.load(pa(0x1000_0018), 8)).toBe(0x1122_3344_5566_7788n);
    expect(bus.load(pa(0x1000_002c), 4)).toBe(0x5566_7788n);
    expect(bus.store(pa(0x1000_0014), 4, -2n)).toBe(true);
    expect(window.log).toEqual(['read 8 8', 'read 28 4', 'write 4 4 fffffffe']);
  });

  it('never see an access that is unaligned, undeclared or reaches over their end', () => {
    const bus = make();
    const window = new Recorder();
    bus.attachRegisters({ name: 'regs', base: pa(0x1000_0000), size: 0xc, sizes: [4, 8], window });
    for (const [at, size] of [[0, 1], [0, 2], [2, 4], [4, 8], [8, 8], [0xc, 4]] as const) {
      expect(bus.load(pa(0x1000_0000 + at), size), `${at} ${size}`).toBeUndefined();
      expect(bus.store(pa(0x1000_0000 + at), size, 0n)).toBe(false);
    }
    expect(window.log).toEqual([]);
  });

  it('smaller than a page share it with each other; between them is nothing', () => {
    const bus = make();
    const [a, b] = [new Recorder(), new Recorder()];
    bus.attachRegisters({ name: 'b', base: pa(0x1000_0100), size: 8, sizes: [8], window: b });
    bus.attachRegisters({ name: 'a', base: pa(0x1000_0000), size: 8, sizes: [8], window: a });
    bus.store(pa(0x1000_0000), 8, 1n);
    bus.store(pa(0x1000_0100), 8, 2n);
    expect(bus.load(pa(0x1000_0080), 8)).toBeUndefined();
    expect([a.log, b.log]).toEqual([['write 0 8 1'], ['write 0 8 2']]);
  });

  it('can refuse an access themselves', () => {
    const bus = make();
    bus.attachRegisters({ name: 'regs', base: pa(0x1000_0000), size: 8, sizes: [8], window: { read: () => undefined, write: () => false } });
    expect(bus.load(pa(0x1000_0000), 8)).toBeUndefined();
    expect(bus.store(pa(0x1000_0000), 8, 0n)).toBe(false);
  });

  it('are no memory: no page behind them, no block access', () => {
    const bus = make();
    bus.attachRegisters({ name: 'regs', base: pa(0x1000_0000), size: 4096, sizes: [4], window: new Recorder() });
    expect(bus.hostPage(0x1_0000)).toBe(0);
    expect(bus.read(pa(0x1000_0000), new Uint8Array(4))).toBe(false);
    expect(bus.write(pa(0x1000_0000), new Uint8Array(4))).toBe(false);
    expect(bus.zeroPage(0x1_0000)).toBe(false);
  });
});

describe('attaching', () => {
  const window = new Recorder();
  it('refuses overlap and names both', () => {
    const bus = make();
    bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x2000 });
    for (const base of [0x1000_0000, 0x1000_1000, 0x0fff_f000]) {
      expect(() => bus.attachMemory({ name: 'other', base: pa(base), size: 0x2000 })).toThrow(/other \[0x.*overlaps vram \[0x10000000, 0x10002000\)/);
    }
    expect(() => { bus.attachRegisters({ name: 'regs', base: pa(0x1000_1ff8), size: 8, sizes: [8], window }); }).toThrow(/regs.*overlaps vram/);
    expect(() => bus.attachMemory({ name: 'x', base: pa(0x8000_f000), size: 4096 })).toThrow(/overlaps RAM/);
    expect(bus.regions.map((region) => region.name)).toEqual(['vram', 'RAM']);
  });

  it('accepts neighbours without a gap', () => {
    const bus = make();
    bus.attachMemory({ name: 'a', base: pa(0x1000_0000), size: 0x1000 });
    bus.attachMemory({ name: 'c', base: pa(0x1000_2000), size: 0x1000 });
    bus.attachMemory({ name: 'b', base: pa(0x1000_1000), size: 0x1000 });
    bus.attachRegisters({ name: 'd', base: pa(0x8001_0000), size: 4, sizes: [4], window });
    expect(bus.regions.map((region) => region.name)).toEqual(['a', 'b', 'c', 'RAM', 'd']);
    expect([0x1000_0fff, 0x1000_1000, 0x1000_1fff, 0x1000_2000].map((at) => bus.regionAt(pa(at))?.name)).toEqual(['a', 'b', 'b', 'c']);
  });

  it('refuses what is misaligned, empty or beyond the end of physical memory', () => {
    const bus = make();
    const memory = (base: number, size: number) => () => bus.attachMemory({ name: 'm', base: pa(base), size });
    for (const [base, size] of [[0x1000_0800, 4096], [0x1000_0000, 100], [0x1000_0000, 0], [-4096, 4096], [0.5, 4096], [PADDR_END - 4096, 8192], [Number.NaN, 4096], [0, Number.NaN]] as const) {
      expect(memory(base, size), `${base} ${size}`).toThrow(RangeError);
    }
    const registers = (base: number, sizes: readonly AccessSize[]) => () => { bus.attachRegisters({ name: 'r', base: pa(base), size: 16, sizes, window }); };
    expect(registers(0x1000_0004, [4, 8])).toThrow(/multiple of its widest access, 8/);
    expect(registers(0x1000_0000, [])).toThrow(/access sizes/);
    expect(registers(0x1000_0000, [3 as AccessSize])).toThrow(/access sizes 3/);
    expect(bus.regions.length).toBe(1);
  });

  it('refuses a machine that cannot be', () => {
    for (const o of [{ ramSize: 100 }, { ramSize: 0 }, { ramBase: pa(100) }, { reserved: 0 }, { poolSize: 5 }, { ramSize: 2 ** 33 }, { poolSize: 2 ** 33 }]) {
      expect(() => make(o), JSON.stringify(o)).toThrow(RangeError);
    }
  });
});

describe('block access', () => {
  it('copies to and from RAM and device memory, all or nothing', () => {
    const bus = make();
    bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x3000 });
    const bytes = Uint8Array.from({ length: 5000 }, (_, n) => n & 0xff);
    for (const at of [RAM + 0x7fb, 0x1000_07fb]) {
      expect(bus.write(pa(at), bytes)).toBe(true);
      const back = new Uint8Array(5000);
      expect(bus.read(pa(at), back)).toBe(true);
      expect(back).toEqual(bytes);
    }
    expect(bus.write(pa(RAM + 0x1_0000 - 4), Uint8Array.of(9, 9, 9, 9, 9))).toBe(false);
    expect(bus.load(pa(RAM + 0x1_0000 - 4), 4)).toBe(0n);
    expect(bus.read(pa(RAM - 1), new Uint8Array(2))).toBe(false);
  });

  it('zeroPage clears a page, without backing one that was never touched', () => {
    const bus = make();
    const memory = bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x3000 });
    memory.fill(0, 0x1000, Uint8Array.of(1));
    bus.write(pa(RAM), new Uint8Array(4097).fill(1));
    expect([bus.zeroPage(0x1_0000), bus.zeroPage(0x1_0001), bus.zeroPage(RAM / 4096), bus.zeroPage(5)]).toEqual([true, true, true, false]);
    expect(memory.read(0, 4096).every((byte) => byte === 0)).toBe(true);
    expect(Array.from({ length: 512 }, (_, n) => bus.load(pa(RAM + n * 8), 8)).every((word) => word === 0n)).toBe(true);
    expect(bus.load(pa(RAM + 4096), 1)).toBe(1n);
    expect(memory.backedPages).toBe(1);
  });

  it('touchPage changes no byte that anybody sees, and tells nobody', () => {
    const bus = make();
    const told: number[] = [];
    bus.onWrite = (host) => { told.push(host); };
    const before = bus.u8.slice();
    expect([bus.touchPage(RAM / 4096 + 1), bus.touchPage(RAM / 4096 + 16), bus.touchPage(RAM / 4096 - 1)]).toEqual([true, false, false]);
    expect(Buffer.compare(bus.u8, before)).toBe(0);
    expect(told).toEqual([]);
  });

  it('tells onWrite every range of linear memory that host-side writes change', () => {
    const bus = make();
    const memory = bus.attachMemory({ name: 'vram', base: pa(0x1000_0000), size: 0x3000 });
    const told: [number, number][] = [];
    bus.onWrite = (host, length) => { told.push([host, length]); };
    bus.store(pa(RAM + 8), 4, 1n);
    bus.write(pa(RAM + 16), new Uint8Array(5000));
    bus.zeroPage(RAM / 4096);
    memory.write(0xffe, new Uint8Array(4));
    memory.fill(0x2000, 16, Uint8Array.of(1));
    const page = (n: number): number => bus.hostPage(0x1_0000 + n);
    expect(told).toEqual([[bus.ramHost + 8, 4], [bus.ramHost + 16, 5000], [bus.ramHost, 4096], [page(0) + 0xffe, 2], [page(1), 2], [page(2), 16]]);
  });
});
