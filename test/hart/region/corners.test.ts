/** Corners of regions that random programs hardly reach, each by a program that goes there, run by both engines. */
import { describe, expect, it } from 'vitest';
import type { Hart } from '../../../src/hart/index.js';
import { code, type Line, R, RAM, Rig, W, X } from '../kit.js';

const CODE = 0x1_0000;
const FRM = 2;
const [RA, LOOPS, FRM_VALUE] = [1, 11, 14];

interface Machine { readonly rig: Rig; readonly hart: Hart }

function machineWith(engine: 'interpreter' | 'regions', ...parts: readonly (readonly [at: number, lines: readonly Line[]])[]): Machine {
  const rig = new Rig({ engine, hotness: 100, harts: 1, ramSize: 0x20_0000 });
  for (const page of [CODE, CODE + 0x1000]) rig.map(page, RAM + page, R | X);
  for (const [at, lines] of parts) rig.put(RAM + CODE + at, code(...lines));
  return { rig, hart: rig.user() };
}

/** Runs from an offset with some x registers set; returns how that ended and all registers. */
function run({ hart }: Machine, at: number, registers: { readonly [n: number]: bigint }): unknown {
  hart.pc = CODE + at;
  for (const [n, value] of Object.entries(registers)) hart.setX(Number(n), value);
  return { exit: hart.run(200_000), cause: hart.cause, pc: hart.pc, x: [...hart.state.registers()] };
}

/** What both engines make of the same runs. The regions must have run something. */
function bothEngines(parts: Parameters<typeof machineWith> extends [unknown, ...infer Rest] ? Rest : never, runs: (machine: Machine) => unknown[]): void {
  const compiled = machineWith('regions', ...parts);
  expect(runs(compiled)).toEqual(runs(machineWith('interpreter', ...parts)));
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
