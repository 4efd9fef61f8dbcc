/**
 * Machine, supervisor and user mode without a kernel, against the oracle: random programs that write CSRs, delegate and
 * take traps and interrupts, turn translation on and off and return to other modes. Every mode sees the same addresses:
 * the page table maps memory to itself.
 */
import * as fc from 'fast-check';
import { describe, it } from 'vitest';
import { asPaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { assemble } from '../../guest/index.js';
import { Exit, HART_RESERVED, Hart, HartEngine, disassemble } from '../../src/hart/index.js';
import { OracleHart } from '../oracle/hart.js';
import { OraclePhysical } from '../oracle/hart-memory.js';
import { anyRegister } from '../oracle/float-values.js';
import { CSR_VALUES, KINDS, PMP_VALUE, POINTERS, PRIVILEGED_KINDS, PROGRAM_CSRS, encodeProgram, itemsOf, registerValue } from '../oracle/hart-programs.js';
import type { Program } from '../oracle/hart-programs.js';
import { seeded } from '../oracle/runs.js';
import { expectSame, once } from '../oracle/same.js';
import { ENGINES } from './engines.js';
import { changes } from './oracle-world.js';

const RAM = 0x8000_0000;
const PAGE = 4096;
const FRAMES = 24;
const [V, R, W, X, U, A, D] = [1, 2, 4, 8, 16, 64, 128];
/** The program stands twice: in a page of the supervisor and in one of the user. */
const [S_CODE, U_CODE, HANDLERS] = [8, 13, 11];
const flagsOf = (frame: number): number => {
  if (frame === S_CODE || frame === HANDLERS) return R | X;
  if (frame === U_CODE) return R | X | U;
  return [R | W | U, R | W, R | U, R | W | U, X | U, R | W, 0][frame % 7]!;
};

/** Some data pages have not been accessed or written. */
const usedOf = (frame: number): number => (frame < 14 ? A | D : [A | D, A, A | D, 0, A | D, A][frame % 6]!);

/** Both handlers go on behind the instruction that trapped, as if it had been four bytes long. */
const handlers = assemble(`
mtrap: csrrw t6, mscratch, t6
       csrr t6, mepc
       addi t6, t6, 4
       csrw mepc, t6
       csrrw t6, mscratch, t6
       mret
       .balign 128
strap: csrrw t6, sscratch, t6
       csrr t6, sepc
       addi t6, t6, 4
       csrw sepc, t6
       csrrw t6, sscratch, t6
       sret
       .balign 64
       j mtrap
`, { base: RAM + HANDLERS * PAGE });

interface Start {
  readonly program: Program;
  readonly registers: readonly bigint[];
  /** What gp and tp hold: bits to set or clear in CSRs. */
  readonly masks: readonly [bigint, bigint];
  readonly floats: readonly bigint[];
  /** pmpcfg of 15 entries and what s8 holds, pmpaddr of as many; the last entry allows everything. */
  readonly pmp: { readonly config: readonly bigint[]; readonly value: bigint; readonly addresses: readonly bigint[] };
  readonly steps: number;
}

const image = once(({ program }: Start): Uint8Array => {
  const bytes = new Uint8Array(FRAMES * PAGE);
  const view = new DataView(bytes.buffer);
  const pte = (frame: number, flags: number): bigint => (BigInt(RAM / PAGE + frame) << 10n) | BigInt(flags);
  view.setBigUint64(2 * 8, pte(1, V), true); // 0x8000_0000 is in the third GiB
  view.setBigUint64(PAGE, pte(2, V), true);
  for (let frame = 0; frame < FRAMES; frame++) if (flagsOf(frame) !== 0) view.setBigUint64(2 * PAGE + frame * 8, pte(frame, flagsOf(frame) | V | usedOf(frame)), true);
  program.parcels.forEach((parcel, i) => {
    for (const frame of [S_CODE, U_CODE]) view.setUint16(frame * PAGE + 2 * i, parcel, true);
  });
  bytes.set(handlers.sections[0]!.bytes, HANDLERS * PAGE);
  return bytes;
});

const initialFloats = ({ floats }: Start): bigint[] => Array.from({ length: 32 }, (_, n) => floats[n % floats.length]!);

function initialRegisters({ registers, masks, pmp }: Start): bigint[] {
  const x = Array.from({ length: 32 }, (_, n) => (n === 0 ? 0n : registers[n % registers.length]!));
  POINTERS.forEach((register, i) => { x[register] = BigInt(RAM + (14 + i) * PAGE + [1024, 4088, 2048, 16][i % 4]!); });
  const values = [...masks, BigInt.asIntN(64, (8n << 60n) | BigInt(RAM / PAGE)), BigInt(RAM + S_CODE * PAGE), BigInt(RAM + U_CODE * PAGE)];
  CSR_VALUES.forEach((register, i) => { x[register] = values[i]!; });
  x[PMP_VALUE] = pmp.value;
  return x;
}

/** Protection allows everything unless a program or the beginning narrows it: with no entry nobody but machine mode may do anything. */
function protection({ pmp }: Start): (readonly [number, bigint])[] {
  const bytes = (first: number): bigint => Array.from({ length: 8 }, (_, n) => (first + n === 15 ? 0x1fn : pmp.config[first + n] ?? 0n)).reduceRight((value, byte) => (value << 8n) | byte, 0n);
  return [...Array.from({ length: 16 }, (_, n) => [0x3b0 + n, n === 15 ? -1n : pmp.addresses[n] ?? 0n] as const), [0x3a0, bytes(0)], [0x3a2, bytes(8)]];
}

const COMPARED_CSRS = [...PROGRAM_CSRS, 0x3a0, 0x3a2];
/** menvcfg and senvcfg: cache-block instructions and page-based memory types work. */
const CACHE_BLOCKS = 0xd0n;
const initialCsrs: readonly (readonly [number, bigint])[] = [
  ...PROGRAM_CSRS.filter((n) => n >> 10 !== 3 && n !== 0xb00 && n !== 0xb02).map((n) => [n, 0n] as const),
  [0x305, BigInt(handlers.symbols.get('mtrap')!)], [0x105, BigInt(handlers.symbols.get('strap')!)], [0xb00, 1n], [0xb02, 1n],
  [0x30a, (1n << 62n) | CACHE_BLOCKS], [0x10a, CACHE_BLOCKS], [0x300, 0n],
];

interface Outcome {
  readonly mode: number;
  readonly pc: string;
  readonly registers: readonly bigint[];
  readonly floats: readonly bigint[];
  readonly csrs: readonly string[];
  readonly memory: readonly (readonly [number, number])[];
  readonly waiting: boolean;
}
const csrText = (number: number, value: bigint | undefined): string => `${number.toString(16)}=${value?.toString(16) ?? 'none'}`;

function newOracle(start: Start): OracleHart {
  const memory = new OraclePhysical(BigInt(RAM), FRAMES * PAGE);
  memory.bytes.set(image(start));
  const oracle = new OracleHart(memory, false, 0, true);
  for (const [number, value] of [...initialCsrs, ...protection(start)]) oracle.csr.write(number, BigInt.asUintN(64, value), 0n);
  initialFloats(start).forEach((value, n) => { oracle.f[n] = value; });
  initialRegisters(start).forEach((value, n) => { oracle.x[n] = value; });
  oracle.pc = BigInt(RAM + S_CODE * PAGE);
  return oracle;
}

function outcomeOf(start: Start, oracle: OracleHart): Outcome {
  const mode = oracle.csr.priv;
  oracle.csr.priv = 3;
  const csrs = COMPARED_CSRS.map((n) => csrText(n, oracle.csr.read(n, false, oracle.instret)));
  oracle.csr.priv = mode;
  return { mode, pc: BigInt.asUintN(64, oracle.pc).toString(16), registers: [...oracle.x], floats: [...oracle.f], waiting: oracle.waiting, csrs, memory: changes(image(start), oracle.memory.bytes) };
}

/**
 * How many instructions to compare, and what the state may be after them: a trap between the last one and the next is
 * no instruction, so it may have been taken or not. Programs that trap for ever end early.
 */
function runOracle(start: Start): { retired: number; outcomes: Outcome[] } {
  const trial = newOracle(start);
  for (let n = 0; n < 4 * start.steps && trial.instret < BigInt(start.steps) && !trial.waiting; n++) trial.step();
  const retired = trial.instret;
  const oracle = newOracle(start);
  while (oracle.instret < retired) oracle.step();
  const outcomes = [outcomeOf(start, oracle)];
  if (!oracle.waiting) oracle.step();
  if (oracle.instret === retired) outcomes.push(outcomeOf(start, oracle));
  return { retired: Number(retired), outcomes };
}

const machines = ENGINES.map(({ name, options }) => {
  const bus = new Bus({ ramBase: asPaddr(RAM), ramSize: FRAMES * PAGE, reserved: HART_RESERVED, poolSize: 0 });
  return { name, bus, hart: new Hart(new HartEngine(bus, options), { id: 0, kernel: false, pmp: true }) };
});

function runHart({ bus, hart }: (typeof machines)[number], start: Start, retired: number, quantum: number): Outcome {
  bus.write(bus.ramBase, image(start));
  hart.traps.mode = 3;
  for (const [number, value] of [...initialCsrs, ...protection(start)]) hart.csrs.write(number, value);
  hart.sfenceVma(undefined, undefined);
  hart.fenceI();
  const context = hart.newContext();
  context.pc = BigInt(RAM + S_CODE * PAGE);
  context.x.set(initialRegisters(start));
  context.f.set(initialFloats(start));
  hart.loadContext(context);
  let waiting = false;
  const end = hart.instret + retired;
  // Traps are no progress: where the hart takes more of them than the oracle did, it comes to an end too.
  for (let turns = 0; hart.instret < end && !waiting && turns < 4 * start.steps; turns++) waiting = hart.run(Math.min(quantum, end - hart.instret)) === Exit.Wait;
  const { mode } = hart.traps;
  hart.traps.mode = 3;
  hart.saveContext(context);
  const memory = new Uint8Array(FRAMES * PAGE);
  bus.read(bus.ramBase, memory);
  return {
    mode, pc: BigInt.asUintN(64, hart.pc64).toString(16), registers: Array.from({ length: 32 }, (_, n) => hart.x(n)), floats: Array.from(context.f, (value) => BigInt.asUintN(64, value)), waiting, memory: changes(image(start), memory),
    csrs: COMPARED_CSRS.map((n) => csrText(n, hart.csrs.read(n))),
  };
}

function listing({ program: { parcels } }: Start): string {
  const lines: string[] = [];
  for (let i = 0; i < parcels.length; i += (parcels[i]! & 3) === 3 ? 2 : 1) {
    const pc = RAM + S_CODE * PAGE + 2 * i;
    lines.push(`${pc.toString(16)}: ${disassemble((parcels[i]! + (parcels[i + 1] ?? 0) * 65536) >>> 0, pc)}`);
  }
  return lines.join('\n');
}

const masks = fc.tuple(
  fc.constantFrom(0x1800n, 0x800n, 0x1880n, 0x100n, 0x120n, 0x1920n, 0x20000n, 0x21800n, 0x20800n, 0xc0000n, 0xe0800n, 0x700800n, 0x400900n, 0x2n, 0xaan, 0x2000n, 0x6000n, 0x4000n, 0x7800n, 0x6800n),
  fc.oneof(fc.constantFrom(0x222n, 0x2n, 0x20n, 0xb1ffn, 0x100n, 0x1ffn, 0xffffn, 0x8n, -1n), fc.bigInt({ min: 0n, max: 0xffffn })),
);
/** Entries without L, most of them off; ranges that begin or end in the frames, half of them in the middle of one. */
const entry = fc.oneof({ weight: 2, arbitrary: fc.constant(0n) }, { weight: 1, arbitrary: fc.tuple(fc.nat(7), fc.nat(3)).map(([rwx, a]) => BigInt((a << 3) | rwx)) });
const address = fc.tuple(fc.nat(FRAMES), fc.constantFrom(0, 0, 0x400, 0x7fc, 0x800, 0xff8), fc.constantFrom(0n, 0n, 0x1ffn, 0x3ffn, 0xfffn)).map(([frame, offset, low]) => (BigInt(RAM + frame * PAGE + offset) >> 2n) | low);
const pmp = fc.record({
  config: fc.oneof(fc.constant<bigint[]>([]), fc.array(entry, { maxLength: 15 })), addresses: fc.array(address, { maxLength: 15 }),
  value: fc.array(entry, { minLength: 8, maxLength: 8 }).map((list) => list.reduce((value, byte) => (value << 8n) | byte, 0n)),
});
const kinds = [...PRIVILEGED_KINDS, ...PRIVILEGED_KINDS, ...PRIVILEGED_KINDS, 'lw', 'sd', 'ld', 'sb', 'addi', 'add', 'xor', 'c.addi', 'c.sw', 'jal', 'beq', 'bne', 'auipc', 'lrsc.2', 'amo0.3', 'ebreak', 'cbo', 'fcsr', 'fadd.d', 'fdiv.s', 'fmadd.s', 'feq.d', 'fcvt.w.d', 'fld', 'fsw', 'c.fsd', 'word', 'auipc+jalr',
  ...KINDS.filter((name) => /^(l[bhw]|s[hw]|csr|c\.ebreak)/.test(name))];

describe('random programs for machine, supervisor and user mode', () => {
  it('do what the oracle says, in quanta of 1, 7 and 1000 instructions', () => {
    fc.assert(fc.property(itemsOf(kinds, 30), fc.array(registerValue, { minLength: 7, maxLength: 19 }), masks, fc.array(anyRegister, { minLength: 7, maxLength: 19 }), pmp, (items, registers, bits, floats, ranges) => {
      const start: Start = { program: encodeProgram(items), registers, masks: bits, floats, pmp: ranges, steps: 200 };
      const { retired, outcomes } = runOracle(start);
      for (const quantum of [1000, 7, 1]) for (const machine of machines) {
        const outcome = runHart(machine, start, retired, quantum);
        expectSame(outcome, outcomes.find((o) => o.pc === outcome.pc) ?? outcomes[0], () => `${machine.name}, quantum ${quantum}, ${retired} instructions\n${listing(start)}`);
      }
    }), seeded(150));
  }, 600_000);
});
