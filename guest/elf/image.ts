/** What a reader of executables learns from a file. */
import type { Paddr, Vaddr } from '../../src/base/index.js';

/** One loadable segment. Addresses are user addresses; [address, address + size) overlaps no other segment, but may share a page with one. */
export interface ElfSegment {
  /** First byte, not necessarily page aligned. */
  readonly address: Vaddr;
  /** Bytes in memory, at least 1 and at least data.length; the rest is zero. */
  readonly size: number;
  /** The bytes that come from the file: a view of the image, not a copy. */
  readonly data: Uint8Array;
  /** Offset of `data` in the file. */
  readonly offset: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** A named address of the program. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: Vaddr;
  /** Bytes, 0 where the symbol table does not say. */
  readonly size: number;
  readonly kind: 'function' | 'object' | 'label';
  readonly global: boolean;
}

/** Where the program headers lie, for the auxiliary vector (AT_PHDR, AT_PHENT, AT_PHNUM). */
export interface ElfHeaders {
  /** Address in the loaded image; undefined where no segment loads them. */
  readonly address: Vaddr | undefined;
  readonly entrySize: number;
  readonly count: number;
}

/** A position in the program as reports print it. */
export interface SymbolPlace {
  readonly name: string;
  /** Bytes from the symbol's address. */
  readonly offset: number;
}

/** A checked static RV64 executable. */
export interface ElfImage {
  readonly entry: Vaddr;
  /** Loadable segments, in ascending order. */
  readonly segments: readonly ElfSegment[];
  readonly headers: ElfHeaders;
  /** Named addresses, in ascending order; empty for a stripped program. */
  readonly symbols: readonly ElfSymbol[];
  /** Address of a symbol, undefined where the program has none of that name. A global symbol wins over a local one. */
  symbol(name: string): Vaddr | undefined;
  /** The symbol that covers `address`, or undefined: outside every segment, or before the first symbol. */
  symbolAt(address: number): SymbolPlace | undefined;
}

/** One segment of a program that runs without an operating system. */
export interface BareElfSegment {
  /** Physical address of its first byte. */
  readonly address: Paddr;
  /** Bytes in memory, at least 1 and at least data.length; the rest is zero. */
  readonly size: number;
  /** The bytes that come from the file: a view of the image, not a copy. */
  readonly data: Uint8Array;
}

/** A checked RV64 executable that runs without an operating system. */
export interface BareElfImage {
  readonly entry: Paddr;
  /** In ascending order of address. */
  readonly segments: readonly BareElfSegment[];
  /** What the program was built for, such as `rv64i2p1_m2p0`, where the file says so. */
  readonly architecture: string | undefined;
  /** Address of a symbol, undefined where the program has none of that name. */
  symbol(name: string): number | undefined;
}
