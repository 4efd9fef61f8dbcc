/**
 * The part of the ELF64 file format that a static RISC-V executable uses.
 *
 * Values are those of the System V ABI (gABI), "Object Files" and "Program Loading"; the machine number and flags are
 * those of the RISC-V ELF psABI. Everything is little-endian.
 */

/** The four bytes every ELF file begins with. */
export const ELFMAG: readonly [number, number, number, number] = [0x7f, 0x45, 0x4c, 0x46];
/** Index of the class byte in the identification. */
export const EI_CLASS = 4;
/** Index of the byte order in the identification. */
export const EI_DATA = 5;
/** Index of the file format version in the identification. */
export const EI_VERSION = 6;
/** 64-bit objects. */
export const ELFCLASS64 = 2;
/** Little-endian, two's complement. */
export const ELFDATA2LSB = 1;
/** The one version of the format. */
export const EV_CURRENT = 1;

/** A linked executable at fixed addresses. */
export const ET_EXEC = 2;
/** A shared object or a position independent executable. */
export const ET_DYN = 3;
/** Machine number of RISC-V. */
export const EM_RISCV = 243;
/** e_flags: the program uses compressed instructions. */
export const EF_RISCV_RVC = 1;
/** e_flags: the program was compiled for RV64E, whose calling convention has 16 registers. */
export const EF_RISCV_RVE = 8;

/** A segment to load. */
export const PT_LOAD = 1;
/** Path of the dynamic linker that shall load the program. */
export const PT_INTERP = 3;
/** Segment permission in p_flags: execute. */
export const PF_X = 1;
/** Segment permission: write. */
export const PF_W = 2;
/** Segment permission: read. */
export const PF_R = 4;

/** A section of code or data. */
export const SHT_PROGBITS = 1;
/** A symbol table. */
export const SHT_SYMTAB = 2;
/** A string table. */
export const SHT_STRTAB = 3;
/** A section that is zeros only and takes no room in the file. */
export const SHT_NOBITS = 8;
/** The section is writable. */
export const SHF_WRITE = 1;
/** The section is part of the loaded program. */
export const SHF_ALLOC = 2;
/** The section holds instructions. */
export const SHF_EXECINSTR = 4;
/** Section index of a symbol that is not defined in this file. */
export const SHN_UNDEF = 0;
/** First reserved section index (absolute and common symbols). */
export const SHN_LORESERVE = 0xff00;
/** Section index of a symbol that is a number, not an address. */
export const SHN_ABS = 0xfff1;

/** Binding of a symbol of this file only. */
export const STB_LOCAL = 0;
/** Binding of a symbol that other files may use. */
export const STB_GLOBAL = 1;
/** A symbol of no declared kind. */
export const STT_NOTYPE = 0;
/** A symbol that is data. */
export const STT_OBJECT = 1;
/** A symbol that is a function. */
export const STT_FUNC = 2;

/** Bytes of the file header. */
export const EHDR_SIZE = 64;
/** Bytes of a program header. */
export const PHDR_SIZE = 56;
/** Bytes of a section header. */
export const SHDR_SIZE = 64;
/** Bytes of a symbol table entry. */
export const SYM_SIZE = 24;
