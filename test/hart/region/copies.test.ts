/** Small functions are copied for each call of them: which ones, and that copies do what the functions do, wherever they return to. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PAGESIZE } from '../../../src/base/index.js';
import { Exit } from '../../../src/hart/index.js';
import { seeded } from '../../oracle/runs.js';
import { code, type Line, R, RAM, Rig, W, X } from '../kit.js';
import { planOf, type Short, targets } from './plans.js';

const CALL = (distance: number): Short => ['jal', distance, 1];

describe('a call', () => {
  /** Places of the blocks a plan has in copies. */
  const copies = (program: readonly Short[]): number[] => planOf(program, [0]).blocks.filter(({ copied }) => copied).map(({ at }) => at / 4);

  it('has a copy of a small function, which returns behind it and is not entered from outside', () => {
    const { blocks } = planOf([CALL(3), CALL(2), ['jalr', 1], ['addi'], ['jalr']], [0]);
    const copied = blocks.filter((block) => block.copied);
    expect(copied.map(({ at, entry }) => [at / 4, entry])).toEqual([[3, false], [3, false]]);
    expect(copied.map((block) => targets(block).filter((to) => to >= 0).map((to) => blocks[to]!.at / 4)).flat().sort((a, b) => a - b)).toEqual([1, 2]);
  });

  it('has one of what that calls', () => {
    expect(copies([CALL(2), ['ecall'], CALL(3), CALL(2), ['jalr'], ['addi'], ['jalr']]).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 5]);
  });

  it.each<[string, readonly Short[]]>([
    ['that loops', [['addi'], ['bne', -1], ['jalr']]],
    ['that calls itself', [['beq', 2], CALL(-1), ['jalr']]],
    ['that jumps to a computed place', [['addi'], ['jalr', 1]]],
    ['that never returns', [['addi'], ['ecall']]],
    ['that is large', [...Array.from({ length: 60 }, (): Short => ['addi']), ['jalr']]],
  ])('has none of a function %s', (_, program) => {
    expect(copies([CALL(2), ['ecall'], ...program])).not.toContain(2);
  });

  it('has the same copies in whatever order functions are called', () => {
    // a at 3 calls b at 5 calls c at 7 calls d at 9 calls a leaf at 11.
    const copied = (first: number, second: number): number[] => [...new Set(copies([
      CALL(first), CALL(second - 1), ['ecall'], CALL(2), ['jalr'], CALL(2), ['jalr'], CALL(2), ['jalr'], CALL(2), ['jalr'], ['addi'], ['jalr'],
    ]))].sort((a, b) => a - b);
    expect(copied(3, 7)).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(copied(7, 3)).toEqual(copied(3, 7));
  });

  describe('that has one', () => {
    // A loop that calls the function at 4 in each turn; who runs it in the interpreter returns to 1 as often as it jumps to 0.
    const loop: readonly Short[] = [CALL(4), ['addi'], ['bne', -2], ['jalr'], ['jalr']];
    const entries = (seeds: readonly number[], staysOpen?: boolean): number[] =>
      planOf(loop, seeds, undefined, staysOpen).blocks.filter(({ entry }) => entry).map(({ at }) => at / 4);

    it('closes the place behind it', () => {
      expect(entries([0, 1])).toEqual([0]);
      expect(planOf(loop, [0, 1]).closed).toEqual([4]);
    });

    it('leaves it open where many came from elsewhere', () => {
      expect(entries([0, 1], true)).toEqual([0, 1]);
    });

    it('leaves it open where the region has no other entry', () => {
      expect(planOf([['addi'], CALL(3), ['addi'], ['jalr'], ['jalr']], [2]).blocks.filter(({ entry }) => entry).map(({ at }) => at / 4)).toEqual([2]);
    });

    it('leaves it open where a loop begins', () => {
      expect(planOf([CALL(4), ['addi'], ['bne', -1], ['jalr'], ['jalr']], [0, 1]).blocks.filter(({ entry }) => entry).map(({ at }) => at / 4)).toEqual([0, 1]);
    });
  });

  it('has no more copies than a region has room for', () => {
    const calls = 100;
    const program = [...Array.from({ length: calls }, (_, n) => CALL(calls + 1 - n)), ['ecall'] as Short, ...Array.from({ length: 20 }, (): Short => ['addi']), ['jalr'] as Short];
    const { blocks, instructions } = planOf(program, [0], { instructions: 200, pages: 2 });
    expect(blocks.filter(({ copied }) => copied).length).toBeGreaterThan(5);
    expect(instructions).toBeLessThan(200 + 400);
  });
});

const CODE = 0x1_0000;
const DATA = 0x2_0000;
const [RA, BASE, COUNT, LINK] = [1, 10, 11, 20];
/** Where functions begin: in the first page, over its end, in the second. */
const FUNCTIONS = [0x400, 0xfe8, 0x1400];

const item = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), rd: fc.integer({ min: 5, max: 9 }), rs: fc.integer({ min: 5, max: 9 }), imm: fc.integer({ min: -100, max: 100 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('ld' as const, 'sd' as const), register: fc.integer({ min: 5, max: 9 }), imm: fc.integer({ min: -4, max: 4 }).map((n) => 8 * n) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('call' as const), to: fc.nat({ max: 2 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('skip' as const), rs: fc.integer({ min: 5, max: 9 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'return later' as const }) },
);
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never;
const program = fc.record({
  main: fc.array(item, { minLength: 1, maxLength: 8 }),
  functions: fc.array(fc.array(item, { maxLength: 6 }), { minLength: 3, maxLength: 3 }),
  place: fc.constantFrom(DATA + 64, DATA + PAGESIZE - 16, DATA + PAGESIZE),
  second: fc.constantFrom(R | W, R, 0),
  hotness: fc.constantFrom(1, 3),
});
type Program = typeof program extends fc.Arbitrary<infer T> ? T : never;

/** One instruction; in the main program, and in the function that is `depth`, which calls only those after it. */
function lineOf(what: Item, at: number, depth: number): Line {
  switch (what.kind) {
    case 'add': return ['addi', { rd: what.rd, rs1: what.rs, imm: what.imm }];
    case 'ld': return ['ld', { rd: what.register, rs1: BASE, imm: what.imm }];
    case 'sd': return ['sd', { rs1: BASE, rs2: what.register, imm: what.imm }];
    case 'call': return what.to < depth ? ['addi', { rd: 5, rs1: 5, imm: 1 }] : ['jal', { rd: RA, imm: FUNCTIONS[what.to]! - at }];
    case 'skip': return ['beq', { rs1: what.rs, rs2: 0, imm: 8 }];
    case 'return later': return depth === 0 ? ['addi', { rd: 6, rs1: 6, imm: 3 }] : ['addi', { rd: LINK + depth, rs1: LINK + depth, imm: 4 }];
  }
}

/** A body that saves ra, does something, and returns to where its saved ra says. */
function functionOf(items: readonly Item[], n: number): Line[] {
  const lines: Line[] = [['addi', { rd: LINK + n + 1, rs1: RA, imm: 0 }]];
  for (const what of items) lines.push(lineOf(what, FUNCTIONS[n]! + 4 * lines.length, n + 1));
  return [...lines, ['addi', { rd: RA, rs1: LINK + n + 1, imm: 0 }], ['jalr', { rd: 0, rs1: RA, imm: 0 }]];
}

function rigFor({ main, functions, place, second, hotness }: Program, engine: 'interpreter' | 'regions'): Rig {
  const rig = new Rig({ engine, hotness, harts: 1, ramSize: 0x20_0000 });
  for (const page of [CODE, CODE + PAGESIZE]) rig.map(page, RAM + page, R | X);
  rig.map(DATA, RAM + DATA, R | W);
  rig.map(DATA + PAGESIZE, RAM + DATA + PAGESIZE, second);
  const lines: Line[] = [['lui', { rd: BASE, imm: (place + 0x800) & ~0xfff }], ['addi', { rd: BASE, rs1: BASE, imm: ((place + 0x800) & 0xfff) - 0x800 }]];
  for (const what of main) lines.push(lineOf(what, 4 * lines.length, 0));
  // For functions that return one later.
  lines.push(['addi', { rd: 9, rs1: 9, imm: 1 }], ['addi', { rd: 8, rs1: 8, imm: 1 }], ['addi', { rd: COUNT, rs1: COUNT, imm: -1 }]);
  lines.push(['bne', { rs1: COUNT, rs2: 0, imm: 8 - 4 * lines.length }], ['ecall']);
  rig.put(RAM + CODE, code(...lines));
  functions.forEach((items, n) => rig.put(RAM + CODE + FUNCTIONS[n]!, code(...functionOf(items, n))));
  return rig;
}

function outcome(rig: Rig, quantum: number): unknown {
  const hart = rig.user();
  hart.pc = CODE;
  hart.setX(COUNT, 40n);
  let exit: Exit = Exit.Quantum;
  for (let n = 0; n < 3000 && exit === Exit.Quantum; n++) exit = hart.run(quantum);
  const memory = Array.from({ length: 24 }, (_, n) => rig.load(RAM + DATA + PAGESIZE - 96 + 8 * n, 8));
  return { exit, cause: hart.cause, tval: hart.tval, pc: hart.pc, x: [...hart.state.registers()], memory, retired: hart.instret, fetches: hart.fetchLookups, counts: { ...hart.mmu.counters } };
}

describe('a program with functions', () => {
  it('does what it does in the interpreter, with its faults, wherever it returns to, and with its counts', () => {
    let inRegions = 0;
    fc.assert(fc.property(program, fc.integer({ min: 20, max: 3000 }), (p, quantum) => {
      const rig = rigFor(p, 'regions');
      expect(outcome(rig, quantum)).toEqual(outcome(rigFor(p, 'interpreter'), quantum));
      inRegions += rig.engine.regions.statistics.instructionsInRegions;
    }), seeded(150));
    expect(inRegions).toBeGreaterThan(5000);
  });

  it('goes on in its region behind a call whose copy has to be left each time', () => {
    const rig = new Rig({ engine: 'regions', hotness: 100, harts: 1, ramSize: 0x20_0000 });
    for (const page of [CODE, CODE + PAGESIZE]) rig.map(page, RAM + page, R | X);
    rig.map(DATA, RAM + DATA, R | W);
    const body: Line[] = [];
    for (let call = 0; call < 3; call++) {
      body.push(['jal', { rd: RA, imm: PAGESIZE - 4 * body.length }], ...Array.from({ length: 80 }, (): Line => ['addi', { rd: 5, rs1: 5, imm: 1 }]));
    }
    rig.put(RAM + CODE, code(...body, ['jal', { rd: 0, imm: -4 * body.length }]));
    // Misaligned loads are the interpreter's, as are accesses to registers of devices.
    rig.put(RAM + CODE + PAGESIZE, code(['ld', { rd: 6, rs1: BASE, imm: 3 }], ['jalr', { rd: 0, rs1: RA, imm: 0 }]));
    const hart = rig.user();
    hart.pc = CODE;
    hart.setX(BASE, BigInt(DATA));
    for (let n = 0; n < 30; n++) hart.run(100_000);
    const { compiledInstructions, instructionsInRegions, regions } = rig.engine.regions.statistics;
    expect(instructionsInRegions / hart.instret).toBeGreaterThan(0.9);
    // Once without entries behind the calls, and once with all of them: the loop, and the function for each call and for itself.
    expect([regions, compiledInstructions]).toEqual([1, 2 * (3 * 81 + 1 + 4 * 2)]);
  });

  it('sees a function that was rewritten in all its copies after fence.i', () => {
    const values = (['interpreter', 'regions'] as const).map((engine) => {
      const rig = new Rig({ engine, hotness: 1, harts: 1, ramSize: 0x20_0000 });
      for (const page of [CODE, CODE + PAGESIZE]) rig.map(page, RAM + page, R | W | X);
      const add = (imm: number): Uint8Array => code(['addi', { rd: 5, rs1: 5, imm }], ['jalr', { rd: 0, rs1: RA, imm: 0 }]);
      rig.put(RAM + CODE, code(
        ['jal', { rd: RA, imm: PAGESIZE }], ['jal', { rd: RA, imm: PAGESIZE - 4 }], ['addi', { rd: COUNT, rs1: COUNT, imm: -1 }], ['bne', { rs1: COUNT, rs2: 0, imm: -12 }],
        ['sw', { rs1: 12, rs2: 13, imm: 0 }], ['fence.i'], ['ecall'],
      ));
      rig.put(RAM + CODE + PAGESIZE, add(1));
      const hart = rig.user();
      return [1, 2].map((n) => {
        hart.pc = CODE;
        hart.setX(5, 0n);
        hart.setX(COUNT, 50n);
        hart.setX(12, BigInt(CODE + PAGESIZE));
        hart.setX(13, BigInt(new DataView(add(100 * n).buffer).getUint32(0, true)));
        expect(hart.run(5000)).toBe(Exit.Trap);
        return hart.x(5);
      });
    });
    expect(values).toEqual([[100n, 10_000n], [100n, 10_000n]]);
  });
});
