/**
 * Reads and checks a static RV64 executable.
 *
 * Everything is checked before anything is returned, so that a loader can rely on the result: segments are sorted, lie
 * in the user half of Sv39 above page 0, share pages but no bytes, and the entry is executable. A position independent
 * program without an interpreter (`-static-pie`) relocates itself; it is placed where Linux places it. A program that
 * Linux could only run with a dynamic linker is refused with the reason.
 */
import { PADDR_END, PAGESIZE, USER_END, alignDown, asPaddr, asVaddr, hex } from '../../src/base/index.js';
import { readArchitecture } from './attributes.js';
import { ElfError } from './error.js';
import { ElfFields } from './fields.js';
import * as F from './format.js';
import type { BareElfImage, BareElfSegment, ElfHeaders, ElfImage, ElfSegment } from './image.js';
import { lazySymbols } from './symbols.js';

/**
 * Where a position independent program is placed: two thirds up user space (Linux ELF_ET_DYN_BASE), not randomised, so that runs are
 * alike.
 */
export const ET_DYN_BASE: number = alignDown((USER_END / 3) * 2, PAGESIZE);

/**
 * Reads an ELF64 little-endian RISC-V executable.
 * @param bytes the whole file; segment data are views of it
 * @throws ElfError with one line naming what is wrong and where
 */
export function readElf(bytes: Uint8Array): ElfImage {
  const file = new ElfFields(bytes);
  checkIdentity(file);
  const header = readHeader(file);
  const bias = header.positionIndependent ? placeImage(file, header.phoff, header.phnum) : 0n;
  const segments = readSegments(file, header.phoff, header.phnum, (...from) => readSegment(...from, bias));
  checkOverlap(segments);
  const entry = checkEntry(BigInt.asUintN(64, header.entry + bias), segments);
  const index = lazySymbols(file, header.shoff, header.shnum, Number(bias), segments);
  return {
    entry: asVaddr(entry),
    segments,
    headers: placeHeaders(segments, header.phoff, header.phnum),
    get symbols() {
      return index().symbols;
    },
    symbol: (name) => index().symbol(name),
    symbolAt: (address) => index().symbolAt(address),
  };
}

/**
 * Reads an executable that runs without an operating system: segments lie where they are loaded, at their physical
 * addresses, may share pages, and may lie anywhere that physical memory can.
 * @throws ElfError with one line naming what is wrong and where
 */
export function readBareElf(bytes: Uint8Array): BareElfImage {
  const file = new ElfFields(bytes);
  checkIdentity(file);
  const header = readHeader(file);
  const segments = readSegments(file, header.phoff, header.phnum, readPhysicalSegment);
  if (header.positionIndependent) throw new ElfError('not a fixed-address executable: position independent (ET_DYN); link it with -static -no-pie');
  if (header.entry >= BigInt(PADDR_END)) throw new ElfError(`the entry point ${hex(header.entry)} is no physical address`);
  if ((header.entry & 1n) !== 0n) throw new ElfError(`the entry point ${hex(header.entry)} is odd; instructions start at even addresses`);
  const index = lazySymbols(file, header.shoff, header.shnum, 0, []);
  return { entry: asPaddr(Number(header.entry)), segments, architecture: readArchitecture(file, header.shoff, header.shnum), symbol: (name) => index().symbol(name) };
}

function checkIdentity(file: ElfFields): void {
  const { bytes } = file;
  if (bytes.length < 4 || F.ELFMAG.some((byte, i) => bytes[i] !== byte)) {
    const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new ElfError(`not an ELF file: it begins with ${start === '' ? 'nothing (empty file)' : start}, not 7f 45 4c 46`);
  }
  file.slice('the file header', 0n, BigInt(F.EHDR_SIZE));
  const [elfClass, order, version] = [file.u8(F.EI_CLASS), file.u8(F.EI_DATA), file.u8(F.EI_VERSION)];
  if (elfClass !== F.ELFCLASS64) throw new ElfError(`not a 64-bit ELF file: class ${elfClass}${elfClass === 1 ? ' (32-bit)' : ''} at byte 4`);
  if (order !== F.ELFDATA2LSB) throw new ElfError(`not little-endian: data encoding ${order}${order === 2 ? ' (big-endian)' : ''} at byte 5`);
  if (version !== F.EV_CURRENT) throw new ElfError(`unknown ELF version ${version} at byte 6`);
}

interface Header {
  positionIndependent: boolean;
  entry: bigint;
  phoff: bigint;
  phnum: number;
  shoff: bigint;
  shnum: number;
}

function readHeader(file: ElfFields): Header {
  const [type, machine, flags] = [file.u16(16), file.u16(18), file.u32(48)];
  if (machine !== F.EM_RISCV) throw new ElfError(`not a RISC-V program: machine ${machine}${machineName(machine)}, expected ${F.EM_RISCV}`);
  if ((flags & F.EF_RISCV_RVE) !== 0) throw new ElfError(`uses the RV64E calling convention (e_flags ${hex(flags)}), which this machine does not run`);
  if (type !== F.ET_EXEC && type !== F.ET_DYN) {
    const name = type === 1 ? ' (relocatable object; link it)' : type === 4 ? ' (core dump)' : '';
    throw new ElfError(`not an executable: file type ${type}${name}`);
  }
  const phentsize = file.u16(54);
  const shnum = file.u16(60);
  const positionIndependent = type === F.ET_DYN;
  const header = { positionIndependent, entry: file.u64(24), phoff: file.u64(32), phnum: file.u16(56), shoff: file.u64(40), shnum };
  if (header.phnum === 0) throw new ElfError('nothing to load: the file has no program headers');
  if (phentsize !== F.PHDR_SIZE) throw new ElfError(`program headers of ${phentsize} bytes, expected ${F.PHDR_SIZE}`);
  if (shnum !== 0 && file.u16(58) !== F.SHDR_SIZE) throw new ElfError(`section headers of ${file.u16(58)} bytes, expected ${F.SHDR_SIZE}`);
  return header;
}

const machineName = (machine: number): string => {
  const names = new Map([[2, 'SPARC'], [3, 'x86'], [8, 'MIPS'], [21, 'PowerPC64'], [40, 'Arm'], [43, 'SPARC V9'], [62, 'x86-64'], [183, 'AArch64']]);
  const name = names.get(machine);
  return name === undefined ? '' : ` (${name})`;
};

/** What is added to the addresses of a position independent program: the base, kept to the largest alignment a segment asks for. */
function placeImage(file: ElfFields, phoff: bigint, phnum: number): bigint {
  const at = programHeaders(file, phoff, phnum);
  let alignment = BigInt(PAGESIZE);
  for (let i = 0; i < phnum; i++) {
    const header = at + i * F.PHDR_SIZE;
    const align = file.u64(header + 48);
    if (file.u32(header) === F.PT_LOAD && align > alignment && align <= BigInt(ET_DYN_BASE)) alignment = align;
  }
  const base = BigInt(ET_DYN_BASE);
  return base - (base % alignment);
}

const programHeaders = (file: ElfFields, phoff: bigint, phnum: number): number =>
  file.table(`the table of ${phnum} program headers`, phoff, phnum, F.PHDR_SIZE);

function readSegments<T extends { address: number }>(
  file: ElfFields, phoff: bigint, phnum: number, read: (file: ElfFields, header: number, what: string) => T | undefined,
): T[] {
  const at = programHeaders(file, phoff, phnum);
  const segments: T[] = [];
  for (let i = 0; i < phnum; i++) {
    const header = at + i * F.PHDR_SIZE;
    const type = file.u32(header);
    if (type === F.PT_INTERP) {
      const name = file.slice(`program header ${i} (interpreter)`, file.u64(header + 8), file.u64(header + 32));
      throw new ElfError(`dynamically linked: asks for the interpreter ${printable(name)}; link it with -static`, true);
    }
    if (type === F.PT_LOAD) {
      const segment = read(file, header, `segment ${i}`);
      if (segment !== undefined) segments.push(segment);
    }
  }
  if (segments.length === 0) throw new ElfError('nothing to load: no program header is a loadable segment with a size');
  return segments.sort((a, b) => a.address - b.address);
}

/** One PT_LOAD header; undefined where it loads nothing. */
function readSegment(file: ElfFields, header: number, what: string, bias: bigint): ElfSegment | undefined {
  const flags = file.u32(header + 4);
  const [offset, address] = [file.u64(header + 8), file.u64(header + 16) + bias];
  const [fileSize, size, align] = [file.u64(header + 32), file.u64(header + 40), file.u64(header + 48)];
  if (fileSize > size) throw new ElfError(`${what} has more bytes in the file (${hex(fileSize)}) than in memory (${hex(size)})`);
  if ((align & (align - 1n)) !== 0n) throw new ElfError(`${what} has alignment ${hex(align)}, not a power of two`);
  if (size === 0n) return undefined;
  if (address + size > 1n << 64n) throw new ElfError(`${what} wraps around the address space: ${hex(size)} bytes at ${hex(address)}`);
  if (address + size > BigInt(USER_END)) {
    throw new ElfError(`${what} lies outside user space: ${hex(size)} bytes at ${hex(address)}, user addresses end at ${hex(USER_END)}`);
  }
  if (address < BigInt(PAGESIZE)) throw new ElfError(`${what} at ${hex(address)} covers page 0, which stays unmapped so that null pointers fault`);
  const data = file.slice(what, offset, fileSize);
  return {
    address: asVaddr(Number(address)),
    size: Number(size),
    data,
    offset: Number(offset),
    readable: (flags & F.PF_R) !== 0,
    writable: (flags & F.PF_W) !== 0,
    executable: (flags & F.PF_X) !== 0,
  };
}

/** One PT_LOAD header of a bare program; undefined where it loads nothing. */
function readPhysicalSegment(file: ElfFields, header: number, what: string): BareElfSegment | undefined {
  const [offset, address, fileSize, size] = [file.u64(header + 8), file.u64(header + 24), file.u64(header + 32), file.u64(header + 40)];
  if (fileSize > size) throw new ElfError(`${what} has more bytes in the file (${hex(fileSize)}) than in memory (${hex(size)})`);
  if (size === 0n) return undefined;
  if (address + size > BigInt(PADDR_END)) throw new ElfError(`${what} lies outside physical memory: ${hex(size)} bytes at ${hex(address)}`);
  return { address: asPaddr(Number(address)), size: Number(size), data: file.slice(what, offset, fileSize) };
}

/** The interpreter's path as it may safely be printed. */
const printable = (bytes: Uint8Array): string =>
  [...bytes.subarray(0, 60)].filter((byte) => byte !== 0).map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?')).join('');

const describe = (s: ElfSegment): string => `[${hex(s.address)}, ${hex(s.address + s.size)})`;

function checkOverlap(segments: readonly ElfSegment[]): void {
  for (const [i, segment] of segments.entries()) {
    const previous = segments[i - 1];
    if (previous === undefined) continue;
    if (previous.address + previous.size > segment.address) throw new ElfError(`segments overlap: ${describe(previous)} and ${describe(segment)}`);
  }
}

function checkEntry(entry: bigint, segments: readonly ElfSegment[]): number {
  const home = segments.find((s) => entry >= BigInt(s.address) && entry < BigInt(s.address + s.size));
  if (home === undefined) throw new ElfError(`the entry point ${hex(entry)} lies in no segment`);
  if (!home.executable) throw new ElfError(`the entry point ${hex(entry)} lies in a segment that is not executable: ${describe(home)}`);
  if ((entry & 1n) !== 0n) throw new ElfError(`the entry point ${hex(entry)} is odd; instructions start at even addresses`);
  return Number(entry);
}

function placeHeaders(segments: readonly ElfSegment[], phoff: bigint, count: number): ElfHeaders {
  const [start, end] = [Number(phoff), Number(phoff) + count * F.PHDR_SIZE];
  const home = segments.find((s) => s.offset <= start && end <= s.offset + s.data.length);
  return { address: home && asVaddr(home.address + start - home.offset), entrySize: F.PHDR_SIZE, count };
}
