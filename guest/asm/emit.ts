/** Second pass: with every address known, fragments become bytes. */
import { Mistake } from './error.js';
import type { Place } from './error.js';
import { evaluate } from './expression.js';
import type { Expression, Value } from './expression.js';
import { encodeInstruction } from './operands.js';
import type { EncodingScope } from './operands.js';
import type { Fragment, Section, SectionName } from './section.js';
import type { SymbolTable } from './symbols.js';

const absolute = (value: bigint): Value => ({ section: undefined, value });

/** Emits the sections of one program. */
export class Emitter {
  readonly #sections: ReadonlyMap<SectionName, Section>;
  readonly #symbols: SymbolTable;
  /** Distance that the auipc at each address adds, for %pcrel_lo. */
  readonly #pcrel = new Map<bigint, bigint>();

  /** @throws Mistake */
  constructor(sections: ReadonlyMap<SectionName, Section>, symbols: SymbolTable) {
    this.#sections = sections;
    this.#symbols = symbols;
    for (const section of sections.values()) for (const fragment of section.fragments) this.#recordPcrel(section, fragment);
  }

  /** The absolute value of a symbol. @throws Mistake */
  symbol(name: string, place: Place): Value {
    const value = this.#symbols.value(name, place, this.#scope(0n, 0n));
    return this.#absolute(value);
  }

  /** The bytes of a section. @throws Mistake */
  bytes(section: Section): Uint8Array {
    const bytes = new Uint8Array(section.name === '.bss' ? 0 : section.size);
    const view = new DataView(bytes.buffer);
    for (const fragment of section.fragments) this.#write(view, section, fragment);
    return bytes;
  }

  /** The value of an expression at an offset of a section. @throws Mistake */
  value(e: Expression, dot: Value): bigint {
    const at = this.#absolute(dot).value;
    return evaluate(e, this.#scope(at, at)).value;
  }

  #absolute({ section, value }: Value): Value {
    return absolute(section === undefined ? value : value + BigInt(this.#sections.get(section as SectionName)?.base ?? 0));
  }

  #scope(dot: bigint, here: bigint): EncodingScope {
    return {
      symbol: (name, place) => this.symbol(name, place), dot: absolute(dot), here: absolute(here),
      pcrelAt: (address) => this.#pcrel.get(address),
    };
  }

  #scopeOf(section: Section, fragment: Fragment): EncodingScope {
    return this.#scope(BigInt(section.base + fragment.dot), BigInt(section.base + fragment.offset));
  }

  #recordPcrel(section: Section, fragment: Fragment): void {
    if (fragment.kind !== 'instruction') return;
    for (const operand of fragment.instruction.operands) {
      const e = operand.kind === 'expression' ? operand.expression : undefined;
      if (e?.kind !== 'part' || e.part !== 'pcrel_hi') continue;
      const scope = this.#scopeOf(section, fragment);
      this.#pcrel.set(scope.here.value, evaluate(e.of, scope).value - scope.here.value);
    }
  }

  #write(view: DataView, section: Section, fragment: Fragment): void {
    const { offset } = fragment;
    switch (fragment.kind) {
      case 'bytes':
        new Uint8Array(view.buffer).set(fragment.bytes, offset);
        break;
      case 'data':
        this.#data(view, fragment.value, fragment.size, offset, this.#scopeOf(section, fragment));
        break;
      case 'word':
        if (fragment.size === 2) view.setUint16(offset, fragment.bits, true);
        else view.setUint32(offset, fragment.bits, true);
        break;
      case 'instruction': {
        const bits = encodeInstruction(fragment.instruction, this.#scopeOf(section, fragment));
        if (fragment.instruction.row.length === 2) view.setUint16(offset, bits, true);
        else view.setUint32(offset, bits, true);
      }
    }
  }

  #data(view: DataView, e: Expression, size: 1 | 2 | 4 | 8, offset: number, scope: EncodingScope): void {
    const { value } = evaluate(e, scope);
    const bits = BigInt(size * 8);
    if (value < -(1n << (bits - 1n)) || value >= 1n << bits) throw new Mistake(`${value} does not fit in ${size === 1 ? 'a byte' : `${size} bytes`}`, e);
    for (let i = 0; i < size; i++) view.setUint8(offset + i, Number((value >> BigInt(8 * i)) & 255n));
  }
}
