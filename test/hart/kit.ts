/** What the hart tests share: a machine of one or more harts, a page table by hand, and instructions as [name, operands]. */
import { asPaddr, PAGESIZE } from '../../src/base/index.js';
import { Bus } from '../../src/bus/index.js';
import { encode, type EngineOptions, type FieldName, Hart, hartReserved, HartEngine, type HartOptions, instructionNamed } from '../../src/hart/index.js';

/** First address of RAM. */
export const RAM = 0x8000_0000;
export const R = 0x2;
export const W = 0x4;
export const X = 0x8;
const V = 0x1;
const U = 0x10;
const A_D = 0xc0;

/** One instruction: a row of the table and its fields. Immediates of lui and auipc are the value that reaches the register. */
export type Line = readonly [name: string, operands?: { readonly [name in FieldName]?: number }];

/** The little-endian bytes of instructions, compressed ones taking two. */
export function code(...lines: readonly Line[]): Uint8Array {
  const bytes: number[] = [];
  for (const [name, operands] of lines) {
    const row = instructionNamed(name);
    if (row === undefined) throw new Error(`no instruction ${name}`);
    const bits = encode(row, operands ?? {});
    for (let n = 0; n < row.length; n++) bytes.push((bits >>> (8 * n)) & 255);
  }
  return Uint8Array.from(bytes);
}

/** A bus, its engine, and harts made on demand. */
export class Rig {
  readonly bus: Bus;
  readonly engine: HartEngine;
  /** Physical address of the root page table. */
  readonly root: number;
  #next: number;

  constructor({ ramSize = 0x80_0000, harts = 4, ...options }: { ramSize?: number; harts?: number } & EngineOptions = {}) {
    this.bus = new Bus({ ramSize, reserved: hartReserved(options.translationCache, harts), poolSize: 0x10_0000 });
    this.engine = new HartEngine(this.bus, options);
    // Page tables grow down from the end of RAM, out of the way of what tests place.
    this.#next = RAM + ramSize;
    this.root = this.#frame();
  }

  /** A hart in user mode that translates through this rig's page table. */
  user(o: Partial<HartOptions> = {}): Hart {
    const hart = new Hart(this.engine, { id: 0, kernel: true, ...o });
    hart.setSatp(1, this.root / PAGESIZE);
    return hart;
  }

  /** A hart in machine mode without translation, pc at RAM. */
  machine(o: Partial<HartOptions> = {}): Hart {
    const hart = new Hart(this.engine, { id: 0, kernel: false, ...o });
    hart.pc = RAM;
    return hart;
  }

  /** Maps one user page, replacing what was mapped. Fences are the caller's business. `flags` 0 unmaps. */
  map(va: number, pa: number, flags: number, extra: number = V | U | A_D): void {
    let table = this.root;
    for (const level of [2, 1]) {
      const at = table + this.#index(va, level) * 8;
      const entry = this.load(at, 8);
      if (entry === 0n) {
        const frame = this.#frame();
        this.store(at, 8, (BigInt(frame / PAGESIZE) << 10n) | BigInt(V));
        table = frame;
      } else {
        table = Number(entry >> 10n) * PAGESIZE;
      }
    }
    const leaf = flags === 0 ? 0n : (BigInt(pa / PAGESIZE) << 10n) | BigInt(flags | extra);
    this.store(table + this.#index(va, 0) * 8, 8, leaf);
  }

  load(pa: number, size: 1 | 2 | 4 | 8): bigint {
    const value = this.bus.load(asPaddr(pa), size);
    if (value === undefined) throw new Error(`nothing at ${pa.toString(16)}`);
    return value;
  }

  store(pa: number, size: 1 | 2 | 4 | 8, value: bigint): void {
    if (!this.bus.store(asPaddr(pa), size, value)) throw new Error(`nothing at ${pa.toString(16)}`);
  }

  /** Places bytes in physical memory. */
  put(pa: number, bytes: Uint8Array): void {
    if (!this.bus.write(asPaddr(pa), bytes)) throw new Error(`nothing at ${pa.toString(16)}`);
  }

  #frame(): number {
    return (this.#next -= PAGESIZE);
  }

  #index(va: number, level: number): number {
    return Math.floor(va / PAGESIZE / 512 ** level) & 511;
  }
}

/** Where `userProgram` puts code and data, and the physical pages behind them. */
export const CODE = 0x1_0000;
export const CODE_PA: number = RAM + 0x1_0000;
export const DATA = 0x2_0000;
export const DATA_PA: number = RAM + 0x2_0000;

/** A user hart with `lines` at CODE (one readable, executable page) and two writable pages at DATA; a0 is DATA. */
export function userProgram(...lines: readonly Line[]): { rig: Rig; hart: Hart } {
  const rig = new Rig();
  rig.map(CODE, CODE_PA, R | X);
  rig.map(DATA, DATA_PA, R | W);
  rig.map(DATA + PAGESIZE, DATA_PA + PAGESIZE, R | W);
  rig.put(CODE_PA, code(...lines));
  const hart = rig.user();
  hart.pc = CODE;
  hart.setX(10, BigInt(DATA));
  return { rig, hart };
}
