/**
 * Physical memory protection of an oracle hart: 16 entries, a granularity of 4 bytes. [RISC-V privileged ISA, Physical
 * Memory Protection] What the manual leaves open: writing W without R, which is reserved, leaves no permission at all.
 */
import type { OracleAccess } from './sv39.js';

const ENTRIES = 16;
const [READ, WRITE, EXECUTE, LOCKED] = [1, 2, 4, 0x80];
const WRITABLE = 0x9f;
const Match = { OFF: 0, TOR: 1, NA4: 2, NAPOT: 3 } as const;
const NEEDS = { load: READ, store: WRITE, fetch: EXECUTE } as const;

/** The entries, as pmpcfg and pmpaddr hold them. */
export class OraclePmp {
  readonly #cfg: number[] = Array.from({ length: ENTRIES }, () => 0);
  readonly #address: bigint[] = Array.from({ length: ENTRIES }, () => 0n);

  /** pmpcfg0 (`first` 0) or pmpcfg2 (8). */
  readConfig(first: number): bigint {
    return this.#cfg.slice(first, first + 8).reduceRight((value, cfg) => (value << 8n) | BigInt(cfg), 0n);
  }

  writeConfig(first: number, value: bigint): void {
    for (let n = first; n < first + 8; n++) {
      const cfg = Number((value >> BigInt(8 * (n - first))) & 255n) & WRITABLE;
      if ((this.#cfg[n]! & LOCKED) === 0) this.#cfg[n] = (cfg & (READ | WRITE)) === WRITE ? cfg & ~(READ | WRITE | EXECUTE) : cfg;
    }
  }

  readAddress(n: number): bigint {
    return this.#address[n]!;
  }

  writeAddress(n: number, value: bigint): void {
    const next = n + 1 < ENTRIES ? this.#cfg[n + 1]! : 0;
    const locked = (this.#cfg[n]! & LOCKED) !== 0 || ((next & LOCKED) !== 0 && this.#mode(n + 1) === Match.TOR);
    if (!locked) this.#address[n] = value & ((1n << 54n) - 1n);
  }

  #mode(n: number): number {
    return (this.#cfg[n]! >> 3) & 3;
  }

  /** Whether an entry covers a byte. */
  #covers(n: number, pa: bigint): boolean {
    const word = pa >> 2n;
    const address = this.#address[n]!;
    switch (this.#mode(n)) {
      case Match.TOR: return word < address && word >= (n === 0 ? 0n : this.#address[n - 1]!);
      case Match.NA4: return word === address;
      case Match.NAPOT: {
        // Bits up to and including the lowest 0, which adding 1 changes, do not matter.
        const wild = address ^ (address + 1n);
        return (word | wild) === (address | wild);
      }
      default: return false;
    }
  }

  /** Whether all bytes of an access are allowed: the lowest entry that covers any of them must cover all, and decides. */
  allows(pa: bigint, size: number, access: OracleAccess, priv: number): boolean {
    // An entry begins and ends at words: one byte of each is enough to look at.
    const bytes = Array.from({ length: size }, (_, n) => pa + BigInt(n)).filter((byte, n) => n === 0 || byte % 4n === 0n);
    for (let n = 0; n < ENTRIES; n++) {
      if (this.#mode(n) === Match.OFF) continue;
      const covered = bytes.filter((byte) => this.#covers(n, byte)).length;
      if (covered === 0) continue;
      if (covered < bytes.length) return false;
      const cfg = this.#cfg[n]!;
      return (priv === 3 && (cfg & LOCKED) === 0) || (cfg & NEEDS[access]) !== 0;
    }
    return priv === 3;
  }
}
