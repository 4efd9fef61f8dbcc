/** First pass: labels get their places, statements become fragments whose sizes are known. */
import { compress } from './compress.js';
import { direct } from './directives.js';
import type { Assembly } from './directives.js';
import { Mistake } from './error.js';
import { constant } from './expression.js';
import type { Expression, Scope, Value } from './expression.js';
import { instructionNamed } from './isa.js';
import type { Encoded } from './isa.js';
import { fieldValues, fits } from './operands.js';
import type { Statement } from './parser.js';
import { expand, pseudoForms } from './pseudo.js';
import { Section, sectionNames } from './section.js';
import type { Instruction, SectionName } from './section.js';
import { SymbolTable } from './symbols.js';

/** Collects the statements of one source. */
export class Collector implements Assembly {
  readonly sections: ReadonlyMap<SectionName, Section> = new Map(sectionNames.map((name) => [name, new Section(name)]));
  readonly symbols: SymbolTable = new SymbolTable();
  section: Section;
  rvc: boolean;
  readonly saved: boolean[] = [];

  constructor(rvc: boolean) {
    this.rvc = rvc;
    this.section = this.sections.get('.text')!;
  }

  /** @throws Mistake */
  run(statements: readonly Statement[]): void {
    for (const statement of statements) {
      for (const label of statement.labels) this.symbols.defineLabel(label.name, this.section.name, this.section.size, label);
      this.#statement(statement, this.section.size);
    }
  }

  enter(name: SectionName): void {
    this.section = this.sections.get(name)!;
  }

  constant(e: Expression): bigint {
    return constant(e, this.#scope());
  }

  dot(): Value {
    return { section: this.section.name, value: BigInt(this.section.size) };
  }

  #scope(): Scope {
    const dot = this.dot();
    const scope: Scope = { symbol: (name, place) => this.symbols.value(name, place, scope), dot, here: dot };
    return scope;
  }

  /** @param dot offset at which the statement in the source began */
  #statement(statement: Statement, dot: number): void {
    if (statement.name === '') return;
    if (statement.name.startsWith('.')) return direct(this, statement);
    const steps = expand(statement, (e) => this.constant(e));
    if (steps !== undefined) {
      for (const step of steps) this.#statement(step, dot);
      return;
    }
    this.#instruction(recognise(statement), statement, dot);
  }

  #instruction(instruction: Instruction, statement: Statement, dot: number): void {
    const bits = this.rvc && instruction.row.length === 4 ? this.#compressed(instruction) : undefined;
    if (bits !== undefined) this.section.add({ kind: 'word', bits, size: 2 }, 2, statement, dot);
    else this.section.add({ kind: 'instruction', instruction }, instruction.row.length, statement, dot);
  }

  /** The compressed form where there is one and every operand is known; an address is not, before the sections are laid out. */
  #compressed(instruction: Instruction): number | undefined {
    if (instruction.row.operands.includes('target')) return undefined;
    const scope = this.#scope();
    const known: Scope = {
      ...scope,
      symbol: (name, place) => {
        const value = scope.symbol(name, place);
        if (value.section !== undefined) throw new Mistake('an address', place);
        return value;
      },
    };
    try {
      const values = fieldValues(instruction, { ...known, pcrelAt: () => undefined });
      const { name } = instruction.row;
      const move = name === 'addi' && values.imm === 0 && values.rs1 !== 0 && values.rd !== 0;
      return (move ? compress('add', { rd: values.rd!, rs1: 0, rs2: values.rs1! }) : undefined) ?? compress(name, values);
    } catch (error) {
      if (error instanceof Mistake) return undefined; // the second pass reports it, or knows the address
      throw error;
    }
  }
}

/** The row of a machine instruction, its operands checked for their shape. @throws Mistake */
function recognise(statement: Statement): Instruction {
  const { name, operands } = statement;
  const plain = instructionNamed(name);
  const order = /^((?:lr|sc|amo\w+)\.[wd])\.(aqrl|aq|rl)$/.exec(name);
  const row = plain ?? (order === null ? undefined : instructionNamed(order[1]!));
  const forms = [...(row === undefined ? [] : [`${name} ${row.syntax}`.trim()]), ...(pseudoForms(name) ?? [])];
  if (row === undefined && forms.length === 0) throw new Mistake(`unknown instruction ${name}`, statement);
  const instruction = row && shaped(row, statement);
  if (instruction === undefined) throw new Mistake(`the operands do not fit; it is written ${forms.join(' or ')}`, operands[0] ?? statement);
  const bits = order?.[2] ?? '';
  return { row: instruction, implied: order === null ? {} : { aq: bits.startsWith('aq') ? 1 : 0, rl: bits.endsWith('rl') ? 1 : 0 }, operands };
}

const shaped = (row: Encoded, statement: Statement): Encoded | undefined => (fits(row, statement.operands) ? row : undefined);
