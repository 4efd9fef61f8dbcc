/** Corners of regions that random programs hardly reach, each by a program that goes there, run by both engines. */
import { describe, expect, it } from 'vitest';
import type { EngineOptions, Hart } from '../../../src/hart/index.js';
import { code, type Line, R, RAM, Rig, W, X } from '../kit.js';

const CODE = 0x1_0000;
const FRM = 2;
const [RA, LOOPS, FRM_VALUE] = [1, 11, 14];

interface Machine { readonly rig: Rig; readonly hart: Hart }

type Parts = readonly (readonly [at: number, lines: readonly Line[]])[];

function machineWith(engine: EngineOptions, ...parts: Parts): Machine {
  const rig = new Rig({ hotness: 100, harts: 1, ramSize: 0x20_0000, ...engine });
  for (const page of [0, 0x1000, 0x2000]) rig.map(CODE + page, RAM + CODE + page, R | X);
  for (const [at, lines] of parts) rig.put(RAM + CODE + at, code(...lines));
  return { rig, hart: rig.user() };
}

/** Runs from an offset with some x registers set; returns how that ended, all registers, and what was counted so far. */
function run({ hart }: Machine, at: number, registers: { readonly [n: number]: bigint }): unknown {
  hart.pc = CODE + at;
  for (const [n, value] of Object.entries(registers)) hart.setX(Number(n), value);
  const exit = hart.run(200_000);
  return { exit, cause: hart.cause, pc: hart.pc, x: [...hart.state.registers()], ...counts(hart) };
}

const counts = ({ dataAccesses, fetchLookups }: Hart): object => ({ dataAccesses, fetchLookups });

/** What both engines make of the same runs. The regions must have run something. */
function bothEngines(parts: Parts, runs: (machine: Machine) => unknown[]): void {
  const compiled = machineWith({ engine: 'regions' }, ...parts);
  expect(runs(compiled)).toEqual(runs(machineWith({ engine: 'interpreter' }, ...parts)));
  expect(compiled.rig.engine.regions.statistics.instructionsInRegions).toBeGreaterThan(500);
}

describe('an instruction with a rounding mode that assembly language does not write', () => {
  it('is illegal where the mode in frm is reserved, though another one like it names a mode itself', () => {
    bothEngines([[0, [
      ['csrrw', { rd: 0, csr: FRM, rs1: FRM_VALUE }], ['fcvt.d.w', { rd: 1, rs1: LOOPS, rm: 0 }], ['fcvt.d.w', { rd: 2, rs1: LOOPS, rm: 7 }],
      ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -12 }], ['ecall'],
    ]]], (machine) => [0n, 0n, 5n].map((frm) => run(machine, 0, { [FRM_VALUE]: frm, [LOOPS]: 500n })));
  });
});

describe('an address near the end of the 32-bit numbers', () => {
  const HALF = 2 ** 31;
  const reading = (...address: readonly Line[]): readonly Line[] => [
    ...address, ['add', { rd: 15, rs1: 15, rs2: 13 }],
    ...[16, 17, 18, 19].map((rs1): Line => ['ld', { rd: 20, rs1, imm: 0 }]),
    ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -4 * (address.length + 6) }], ['ecall'],
  ];

  it.each([
    ['beyond the positive end', [['lui', { rd: 10, imm: -HALF }], ['addiw', { rd: 10, rs1: 10, imm: -8 }], ['ld', { rd: 13, rs1: 10, imm: 8 }]]],
    ['beyond the negative end', [['lui', { rd: 10, imm: -HALF }], ['ld', { rd: 13, rs1: 10, imm: -8 }]]],
  ] as const)('%s is not taken for the one 2^32 away', (_, address) => {
    const places = [HALF - 8, -HALF - 8, HALF, -HALF];
    for (const order of [places, places.toReversed(), [places[1]!, places[0]!, places[3]!, places[2]!]]) {
      bothEngines([[0, reading(...address)]], (machine) => {
        places.forEach((place, n) => {
          machine.rig.map(place - (place & 0xfff), RAM + 0x3_0000 + n * 0x1000, R | W);
          machine.rig.store(RAM + 0x3_0000 + n * 0x1000 + (place & 0xfff), 8, BigInt(111 * (n + 1)));
        });
        const pointers = Object.fromEntries(order.map((place, n) => [16 + n, BigInt(place)]));
        return [1, 2, 3].map(() => run(machine, 0, { ...pointers, 15: 0n, [LOOPS]: 500n }));
      });
    }
  });
});

describe('a call backward into the middle of a loop', () => {
  it('gets there, though the instruction there lies over two pages and cannot be entered', () => {
    const [START, MIDDLE, HEAD] = [0xfe0, 0xffe, 0x1012];
    bothEngines([
      [START, [['addi', { rd: LOOPS, rs1: 0, imm: 50 }], ['jal', { rd: 0, imm: HEAD - START - 4 }]]],
      [MIDDLE, [
        ['addi', { rd: 5, rs1: 5, imm: 1 }], ['beq', { rs1: 6, rs2: 0, imm: 8 }], ['jalr', { rd: 0, rs1: RA, imm: 0 }],
        ['addi', { rd: 6, rs1: 0, imm: 1 }], ['jal', { rd: RA, imm: -16 }],
        ['addi', { rd: 6, rs1: 0, imm: 0 }], ['addi', { rd: 7, rs1: 7, imm: 1 }], ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }],
        ['beq', { rs1: LOOPS, rs2: 0, imm: 12 }], ['bne', { rs1: 13, rs2: 0, imm: -16 }], ['jal', { rd: 0, imm: -40 }],
        ['addi', { rd: 12, rs1: 12, imm: -1 }], ['bne', { rs1: 12, rs2: 0, imm: START - 0x102e }], ['ecall'],
      ]],
    ], (machine) => [
      run(machine, HEAD, { 5: 0n, 7: 0n, [LOOPS]: 3n, 12: 1n, 13: 0n }),
      ...[1, 2].map(() => run(machine, START, { 5: 0n, 7: 0n, 12: 30n, 13: 1n })),
      run(machine, START, { 5: 0n, 7: 0n, 12: 10n, 13: 0n }),
    ]);
  });
});

describe('an instruction over two pages', () => {
  const LAST = 0xffe;

  it('counts the page it ends in when it is a jump too', () => {
    bothEngines([[LAST - 8, [
      ['addi', { rd: 5, rs1: 5, imm: 3 }], ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -8 }], ['ecall'],
    ]]], (machine) => [1, 2].map(() => run(machine, LAST - 8, { [LOOPS]: 900n })));
  });

  it('is another one when the page it ends in is', () => {
    const ELSEWHERE = RAM + 0x4_0000;
    const rest = (imm: number): Uint8Array => code(
      ['addi', { rd: 5, rs1: 5, imm }], ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -12 }], ['ecall']).subarray(2);
    bothEngines([[LAST - 4, [['addi', { rd: 6, rs1: 6, imm: 1 }], ['addi', { rd: 5, rs1: 5, imm: 1 }]]]], ({ rig, hart }) => {
      rig.put(RAM + CODE + 0x1000, rest(1));
      rig.put(ELSEWHERE, rest(100));
      return [RAM + CODE + 0x1000, ELSEWHERE, RAM + CODE + 0x1000].map((page) => {
        rig.map(CODE + 0x1000, page, R | X);
        hart.sfenceVma(undefined, undefined);
        return run({ rig, hart }, LAST - 4, { 5: 0n, [LOOPS]: 900n });
      });
    });
  });
});

describe('a region of several pages', () => {
  const jump = (from: number, to: number): Line => ['jal', { rd: 0, imm: to - from }];
  /** A loop through three pages: it adds 1 in the first, `second` and `third` in the others. */
  const parts = (third: number): Parts => [
    [0, [['addi', { rd: 5, rs1: 5, imm: 1 }], jump(4, 0x1000)]],
    [0x1000, [['addi', { rd: 5, rs1: 5, imm: 10 }], jump(0x1004, 0x2000)]],
    [0x2000, [['addi', { rd: 5, rs1: 5, imm: third }], ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: 8 }], ['ecall'], jump(0x2010, 0)]],
  ];

  it('looks at each of them, not only at the first it goes to', () => {
    const ELSEWHERE = RAM + 0x4_0000;
    bothEngines(parts(100), ({ rig, hart }) => {
      rig.put(ELSEWHERE, code(...parts(7)[2]![1]));
      return [RAM + CODE + 0x2000, ELSEWHERE].map((page) => {
        rig.map(CODE + 0x2000, page, R | X);
        hart.sfenceVma(undefined, undefined);
        return run({ rig, hart }, 0, { 5: 0n, [LOOPS]: 900n });
      });
    });
  });

  /** A loop that calls a function in the second page, which loops itself: so it is not copied, and returns to an address. */
  const calling: Parts = [
    [0, [['addi', { rd: 5, rs1: 5, imm: 1 }], ['jal', { rd: RA, imm: 0x1000 - 4 }], ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -12 }], ['ecall']]],
    [0x1000, [['addi', { rd: 6, rs1: 0, imm: 2 }], ['addi', { rd: 6, rs1: 6, imm: -1 }], ['bne', { rs1: 6, rs2: 0, imm: -4 }], ['jalr', { rd: 0, rs1: RA, imm: 0 }]]],
  ];

  it.each([['jumps to', parts(100)], ['returns to', calling]])('does not enter one it %s, nor count that, at the end of a quantum', (_, program) => {
    bothEngines(program, ({ rig, hart }) => {
      run({ rig, hart }, 0, { 5: 0n, [LOOPS]: 900n });
      return Array.from({ length: 24 }, (__, n) => {
        hart.pc = CODE;
        hart.setX(LOOPS, 900n);
        return Array.from({ length: 6 }, () => ({ exit: hart.run(100 + n), pc: hart.pc, ...counts(hart) }));
      });
    });
  });
});

describe('several regions of one page', () => {
  it('become one where one is small and the other leads to it', () => {
    const { rig, hart } = machineWith({ engine: 'regions' }, [0, [
      // The outer loop, and in it one that has been hot before.
      ['addi', { rd: 12, rs1: 12, imm: -1 }], ...[13, 14, 15].map((rd): Line => ['addi', { rd, rs1: rd, imm: 1 }]), ['addi', { rd: LOOPS, rs1: 0, imm: 2 }],
      ['addi', { rd: 5, rs1: 5, imm: 1 }], ['addi', { rd: 6, rs1: 6, imm: 1 }], ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -12 }],
      ['bne', { rs1: 12, rs2: 0, imm: -36 }], ['ecall'],
    ]]);
    const { regions } = rig.engine;
    run({ rig, hart }, 20, { [LOOPS]: 500n, 12: 0n });
    expect(regions.statistics).toMatchObject({ regions: 1, regionInstructions: 5 });
    run({ rig, hart }, 0, { 5: 0n, 12: 500n });
    expect(regions.statistics).toMatchObject({ regions: 1, regionInstructions: 10 });
    expect(hart.x(5)).toBe(1000n);
  });

  it('end where others begin, also those planned at the same time, where one is as large as it may be', () => {
    const LOOP = 70;
    const body = Array.from({ length: LOOP - 2 }, (_, n): Line => ['addi', { rd: 5, rs1: 5, imm: n }]);
    const loops = Array.from({ length: 20 }, (): readonly Line[] => [
      ['addi', { rd: LOOPS, rs1: 13, imm: 0 }], ...body, ['addi', { rd: LOOPS, rs1: LOOPS, imm: -1 }], ['bne', { rs1: LOOPS, rs2: 0, imm: -4 * (LOOP - 1) }],
    ]).flat();
    // And from the end to the beginning, so that the second region leads to the first.
    const program: readonly Line[] = [['addi', { rd: 12, rs1: 12, imm: -1 }], ...loops, ['beq', { rs1: 12, rs2: 0, imm: 8 }], ['jal', { rd: 0, imm: -4 * (loops.length + 2) }], ['ecall']];
    // Hot so soon that all is compiled together.
    const machine = machineWith({ engine: 'regions', hotness: 20 }, [0, program]);
    // Once to fetch both pages, which would end a batch.
    run(machine, 0, { 12: 1n, 13: 1n });
    run(machine, 0, { 12: 2n, 13: 30n });
    run(machine, 0, { 12: 10n, 13: 30n });
    const { regionInstructions, regions } = machine.rig.engine.regions.statistics;
    expect(regions).toBeGreaterThan(1);
    expect(regionInstructions).toBeLessThanOrEqual(program.length);
  });
});
