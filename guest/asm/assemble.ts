/**
 * An RV64IMAC assembler in two passes, so that tests and examples can hold their guests inline.
 *
 * The language is that of the GNU assembler for RISC-V, without macros: labels and local labels, the sections .text,
 * .rodata, .data and .bss, data directives, pseudo-instructions, %hi, %lo, %pcrel_hi and %pcrel_lo. Nothing is relaxed:
 * `call` and `la` are always two instructions. Compressed instructions are made where they are written (c.*), or where
 * `.option rvc` asks for them. Encodings come from the hart's instruction table.
 */
import { PAGESIZE, USER_END, alignUp, asVaddr } from '../../src/base/index.js';
import type { Vaddr } from '../../src/base/index.js';
import type { ElfSymbol } from '../elf/image.js';
import { writeElf } from '../elf/writer.js';
import type { SectionImage } from '../elf/writer.js';
import { Collector } from './collect.js';
import { Emitter } from './emit.js';
import { AssemblerError, Mistake } from './error.js';
import { parse } from './parser.js';
import { sectionNames } from './section.js';
import type { Section, SectionName } from './section.js';
import type { SymbolTable } from './symbols.js';

/** How to assemble. */
export interface AssembleOptions {
  /** Address of the first section that has anything in it, a multiple of the page size; default 0x10000. */
  readonly base?: number;
  /** Name of the source in error messages; default `source`. */
  readonly name?: string;
  /** Name of the entry symbol; default `_start` where it is defined, else the beginning of .text. */
  readonly entry?: string;
  /** Whether to begin as after `.option rvc`; default false. */
  readonly rvc?: boolean;
}

/** An assembled program. */
export interface Assembled {
  /** The executable, as `readElf` reads it. */
  readonly elf: Uint8Array;
  readonly entry: Vaddr;
  /** Every label and constant but the local ones, by name. Addresses are exact; a constant beyond 2^53 is rounded. */
  readonly symbols: ReadonlyMap<string, number>;
  /** The sections that have anything in them, by ascending address. */
  readonly sections: readonly SectionImage[];
}

/**
 * Assembles a source into an executable.
 * @throws AssemblerError naming line and column of the first mistake
 * @throws RangeError where `options.base` is not a page's user address
 */
export function assemble(source: string, options: AssembleOptions = {}): Assembled {
  const base = options.base ?? 0x1_0000;
  if (!Number.isInteger(base) || base < PAGESIZE || base >= USER_END || base % PAGESIZE !== 0) {
    throw new RangeError(`base must be a user address above page 0 and a multiple of ${PAGESIZE}, not ${base}`);
  }
  try {
    return build(source, base, options);
  } catch (error) {
    if (error instanceof Mistake) throw new AssemblerError(options.name ?? 'source', error.message, error.place.line, error.place.column);
    throw error;
  }
}

function build(source: string, base: number, options: AssembleOptions): Assembled {
  const collector = new Collector(options.rvc ?? false);
  collector.run(parse(source));
  const { sections, symbols } = collector;
  for (const [name, place] of symbols.globals) if (!symbols.has(name)) throw new Mistake(`${name} is declared global but not defined`, place);
  layOut(sections, base);
  const emitter = new Emitter(sections, symbols);
  const images = sectionNames.map((name) => sections.get(name)!).filter((s) => s.size > 0).map((s) => imageOf(s, emitter.bytes(s)));
  const values = new Map<string, number>();
  for (const name of symbols.names()) if (!name.includes('#')) values.set(name, Number(emitter.symbol(name, { line: 1, column: 1 }).value));
  const entry = asVaddr(entryOf(options.entry, values, sections));
  const compressed = [...sections.values()].some((s) => s.fragments.some((f) => f.kind === 'word' || (f.kind === 'instruction' && f.instruction.row.length === 2)));
  const elf = writeElf({ entry, compressed, sections: images, symbols: elfSymbols(symbols, values, emitter) });
  return { elf, entry, symbols: values, sections: images };
}

/** Gives every section its address: each on pages of its own but .bss, which continues .data. */
function layOut(sections: ReadonlyMap<SectionName, Section>, base: number): void {
  let at = base;
  let previous: Section | undefined;
  for (const name of sectionNames) {
    const section = sections.get(name)!;
    const joined = name === '.bss' && previous?.name === '.data';
    section.base = alignUp(at, joined ? Math.max(16, section.alignment) : Math.max(PAGESIZE, section.alignment));
    if (section.size === 0) continue;
    at = section.base + section.size;
    previous = section;
  }
  if (at > USER_END) throw new Mistake('the program does not fit in user space', { line: 1, column: 1 });
}

const imageOf = (section: Section, bytes: Uint8Array): SectionImage => ({
  name: section.name,
  address: asVaddr(section.base),
  bytes,
  size: section.size,
  writable: section.name === '.data' || section.name === '.bss',
  executable: section.name === '.text',
});

function entryOf(wanted: string | undefined, values: ReadonlyMap<string, number>, sections: ReadonlyMap<SectionName, Section>): number {
  const text = sections.get('.text')!;
  if (text.size === 0) throw new Mistake('nothing to execute: .text is empty', { line: 1, column: 1 });
  const entry = values.get(wanted ?? '_start');
  if (entry === undefined && wanted !== undefined) throw new Mistake(`the entry ${wanted} is not defined`, { line: 1, column: 1 });
  return entry ?? text.base;
}

function elfSymbols(symbols: SymbolTable, values: ReadonlyMap<string, number>, emitter: Emitter): (ElfSymbol & { section: string })[] {
  const result: (ElfSymbol & { section: string })[] = [];
  for (const [name, address] of values) {
    const label = symbols.label(name);
    if (label === undefined || name.startsWith('.L')) continue;
    const size = symbols.sizes.get(name);
    const bytes = size === undefined ? 0 : Number(emitter.value(size.expression, size.dot));
    if (size !== undefined && bytes < 0) throw new Mistake(`the size of ${name} is negative`, size.expression);
    const kind = symbols.kinds.get(name) ?? 'label';
    result.push({ name, address: asVaddr(address), size: bytes, kind, global: symbols.globals.has(name), section: label.section });
  }
  return result;
}
