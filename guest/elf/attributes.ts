/** The .riscv.attributes section: which instruction sets a program was built for. [RISC-V ELF psABI, Attributes] */
import type { ElfFields } from './fields.js';
import * as F from './format.js';

const SHT_RISCV_ATTRIBUTES = 0x7000_0003;
const TAG_RISCV_ARCH = 5;
/** 'A', length of the subsection, "riscv\0", tag of the file's attributes, their length. */
const FIRST_ATTRIBUTE: number = 1 + 4 + 6 + 1 + 4;

/**
 * The architecture string, such as `rv64i2p1_m2p0_zba1p0`; undefined where the file has none that can be read.
 * @throws ElfError where a section lies outside the file
 */
export function readArchitecture(file: ElfFields, shoff: bigint, shnum: number): string | undefined {
  if (shnum === 0) return undefined;
  const headers = file.table(`the table of ${shnum} section headers`, shoff, shnum, F.SHDR_SIZE);
  for (let i = 0; i < shnum; i++) {
    const section = headers + i * F.SHDR_SIZE;
    if (file.u32(section + 4) !== SHT_RISCV_ATTRIBUTES) continue;
    return architectureIn(file.slice('the RISC-V attributes', file.u64(section + 24), file.u64(section + 32)));
  }
  return undefined;
}

/** Attributes with even tags are numbers, those with odd tags texts that end with a zero. */
function architectureIn(bytes: Uint8Array): string | undefined {
  let at = FIRST_ATTRIBUTE;
  while (at < bytes.length) {
    const tag = bytes[at++]!;
    let end = at;
    if (tag % 2 === 0) while ((bytes[end] ?? 0) >= 0x80) end++;
    else while (end < bytes.length && bytes[end] !== 0) end++;
    if (tag === TAG_RISCV_ARCH) return new TextDecoder().decode(bytes.subarray(at, end));
    at = end + 1;
  }
  return undefined;
}
