/**
 * Physical memory protection: 16 entries with a granularity of 4 bytes.
 * [RISC-V privileged ISA, Physical Memory Protection]
 *
 *      7   6 5   4 3   2   1   0      pmpcfg, one byte an entry; pmpaddr holds bits 55:2 of an address
 *     +---+-----+-----+---+---+---+
 *     | L |  0  |  A  | X | W | R |   A: 0 OFF, 1 TOR, 2 NA4, 3 NAPOT
 *     +---+-----+-----+---+---+---+
 */
import { PADDR_END, PAGESIZE, type Pfn } from '../base/index.js';
import { type Access, EXEC, type Mmu, PRIV_M, PRIV_S, type Priv, READ, WRITE } from '../../mmu/index.js';

/** Entries there are. */
export const PMP_ENTRIES = 16;

const R = 0x01;
const W = 0x02;
const A_SHIFT = 3;
const L = 0x80;
/** All bits of an entry's configuration but the two that are always 0. */
const CFG = 0x9f;
const TOR = 1;
const NA4 = 2;
const NAPOT = 3;
const ADDRESS_MASK: bigint = (1n << 54n) - 1n;
const BYTES_IN_CSR = 8;
const PTE_BYTES = 8;

/** The protection of one hart. Addresses are bytes; those above 2^53 are rounded, which no physical address reaches. */
export class Pmp {
  readonly #cfg: Uint8Array = new Uint8Array(PMP_ENTRIES);
  readonly #address: bigint[] = Array.from({ length: PMP_ENTRIES }, () => 0n);
  /** First byte and end of what each entry matches; equal where it matches nothing. */
  readonly #first: Float64Array = new Float64Array(PMP_ENTRIES);
  readonly #end: Float64Array = new Float64Array(PMP_ENTRIES);

  readonly #changed: () => void;

  /** `changed`: called after anything has changed. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  /** Makes an MMU obey what the registers say now. What its TLB has of page tables stays until the next fence. */
  guard(mmu: Mmu): void {
    const { open } = this;
    mmu.protection = open ? undefined : this;
    mmu.walker.protection = open ? undefined : { allows: (pa, store) => this.allows(pa, PTE_BYTES, store ? WRITE : READ, PRIV_S) };
  }

  /** pmpcfg of entries `first` to `first` + 7. */
  readCfg(first: number): bigint {
    let value = 0n;
    for (let n = BYTES_IN_CSR - 1; n >= 0; n--) value = (value << 8n) | BigInt(this.#cfg[first + n]!);
    return value;
  }

  /** Writes the configuration of eight entries; locked ones keep theirs. W without R is reserved and becomes no permission at all. */
  writeCfg(first: number, value: bigint): void {
    for (let n = 0; n < BYTES_IN_CSR; n++) {
      if ((this.#cfg[first + n]! & L) !== 0) continue;
      const cfg = Number((value >> BigInt(8 * n)) & BigInt(CFG));
      this.#cfg[first + n] = (cfg & (R | W)) === W ? cfg & ~7 : cfg;
    }
    this.#update();
  }

  /** pmpaddr of an entry, 0 to 15: address bits 55:2. */
  readAddress(entry: number): bigint {
    return this.#address[entry]!;
  }

  /** Writes pmpaddr, except of a locked entry, and of one below a locked TOR entry. */
  writeAddress(entry: number, value: bigint): void {
    const above = this.#cfg[entry + 1] ?? 0;
    if ((this.#cfg[entry]! & L) !== 0 || ((above & L) !== 0 && ((above >> A_SHIFT) & 3) === TOR)) return;
    this.#address[entry] = value & ADDRESS_MASK;
    this.#update();
  }

  /** Whether nothing is forbidden to anybody: the lowest entry that matches anything matches everything and grants it. */
  get open(): boolean {
    const entry = this.#cfg.findIndex((_, n) => this.#first[n] !== this.#end[n]);
    return entry >= 0 && this.#first[entry] === 0 && this.#end[entry]! >= PADDR_END && (this.#cfg[entry]! & 7) === 7;
  }

  /**
   * Whether `size` bytes at physical address `pa` may be accessed. The lowest entry that matches any of them decides, and it must
   * match all; where none does, machine mode may.
   */
  allows(pa: number, size: number, access: Access, priv: Priv): boolean {
    const end = pa + size;
    for (let n = 0; n < PMP_ENTRIES; n++) {
      if (end <= this.#first[n]! || pa >= this.#end[n]!) continue;
      if (pa < this.#first[n]! || end > this.#end[n]!) return false;
      const cfg = this.#cfg[n]!;
      return (priv === PRIV_M && (cfg & L) === 0) || (cfg & bitOf(access)) !== 0;
    }
    return priv === PRIV_M;
  }

  /** Whether every byte of a frame may be accessed, by accesses of any size. */
  allowsPage(pfn: Pfn, access: Access, priv: Priv): boolean {
    return this.allows(pfn * PAGESIZE, PAGESIZE, access, priv);
  }

  #update(): void {
    for (let n = 0; n < PMP_ENTRIES; n++) this.#place(n);
    this.#changed();
  }

  #place(n: number): void {
    const address = this.#address[n]!;
    const below = this.#address[n - 1] ?? 0n;
    let first = 0n;
    let end = 0n;
    switch ((this.#cfg[n]! >> A_SHIFT) & 3) {
      case TOR:
        [first, end] = below < address ? [below << 2n, address << 2n] : [0n, 0n];
        break;
      case NA4:
        [first, end] = [address << 2n, (address + 1n) << 2n];
        break;
      case NAPOT: {
        // The lowest 0 and the ones below it say how large: none is 8 bytes.
        const ones = address ^ (address + 1n);
        first = (address & ~ones) << 2n;
        end = first + ((ones + 1n) << 2n);
        break;
      }
    }
    this.#first[n] = Number(first);
    this.#end[n] = Number(end);
  }
}

const bitOf = (access: Access): number => (access === READ ? R : access === EXEC ? 4 : W);
