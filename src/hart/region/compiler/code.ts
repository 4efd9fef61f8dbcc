/** The code of one function of WebAssembly under construction. Branches go to labels: the depth of the construct they leave or repeat. */
import type { i32 } from './integers.js';

/** Types of values and blocks. */
export class Type {
  static readonly i32: i32 = 0x7f;
  static readonly i64: i32 = 0x7e;
  static readonly f32: i32 = 0x7d;
  static readonly f64: i32 = 0x7c;
  static readonly void: i32 = 0x40;
}

/** The instructions that are written here; all others come from stamps. */
export class Op {
  static readonly unreachable: i32 = 0x00;
  static readonly block: i32 = 0x02;
  static readonly loop: i32 = 0x03;
  static readonly if: i32 = 0x04;
  static readonly end: i32 = 0x0b;
  static readonly br: i32 = 0x0c;
  static readonly brIf: i32 = 0x0d;
  static readonly brTable: i32 = 0x0e;
  static readonly localGet: i32 = 0x20;
  static readonly localSet: i32 = 0x21;
  static readonly i64Load: i32 = 0x29;
  static readonly f64Load: i32 = 0x2b;
  static readonly i64Store: i32 = 0x37;
  static readonly f64Store: i32 = 0x39;
  static readonly i32Const: i32 = 0x41;
  static readonly i64Const: i32 = 0x42;
  static readonly i32Eq: i32 = 0x46;
  static readonly i32Ne: i32 = 0x47;
  static readonly i64Eq: i32 = 0x51;
  static readonly i32Sub: i32 = 0x6b;
  static readonly i64Add: i32 = 0x7c;
  static readonly i64And: i32 = 0x83;
}

/** Growing code. */
export class Code {
  bytes: Uint8Array = new Uint8Array(16384);
  length: i32 = 0;
  /** Blocks open at this point. */
  depth: i32 = 0;

  /** Begins a function. */
  clear(): void {
    this.length = this.depth = 0;
  }

  byte(value: i32): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }

  /** Appends bytes; returns their place, for whoever changes them. */
  copy(bytes: Uint8Array): i32 {
    if (this.length + bytes.length > this.bytes.length) this.grow(bytes.length);
    const at = this.length;
    this.bytes.set(bytes, at);
    this.length += bytes.length;
    return at;
  }

  private grow(by: i32): void {
    const bytes = new Uint8Array(2 * this.bytes.length + by);
    bytes.set(this.bytes);
    this.bytes = bytes;
  }

  unsigned(value: i32): void {
    let rest = value;
    for (; rest > 127; rest >>>= 7) this.byte((rest & 127) | 128);
    this.byte(rest);
  }

  signed(value: i32): void {
    let rest = value;
    for (; rest < -64 || rest > 63; rest >>= 7) this.byte((rest & 127) | 128);
    this.byte(rest & 127);
  }

  op(opcode: i32): void {
    this.byte(opcode);
  }

  /** An instruction with one index. */
  opIndex(opcode: i32, index: i32): void {
    this.byte(opcode);
    this.unsigned(index);
  }

  get(local: i32): void {
    this.opIndex(Op.localGet, local);
  }

  set(local: i32): void {
    this.opIndex(Op.localSet, local);
  }

  /** Sets a local to a constant. */
  assign(local: i32, value: i32): void {
    this.i32Const(value);
    this.set(local);
  }

  i32Const(value: i32): void {
    this.byte(Op.i32Const);
    this.signed(value);
  }

  i64Const(value: i32): void {
    this.byte(Op.i64Const);
    this.signed(value);
  }

  /** A 64-bit constant given as two words. */
  i64ConstWords(high: i32, low: i32): void {
    this.byte(Op.i64Const);
    for (; high !== low >> 31; high >>= 7) {
      this.byte((low & 127) | 128);
      low = (low >>> 7) | (high << 25);
    }
    this.signed(low);
  }

  /** A load or store at a place of linear memory, whose base is on the stack. */
  memory(opcode: i32, at: i32): void {
    this.byte(opcode);
    this.byte(0);
    this.unsigned(at);
  }

  /** Opens a block, loop or if (whose condition is on the stack); returns its label. */
  open(opcode: i32, type: i32): i32 {
    this.byte(opcode);
    this.byte(type);
    return ++this.depth;
  }

  /** Closes the innermost open construct. */
  end(): void {
    this.byte(Op.end);
    this.depth--;
  }

  br(label: i32): void {
    this.opIndex(Op.br, this.depth - label);
  }

  /** Branches where the i32 on the stack is not 0. */
  brIf(label: i32): void {
    this.opIndex(Op.brIf, this.depth - label);
  }

  /** Branches to `labels[index on the stack]`, or to `otherwise` beyond the table. */
  brTable(labels: i32[], otherwise: i32): void {
    this.byte(Op.brTable);
    this.unsigned(labels.length);
    for (let n = 0; n < labels.length; n++) this.unsigned(this.depth - labels[n]!);
    this.unsigned(this.depth - otherwise);
  }
}

/** Changes a signed integer that takes five bytes. */
export function setSigned5(bytes: Uint8Array, at: i32, value: i32): void {
  bytes[at] = value | 128;
  bytes[at + 1] = (value >> 7) | 128;
  bytes[at + 2] = (value >> 14) | 128;
  bytes[at + 3] = (value >> 21) | 128;
  bytes[at + 4] = (value >> 28) & 127;
}

/** Changes an unsigned integer that takes two bytes. */
export function setUnsigned2(bytes: Uint8Array, at: i32, value: i32): void {
  bytes[at] = value | 128;
  bytes[at + 1] = value >> 7;
}
