/** Several harts in one memory against as many oracles, in random turns: who holds which reservation, and what everybody has read and written. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asPaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { Exit, hartReserved, Hart, HartEngine, disassemble } from '../../src/hart/index.js';
import { OracleHart } from '../oracle/hart.js';
import { OraclePhysical } from '../oracle/hart-memory.js';
import { encodeProgram, itemsOf, registerValue } from '../oracle/hart-programs.js';
import { SHARED_ACCESSES } from '../oracle/program-shared.js';
import { seeded } from '../oracle/runs.js';
import { expectSame, once } from '../oracle/same.js';
import { ENGINES } from './engines.js';

const RAM = 0x8000_0000;
const PAGE = 4096;
const FRAMES = 8;
const HARTS = 3;
const [V, R, W, X, U, A, D] = [1, 2, 4, 8, 16, 64, 128];
/** Each hart has a page of code; all map the frame of data, the second one under another name. */
const [CODE, DATA_FRAME] = [0x10, 7];
const data = (hart: number): number => (hart === 1 ? 0x25 : 0x20);
const OFFSET = 0x7e0; // the shared bytes lie in the middle of the page

interface Start {
  readonly programs: readonly (readonly number[])[];
  readonly registers: readonly bigint[];
  /** Which hart runs next, and for how many instructions. */
  readonly turns: readonly (readonly [hart: number, instructions: number])[];
}

const image = once(({ programs }: Start): Uint8Array => {
  const bytes = new Uint8Array(FRAMES * PAGE);
  const view = new DataView(bytes.buffer);
  const pte = (frame: number, flags: number): bigint => (BigInt(RAM / PAGE + frame) << 10n) | BigInt(flags);
  view.setBigUint64(0, pte(1, V), true);
  view.setBigUint64(PAGE, pte(2, V), true);
  const map = (vpn: number, frame: number, flags: number): void => view.setBigUint64(2 * PAGE + vpn * 8, pte(frame, flags | V | U | A | D), true);
  programs.forEach((parcels, hart) => {
    map(CODE + hart, 3 + hart, R | X);
    map(data(hart), DATA_FRAME, R | W);
    parcels.forEach((parcel, i) => view.setUint16((3 + hart) * PAGE + 2 * i, parcel, true));
  });
  return bytes;
});

const initialRegisters = ({ registers }: Start, hart: number): bigint[] => {
  const x = Array.from({ length: 32 }, (_, n) => (n === 0 ? 0n : registers[(n + hart) % registers.length]!));
  x[8] = BigInt(data(hart) * PAGE + OFFSET);
  return x;
};
const entry = (hart: number): number => (CODE + hart) * PAGE;

interface Outcome {
  readonly harts: readonly { readonly pc: bigint; readonly registers: readonly bigint[]; readonly reserved: boolean }[];
  readonly shared: readonly number[];
}
const sharedBytes = (memory: Uint8Array): number[] => [...memory.subarray(DATA_FRAME * PAGE + OFFSET, DATA_FRAME * PAGE + OFFSET + 48)];

function runOracles(start: Start): Outcome {
  const memory = new OraclePhysical(BigInt(RAM), FRAMES * PAGE);
  memory.bytes.set(image(start));
  const harts = start.programs.map((_, n) => {
    const hart = new OracleHart(memory, true, n);
    hart.csr.write(0x180, (8n << 60n) | BigInt(RAM / PAGE), 0n);
    initialRegisters(start, n).forEach((value, i) => { hart.x[i] = value; });
    hart.pc = BigInt(entry(n));
    return hart;
  });
  for (const [n, instructions] of start.turns) for (let i = 0; i < instructions; i++) expect(harts[n]!.step()).toBeUndefined();
  return { harts: harts.map((hart) => ({ pc: hart.pc, registers: [...hart.x], reserved: memory.reservations.has(hart) })), shared: sharedBytes(memory.bytes) };
}

const machines = ENGINES.map(({ name, options }) => {
  const bus = new Bus({ ramBase: asPaddr(RAM), ramSize: FRAMES * PAGE, reserved: hartReserved(undefined, HARTS), poolSize: 0 });
  const engine = new HartEngine(bus, options);
  return { name, bus, harts: Array.from({ length: HARTS }, (_, id) => new Hart(engine, { id, kernel: true })) };
});

function runHarts({ bus, harts }: (typeof machines)[number], start: Start): Outcome {
  bus.write(bus.ramBase, image(start));
  harts.forEach((hart, n) => {
    hart.setSatp(0, RAM / PAGE);
    hart.sfenceVma(undefined, undefined);
    hart.fenceI();
    const context = hart.newContext();
    context.pc = BigInt(entry(n));
    context.x.set(initialRegisters(start, n));
    hart.loadContext(context);
  });
  expect(start.turns.filter(([n, instructions]) => harts[n]!.run(instructions) !== Exit.Quantum)).toEqual([]);
  const memory = new Uint8Array(FRAMES * PAGE);
  bus.read(bus.ramBase, memory);
  return { harts: harts.map((hart) => ({ pc: hart.pc64, registers: Array.from({ length: 32 }, (_, i) => hart.x(i)), reserved: hart.reserved })), shared: sharedBytes(memory) };
}

function listing({ programs, turns }: Start): string {
  const lines = programs.flatMap((parcels, hart) => {
    const text = [`hart ${hart}:`];
    for (let i = 0; i < parcels.length; i += (parcels[i]! & 3) === 3 ? 2 : 1) text.push(`  ${disassemble((parcels[i]! + (parcels[i + 1] ?? 0) * 65536) >>> 0, entry(hart) + 2 * i)}`);
    return text;
  });
  return [...lines, `turns ${JSON.stringify(turns)}`].join('\n');
}

const kinds = [...SHARED_ACCESSES.map(({ name }) => name), ...SHARED_ACCESSES.filter(({ name }) => /lr|sc/.test(name)).map(({ name }) => name), 'add', 'xor', 'c.addi', 'bne', 'c.j'];
const turns = fc.array(fc.tuple(fc.nat(HARTS - 1), fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(20, 100))), { minLength: 1, maxLength: 60 });

describe('three harts in one memory', () => {
  it('read, write, reserve and lose reservations as the oracle says, in turns of any length', () => {
    fc.assert(fc.property(fc.tuple(itemsOf(kinds, 12), itemsOf(kinds, 12), itemsOf(kinds, 12)), fc.array(registerValue, { minLength: 7, maxLength: 19 }), turns, (items, registers, order) => {
      const start: Start = { programs: items.map((list) => encodeProgram(list).parcels), registers, turns: order };
      const expected = runOracles(start);
      for (const machine of machines) expectSame(runHarts(machine, start), expected, () => `${machine.name}\n${listing(start)}`);
    }), seeded(80));
  }, 600_000);
});
