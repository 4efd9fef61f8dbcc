/** The structure of regions: which jumps become loops, and which loops have to ask where they are entered. */
import { describe, expect, it } from 'vitest';
import { discover, type Plan } from '../../../src/hart/region/compiler/blocks.js';
import { GuestInstruction } from '../../../src/hart/region/compiler/guest-code.js';
import { findLoops } from '../../../src/hart/region/compiler/loops.js';
import { planOf, type Short, traitsNamed } from './plans.js';

const shape = ({ blocks }: Plan): unknown => blocks.map(({ at, end, taken, next }) => [at / 4, end / 4, taken, next]);

describe('discovery', () => {
  it('cuts code into blocks at jumps and where they go, follows both ways of a branch, and ends before system instructions', () => {
    expect(shape(planOf([['addi'], ['beq', 2], ['addi'], ['addi'], ['bne', -3], ['ecall']], [0]))).toEqual([[0, 1, -2, 1], [1, 2, 3, 2], [2, 3, -2, 3], [3, 5, 1, -1]]);
  });

  it('does not take one page for two where it is mapped twice', () => {
    const jump = new GuestInstruction(traitsNamed('jal'), 0, 0, 0, 0, 4096, 4, -1);
    const { blocks, pages } = discover([0], { pageAt: () => 0x1000, instructionAt: () => jump, copyOf: () => jump, staysOpen: () => false }, 10, 10);
    expect(pages.places).toEqual([0x1000]);
    expect(blocks.map(({ at, taken }) => [at, taken])).toEqual([[0, -1]]);
  });

  it('ends where the bounds do', () => {
    const plan = planOf([['addi'], ['addi'], ['addi'], ['jal', -3]], [0], { instructions: 2, pages: 1 });
    expect(plan.instructions).toBe(2);
    expect(shape(plan)).toEqual([[0, 2, -2, -1]]);
  });

  it('lets a region be entered at its seeds, behind calls, and at targets of calls and of backward jumps', () => {
    const plan = planOf([['addi'], ['jal', 3, 1], ['bne', -2], ['jal', -3], ['addi'], ['jalr', 1]], [0]);
    expect(plan.blocks.map(({ at, entry }) => [at / 4, entry]).sort(([a], [b]) => Number(a) - Number(b))).toEqual([[0, true], [2, true], [3, false], [4, true]]);
  });

  it('asks for the quantum at entries, where jumps go backward, and often enough between', () => {
    const long = planOf([...Array.from({ length: 90 }, (_, n): Short => (n % 10 === 9 ? ['beq', 1] : ['addi'])), ['jalr']], [0]);
    const unasked = long.blocks.filter(({ asks }) => asks).map(({ need }) => need);
    expect(Math.max(...unasked)).toBeLessThanOrEqual(100);
    expect(long.blocks[0]).toMatchObject({ asks: true });
  });
});

describe('loops', () => {
  const loopsOf = (plan: Plan): unknown => findLoops(plan.blocks, plan.loops).startingAt.filter((loop) => loop !== null).map(({ first, last, dispatches }) => [first, last, dispatches]);

  it('hold what reaches their head again', () => {
    expect(loopsOf(planOf([['addi'], ['addi'], ['bne', -1], ['bne', -3], ['jalr']], [0]))).toEqual([[0, 2, true], [1, 1, false]]);
  });

  it('are not made of calls backward', () => {
    expect(loopsOf(planOf([['addi'], ['jalr', 1], ['addi'], ['jal', -3, 1], ['jalr']], [0, 2]))).toEqual([]);
  });

  it('dispatch where they are entered in the middle', () => {
    const plan = planOf([['beq', 2], ['addi'], ['addi'], ['bne', -2], ['jalr']], [0]);
    expect(loopsOf(plan)).toHaveLength(1);
    expect(loopsOf(plan)).toMatchObject([[expect.anything(), expect.anything(), true]]);
  });

  it('do not arise where code that lies far away goes back to where it came from', () => {
    // beq to the far block; addi; jalr; far: addi, back to the addi.
    expect(loopsOf(planOf([['beq', 3], ['addi'], ['jalr'], ['addi'], ['jal', -3]], [0]))).toEqual([]);
  });
});
