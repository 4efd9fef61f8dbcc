/** One address space for the hart and its oracle, and the running of one program on both. */
import { asPaddr } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { type EngineOptions, Exit, hartReserved, Hart, HartEngine } from '../../src/hart/index.js';
import { OracleHart } from '../oracle/hart.js';
import { OraclePhysical } from '../oracle/hart-memory.js';
import { PATCH_POINTER, POINTERS } from '../oracle/hart-programs.js';
import { FLOAT_POOL, POOL_POINTER } from '../oracle/program-encodings.js';
import type { Program } from '../oracle/hart-programs.js';
import { once } from '../oracle/same.js';

const RAM = 0x8000_0000;
const FRAMES = 24;
const PAGE = 4096;
// PTE bits
const [V, R, W, X, U, A, D] = [1, 2, 4, 8, 16, 64, 128];

/** Virtual pages of the programs: page number, frame, permissions. */
const CODE = 0x10;
const PATCH = 0x12;
/** The page of floating-point constants: read-only. */
const POOL = 0x2a;
const POOL_FRAME = 21;
const pages = (second: 'mapped' | 'missing' | 'no-execute'): readonly (readonly [vpn: number, frame: number, flags: number])[] => [
  [CODE, 8, R | X],
  ...(second === 'missing' ? [] : [[CODE + 1, 13, second === 'mapped' ? R | X : R] as const]),
  [PATCH, 10, R | W | X],
  [0x20, 16, R | W], [0x21, 19, R | W], // neighbours, but not in physical memory
  [0x22, 17, R], // 0x23 is a hole
  [0x24, 18, R | W], // not dirty: a store faults
  [0x25, 16, R | W], // the first page under another name
  [0x26, 20, X],
  [0x27, FRAMES - 1, R | W], // the last frame of memory; 0x28 lies behind it
  [0x28, FRAMES, R | W],
  [POOL, POOL_FRAME, R],
];
/** What the pointers hold: near the ends of the pages above. */
const pointerValues = [0x20400, 0x20ff0, 0x21ff8, 0x21010, 0x22ffc, 0x24800, 0x25ffe, 0x27ff9].map(BigInt);

/** The state a program starts from. */
export interface Start {
  readonly program: Program;
  /** Offset of the program in its first page. */
  readonly at: number;
  readonly second: 'mapped' | 'missing' | 'no-execute';
  readonly registers: readonly bigint[];
  /** What the f registers and the pool of constants hold, in turn. */
  readonly floats: readonly bigint[];
  /** Who keeps the A and D bits. */
  readonly ad: 'svade' | 'svadu';
  /** Seed of the contents of memory. */
  readonly seed: number;
  /** Instructions to execute. */
  readonly steps: number;
}

/** What a run did, comparable. */
export interface Outcome {
  readonly traps: readonly { readonly after: bigint; readonly pc: bigint; readonly cause: number; readonly tval: bigint }[];
  readonly pc: bigint;
  readonly registers: readonly bigint[];
  readonly floats: readonly bigint[];
  readonly fcsr: number;
  readonly instret: bigint;
  readonly dataAccesses: bigint;
  /** Bytes of physical memory that differ from what they were: [address, value]. */
  readonly memory: readonly (readonly [number, number])[];
}

/** A run ends after this many traps. */
const TRAPS = 60;

/** Physical memory as a program finds it. */
const image = once((start: Start): Uint8Array => {
  const bytes = new Uint8Array(FRAMES * PAGE);
  const view = new DataView(bytes.buffer);
  let seed = start.seed | 1;
  for (let i = 16 * PAGE; i < bytes.length; i++) {
    seed = Math.imul(seed, 1664525) + 1013904223;
    bytes[i] = (seed >>> 24) & ((i & 64) !== 0 ? 255 : 0);
  }
  // Root, middle and leaf table in frames 0, 1 and 2.
  const pte = (frame: number, flags: number): bigint => (BigInt(RAM / PAGE + frame) << 10n) | BigInt(flags);
  view.setBigUint64(0, pte(1, V), true);
  view.setBigUint64(PAGE, pte(2, V), true);
  for (const [vpn, frame, flags] of pages(start.second)) view.setBigUint64(2 * PAGE + vpn * 8, pte(frame, flags | V | U | A | (vpn === 0x24 ? 0 : D)), true);
  for (let i = 0; i < FLOAT_POOL; i++) view.setBigUint64(POOL_FRAME * PAGE + 8 * i, start.floats[i % start.floats.length]!, true);
  const frames = [8, 13];
  start.program.parcels.forEach((parcel, i) => {
    const offset = start.at + 2 * i;
    view.setUint16(frames[Math.floor(offset / PAGE)]! * PAGE + (offset % PAGE), parcel, true);
  });
  for (let i = 0; i < 8; i++) view.setUint32(10 * PAGE + 4 * i, 0x13, true);
  view.setUint16(10 * PAGE + 32, 0x8082, true); // c.jr ra
  return bytes;
});

/** Every register's first value: pointers as above, the others from `registers`. */
function initialRegisters(start: Start): bigint[] {
  const x = Array.from({ length: 32 }, (_, n) => (n === 0 ? 0n : start.registers[n % start.registers.length]!));
  POINTERS.forEach((register, i) => { x[register] = pointerValues[i]!; });
  x[PATCH_POINTER] = BigInt(PATCH * PAGE);
  x[POOL_POINTER] = BigInt(POOL * PAGE);
  return x;
}

/** Every f register's first value. */
const initialFloats = ({ floats }: Start): bigint[] => Array.from({ length: 32 }, (_, n) => floats[(n * 5 + 1) % floats.length]!);

/** Where to go on after a trap: behind the instruction, or at an instruction of the program when it could not be fetched. */
function resume(start: Start, pc: bigint, cause: number, count: number): bigint {
  const { starts, parcels } = start.program;
  const index = Number(pc) - CODE * PAGE - start.at;
  const parcel = cause === 12 || cause === 1 ? undefined : parcels[index / 2];
  // In the patch page only its own 32-bit instructions can trap, which they do not.
  if (parcel !== undefined) return pc + ((parcel & 3) === 3 ? 4n : 2n);
  return BigInt(CODE * PAGE + start.at + starts[(count * 7 + 1) % starts.length]!);
}

/** Bytes that differ: [position, value]. */
export const changes = (before: Uint8Array, after: Uint8Array): [number, number][] => {
  const different: [number, number][] = [];
  if (Buffer.compare(before, after) === 0) return different;
  for (let i = 0; i < before.length; i++) if (before[i] !== after[i]) different.push([i, after[i]!]);
  return different;
};

/** Runs a program on the oracle. */
export function runOracle(start: Start): Outcome {
  const memory = new OraclePhysical(BigInt(RAM), FRAMES * PAGE);
  const before = image(start);
  memory.bytes.set(before);
  const oracle = new OracleHart(memory, true);
  oracle.csr.hardwareAd = start.ad === 'svadu';
  oracle.csr.prepareUser();
  oracle.csr.write(0x180, (8n << 60n) | BigInt(RAM / PAGE), 0n);
  initialRegisters(start).forEach((value, n) => { oracle.x[n] = value; });
  initialFloats(start).forEach((value, n) => { oracle.f[n] = value; });
  oracle.pc = BigInt(CODE * PAGE + start.at);
  const traps: Outcome['traps'][number][] = [];
  while (oracle.instret < BigInt(start.steps) && traps.length < TRAPS) {
    const trap = oracle.step();
    if (trap === undefined) continue;
    traps.push({ after: oracle.instret, pc: oracle.pc, cause: trap.cause, tval: BigInt.asIntN(64, trap.tval) });
    oracle.pc = resume(start, oracle.pc, trap.cause, traps.length);
  }
  const { fflags, frm } = oracle.csr;
  return { traps, pc: BigInt.asIntN(64, oracle.pc), registers: [...oracle.x], floats: [...oracle.f], fcsr: (frm << 5) | fflags, instret: oracle.instret, dataAccesses: oracle.dataAccesses, memory: changes(before, memory.bytes) };
}

/** All that a hart has counted since it was made, by the path of its name. */
function countsOf({ mmu, dataAccesses, extraDataLookups, fetchLookups }: Hart): Record<string, number> {
  const flat: Record<string, number> = { dataAccesses, extraDataLookups, fetchLookups };
  const add = (path: string, value: unknown): void => {
    if (typeof value === 'number') flat[path] = value;
    else if (typeof value === 'object' && value !== null) for (const [name, part] of Object.entries(value)) add(`${path}.${name}`, part);
  };
  add('mmu', mmu.counters);
  return flat;
}

/** The hart under test; one for all programs, since making its code takes longer than running one. */
export class HartWorld {
  readonly bus: Bus = new Bus({ ramBase: asPaddr(RAM), ramSize: FRAMES * PAGE, reserved: hartReserved(undefined, 2), poolSize: 0 });
  readonly engine: HartEngine;
  readonly #harts: Readonly<Record<Start['ad'], Hart>>;

  #counts: Readonly<Record<string, number>> = {};

  constructor(options: EngineOptions = {}) {
    const engine = new HartEngine(this.bus, options);
    this.engine = engine;
    this.#harts = { svade: new Hart(engine, { id: 0, kernel: true, ad: 'svade' }), svadu: new Hart(engine, { id: 1, kernel: true, ad: 'svadu' }) };
  }

  /** What the last run has counted besides what its outcome says: translations, walks, TLB hits and misses. */
  counts(): Readonly<Record<string, number>> {
    return this.#counts;
  }

  /** Runs a program in pieces of `quantum` instructions. */
  run(start: Start, quantum: number): Outcome {
    const { bus } = this;
    const hart = this.#harts[start.ad];
    const before = image(start);
    bus.write(bus.ramBase, before);
    hart.setSatp(0, RAM / PAGE);
    hart.sfenceVma(undefined, undefined);
    hart.fenceI();
    const context = hart.newContext();
    context.pc = BigInt(CODE * PAGE + start.at);
    context.x.set(initialRegisters(start));
    context.f.set(initialFloats(start));
    hart.loadContext(context);
    // cycle and instret count from here on; the write itself would be an instruction, which the 1 stands for.
    hart.traps.mode = 3;
    hart.csrs.write(0xb00, 1n);
    hart.csrs.write(0xb02, 1n);
    hart.traps.mode = 0;
    const counted = countsOf(hart);
    const [retired, accesses] = [hart.instret, hart.dataAccesses];
    const traps: Outcome['traps'][number][] = [];
    for (;;) {
      const left = start.steps - (hart.instret - retired);
      if (left === 0 || traps.length >= TRAPS) break;
      // The fault of the instruction behind the last one may be reported as well: it is not part of the run.
      if (hart.run(Math.min(quantum, left)) !== Exit.Trap || hart.instret - retired === start.steps) continue;
      traps.push({ after: BigInt(hart.instret - retired), pc: BigInt.asUintN(64, hart.pc64), cause: hart.cause, tval: hart.tval });
      hart.pc64 = resume(start, hart.pc64, hart.cause, traps.length);
    }
    const after = new Uint8Array(before.length);
    bus.read(bus.ramBase, after);
    hart.saveContext(context);
    this.#counts = Object.fromEntries(Object.entries(countsOf(hart)).map(([name, count]) => [name, count - (counted[name] ?? 0)]));
    return {
      traps, floats: Array.from(context.f, (value) => BigInt.asUintN(64, value)), fcsr: context.fcsr, pc: hart.pc64, registers: Array.from({ length: 32 }, (_, n) => hart.x(n)), instret: BigInt(hart.instret - retired),
      dataAccesses: BigInt(hart.dataAccesses - accesses), memory: changes(before, after),
    };
  }
}
