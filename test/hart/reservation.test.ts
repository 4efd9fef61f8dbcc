/** lr and sc: what keeps a reservation, what ends it, on one hart and on several. */
import { describe, expect, it } from 'vitest';
import { asPaddr, PAGESIZE } from '../../src/base/index.js';
import { Exit, type Hart } from '../../src/hart/index.js';
import { CODE, code, CODE_PA, DATA, DATA_PA, type Line, R, Rig, userProgram, W, X } from './kit.js';

const LR: Line = ['lr.d', { rd: 12, rs1: 10 }];
const SC: Line = ['sc.d', { rd: 13, rs1: 10, rs2: 11 }];

/** Runs lr, then the lines, then sc; 0 is success. */
function result(between: readonly Line[], prepare: (hart: Hart) => void = () => {}): bigint {
  const { hart } = userProgram(LR, ...between, SC);
  hart.setX(11, 1n);
  prepare(hart);
  expect(hart.run(between.length + 2)).toBe(Exit.Quantum);
  return hart.x(13);
}

describe('on one hart', () => {
  it('sc succeeds after lr of the same address and stores', () => {
    const { rig, hart } = userProgram(LR, SC);
    rig.store(DATA_PA, 8, 41n);
    hart.setX(11, 42n);
    hart.run(2);
    expect([hart.x(12), hart.x(13), rig.load(DATA_PA, 8)]).toEqual([41n, 0n, 42n]);
  });

  it('sc without lr, and a second sc, fail and store nothing', () => {
    const { rig, hart } = userProgram(SC, LR, SC, SC);
    hart.setX(11, 7n);
    hart.run(1);
    expect([hart.x(13), rig.load(DATA_PA, 8)]).toEqual([1n, 0n]);
    hart.run(2);
    expect(hart.x(13)).toBe(0n);
    rig.store(DATA_PA, 8, 99n);
    hart.run(1);
    expect([hart.x(13), rig.load(DATA_PA, 8)]).toEqual([1n, 99n]);
  });

  it('sc to another address fails, and an sc elsewhere ends the reservation', () => {
    expect(result([['addi', { rd: 10, rs1: 10, imm: 8 }]])).toBe(1n);
    expect(result([['sc.d', { rd: 14, rs1: 15, rs2: 11 }]], (hart) => hart.setX(15, BigInt(DATA + 64)))).toBe(1n);
  });

  it('ordinary instructions between do not end it', () => {
    expect(result([['addi', { rd: 14, rs1: 12, imm: 1 }], ['ld', { rd: 15, rs1: 10, imm: 64 }]])).toBe(0n);
  });

  it('a trap ends it', () => {
    const { hart } = userProgram(LR, ['ecall'], SC);
    hart.setX(11, 1n);
    expect(hart.run(10)).toBe(Exit.Trap);
    hart.pc += 4;
    hart.run(1);
    expect(hart.x(13)).toBe(1n);
  });

  it('a context switch ends it', () => {
    const { hart } = userProgram(LR, SC);
    hart.setX(11, 1n);
    hart.run(1);
    const context = hart.newContext();
    hart.saveContext(context);
    hart.loadContext(context);
    hart.run(1);
    expect(hart.x(13)).toBe(1n);
  });

  it('a device that writes there ends it', () => {
    const { rig, hart } = userProgram(LR, SC);
    hart.run(1);
    rig.bus.write(asPaddr(DATA_PA + 4), Uint8Array.of(1));
    hart.run(1);
    expect(hart.x(13)).toBe(1n);
  });

  it('rd of sc may be its address or its value', () => {
    const { rig, hart } = userProgram(LR, ['sc.d', { rd: 10, rs1: 10, rs2: 10 }]);
    hart.run(2);
    expect([hart.x(10), rig.load(DATA_PA, 8)]).toEqual([0n, BigInt(DATA)]);
  });
});

describe('on two harts', () => {
  /** Hart a has just done lr on DATA; hart b has run `lines` of its own, with a0 = DATA mapped at another address; then a does sc. */
  function contest(lines: readonly Line[], at = 0): bigint {
    const rig = new Rig();
    rig.map(CODE, CODE_PA, R | X);
    rig.map(DATA, DATA_PA, R | W);
    rig.map(0x70_0000, DATA_PA, R | W);
    rig.put(CODE_PA, code(LR, SC));
    rig.put(CODE_PA + 0x100, code(...lines));
    const [a, b] = [rig.user(), rig.user({ id: 1 })];
    a.pc = CODE;
    a.setX(10, BigInt(DATA));
    a.setX(11, 1n);
    b.setX(10, BigInt(0x70_0000 + at));
    b.setX(11, 2n);
    // b has the page in its translation cache, for writing, before a reserves.
    b.pc = CODE + 0x100;
    b.run(lines.length);
    a.run(1);
    b.pc = CODE + 0x100;
    expect(b.run(lines.length)).toBe(Exit.Quantum);
    a.run(1);
    return a.x(13);
  }

  it('a store of the other hart to the reserved bytes makes sc fail, though it stores what was there', () => {
    expect(contest([['sd', { rs1: 10, rs2: 0 }]])).toBe(1n);
    expect(contest([['sb', { rs1: 10, rs2: 0, imm: 7 }]])).toBe(1n);
    expect(contest([['amoadd.w', { rd: 12, rs1: 10, rs2: 0 }]])).toBe(1n);
    expect(contest([['lr.d', { rd: 12, rs1: 10 }], ['sc.d', { rd: 12, rs1: 10, rs2: 11 }]])).toBe(1n);
  });

  it('a misaligned store that only touches them makes sc fail', () => {
    expect(contest([['sd', { rs1: 10, rs2: 11, imm: -3 + 8 }]], 0)).toBe(1n);
  });

  it('stores elsewhere in the page, and loads of the very address, do not', () => {
    expect(contest([['sd', { rs1: 10, rs2: 11, imm: 8 }], ['sd', { rs1: 10, rs2: 11, imm: 2040 }]])).toBe(0n);
    expect(contest([['ld', { rd: 12, rs1: 10 }], ['lr.d', { rd: 12, rs1: 10 }]])).toBe(0n);
  });

  it('an sc that fails leaves the reservation of the other: harts that wake each other in turns of four both get on, where they once stood still for ever', () => {
    const rig = new Rig();
    rig.map(CODE, CODE_PA, R | X);
    rig.map(DATA, DATA_PA, R | W);
    rig.put(CODE_PA, code(
      ['lr.d', { rd: 12, rs1: 10 }], ['addi', { rd: 12, rs1: 12, imm: 1 }], ['sc.d', { rd: 13, rs1: 10, rs2: 12 }], ['bne', { rs1: 13, rs2: 0, imm: -12 }], ['jal', { imm: -16 }],
    ));
    const harts = [rig.user(), rig.user({ id: 1 })];
    for (const hart of harts) {
      hart.pc = CODE;
      hart.setX(10, BigInt(DATA));
    }
    for (let n = 0; n < 200; n++) harts[n % 2]!.run(4);
    expect(rig.load(DATA_PA, 8)).toBeGreaterThan(50n);
  });

  it('both add with lr/sc loops, in turns of any length, and no addition is lost', () => {
    for (const turn of [3, 4, 5, 7, 100]) {
      const rig = new Rig();
      rig.map(CODE, CODE_PA, R | X);
      rig.map(DATA, DATA_PA, R | W);
      rig.put(CODE_PA, code(
        ['lr.d', { rd: 12, rs1: 10 }], ['addi', { rd: 12, rs1: 12, imm: 1 }], ['sc.d', { rd: 13, rs1: 10, rs2: 12 }], ['bne', { rs1: 13, rs2: 0, imm: -12 }],
        ['addi', { rd: 14, rs1: 14, imm: 1 }], ['jal', { imm: -20 }],
      ));
      const harts = [rig.user(), rig.user({ id: 1 }), rig.user({ id: 2 })];
      for (const hart of harts) {
        hart.pc = CODE;
        hart.setX(10, BigInt(DATA));
      }
      for (let n = 0; n < 200; n++) harts[n % 3]!.run(turn);
      // Let each finish the addition it may have done but not counted yet.
      const counted = harts.reduce((sum, hart) => sum + hart.x(14), 0n);
      const total = rig.load(DATA_PA, 8);
      expect(total - counted).toBeGreaterThanOrEqual(0n);
      expect(total - counted).toBeLessThanOrEqual(3n);
      expect(counted).toBeGreaterThan(0n);
    }
  });
});

describe('the guarded page', () => {
  it('is as fast as any other again when the reservation is over', () => {
    const { rig, hart } = userProgram(LR);
    const other = rig.user({ id: 1 });
    rig.put(CODE_PA + 0x100, code(['sd', { rs1: 10, rs2: 0, imm: 512 }], ['jal', { imm: -4 }]));
    other.pc = CODE + 0x100;
    other.setX(10, BigInt(DATA));
    hart.run(1);
    other.run(10);
    expect(other.cache.lookup(DATA, 1)).toBe(-1);
    const context = hart.newContext();
    hart.loadContext(context);
    hart.pc = CODE;
    hart.setX(10, BigInt(DATA + PAGESIZE));
    hart.run(1);
    other.run(10);
    expect(other.cache.lookup(DATA, 1)).toBeGreaterThan(0);
  });
});
