/** Data accesses: precise faults, misalignment, page crossings, register windows. */
import { describe, expect, it } from 'vitest';
import { asPaddr, PAGESIZE } from '../../src/base/index.js';
import type { AccessSize } from '../../src/bus/index.js';
import { Cause, Exit } from '../../src/hart/index.js';
import { CODE, code, DATA, DATA_PA, type Line, R, userProgram, W } from './kit.js';

const END = DATA + PAGESIZE;

describe('loads', () => {
  it('extend as their name says, at the limits of each width', () => {
    const { rig, hart } = userProgram(
      ['lb', { rd: 5, rs1: 10 }], ['lbu', { rd: 6, rs1: 10 }], ['lh', { rd: 7, rs1: 10 }], ['lhu', { rd: 28, rs1: 10 }],
      ['lw', { rd: 29, rs1: 10 }], ['lwu', { rd: 30, rs1: 10 }], ['ld', { rd: 31, rs1: 10 }],
    );
    rig.store(DATA_PA, 8, 0x8182_8384_8586_87_88n);
    hart.run(7);
    expect([5, 6, 7, 28, 29, 30, 31].map((n) => BigInt.asUintN(64, hart.x(n)))).toEqual([
      0xffff_ffff_ffff_ff88n, 0x88n, 0xffff_ffff_ffff_8788n, 0x8788n, 0xffff_ffff_8586_8788n, 0x8586_8788n, 0x8182_8384_8586_8788n,
    ]);
  });
});

describe('misaligned accesses', () => {
  const widths: readonly (readonly [string, string, AccessSize])[] = [['lhu', 'sh', 2], ['lwu', 'sw', 4], ['ld', 'sd', 8]];

  it.each(widths)('%s and %s work at every offset around a page boundary', (load, store, size) => {
    const { rig, hart } = userProgram([store, { rs1: 10, rs2: 11 }], [load, { rd: 12, rs1: 10 }]);
    const value = BigInt.asUintN(size * 8, 0x1122_3344_5566_7788n);
    for (let at = END - 9; at <= END + 1; at++) {
      rig.put(DATA_PA, new Uint8Array(2 * PAGESIZE).fill(0xee));
      hart.setX(10, BigInt(at));
      hart.setX(11, 0x1122_3344_5566_7788n);
      hart.pc = CODE;
      expect(hart.run(2)).toBe(Exit.Quantum);
      expect(BigInt.asUintN(64, hart.x(12)), `at ${at - END}`).toBe(value);
      const bytes = new Uint8Array(2 * PAGESIZE);
      rig.bus.read(asPaddr(DATA_PA), bytes);
      const expected = new Uint8Array(2 * PAGESIZE).fill(0xee);
      for (let n = 0; n < size; n++) expected[at - DATA + n] = Number((value >> BigInt(8 * n)) & 255n);
      if (Buffer.compare(bytes, expected) !== 0) expect(bytes, `at ${at - END}`).toEqual(expected);
    }
    expect(hart.dataAccesses).toBe(22);
  });

  it('a load sign-extends what it put together from two pages', () => {
    const { rig, hart } = userProgram(['lh', { rd: 12, rs1: 10 }], ['lw', { rd: 13, rs1: 10 }]);
    rig.put(DATA_PA + PAGESIZE - 1, Uint8Array.of(0x34, 0xff, 0x00, 0x80));
    hart.setX(10, BigInt(END - 1));
    hart.run(2);
    expect([hart.x(12), hart.x(13)]).toEqual([BigInt.asIntN(16, 0xff34n), BigInt.asIntN(32, 0x8000_ff34n)]);
  });
});

describe('a page fault', () => {
  const cases: readonly (readonly [string, Line, number, number])[] = [
    ['load from an unmapped page', ['ld', { rd: 10, rs1: 10, imm: 0 }], Cause.LoadPageFault, 0x40_0000],
    ['store to an unmapped page', ['sd', { rs1: 10, rs2: 10, imm: 8 }], Cause.StorePageFault, 0x40_0008],
    ['AMO on an unmapped page', ['amoadd.w', { rd: 10, rs1: 10, rs2: 10 }], Cause.StorePageFault, 0x40_0000],
    ['lr from an unmapped page', ['lr.d', { rd: 10, rs1: 10 }], Cause.LoadPageFault, 0x40_0000],
    ['sc to an unmapped page', ['sc.d', { rd: 10, rs1: 10, rs2: 10 }], Cause.StorePageFault, 0x40_0000],
  ];

  it.each(cases)('%s: pc at the instruction, address in tval, nothing changed, not counted', (_, line, cause, tval) => {
    const { hart } = userProgram(['addi', { rd: 9, rs1: 9, imm: 1 }], line);
    hart.setX(10, 0x40_0000n);
    expect(hart.run(100)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.pc, hart.instret, hart.dataAccesses, hart.x(10)]).toEqual([cause, tval, CODE + 4, 1, 0, 0x40_0000n]);
  });

  it('is taken again and again until the page is mapped, then the instruction completes once', () => {
    const { rig, hart } = userProgram(['amoadd.d', { rd: 12, rs1: 10, rs2: 11 }]);
    hart.setX(10, 0x40_0000n);
    hart.setX(11, 5n);
    for (let n = 0; n < 3; n++) expect(hart.run(1)).toBe(Exit.Trap);
    rig.store(DATA_PA, 8, 100n);
    rig.map(0x40_0000, DATA_PA, R | W);
    expect(hart.run(1)).toBe(Exit.Quantum);
    expect([hart.x(12), rig.load(DATA_PA, 8), hart.instret, hart.dataAccesses]).toEqual([100n, 105n, 1, 1]);
  });

  it('of a store to a read-only page leaves memory alone although loads from it are cached', () => {
    const { rig, hart } = userProgram(['ld', { rd: 12, rs1: 10 }], ['sd', { rs1: 10, rs2: 11 }]);
    rig.map(DATA, DATA_PA, R);
    hart.setX(11, -1n);
    expect(hart.run(2)).toBe(Exit.Trap);
    expect([hart.cause, rig.load(DATA_PA, 8)]).toEqual([Cause.StorePageFault, 0n]);
  });

  it('in the second page of a crossing store: tval is the second page, no byte of the first is written', () => {
    const { rig, hart } = userProgram(['sd', { rs1: 10, rs2: 11 }], ['ld', { rd: 12, rs1: 10 }]);
    rig.map(END, 0, 0);
    hart.setX(10, BigInt(END - 3));
    hart.setX(11, -1n);
    expect(hart.run(2)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.pc, rig.load(DATA_PA + PAGESIZE - 8, 8)]).toEqual([Cause.StorePageFault, END, CODE, 0n]);
    hart.pc = CODE + 4;
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber, hart.x(12)]).toEqual([Cause.LoadPageFault, END, 0n]);
  });

  it('at an address that is not canonical: the exact address is in tval', () => {
    for (const address of [0x40_0000_0000n, 2n ** 63n - 1n, -(2n ** 63n), -0x40_0000_0001n, 0x1234_5678_9abc_def1n]) {
      const { hart } = userProgram(['lbu', { rd: 12, rs1: 10 }]);
      hart.setX(10, address);
      expect(hart.run(1)).toBe(Exit.Trap);
      expect([hart.cause, hart.tval]).toEqual([Cause.LoadPageFault, address]);
      expect(hart.tvalNumber).toBeNaN();
    }
  });

  it('of an access that wraps around the end of the address space', () => {
    const { hart } = userProgram(['ld', { rd: 12, rs1: 10, imm: -1 }]);
    hart.setX(10, 0n);
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tval]).toEqual([Cause.LoadPageFault, -1n]);
  });
});

describe('a misaligned atomic traps, wherever it points', () => {
  const cases: readonly (readonly [Line, number])[] = [
    [['amoadd.w', { rd: 12, rs1: 10, rs2: 11 }], Cause.StoreMisaligned], [['amoswap.d', { rd: 12, rs1: 10, rs2: 11 }], Cause.StoreMisaligned],
    [['lr.w', { rd: 12, rs1: 10 }], Cause.LoadMisaligned], [['sc.d', { rd: 12, rs1: 10, rs2: 11 }], Cause.StoreMisaligned],
  ];
  it.each(cases)('%o', (line, cause) => {
    const { hart } = userProgram(line);
    for (const at of [DATA + 2, END - 2, 0x40_0002]) {
      hart.setX(10, BigInt(at));
      expect(hart.run(1)).toBe(Exit.Trap);
      expect([hart.cause, hart.tvalNumber, hart.pc]).toEqual([cause, at, CODE]);
    }
  });
});

describe('AMOs', () => {
  const old = -5n;
  const operand = 7n;
  const cases: readonly (readonly [string, bigint])[] = [
    ['amoswap', operand], ['amoadd', old + operand], ['amoxor', old ^ operand], ['amoand', old & operand], ['amoor', old | operand],
    ['amomin', old], ['amomax', operand], ['amominu', operand], ['amomaxu', old],
  ];
  it.each(cases)('%s in both widths', (name, result) => {
    const { rig, hart } = userProgram([`${name}.d`, { rd: 12, rs1: 10, rs2: 11 }], [`${name}.w`, { rd: 13, rs1: 14, rs2: 11 }]);
    rig.store(DATA_PA, 8, old);
    rig.store(DATA_PA + 8, 8, (0x5555_5555n << 32n) | BigInt.asUintN(32, old));
    hart.setX(11, operand);
    hart.setX(14, BigInt(DATA + 8));
    hart.run(2);
    expect([hart.x(12), hart.x(13)]).toEqual([old, old]);
    expect(rig.load(DATA_PA, 8)).toBe(BigInt.asUintN(64, result));
    expect(rig.load(DATA_PA + 8, 8)).toBe((0x5555_5555n << 32n) | BigInt.asUintN(32, result));
  });

  it('with rd = rs2 and rd = rs1 use the old registers', () => {
    const { rig, hart } = userProgram(['amoadd.d', { rd: 11, rs1: 10, rs2: 11 }], ['amoadd.d', { rd: 10, rs1: 10, rs2: 12 }]);
    rig.store(DATA_PA, 8, 100n);
    hart.setX(11, 1n);
    hart.setX(12, 2n);
    hart.run(2);
    expect([hart.x(11), hart.x(10), rig.load(DATA_PA, 8)]).toEqual([100n, 101n, 103n]);
  });
});

describe('a register window', () => {
  const REGISTERS = 0x1000_0000;

  function withWindow(...lines: readonly Line[]): ReturnType<typeof userProgram> & { log: string[] } {
    const log: string[] = [];
    const setup = userProgram(...lines);
    setup.rig.bus.attachRegisters({
      name: 'regs', base: asPaddr(REGISTERS), size: PAGESIZE, sizes: [1, 4, 8],
      window: {
        read: (offset, size) => { log.push(`read ${offset} ${size}`); return 0xffff_ffff_8000_0080n; },
        write: (offset, size, value) => { log.push(`write ${offset} ${size} ${value.toString(16)}`); },
      },
    });
    setup.rig.map(DATA, REGISTERS, R | W);
    return { ...setup, log };
  }

  it('sees every access once, in order, with its exact size and value', () => {
    const { hart, log } = withWindow(
      ['sb', { rs1: 10, rs2: 11, imm: 1 }], ['sw', { rs1: 10, rs2: 11, imm: 4 }], ['sd', { rs1: 10, rs2: 11, imm: 8 }],
      ['lbu', { rd: 12, rs1: 10, imm: 3 }], ['lw', { rd: 13, rs1: 10, imm: 12 }], ['ld', { rd: 14, rs1: 10, imm: 16 }], ['lw', { rd: 15, rs1: 10, imm: 12 }],
    );
    hart.setX(11, -2n);
    expect(hart.run(7)).toBe(Exit.Quantum);
    expect(log).toEqual(['write 1 1 fe', 'write 4 4 fffffffe', 'write 8 8 fffffffffffffffe', 'read 3 1', 'read 12 4', 'read 16 8', 'read 12 4']);
    expect([hart.x(12), hart.x(13), hart.x(14)]).toEqual([0x80n, BigInt.asIntN(32, 0x8000_0080n), BigInt.asIntN(64, 0xffff_ffff_8000_0080n)]);
    expect(hart.dataAccesses).toBe(7);
  });

  const refused: readonly (readonly [string, Line, number])[] = [
    ['a size it does not declare', ['lh', { rd: 12, rs1: 10 }], Cause.LoadAccess],
    ['a misaligned load', ['lw', { rd: 12, rs1: 10, imm: 2 }], Cause.LoadAccess],
    ['a misaligned store', ['sd', { rs1: 10, rs2: 11, imm: 4 }], Cause.StoreAccess],
    ['a store that crosses into memory', ['sd', { rs1: 10, rs2: 11, imm: 0 }], Cause.StoreAccess],
    ['an AMO', ['amoadd.w', { rd: 12, rs1: 10, rs2: 11 }], Cause.StoreAccess],
    ['lr', ['lr.w', { rd: 12, rs1: 10 }], Cause.LoadAccess],
    ['sc', ['sc.w', { rd: 12, rs1: 10, rs2: 11 }], Cause.StoreAccess],
  ];
  it.each(refused)('refuses %s with an access fault and without a side effect', (name, line, cause) => {
    const { hart, log } = withWindow(line);
    if (name.includes('crosses')) hart.setX(10, BigInt(END - 4));
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, log, hart.instret]).toEqual([cause, [], 0]);
  });

  it('that throws leaves the hart at the instruction, with everything before it counted', () => {
    const { rig, hart } = userProgram(['addi', { rd: 5, rs1: 5, imm: 1 }], ['sb', { rs1: 10, rs2: 11, imm: 1 }], ['sw', { rs1: 10, rs2: 11 }]);
    rig.bus.attachRegisters({
      name: 'mine', base: asPaddr(REGISTERS), size: PAGESIZE, sizes: [1, 4],
      window: { read: () => 0n, write: (_, size) => { if (size === 4) throw new Error('on fire'); } },
    });
    rig.map(DATA, REGISTERS, R | W);
    expect(() => hart.run(100)).toThrow('on fire');
    expect([hart.pc, hart.instret, hart.dataAccesses, hart.x(5)]).toEqual([CODE + 8, 2, 1, 1n]);
  });

  it('is an access fault where nothing answers at all', () => {
    const { rig, hart } = userProgram(['ld', { rd: 12, rs1: 10 }]);
    rig.map(DATA, 0x2000_0000, R | W);
    expect(hart.run(1)).toBe(Exit.Trap);
    expect([hart.cause, hart.tvalNumber]).toEqual([Cause.LoadAccess, DATA]);
  });
});

describe('device memory', () => {
  it('is ordinary memory to the hart, and sees what the hart stored', () => {
    const { rig, hart } = userProgram(['sd', { rs1: 10, rs2: 11 }], ['ld', { rd: 12, rs1: 10 }]);
    const memory = rig.bus.attachMemory({ name: 'vram', base: asPaddr(0x40_0000_0000), size: 0x10_0000_0000 });
    rig.map(DATA, 0x40_8000_0000, R | W);
    hart.setX(11, 0x0102_0304_0506_0708n);
    hart.run(2);
    expect(hart.x(12)).toBe(0x0102_0304_0506_0708n);
    expect([...memory.read(0x8000_0000, 3)]).toEqual([8, 7, 6]);
  });
});

describe('instruction bytes of the kit', () => {
  it('are little endian', () => expect([...code(['addi', { rd: 1, rs1: 2, imm: 3 }])]).toEqual([0x93, 0x00, 0x31, 0x00]));
});
