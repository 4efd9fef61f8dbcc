/**
 * A register window made from register data: storage, access rules, latches, hooks for the device, names in the trace.
 *
 * A driver's mistake never passes in silence: it becomes a finding, kept with its count and sent to the trace.
 *
 *     register-undeclared    an access where no register is, or across several: also a bus error
 *     register-read-only     a write to a read-only register: nothing changes
 *     register-write-only    a read of a write-only register: reads 0
 *     register-reserved-bits a write with reserved bits set: those bits do not change
 */
import { Trace, hex } from '../base/index.js';
import type { AccessSize, RegisterWindow } from './region.js';
import { checkRegisters, registerMask, type RegisterSpec } from './register-spec.js';

/** What a device does when software uses a register. */
export interface RegisterHooks {
  /** Called before a read with the stored value; what it answers is stored and read. Not called for parts answered from a latch. */
  onRead?(value: bigint): bigint;
  /**
   * Called after a write.
   * @param value for `rw` the register's new value; for `w1c` the bits cleared; for `wo` the bits written
   * @param before the register's value before the write
   */
  onWrite?(value: bigint, before: bigint): void;
}

/** Rules a driver can break at a register window. */
export type RegisterRule = 'register-undeclared' | 'register-read-only' | 'register-write-only' | 'register-reserved-bits';

/** A rule broken at one register or offset: how it was broken first, and how often in all. */
export interface RegisterFinding {
  readonly rule: RegisterRule;
  /** The first breach as a sentence: register or offset, and what was wrong. */
  readonly what: string;
  /** How often it happened in all. */
  readonly count: number;
}

/** How a bank is made. */
export interface RegisterBankOptions {
  /** The device's name in traces and messages. */
  readonly device: string;
  /** The registers of the bank; they may not overlap. */
  readonly registers: readonly RegisterSpec[];
  /** Hooks by register name. */
  readonly hooks?: Readonly<Record<string, RegisterHooks>>;
  /** Where accesses are traced; can be set later, when the device is connected. */
  readonly trace?: Trace;
}

/** Findings kept apart; a guest that probes a whole window must not fill the host's memory. */
const MAX_FINDINGS = 256;

interface Cell {
  readonly spec: RegisterSpec;
  readonly hooks: RegisterHooks;
  value: bigint;
  latch: bigint;
}

/** A device's registers. */
export class RegisterBank implements RegisterWindow {
  readonly device: string;
  trace: Trace;
  readonly #cells: readonly Cell[];
  readonly #named: ReadonlyMap<string, Cell>;
  /** The register that covers each byte. */
  readonly #at: readonly (Cell | undefined)[];
  readonly #findings: Map<string, { rule: RegisterRule; what: string; count: number }> = new Map();

  /** @throws RangeError when the register data or a hook's name is wrong */
  constructor(o: RegisterBankOptions) {
    checkRegisters(o.device, o.registers);
    this.device = o.device;
    this.trace = o.trace ?? new Trace();
    this.#cells = o.registers.map((spec) => ({ spec, hooks: o.hooks?.[spec.name] ?? {}, value: spec.reset, latch: spec.reset }));
    this.#named = new Map(this.#cells.map((cell) => [cell.spec.name, cell]));
    for (const name of Object.keys(o.hooks ?? {})) this.#cell(name);
    const at: (Cell | undefined)[] = [];
    for (const cell of this.#cells) for (let byte = 0; byte < cell.spec.size; byte++) at[cell.spec.offset + byte] = cell;
    this.#at = at;
  }

  /** Bytes from offset 0 to the end of the last register: the least size of its window. */
  get size(): number {
    return this.#at.length;
  }

  /** The register data, as declared. */
  get registers(): readonly RegisterSpec[] {
    return this.#cells.map((cell) => cell.spec);
  }

  /** Rules broken so far, in the order of first occurrence. */
  get findings(): readonly RegisterFinding[] {
    return [...this.#findings.values()].map((finding) => ({ ...finding }));
  }

  /**
   * The stored value of a register, as the device sees it.
   * @throws RangeError when there is no such register
   */
  get(name: string): bigint {
    return this.#cell(name).value;
  }

  /**
   * Stores a value, as the device does; neither access rules nor hooks apply.
   * @throws RangeError when there is no such register or the value does not fit it
   */
  set(name: string, value: bigint): void {
    const cell = this.#cell(name);
    if (value < 0n || value > registerMask(cell.spec)) throw new RangeError(`${this.device}: ${hex(value)} does not fit register ${name}`);
    cell.value = value;
  }

  /** Gives every register its reset value. Findings stay. */
  reset(): void {
    for (const cell of this.#cells) {
      cell.value = cell.spec.reset;
      cell.latch = cell.spec.reset;
    }
  }

  /** Reads as software does. Undefined, a bus error, where no one register covers the access. */
  read(offset: number, size: AccessSize): bigint | undefined {
    const cell = this.#covering(offset, size);
    if (cell === undefined) {
      this.#find('register-undeclared', `offset ${hex(offset)}`, `read of ${size} bytes at offset ${hex(offset)}`);
      if (this.trace.on) this.trace.emit('reg.read', { device: this.device, register: `?${hex(offset)}`, size, value: 'bus error' });
      return undefined;
    }
    const part = BigInt(offset - cell.spec.offset) * 8n;
    const value = BigInt.asUintN(size * 8, this.#value(cell, part, size) >> part);
    if (this.trace.on) this.trace.emit('reg.read', { device: this.device, register: partName(cell.spec, offset, size), size, value: hex(value) });
    return value;
  }

  /** Writes as software does. False, a bus error, where no one register covers the access. */
  write(offset: number, size: AccessSize, value: bigint): boolean {
    const cell = this.#covering(offset, size);
    if (this.trace.on) {
      const register = cell === undefined ? `?${hex(offset)}` : partName(cell.spec, offset, size);
      this.trace.emit('reg.write', { device: this.device, register, size, value: hex(BigInt.asUintN(size * 8, value)) });
    }
    if (cell === undefined) {
      this.#find('register-undeclared', `offset ${hex(offset)}`, `write of ${size} bytes at offset ${hex(offset)}`);
      return false;
    }
    this.#store(cell, BigInt(offset - cell.spec.offset) * 8n, size, BigInt.asUintN(size * 8, value));
    return true;
  }

  #value(cell: Cell, part: bigint, size: AccessSize): bigint {
    const { spec, hooks } = cell;
    if (spec.access === 'wo') {
      this.#find('register-write-only', spec.name, `read of ${spec.name}`);
      return 0n;
    }
    const whole = size === spec.size;
    if (spec.latched === true && part !== 0n) return cell.latch;
    if (hooks.onRead !== undefined) cell.value = BigInt.asUintN(spec.size * 8, hooks.onRead(cell.value));
    if (spec.latched === true && !whole) cell.latch = cell.value;
    return cell.value;
  }

  #store(cell: Cell, part: bigint, size: AccessSize, value: bigint): void {
    const { spec, hooks } = cell;
    if (spec.access === 'ro') {
      this.#find('register-read-only', spec.name, `write of ${hex(value)} to ${spec.name}`);
      return;
    }
    const lanes = ((1n << BigInt(size * 8)) - 1n) << part;
    const placed = value << part;
    if ((placed & spec.reserved) !== 0n) {
      const where = partName(spec, spec.offset + Number(part / 8n), size);
      this.#find('register-reserved-bits', spec.name, `write of ${hex(value)} to ${where}: reserved bits ${hex(placed & spec.reserved)}`);
    }
    const writable = lanes & ~spec.reserved;
    const before = cell.value;
    const bits = placed & writable;
    if (spec.access === 'rw') cell.value = (before & ~writable) | bits;
    else if (spec.access === 'w1c') cell.value = before & ~bits;
    hooks.onWrite?.(spec.access === 'rw' ? cell.value : spec.access === 'w1c' ? before & bits : bits, before);
  }

  #covering(offset: number, size: AccessSize): Cell | undefined {
    const cell = this.#at[offset];
    return cell !== undefined && offset + size <= cell.spec.offset + cell.spec.size ? cell : undefined;
  }

  #cell(name: string): Cell {
    const cell = this.#named.get(name);
    if (cell === undefined) throw new RangeError(`${this.device} has no register ${name}; it has ${[...this.#named.keys()].join(', ')}`);
    return cell;
  }

  #find(rule: RegisterRule, where: string, what: string): void {
    const text = `${this.device}: ${what}`;
    const key = `${rule} ${where}`;
    const known = this.#findings.get(key);
    if (known !== undefined) known.count++;
    else if (this.#findings.size < MAX_FINDINGS) this.#findings.set(key, { rule, what: text, count: 1 });
    if (this.trace.on) this.trace.emit('finding', { rule, what: text });
  }
}

/** A register's name as traces print it; parts of it as NAME[high:low] in bits. */
function partName(spec: RegisterSpec, offset: number, size: AccessSize): string {
  if (size === spec.size) return spec.name;
  const low = (offset - spec.offset) * 8;
  return `${spec.name}[${low + size * 8 - 1}:${low}]`;
}
