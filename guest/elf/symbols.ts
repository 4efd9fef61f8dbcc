/** The symbol table of an executable: reading it, and finding the symbol that covers an address. */
import { USER_END, asVaddr, once } from '../../src/base/index.js';
import type { Vaddr } from '../../src/base/index.js';
import { ElfError } from './error.js';
import type { ElfFields } from './fields.js';
import * as F from './format.js';
import type { ElfSegment, ElfSymbol, SymbolPlace } from './image.js';

/** Where one symbol table and its names lie in the file. */
interface SymbolTable {
  readonly start: number;
  readonly count: number;
  readonly names: Uint8Array;
}

/**
 * Finds every symbol table; the symbols themselves are read when somebody asks for one, since most programs run without.
 * @param shnum 0 where the file has no section headers
 * @throws ElfError where a table or its strings lie outside the file
 */
function findTables(file: ElfFields, shoff: bigint, shnum: number): SymbolTable[] {
  if (shnum === 0) return [];
  const headers = file.table(`the table of ${shnum} section headers`, shoff, shnum, F.SHDR_SIZE);
  const tables: SymbolTable[] = [];
  for (let i = 0; i < shnum; i++) {
    if (file.u32(headers + i * F.SHDR_SIZE + 4) === F.SHT_SYMTAB) tables.push(findTable(file, headers, shnum, i));
  }
  return tables;
}

function findTable(file: ElfFields, headers: number, shnum: number, section: number): SymbolTable {
  const what = `the symbol table (section ${section})`;
  const header = headers + section * F.SHDR_SIZE;
  const entrySize = file.u64(header + 56);
  if (entrySize !== BigInt(F.SYM_SIZE)) throw new ElfError(`${what} has entries of ${entrySize} bytes, expected ${F.SYM_SIZE}`);
  const strings = file.u32(header + 40);
  if (strings >= shnum) throw new ElfError(`${what} names section ${strings} as its strings, the file has ${shnum} sections`);
  const stringHeader = headers + strings * F.SHDR_SIZE;
  if (file.u32(stringHeader + 4) !== F.SHT_STRTAB) throw new ElfError(`${what} names section ${strings} as its strings, which is no string table`);
  const names = file.slice(`the strings of ${what}`, file.u64(stringHeader + 24), file.u64(stringHeader + 32));
  const bytes = file.slice(what, file.u64(header + 24), file.u64(header + 32));
  return { start: bytes.byteOffset - file.bytes.byteOffset, count: Math.floor(bytes.length / F.SYM_SIZE), names };
}

/**
 * The defined, named symbols of tables. Mapping symbols ($x, $d) and compiler-made labels (.L) name nothing a reader knows and are left
 * out; so are absolute symbols, and those whose name lies outside the strings.
 * @param bias what is added to every address
 */
function readTables(file: ElfFields, tables: readonly SymbolTable[], bias: number): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  for (const { start, count, names } of tables) {
    for (let i = 0; i < count; i++) {
      const symbol = readSymbol(file, start + i * F.SYM_SIZE, names, bias);
      if (symbol !== undefined) symbols.push(symbol);
    }
  }
  return symbols;
}

function readSymbol(file: ElfFields, at: number, names: Uint8Array, bias: number): ElfSymbol | undefined {
  const [nameAt, info, section] = [file.u32(at), file.u8(at + 4), file.u16(at + 6)];
  const type = info & 15;
  if (nameAt >= names.length || section === F.SHN_UNDEF || section >= F.SHN_LORESERVE || type > F.STT_FUNC) return undefined;
  const [address, size] = [file.u64(at + 8) + BigInt(bias), file.u64(at + 16)];
  const name = address >= BigInt(USER_END) ? '' : stringAt(names, nameAt);
  if (name === '' || name.startsWith('$') || name.startsWith('.L')) return undefined;
  return {
    name,
    address: asVaddr(Number(address)),
    size: Number(size < BigInt(USER_END) ? size : 0n),
    kind: type === F.STT_FUNC ? 'function' : type === F.STT_OBJECT ? 'object' : 'label',
    global: info >> 4 !== F.STB_LOCAL,
  };
}

const decoder = once(() => new TextDecoder());

function stringAt(names: Uint8Array, at: number): string {
  const end = names.indexOf(0, at);
  return decoder().decode(names.subarray(at, end < 0 ? names.length : end));
}

/** Finds symbols by name and by address. */
export class SymbolIndex {
  /** In ascending order; of several at one address the most telling comes last: functions, then globals. */
  readonly symbols: readonly ElfSymbol[];
  readonly #segments: readonly ElfSegment[];
  /** By position: the highest end of all symbols with a size up to there, which bounds the search backwards. */
  readonly #reach: Float64Array;

  constructor(symbols: readonly ElfSymbol[], segments: readonly ElfSegment[]) {
    const rank = (s: ElfSymbol): number => (s.kind === 'label' ? 0 : 2) + (s.global ? 1 : 0);
    this.symbols = [...symbols].sort((a, b) => a.address - b.address || rank(a) - rank(b));
    this.#segments = segments;
    this.#reach = new Float64Array(this.symbols.length);
    let reach = 0;
    for (const [i, s] of this.symbols.entries()) this.#reach[i] = reach = Math.max(reach, s.address + s.size);
  }

  /** The address of a name; of several symbols of that name, of the first global one, else of the first. */
  symbol(name: string): Vaddr | undefined {
    const all = this.symbols.filter((s) => s.name === name);
    return (all.find((s) => s.global) ?? all[0])?.address;
  }

  /** The innermost symbol whose size covers `address`; where none does, the last label without a size before it. */
  symbolAt(address: number): SymbolPlace | undefined {
    const segment = this.#segments.find((s) => address >= s.address && address < s.address + s.size);
    if (segment === undefined) return undefined;
    let label: ElfSymbol | undefined;
    for (let i = this.#last(address); i >= 0; i--) {
      const s = this.symbols[i];
      if (s === undefined || s.address < segment.address) break;
      if (address < s.address + s.size) return { name: s.name, offset: address - s.address };
      if (s.size === 0) label ??= s;
      if (this.#reach[i]! <= address && label !== undefined) break;
    }
    return label && { name: label.name, offset: address - label.address };
  }

  /** Position of the last symbol at or below `address`, -1 for none. */
  #last(address: number): number {
    let [low, high] = [0, this.symbols.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.symbols[middle]?.address ?? Infinity) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}

/**
 * The symbols of a file, read at the first question; none before.
 * @param segments outside of which no symbol covers an address
 * @throws ElfError where a symbol table lies outside the file
 */
export function lazySymbols(
  file: ElfFields, shoff: bigint, shnum: number, bias: number, segments: readonly ElfSegment[],
): () => SymbolIndex {
  const tables = findTables(file, shoff, shnum);
  let index: SymbolIndex | undefined;
  return () => (index ??= new SymbolIndex(readTables(file, tables, bias), segments));
}
