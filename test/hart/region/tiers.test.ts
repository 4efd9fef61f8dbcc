/** Which regions are optimised where the host can be told, and when. */
import { describe, expect, it } from 'vitest';
import { Exit, type Hart, type Tiers } from '../../../src/hart/index.js';
import { code, R, RAM, Rig, X } from '../kit.js';

const CODE = 0x1_0000;

/** A host that only counts: the functions each module exports. */
function countingTiers(): { readonly tiers: Tiers; readonly quick: string[][]; readonly optimized: string[][] } {
  const made = { quick: [] as string[][], optimized: [] as string[][] };
  const compile = (into: string[][]) => (bytes: Uint8Array<ArrayBuffer>): object => {
    const module = new WebAssembly.Module(bytes);
    into.push(Buffer.from(bytes).toString('latin1').match(/(?:region|optimized)\d+/g) ?? []);
    return module;
  };
  return { ...made, tiers: { quick: compile(made.quick), optimized: compile(made.optimized) } };
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
