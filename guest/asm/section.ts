/** Sections while they are being filled: fragments with offsets, whose bytes are known once every address is. */
import { Mistake } from './error.js';
import type { Place } from './error.js';
import type { Expression } from './expression.js';
import type { Operand } from './parser.js';
import type { Encoded } from './isa.js';

/** One machine instruction, its operands not yet encoded. */
export interface Instruction {
  readonly row: Encoded;
  /** Field values given by the mnemonic itself: .aq and .rl. */
  readonly implied: Readonly<Record<string, number>>;
  readonly operands: readonly Operand[];
}

/** A piece of a section. `dot` is the offset of the statement it belongs to. */
export type Fragment = Place & { readonly offset: number; readonly dot: number } &
  (
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    | { readonly kind: 'data'; readonly size: 1 | 2 | 4 | 8; readonly value: Expression }
    | { readonly kind: 'instruction'; readonly instruction: Instruction }
    | { readonly kind: 'word'; readonly bits: number; readonly size: 2 | 4 }
  );

/** A fragment without its place in the section. */
export type NewFragment =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'data'; readonly size: 1 | 2 | 4 | 8; readonly value: Expression }
  | { readonly kind: 'instruction'; readonly instruction: Instruction }
  | { readonly kind: 'word'; readonly bits: number; readonly size: 2 | 4 };

/** A section of a program. */
export type SectionName = '.text' | '.rodata' | '.data' | '.bss';
/** All sections, in the order of their addresses. */
export const sectionNames: readonly SectionName[] = ['.text', '.rodata', '.data', '.bss'];

/** Most bytes a section may have; .bss, which takes no room in the file, may have more. */
const LIMIT = 2 ** 26;
const BSS_LIMIT = 2 ** 36;

/** One section being filled. */
export class Section {
  readonly name: SectionName;
  readonly fragments: Fragment[] = [];
  /** Bytes so far. */
  size = 0;
  /** The strictest alignment asked for inside the section. */
  alignment = 1;
  /** Address of the first byte, once the sections are laid out. */
  base = 0;

  constructor(name: SectionName) {
    this.name = name;
  }

  /** Appends a fragment of `size` bytes. @throws Mistake where the section cannot hold it */
  add(fragment: NewFragment, size: number, place: Place, dot: number = this.size): void {
    if (this.name === '.bss') throw new Mistake('.bss holds no values; reserve room with .zero', place);
    this.#grow(size, LIMIT, place);
    this.fragments.push({ ...fragment, offset: this.size - size, dot, line: place.line, column: place.column });
  }

  /** Appends `count` bytes of `value`. @throws Mistake */
  fill(count: number, value: number, place: Place): void {
    if (this.name !== '.bss') return void (count > 0 && this.add({ kind: 'bytes', bytes: this.#checked(count, value, place) }, count, place));
    if (value !== 0) throw new Mistake('.bss holds no values; fill with 0', place);
    this.#grow(count, BSS_LIMIT, place);
  }

  /** Pads with `value`, in .text with no-operations where the padding is even, to a multiple of `alignment`. @throws Mistake */
  align(alignment: number, value: number | undefined, place: Place): void {
    this.alignment = Math.max(this.alignment, alignment);
    const count = (alignment - (this.size % alignment)) % alignment;
    if (this.name !== '.text' || value !== undefined || count % 2 !== 0) return this.fill(count, value ?? 0, place);
    if (count === 0) return;
    const bytes = this.#checked(count, 0, place);
    const view = new DataView(bytes.buffer);
    if (count % 4 !== 0) view.setUint16(0, 0x0001, true); // c.nop
    for (let at = count % 4; at < count; at += 4) view.setUint32(at, 0x0000_0013, true); // nop
    this.add({ kind: 'bytes', bytes }, count, place);
  }

  /** A block of bytes, not allocated before its size is known to fit. */
  #checked(count: number, value: number, place: Place): Uint8Array {
    if (this.size + count > LIMIT) throw new Mistake(`${this.name} grows beyond ${LIMIT} bytes`, place);
    return new Uint8Array(count).fill(value);
  }

  #grow(size: number, limit: number, place: Place): void {
    if (this.size + size > limit) throw new Mistake(`${this.name} grows beyond ${limit} bytes`, place);
    this.size += size;
  }
}
