/** How an oracle hart reaches memory: translation, physical memory protection, and accesses that cross pages. */
import type { CsrFile } from './hart-csr.js';
import type { OraclePhysical } from './hart-memory.js';
import { oracleTranslate } from './sv39.js';
import type { OracleAccess, OracleMemory } from './sv39.js';

/** An exception: its code as in mcause, and what xtval receives. */
export interface OracleTrap {
  readonly cause: number;
  readonly tval: bigint;
}

/** What an instruction that traps throws. */
export class TrapSignal extends Error {
  readonly trap: OracleTrap;
  constructor(cause: number, tval: bigint) {
    super(`cause ${cause}`);
    this.trap = { cause, tval };
  }
}

const u64 = (v: bigint): bigint => BigInt.asUintN(64, v);
const ACCESS_FAULT = { fetch: 1, load: 5, store: 7 } as const;

interface Place {
  readonly pa: bigint;
  readonly size: number;
  readonly va: bigint;
}

/** The loads, stores and fetches of one hart. Addresses may have any sign. */
export class HartAccess {
  /** Loads, stores and atomics done. */
  done = 0n;
  readonly memory: OraclePhysical;
  readonly #csr: CsrFile;
  readonly #hart: object;
  /** Memory as page walks see it: they are supervisor accesses whatever the mode. */
  readonly #tables: OracleMemory;

  /** @param hart whose own stores do not end its reservation */
  constructor(memory: OraclePhysical, csr: CsrFile, hart: object) {
    this.memory = memory;
    this.#csr = csr;
    this.#hart = hart;
    this.#tables = {
      read: (pa) => ((this.#csr.pmp?.allows(pa, 8, 'load', 1) ?? true) ? memory.read(pa) : undefined),
      write: (pa, value) => (this.#csr.pmp?.allows(pa, 8, 'store', 1) ?? true) && memory.store(pa, 8, value, hart),
    };
  }

  #priv(access: OracleAccess): number {
    return access === 'fetch' ? this.#csr.priv : this.#csr.dataPriv;
  }

  /** Whether there is memory that may be accessed. */
  #reaches(pa: bigint, size: number, access: OracleAccess): boolean {
    return this.memory.load(pa, size) !== undefined && (this.#csr.pmp?.allows(pa, size, access, this.#priv(access)) ?? true);
  }

  #translate(va: bigint, access: OracleAccess): bigint {
    const { satp, hardwareAd, svpbmt } = this.#csr;
    const priv = this.#priv(access);
    if (priv === 3 || satp >> 60n === 0n) return va;
    const result = oracleTranslate(this.#tables, {
      root: satp & ((1n << 44n) - 1n), user: priv === 0, sum: this.#csr.field('SUM') === 1n, mxr: this.#csr.field('MXR') === 1n, hardwareAd, svpbmt, svnapot: true, paBits: 46n,
    }, va, access);
    if ('cause' in result) throw new TrapSignal(result.cause, va);
    return result.pa;
  }

  /** Physical place of every byte of an access: one run, or two where it crosses a page. */
  #places(va: bigint, size: number, access: OracleAccess): Place[] {
    const head = Math.min(size, 4096 - Number(va & 4095n));
    const second = u64(va + BigInt(head));
    const places = [{ pa: this.#translate(va, access), size: head, va }];
    if (head < size) places.push({ pa: this.#translate(second, access), size: size - head, va: second });
    for (const place of places) if (!this.#reaches(place.pa, place.size, access)) throw new TrapSignal(ACCESS_FAULT[access], place.va);
    return places;
  }

  /** `size` bytes, unsigned. */
  load(va: bigint, size: number): bigint {
    let value = 0n;
    let shift = 0n;
    for (const place of this.#places(u64(va), size, 'load')) {
      value |= this.memory.load(place.pa, place.size)! << shift;
      shift += BigInt(8 * place.size);
    }
    this.done++;
    return value;
  }

  /** The low `size` bytes of `value`. */
  store(va: bigint, size: number, value: bigint): void {
    let rest = BigInt.asUintN(8 * size, value);
    for (const place of this.#places(u64(va), size, 'store')) {
      this.memory.store(place.pa, place.size, rest, this.#hart);
      rest >>= BigInt(8 * place.size);
    }
    this.done++;
  }

  /** What cache-block management needs: a block that can be read or written. */
  probe(va: bigint): void {
    try {
      this.#places(va, 1, 'load');
    } catch {
      this.#places(va, 1, 'store');
    }
  }

  /** Sixteen bits of an instruction. */
  parcel(va: bigint): number {
    const pa = this.#translate(va, 'fetch');
    if (!this.#reaches(pa, 2, 'fetch')) throw new TrapSignal(ACCESS_FAULT.fetch, va);
    return Number(this.memory.load(pa, 2)!);
  }

  /** Where an lr (`write` false), sc or AMO works. */
  atomic(va: bigint, size: number, write: boolean): bigint {
    if (u64(va) % BigInt(size) !== 0n) throw new TrapSignal(write ? 6 : 4, u64(va));
    const { pa } = this.#places(u64(va), size, write ? 'store' : 'load')[0]!;
    this.done++;
    return pa;
  }
}
