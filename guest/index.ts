/** Guest tooling: what makes and reads the RV64 programs that run in the machine. */
export { assemble } from './asm/assemble.js';
export type { Assembled, AssembleOptions } from './asm/assemble.js';
export { AssemblerError } from './asm/error.js';
export { ElfError } from './elf/error.js';
export type { BareElfImage, BareElfSegment, ElfHeaders, ElfImage, ElfSegment, ElfSymbol, SymbolPlace } from './elf/image.js';
export { ET_DYN_BASE, readBareElf, readElf } from './elf/reader.js';
export { writeElf } from './elf/writer.js';
export type { ElfContents, SectionImage } from './elf/writer.js';
