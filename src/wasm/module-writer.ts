/** Assembles a WebAssembly module: types, imports, one imported memory, functions, exports. */
import { ByteWriter } from './byte-writer.js';
import type { FunctionBody } from './function-body.js';
import type { ValueType } from './opcodes.js';

const SECTION = { type: 1, import: 2, function: 3, table: 4, export: 7, code: 10 } as const;
const KIND_FUNCTION = 0x00;
const KIND_TABLE = 0x01;
const KIND_MEMORY = 0x02;
const FUNCTION_TYPE = 0x60;
/** A table's limits: a minimum. */
const LIMIT_MINIMUM_ONLY = 0x00;
/** A shared memory's limits: a minimum and a maximum. */
const LIMITS_SHARED = 0x03;
/** The most a memory can have: 4 GiB. */
const MAXIMUM_PAGES = 65536;
const FUNCREF = 0x70;

/** A function's types, and what writes it to the code section: its size, its locals, its code. */
type Body = Pick<FunctionBody, 'params' | 'results' | 'finish'>;

/** A module under construction. Imports come first, because they number before the module's own functions. */
export class ModuleWriter {
  readonly #types: string[] = [];
  readonly #typeBytes = new ByteWriter();
  readonly #imports = new ByteWriter();
  readonly #bodies: { type: number; body: Body }[] = [];
  readonly #exports: { name: string; index: number }[] = [];
  #table: { readonly size: number; readonly name: string } | undefined;
  #importCount = 0;
  #importedFunctions = 0;

  /** Imports the memory `env.memory`, which must be shared and have at least `minimumPages` pages of 64 KiB. */
  importMemory(minimumPages: number): void {
    this.#imports.name('env');
    this.#imports.name('memory');
    this.#imports.byte(KIND_MEMORY);
    this.#imports.byte(LIMITS_SHARED);
    this.#imports.unsigned(minimumPages);
    this.#imports.unsigned(MAXIMUM_PAGES);
    this.#importCount++;
  }

  /** Imports `env.name` and returns its function index. @throws RangeError after the first function has been added */
  importFunction(name: string, params: readonly ValueType[], results: readonly ValueType[]): number {
    if (this.#bodies.length > 0) throw new RangeError(`import ${name} comes after a function`);
    this.#imports.name('env');
    this.#imports.name(name);
    this.#imports.byte(KIND_FUNCTION);
    this.#imports.unsigned(this.type(params, results));
    this.#importCount++;
    return this.#importedFunctions++;
  }

  /** Adds a function, exported where it has a name, and returns its index. */
  addFunction(body: Body, exportName?: string): number {
    const index = this.#importedFunctions + this.#bodies.length;
    this.#bodies.push({ type: this.type(body.params, body.results), body });
    if (exportName !== undefined) this.#exports.push({ name: exportName, index });
    return index;
  }

  /** Defines and exports the module's one table of functions, empty, with `size` slots. */
  exportTable(size: number, name: string): void {
    this.#table = { size, name };
  }

  /** The module in the binary format. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    for (const byte of [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.byte(byte);
    section(out, SECTION.type, this.#types.length, (to) => to.append(this.#typeBytes));
    section(out, SECTION.import, this.#importCount, (to) => to.append(this.#imports));
    section(out, SECTION.function, this.#bodies.length, (to) => this.#bodies.forEach(({ type }) => to.unsigned(type)));
    const table = this.#table;
    if (table) {
      section(out, SECTION.table, 1, (to) => {
        to.byte(FUNCREF);
        to.byte(LIMIT_MINIMUM_ONLY);
        to.unsigned(table.size);
      });
    }
    section(out, SECTION.export, this.#exports.length + (table ? 1 : 0), (to) => {
      if (table) {
        to.name(table.name);
        to.byte(KIND_TABLE);
        to.unsigned(0);
      }
      for (const { name, index } of this.#exports) {
        to.name(name);
        to.byte(KIND_FUNCTION);
        to.unsigned(index);
      }
    });
    section(out, SECTION.code, this.#bodies.length, (to) => this.#bodies.forEach(({ body }) => body.finish(to)));
    return out.view().slice();
  }

  /** Index of a function type, for call_indirect. */
  type(params: readonly ValueType[], results: readonly ValueType[]): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.#types.indexOf(key);
    if (known >= 0) return known;
    this.#typeBytes.byte(FUNCTION_TYPE);
    for (const list of [params, results]) {
      this.#typeBytes.unsigned(list.length);
      for (const type of list) this.#typeBytes.byte(type);
    }
    return this.#types.push(key) - 1;
  }
}

function section(out: ByteWriter, id: number, count: number, write: (to: ByteWriter) => void): void {
  const body = new ByteWriter();
  body.unsigned(count);
  write(body);
  out.byte(id);
  out.unsigned(body.length);
  out.append(body);
}
