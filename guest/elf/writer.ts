/** Writes a static RV64 executable: program headers for a loader, sections and symbols for tools such as objdump. */
import { PAGESIZE, alignUp } from '../../src/base/index.js';
import type { Vaddr } from '../../src/base/index.js';
import * as F from './format.js';
import type { ElfSymbol } from './image.js';

/** A section as it goes into the file. */
export interface SectionImage {
  readonly name: string;
  readonly address: Vaddr;
  /** The bytes; empty for a section that is zeros only. */
  readonly bytes: Uint8Array;
  /** Bytes in memory. */
  readonly size: number;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** What goes into the file. */
export interface ElfContents {
  readonly entry: Vaddr;
  /** Whether the program has compressed instructions. */
  readonly compressed: boolean;
  /** By ascending address. Neighbours with equal permissions become one segment. */
  readonly sections: readonly SectionImage[];
  readonly symbols: readonly (ElfSymbol & { readonly section: string })[];
}

/** Sections of equal permissions, loaded together. */
interface Group {
  readonly sections: SectionImage[];
  /** Offset in the file, congruent to the address modulo the page size. */
  offset: number;
}

/** The file; the same contents always make the same bytes. */
export function writeElf(contents: ElfContents): Uint8Array {
  const groups = groupSections(contents.sections);
  let at = F.EHDR_SIZE + groups.length * F.PHDR_SIZE;
  for (const group of groups) {
    group.offset = alignUp(at, PAGESIZE);
    at = group.offset + fileSize(group);
  }
  const strings = new StringTable();
  const symbols = symbolTable(contents, strings);
  const names = new StringTable();
  const symbolsAt = alignUp(at, 8);
  const stringsAt = symbolsAt + symbols.bytes.length;
  for (const name of [...contents.sections.map((s) => s.name), '.symtab', '.strtab', '.shstrtab']) names.add(name);
  const namesAt = stringsAt + strings.length;
  const headersAt = alignUp(namesAt + names.length, 8);
  const count = contents.sections.length + 4;
  const file = new Uint8Array(headersAt + count * F.SHDR_SIZE);
  const view = new DataView(file.buffer);
  writeHeader(view, contents, groups.length, headersAt, count);
  groups.forEach((group, i) => writeSegment(view, file, F.EHDR_SIZE + i * F.PHDR_SIZE, group));
  file.set(symbols.bytes, symbolsAt);
  file.set(strings.bytes(), stringsAt);
  file.set(names.bytes(), namesAt);
  const section = sectionWriter(view, headersAt + F.SHDR_SIZE, names);
  for (const group of groups) for (const s of group.sections) {
    const flags = F.SHF_ALLOC | (s.writable ? F.SHF_WRITE : 0) | (s.executable ? F.SHF_EXECINSTR : 0);
    const type = s.bytes.length === 0 ? F.SHT_NOBITS : F.SHT_PROGBITS;
    section(s.name, type, flags, s.address, group.offset + s.address - startOf(group), s.size, 0, 0, 1, 0);
  }
  section('.symtab', F.SHT_SYMTAB, 0, 0, symbolsAt, symbols.bytes.length, count - 2, symbols.locals, 8, F.SYM_SIZE);
  section('.strtab', F.SHT_STRTAB, 0, 0, stringsAt, strings.length, 0, 0, 1, 0);
  section('.shstrtab', F.SHT_STRTAB, 0, 0, namesAt, names.length, 0, 0, 1, 0);
  return file;
}

const startOf = (group: Group): number => group.sections[0]?.address ?? 0;
const fileSize = (group: Group): number =>
  Math.max(0, ...group.sections.filter((s) => s.bytes.length > 0).map((s) => s.address + s.bytes.length - startOf(group)));
const memorySize = (group: Group): number => Math.max(0, ...group.sections.map((s) => s.address + s.size - startOf(group)));

function groupSections(sections: readonly SectionImage[]): Group[] {
  const groups: Group[] = [];
  for (const section of sections) {
    const last = groups.at(-1);
    const like = last?.sections[0];
    if (last !== undefined && like?.writable === section.writable && like.executable === section.executable) last.sections.push(section);
    else groups.push({ sections: [section], offset: 0 });
  }
  return groups;
}

function writeHeader(view: DataView, contents: ElfContents, segments: number, headersAt: number, sections: number): void {
  F.ELFMAG.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(F.EI_CLASS, F.ELFCLASS64);
  view.setUint8(F.EI_DATA, F.ELFDATA2LSB);
  view.setUint8(F.EI_VERSION, F.EV_CURRENT);
  view.setUint16(16, F.ET_EXEC, true);
  view.setUint16(18, F.EM_RISCV, true);
  view.setUint32(20, F.EV_CURRENT, true);
  view.setBigUint64(24, BigInt(contents.entry), true);
  view.setBigUint64(32, BigInt(F.EHDR_SIZE), true);
  view.setBigUint64(40, BigInt(headersAt), true);
  view.setUint32(48, contents.compressed ? F.EF_RISCV_RVC : 0, true);
  [F.EHDR_SIZE, F.PHDR_SIZE, segments, F.SHDR_SIZE, sections, sections - 1].forEach((value, i) => view.setUint16(52 + 2 * i, value, true));
}

function writeSegment(view: DataView, file: Uint8Array, at: number, group: Group): void {
  const first = group.sections[0];
  view.setUint32(at, F.PT_LOAD, true);
  view.setUint32(at + 4, F.PF_R | (first?.writable === true ? F.PF_W : 0) | (first?.executable === true ? F.PF_X : 0), true);
  const address = startOf(group);
  const values = [group.offset, address, address, fileSize(group), memorySize(group), PAGESIZE];
  values.forEach((value, i) => view.setBigUint64(at + 8 + 8 * i, BigInt(value), true));
  for (const section of group.sections) file.set(section.bytes, group.offset + section.address - address);
}

/** Local symbols first, as the format demands; `locals` is the index of the first global one. */
function symbolTable(contents: ElfContents, strings: StringTable): { bytes: Uint8Array; locals: number } {
  const local = contents.symbols.filter((s) => !s.global);
  const ordered = [...local, ...contents.symbols.filter((s) => s.global)];
  const bytes = new Uint8Array((ordered.length + 1) * F.SYM_SIZE);
  const view = new DataView(bytes.buffer);
  const types = { function: F.STT_FUNC, object: F.STT_OBJECT, label: F.STT_NOTYPE };
  for (const [i, symbol] of ordered.entries()) {
    const at = (i + 1) * F.SYM_SIZE;
    view.setUint32(at, strings.add(symbol.name), true);
    view.setUint8(at + 4, ((symbol.global ? F.STB_GLOBAL : F.STB_LOCAL) << 4) | types[symbol.kind]);
    const index = contents.sections.findIndex((section) => section.name === symbol.section);
    view.setUint16(at + 6, index < 0 ? F.SHN_ABS : index + 1, true);
    view.setBigUint64(at + 8, BigInt(symbol.address), true);
    view.setBigUint64(at + 16, BigInt(symbol.size), true);
  }
  return { bytes, locals: local.length + 1 };
}

type SectionWriter = (
  name: string, type: number, flags: number, address: number, offset: number, size: number, link: number, info: number, align: number, entry: number,
) => void;

function sectionWriter(view: DataView, start: number, names: StringTable): SectionWriter {
  let at = start;
  return (name, type, flags, address, offset, size, link, info, align, entry) => {
    view.setUint32(at, names.add(name), true);
    view.setUint32(at + 4, type, true);
    [flags, address, offset, size].forEach((value, i) => view.setBigUint64(at + 8 + 8 * i, BigInt(value), true));
    view.setUint32(at + 40, link, true);
    view.setUint32(at + 44, info, true);
    view.setBigUint64(at + 48, BigInt(align), true);
    view.setBigUint64(at + 56, BigInt(entry), true);
    at += F.SHDR_SIZE;
  };
}

/** Strings ended by zeros, each once, behind the empty one. */
class StringTable {
  readonly #offsets = new Map<string, number>([['', 0]]);
  length = 1;

  /** Offset of a string, which is added where it is new. */
  add(text: string): number {
    const known = this.#offsets.get(text);
    if (known !== undefined) return known;
    const offset = this.length;
    this.#offsets.set(text, offset);
    this.length += new TextEncoder().encode(text).length + 1;
    return offset;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.length);
    for (const [text, offset] of this.#offsets) bytes.set(new TextEncoder().encode(text), offset);
    return bytes;
  }
}
