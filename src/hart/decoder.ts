/**
 * The decoder: a function of the interpreter's module, generated from the encodings of the instruction table. It writes a decoded
 * instruction where generated code wants it.
 *
 *     block done
 *       block form 0 .. form n      the operands lie in the word in one of so many ways: each is taken apart once
 *         block illegal
 *           block group 0 .. n      the rows with the same opcode, one after the other
 *             br_table
 */
import { FunctionBody, type Label, type ModuleWriter, Op, ValueType } from '../wasm/index.js';
import { type Form, formOf, FULL_GROUPS, meaningOf, type Row, rowGroups } from './decode.js';
import type { DecoderFunctions } from './emitter.js';
import { Handler, handlerOf } from './handlers.js';
import type { Field } from './isa/index.js';
import { Decoded, DECODED_SHIFT, PAGE_HOST, State } from './layout.js';
import { Script } from './script.js';
import { load, value, type Word, word } from './value.js';

const { I32 } = ValueType;
/** Offset of the last parcel of a page. */
const LAST_PARCEL = 4094;

/** What tells forms apart. */
const keyOf = (form: Form): string => JSON.stringify(form, (name, part: unknown) => (['name', 'scale', 'excluded'].includes(name) ? undefined : part));

/** Adds the functions to a module. */
export function addDecoder(module: ModuleWriter): DecoderFunctions {
  const decode = module.addFunction(new DecodeFunction().write(), 'decode');
  return { decode, decodeAt: module.addFunction(decodeAt(decode)), decodeStraddling: module.addFunction(decodeStraddling(decode)) };
}

class DecodeFunction {
  readonly #s = new Script(new FunctionBody([I32, I32], [I32]));
  readonly #ip: Word = this.#s.parameter(0);
  readonly #bits: Word = this.#s.parameter(1);
  readonly #handler = this.#s.variable(I32);
  /** Forms, by what they are, and their labels. */
  readonly #forms = new Map<string, { readonly form: Form; label: Label }>();

  write(): FunctionBody {
    const s = this.#s;
    for (const form of rowGroups().flat().map(formOf)) this.#forms.set(keyOf(form), { form, label: 0 });
    s.block((done) => {
      const forms = [...this.#forms.values()];
      for (const form of forms) form.label = s.body.open(Op.block);
      s.block((illegal) => this.#writeRows(illegal));
      this.#handler.set(word(Handler.Illegal));
      s.store32(this.#ip, Decoded.imm, this.#bits);
      s.br(done);
      for (const { form } of forms.toReversed()) {
        s.body.end();
        this.#writeForm(form);
        s.br(done);
      }
    });
    s.store16(this.#ip, Decoded.handler, this.#handler.value);
    this.#handler.value.put(s.body);
    return s.body;
  }

  /** Finds the row: sets the handler and goes to the row's form, or to `illegal`. */
  #writeRows(illegal: Label): void {
    const s = this.#s;
    const groups = rowGroups().map((rows) => ({ rows, label: rows.length === 0 ? illegal : s.body.open(Op.block) }));
    this.#group().put(s.body);
    s.body.brTable(groups.map(({ label }) => label), illegal);
    for (const { rows } of groups.toReversed()) {
      if (rows.length === 0) continue;
      s.body.end();
      for (const row of rows) this.#writeRow(row);
      s.br(illegal);
    }
  }

  /** See `groupOf`. */
  #group(): Word {
    const s = this.#s;
    const full = s.add32(s.and32(s.shrU32(this.#bits, word(2)), word(31)), word(FULL_GROUPS));
    const compressed = s.or32(s.and32(s.shrU32(this.#bits, word(13)), word(7)), s.shl32(s.and32(this.#bits, word(3)), word(3)));
    return s.select(isFullWord(s, this.#bits), full, compressed);
  }

  #writeRow(row: Row): void {
    const s = this.#s;
    const form = formOf(row);
    const { label } = this.#forms.get(keyOf(form))!;
    const meaning = meaningOf(row);
    let matched = s.eq32(s.and32(this.#bits, word(row.mask | 0)), word(row.match | 0));
    for (const field of Object.values(row.fields)) {
      for (const excluded of field.excluded) matched = s.and32(matched, s.ne32(this.#fieldOf(field), word(excluded)));
    }
    const [linkless, linking] = [word(handlerOf(meaning, 0)), word(handlerOf(meaning, 1))];
    this.#handler.set(linkless.constant === linking.constant ? linking : s.select(this.#valueOf(form.rd), linking, linkless));
    s.brIf(matched, label);
  }

  #writeForm({ rd, rs1, rs2, rs3, imm, length, isFloat }: Form): void {
    const s = this.#s;
    const destination = this.#valueOf(rd);
    const place = s.shl32(destination, word(3));
    s.store16(this.#ip, Decoded.rd, isFloat ? place : s.select(destination, place, word(State.sink)));
    s.store8(this.#ip, Decoded.rs1, s.shl32(this.#valueOf(rs1), word(3)));
    s.store8(this.#ip, Decoded.rs2, s.shl32(this.#valueOf(rs2), word(3)));
    s.store8(this.#ip, Decoded.rs3, s.shl32(this.#valueOf(rs3), word(3)));
    s.store8(this.#ip, Decoded.length, word(length << DECODED_SHIFT));
    s.store32(this.#ip, Decoded.imm, this.#valueOf(imm));
  }

  #valueOf(source: Field | number): Word {
    return typeof source === 'number' ? word(source) : this.#fieldOf(source);
  }

  /** See `extract`. */
  #fieldOf({ bias, pieces, signed, width }: Field): Word {
    const s = this.#s;
    let value: Word | undefined;
    for (const { at, to, width: bits } of pieces) {
      const piece = s.shl32(s.and32(s.shrU32(this.#bits, word(at)), word((2 ** bits - 1) | 0)), word(to));
      value = value === undefined ? piece : s.or32(value, piece);
    }
    const spare = word(32 - width);
    const whole = signed ? s.shrS32(s.shl32(value!, spare), spare) : value!;
    return bias === 0 ? whole : s.add32(whole, word(bias));
  }
}

const isFullWord = (s: Script, bits: Word): Word => s.eq32(s.and32(bits, word(3)), word(3));
const parcel = (at: Word, offset: number): Word => load(I32, Op.i32Load16U, at, offset);

function decodeAt(decode: number): FunctionBody {
  const s = new Script(new FunctionBody([I32, I32], []));
  const [ip, page] = [s.parameter(0), s.parameter(1)];
  s.if(s.eq32(load(I32, Op.i32Load16U, ip, Decoded.handler), word(Handler.Idle)), () => {
    s.store16(ip, Decoded.handler, load(I32, Op.i32Load16U, ip, Decoded.coveredHandler));
    s.store32(ip, Decoded.heat, word(0));
    s.body.op(Op.return);
  });
  const offset = s.let(s.shrU32(s.sub32(ip, page), word(DECODED_SHIFT)));
  const host = s.let(s.add32(s.load32(page, PAGE_HOST), offset));
  const bits = s.variable(I32);
  bits.set(parcel(host, 0));
  s.block((whole) => {
    s.brIf(s.eqz32(isFullWord(s, bits.value)), whole);
    s.if(s.eq32(offset, word(LAST_PARCEL)), () => {
      s.store16(ip, Decoded.handler, word(Handler.Straddle));
      s.body.op(Op.return);
    });
    bits.set(s.or32(bits.value, s.shl32(parcel(host, 2), word(16))));
  });
  callDecode(s, decode, ip, bits.value);
  s.body.op(Op.drop);
  return s.body;
}

function decodeStraddling(decode: number): FunctionBody {
  const s = new Script(new FunctionBody([I32, I32, I32], [I32]));
  const [ip, page, second] = [s.parameter(0), s.parameter(1), s.parameter(2)];
  const bits = s.or32(parcel(s.load32(page, PAGE_HOST), LAST_PARCEL), s.shl32(second, word(16)));
  const handler = s.let(value(I32, () => callDecode(s, decode, ip, bits)));
  s.store16(ip, Decoded.handler, word(Handler.Straddle));
  s.store16(ip, Decoded.innerHandler, handler);
  s.store16(ip, Decoded.secondParcel, second);
  handler.put(s.body);
  return s.body;
}

function callDecode(s: Script, decode: number, ip: Word, bits: Word): void {
  ip.put(s.body);
  bits.put(s.body);
  s.body.call(decode);
}
