/** Which regions are optimised where the host can be told, and when. */
import { describe, expect, it } from 'vitest';
import { Exit, type Hart, type Tiers } from '../../../src/hart/index.js';
import { REGION_SLOTS } from '../../../src/hart/layout.js';
import { code, type Line, R, RAM, Rig, X } from '../kit.js';

const CODE = 0x1_0000;

interface Host {
  readonly tiers: Tiers;
  readonly quick: string[][];
  readonly optimized: string[][];
  /** What the host answers when it is asked whether it has optimised something. */
  isReady: boolean;
}

/** A host that only counts: the functions each module exports. */
function countingTiers(): Host {
  const made = { quick: [] as string[][], optimized: [] as string[][] };
  const compile = (into: string[][]) => (bytes: Uint8Array<ArrayBuffer>): object => {
    const module = new WebAssembly.Module(bytes);
    into.push(Buffer.from(bytes).toString('latin1').match(/(?:region|optimized)\d+/g) ?? []);
    return module;
  };
  const host: Host = { ...made, isReady: false, tiers: { quick: compile(made.quick), optimized: compile(made.optimized), isOptimized: () => host.isReady } };
  return host;
}

/** a0 = a0 + 3, a1 times: 3 instructions a turn. */
const LOOP = code(['addi', { rd: 10, rs1: 10, imm: 3 }], ['addi', { rd: 11, rs1: 11, imm: -1 }], ['bne', { rs1: 11, rs2: 0, imm: -8 }], ['ecall']);

function rigWith(tiers: Tiers): { rig: Rig; hart: Hart } {
  const rig = new Rig({ engine: 'regions', hotness: 50, tiers });
  rig.map(CODE, RAM + CODE, R | X);
  rig.put(RAM + CODE, LOOP);
  return { rig, hart: rig.user() };
}

/** Runs the loop in slices of a million instructions, as a machine would. */
function turn(hart: Hart, turns: number): void {
  hart.pc = CODE;
  hart.setX(10, 0n);
  hart.setX(11, BigInt(turns));
  let slices = 0;
  while (hart.run(1_000_000) !== Exit.Trap) if (++slices > 3 * turns / 1_000_000) throw new Error('the loop does not end');
  expect(hart.x(10)).toBe(BigInt(turns) * 3n);
}

describe('a region', () => {
  it('is compiled quickly, and optimised once when the guest has run for long', () => {
    const { tiers, quick, optimized } = countingTiers();
    const { rig, hart } = rigWith(tiers);
    turn(hart, 3_000_000);
    expect({ quick, optimized }).toEqual({ quick: [['region1']], optimized: [] });
    turn(hart, 4_000_000);
    turn(hart, 4_000_000);
    expect({ quick, optimized }).toEqual({ quick: [['region1']], optimized: [['optimized1']] });
    expect(rig.engine.regions.statistics).toMatchObject({ regions: 1, compiledInstructions: 3 });
  });

  it('that is given up before stays given up', () => {
    const { tiers, optimized } = countingTiers();
    const { rig, hart } = rigWith(tiers);
    turn(hart, 3_500_000);
    rig.put(RAM + CODE, LOOP);
    turn(hart, 100);
    expect(rig.engine.regions.statistics.regions).toBe(1);
    turn(hart, 2_000_000);
    expect(optimized).toEqual([['optimized1']]);
    expect(rig.engine.regions.statistics.instructionsInRegions).toBeGreaterThan(16_000_000);
  });

  it('that few instructions were executed in is not optimised beside one that is', () => {
    const { tiers, quick, optimized } = countingTiers();
    const { rig, hart } = rigWith(tiers);
    rig.map(CODE + 0x10_0000, RAM + 0x2_0000, R | X);
    rig.put(RAM + 0x2_0000, LOOP);
    turn(hart, 5_000_000);
    hart.pc = CODE + 0x10_0000;
    hart.setX(11, 1000n);
    expect(hart.run(1_000_000)).toBe(Exit.Trap);
    turn(hart, 1_000_000);
    expect({ quick, optimized }).toEqual({ quick: [['region1'], ['region2']], optimized: [['optimized1']] });
  });
});

/** Two pieces of code too far from each other to be compiled together, that go to each other by computed jumps. */
const FAR = 0x10_0000;
const FAR_PA = RAM + 0x2_0000;

/** 3000 instructions, for regions are merged when they have been entered some thousand times, and optimised when they have executed millions. */
const WAIT: readonly Line[] = [['addi', { rd: 14, rs1: 0, imm: 1500 }], ['addi', { rd: 14, rs1: 14, imm: -1 }], ['bne', { rs1: 14, rs2: 0, imm: -4 }]];

/** a0 = a0 + n, and on to x12. */
const there = (n: number): Uint8Array => code(['addi', { rd: 10, rs1: 10, imm: n }], ...WAIT, ['jalr', { rd: 0, rs1: 12, imm: 0 }]);

/** Back to x13, a1 times. */
const back = (...first: readonly Line[]): Uint8Array =>
  code(...first, ['addi', { rd: 11, rs1: 11, imm: -1 }], ['beq', { rs1: 11, rs2: 0, imm: 8 }], ['jalr', { rd: 0, rs1: 13, imm: 0 }], ['ecall']);

describe('optimised regions that enter each other often', () => {
  /** Goes there and back a thousand times, six million instructions, in slices of a tenth. */
  function play(hart: Hart, n: number): void {
    hart.pc = CODE;
    hart.setX(10, 0n);
    hart.setX(11, 1000n);
    hart.setX(12, BigInt(CODE + FAR));
    hart.setX(13, BigInt(CODE));
    let slices = 0;
    while (hart.run(600_000) !== Exit.Trap) if (++slices > 20) throw new Error('the game does not end');
    expect(hart.x(10)).toBe(1000n * BigInt(n));
  }

  /** Two such regions, and their successor on its way. */
  function withSuccessor(): { host: Host; rig: Rig; hart: Hart } {
    const host = countingTiers();
    const rig = new Rig({ engine: 'regions', hotness: 50, tiers: host.tiers });
    rig.map(CODE, RAM + CODE, R | X);
    rig.put(RAM + CODE, there(1));
    rig.map(CODE + FAR, FAR_PA, R | X);
    rig.put(FAR_PA, back(...WAIT));
    const hart = rig.user();
    for (let k = 0; k < 4; k++) play(hart, 1);
    expect(host.quick.flat()).toEqual(['region1', 'region2']);
    expect(host.optimized).toEqual([['optimized1', 'optimized2'], ['region3']]);
    return { host, rig, hart };
  }

  const used = ({ engine: { regions: { table } } }: Rig): number => REGION_SLOTS - 1 - table.slotsLeft;

  it('go on until the one that takes their place is optimised too', () => {
    const { host, rig, hart } = withSuccessor();
    for (let k = 0; k < 4; k++) play(hart, 1);
    expect([rig.engine.regions.statistics.regions, used(rig)]).toEqual([2, 3]);
    host.isReady = true;
    for (let k = 0; k < 4; k++) play(hart, 1);
    expect([rig.engine.regions.statistics.regions, used(rig)]).toEqual([1, 1]);
    expect(host.optimized).toHaveLength(2);
    const before = rig.engine.regions.statistics.instructionsInRegions;
    play(hart, 1);
    expect(rig.engine.regions.statistics.instructionsInRegions - before).toBeGreaterThan(5_999_000);
  });

  it('wait for their successor also where one of them is not optimised yet', () => {
    const host = countingTiers();
    const rig = new Rig({ engine: 'regions', hotness: 50, tiers: host.tiers });
    rig.map(CODE, RAM + CODE, R | X);
    rig.put(RAM + CODE, there(1));
    rig.map(CODE + FAR, FAR_PA, R | X);
    rig.put(FAR_PA, code(['ecall']));
    const hart = rig.user();
    hart.setX(12, BigInt(CODE + FAR));
    for (let visits = 0; visits < 5000; visits++) {
      hart.pc = CODE;
      expect(hart.run(4000)).toBe(Exit.Trap);
    }
    expect([host.quick, host.optimized]).toEqual([[['region1']], [['optimized1']]]);
    // Without waiting: it is entered often before it has executed much.
    rig.put(FAR_PA, back(['xori', { rd: 14, rs1: 10, imm: 1 }]));
    play(hart, 1);
    expect([host.quick, host.optimized]).toEqual([[['region1'], ['region2']], [['optimized1'], ['region3']]]);
    expect(rig.engine.regions.statistics.regions).toBe(2);
  });

  it('have no successor any more when their code changes', () => {
    const { host, rig, hart } = withSuccessor();
    host.isReady = true;
    rig.put(RAM + CODE, there(5));
    expect([rig.engine.regions.statistics.regions, used(rig)]).toEqual([1, 1]);
    for (let k = 0; k < 5; k++) play(hart, 5);
    expect(used(rig)).toBe(rig.engine.regions.statistics.regions);
  });

  it('have none when a second hart comes, for which they can not run', () => {
    const { host, rig, hart } = withSuccessor();
    host.isReady = true;
    rig.user({ id: 1 });
    expect(rig.engine.regions.statistics.regions).toBe(0);
    for (let k = 0; k < 2; k++) play(hart, 1);
    expect([rig.engine.regions.statistics.regions, used(rig)]).toEqual([2, 2]);
  });
});
