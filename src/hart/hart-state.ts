/**
 * Where a hart's registers are. Generated code works on the state at address 0, the window; the hart that runs is in it,
 * every other hart in its own place, and the two are exchanged when another hart is to run.
 */
import type { Bus } from '../bus/index.js';
import { savedState, State, STATE_SIZE } from './layout.js';

const LOW = 0x1_0000_0000;

/** The memory of one machine as hart states see it. */
export type StateMemory = Pick<Bus, 'u8' | 'i32' | 'u32' | 'i64'>;

/** The registers and cells of one hart. Numbers are exact where they are canonical addresses or small. */
export class HartState {
  readonly #memory: StateMemory;
  readonly #home: number;
  #base: number;

  /** @param cache place of the hart's translation cache */
  constructor(memory: StateMemory, slot: number, cache: number) {
    this.#memory = memory;
    this.#home = this.#base = savedState(slot);
    this.setCell(State.cache, cache);
  }

  /** Moves into the window. The window must be free. */
  enterWindow(): void {
    if (this.#base === 0) return;
    this.#memory.u8.copyWithin(0, this.#home, this.#home + STATE_SIZE);
    this.#base = 0;
  }

  /** Moves out of the window. */
  leaveWindow(): void {
    if (this.#base !== 0) return;
    this.#memory.u8.copyWithin(this.#home, 0, STATE_SIZE);
    this.#base = this.#home;
  }

  /** Whether the hart is in the window. */
  get resident(): boolean {
    return this.#base === 0;
  }

  /** Register `n`, 0 to 31, as a signed 64-bit integer. */
  x(n: number): bigint {
    return this.#memory.i64[(this.#base + State.x) / 8 + n]!;
  }

  /** Sets register `n` to the low 64 bits of `value`; x0 stays 0. */
  setX(n: number, value: bigint): void {
    if (n !== 0) this.#memory.i64[(this.#base + State.x) / 8 + n] = value;
  }

  /** Register `n` as a signed number, the nearest one where it has more than 53 significant bits. */
  xNumber(n: number): number {
    const at = (this.#base + State.x) / 4 + 2 * n;
    return this.#memory.i32[at + 1]! * LOW + this.#memory.u32[at]!;
  }

  /** x0..x31 as a view into memory, valid until another hart runs. */
  registers(): BigInt64Array {
    const at = (this.#base + State.x) / 8;
    return this.#memory.i64.subarray(at, at + 32);
  }

  /** f0..f31 as a view into memory, valid until another hart runs. */
  floatRegisters(): BigInt64Array {
    const at = (this.#base + State.f) / 8;
    return this.#memory.i64.subarray(at, at + 32);
  }

  /** An i32 cell of `State`. */
  cell(at: number): number {
    return this.#memory.i32[(this.#base + at) >> 2]!;
  }

  /** Writes an i32 cell of `State`. */
  setCell(at: number, value: number): void {
    this.#memory.i32[(this.#base + at) >> 2] = value;
  }

  /** An i64 cell of `State` that holds an address, as a number. */
  address(at: number): number {
    return this.cell(at + 4) * LOW + (this.cell(at) >>> 0);
  }

  /** Writes an i64 cell of `State` that holds an address, an exact integer, sign-extended. */
  setAddress(at: number, value: number): void {
    this.setCell(at, value % LOW);
    this.setCell(at + 4, Math.floor(value / LOW));
  }

  /** An i64 cell of `State`, signed. */
  cell64(at: number): bigint {
    return this.#memory.i64[(this.#base + at) / 8]!;
  }

  /** Writes an i64 cell of `State`; of `value` the lowest 64 bits count. */
  setCell64(at: number, value: bigint): void {
    this.#memory.i64[(this.#base + at) / 8] = value;
  }
}
