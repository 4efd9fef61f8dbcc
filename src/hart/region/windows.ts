/**
 * Which accesses of a region need not ask the translation cache, because one before them has asked for the same page.
 *
 * While a region runs no translation changes: what the cache has answered stays true until the region returns. So an access asks for
 * all that follow it through the same register, unchanged, and one whose page is known asks for the page. What it was told
 * stays in a local: the window. Asking is without effect, and whoever is refused leaves the region before the access.
 */
import { type MemoryAccess, memoryAccess } from './accesses.js';
import { type Block, type Plan, targets } from './blocks.js';
import { Constants, Kind } from './constants.js';
import type { GuestInstruction } from './guest-code.js';
import { covers, intersection, type Span, spanOf, union } from './span.js';

/** A page, by its number in the address space, or relative to the page the region's addresses are relative to. */
export interface Page {
  readonly page: number;
  readonly relative: boolean;
}

/** How an access finds its memory: in a window. */
export interface Use {
  /** The number of the window: of a register below {@link FIRST_PAGE}, else of a page. */
  readonly window: number;
  /** Bytes from the content of rs1, or from the beginning of the page. */
  readonly offset: number;
  readonly store: boolean;
  /** What has to be asked for first: bytes around the content of rs1, or a page. */
  readonly opens: Span | Page | undefined;
}

/**
 * Windows by their numbers: those of the x registers for loads, and from here on for stores, for which the bytes may lie in another page;
 * then those of pages.
 */
const FIRST_STORE = 32;
export const FIRST_PAGE = 64;

const READ = 1;
const WRITE = 2;

/** How far away pages may be whose place is written as a constant of 32 bits; relative ones also from the other pages of the region. */
const LIMITS = { [Kind.Absolute]: 2 ** 31, [Kind.Relative]: 2 ** 30 } as const;

/** By register. */
type Spans = Map<number, Span>;

/** What has been asked for, at one place. */
interface State {
  readonly constants: Constants;
  readonly read: Spans;
  readonly write: Spans;
  /** READ and WRITE by window of a page. */
  readonly pages: Map<number, number>;
}

/** What accesses from one place on need. */
type Needs = Pick<State, 'read' | 'write'>;

const nothing = (): State => ({ constants: Constants.unknown(), read: new Map(), write: new Map(), pages: new Map() });

const copy = ({ constants, read, write, pages }: State): State =>
  ({ constants: constants.copy(), read: new Map(read), write: new Map(write), pages: new Map(pages) });

/** Keeps what is so in both. */
function meet(state: State, { constants, read, write, pages }: State): void {
  state.constants.meet(constants);
  meetSpans(state.read, read);
  meetSpans(state.write, write);
  for (const [window, kinds] of state.pages) state.pages.set(window, kinds & (pages.get(window) ?? 0));
}

function meetSpans(mine: Spans, others: Spans): void {
  for (const [n, span] of mine) {
    const other = others.get(n);
    const both = other && intersection(span, other);
    if (both) mine.set(n, both);
    else mine.delete(n);
  }
}

function addNeeds(mine: Spans, others: Spans): void {
  for (const [n, span] of others) mine.set(n, join(span, mine.get(n)));
}

function forget(register: number, read: Spans, write: Spans): void {
  read.delete(register);
  write.delete(register);
}

const writesX = ({ row, rd }: GuestInstruction): boolean => rd !== 0 && row.operands.includes('rd');

class Windows {
  readonly uses = new Map<GuestInstruction, Use>();
  readonly #blocks: readonly Block[];
  /** Blocks that come before each; undefined where one of them is not known, or not written before it. */
  readonly #before: (number[] | undefined)[];
  /** What accesses need that go through an unchanged register from an access on, that one included. */
  readonly #needs = new Map<GuestInstruction, Span>();
  readonly #pages = new Map<number, number>();

  constructor(blocks: readonly Block[]) {
    this.#blocks = blocks;
    this.#before = blocks.map(({ entry }) => (entry ? undefined : []));
    blocks.forEach((block, i) => {
      for (const to of targets(block)) {
        if (to > i) this.#before[to]?.push(i);
        else if (to >= 0) this.#before[to] = undefined;
      }
    });
  }

  /** Goes backward and collects needs. */
  look(): void {
    const needs: Needs[] = [];
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const { code } = this.#blocks[i]!;
      const here: Needs = { read: new Map(), write: new Map() };
      for (const to of targets(this.#blocks[i]!)) {
        if (to <= i || this.#before[to] === undefined) continue;
        addNeeds(here.read, needs[to]!.read);
        addNeeds(here.write, needs[to]!.write);
      }
      for (let k = code.length - 1; k >= 0; k--) this.#lookAt(code[k]!, here);
      needs[i] = here;
    }
  }

  #lookAt(instruction: GuestInstruction, { read, write }: Needs): void {
    if (writesX(instruction)) forget(instruction.rd, read, write);
    const access = memoryAccess(instruction.row);
    if (access === undefined) return;
    const spans = access.store ? write : read;
    const span = join(spanOf(instruction.imm, access.size), spans.get(instruction.rs1));
    spans.set(instruction.rs1, span);
    this.#needs.set(instruction, span);
  }

  /** Goes forward and decides. */
  decide(): void {
    const after: State[] = [];
    this.#blocks.forEach((block, i) => {
      const [first, ...more] = this.#before[i] ?? [];
      const state = first === undefined ? nothing() : copy(after[first]!);
      for (const n of more) meet(state, after[n]!);
      let { at } = block;
      for (const instruction of block.code) {
        this.#decideOn(instruction, state);
        if (writesX(instruction)) {
          state.constants.write(instruction, at);
          forget(instruction.rd, state.read, state.write);
        }
        at += instruction.length;
      }
      after.push(state);
    });
  }

  #decideOn(instruction: GuestInstruction, { constants, pages, read, write }: State): void {
    const access = memoryAccess(instruction.row);
    if (access === undefined) return;
    const { rs1, imm } = instruction;
    const kind = constants.kinds[rs1] as Kind;
    if (kind === Kind.Unknown) return this.#throughRegister(instruction, access, access.store ? write : read);
    const address = constants.values[rs1]! + imm;
    if (address % access.size !== 0 || Math.abs(address + 0.5) > LIMITS[kind]) return;
    const page: Page = { page: Math.floor(address / 4096), relative: kind === Kind.Relative };
    const window = this.#window(page);
    const asked = pages.get(window) ?? 0;
    const needed = access.store ? WRITE : READ;
    pages.set(window, asked | needed);
    this.uses.set(instruction, { window, offset: address - page.page * 4096, store: access.store, opens: (asked & needed) === 0 ? page : undefined });
  }

  #throughRegister(instruction: GuestInstruction, { size, store }: MemoryAccess, shown: Spans): void {
    const { rs1, imm } = instruction;
    const window = store ? FIRST_STORE + rs1 : rs1;
    const known = shown.get(rs1);
    if (known !== undefined && covers(known, imm, size)) {
      this.uses.set(instruction, { window, offset: imm, store, opens: undefined });
      return;
    }
    const need = this.#needs.get(instruction);
    // An access that asks for itself alone does it in the plain way.
    if (need === undefined || need.high - need.low === size) return;
    shown.set(rs1, need);
    this.uses.set(instruction, { window, offset: imm, store, opens: need });
  }

  #window({ page, relative }: Page): number {
    const key = 2 * page + (relative ? 1 : 0);
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    this.#pages.set(key, FIRST_PAGE + this.#pages.size);
    return FIRST_PAGE + this.#pages.size - 1;
  }
}

/** What an access needs and what those after it do, where that can be asked for at once. */
const join = (mine: Span, others: Span | undefined): Span => (others && union(mine, others)) ?? mine;

/** Finds the windows of a plan; without `registers`, where too many of them lay over two pages, only those of pages. */
export function findWindows({ blocks }: Plan, registers: boolean): ReadonlyMap<GuestInstruction, Use> {
  const windows = new Windows(blocks);
  if (registers) windows.look();
  windows.decide();
  return windows.uses;
}
