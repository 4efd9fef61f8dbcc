/**
 * Which accesses of a region need not ask the translation cache, because one before them has asked for the same page.
 *
 * While a region runs no translation changes: what the cache has answered stays true until the region returns. So an access asks for
 * all that follow it through the same register, unchanged, and one whose page is known asks for the page. What it was told
 * stays in a local: the window. Asking is without effect, and whoever is refused leaves the region before the access.
 */
import { type Block, type Plan, targets } from './blocks.js';
import { Constants, Kind } from './constants.js';
import type { GuestInstruction } from './guest-code.js';
import { covers, intersection, type Span, spanOf, union } from './span.js';
import { type MemoryAccess, Uses } from './traits.js';

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

class Windows {
  /** By block, and place in it. */
  readonly uses: (Use | undefined)[][] = [];
  readonly #blocks: readonly Block[];
  /** Blocks that come before each; undefined where one of them is not known, or not written before it. */
  readonly #before: (number[] | undefined)[];
  /** What accesses need that go through an unchanged register from an access on, that one included; by block, and place in it. */
  readonly #needs: (Span | undefined)[][] = [];
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
      const spans: (Span | undefined)[] = [];
      for (let k = code.length - 1; k >= 0; k--) spans[k] = lookAt(code[k]!, here);
      this.#needs[i] = spans;
      needs[i] = here;
    }
  }

  /** Goes forward and decides. */
  decide(): void {
    const after: State[] = [];
    this.#blocks.forEach((block, i) => {
      const [first, ...more] = this.#before[i] ?? [];
      const state = first === undefined ? nothing() : copy(after[first]!);
      for (const n of more) meet(state, after[n]!);
      this.uses.push(this.#decideOn(block, state, this.#needs[i]));
      after.push(state);
    });
  }

  /** The uses of a block's accesses; goes past them in `state`. */
  #decideOn({ at: start, code }: Block, state: State, needs: readonly (Span | undefined)[] | undefined): (Use | undefined)[] {
    const uses: (Use | undefined)[] = [];
    let at = start;
    for (let k = 0; k < code.length; k++) {
      const instruction = code[k]!;
      const { length, rd, rs1, traits: { access, uses: registers } } = instruction;
      if (access !== undefined) {
        const known = state.constants.kinds[rs1] !== Kind.Unknown;
        uses[k] = known ? this.#throughPage(instruction, access, state) : throughRegister(instruction, access, access.store ? state.write : state.read, needs?.[k]);
      }
      if (rd !== 0 && registers & Uses.rd) {
        state.constants.write(instruction, at);
        forget(rd, state.read, state.write);
      }
      at += length;
    }
    return uses;
  }

  #throughPage({ imm, rs1 }: GuestInstruction, { size, store }: MemoryAccess, { constants, pages }: State): Use | undefined {
    const kind = constants.kinds[rs1] as keyof typeof LIMITS;
    const address = constants.values[rs1]! + imm;
    if (address % size !== 0 || Math.abs(address + 0.5) > LIMITS[kind]) return undefined;
    const page: Page = { page: Math.floor(address / 4096), relative: kind === Kind.Relative };
    const window = this.#window(page);
    const asked = pages.get(window) ?? 0;
    const needed = store ? WRITE : READ;
    pages.set(window, asked | needed);
    return { window, offset: address - page.page * 4096, store, opens: (asked & needed) === 0 ? page : undefined };
  }

  #window({ page, relative }: Page): number {
    const key = 2 * page + (relative ? 1 : 0);
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    this.#pages.set(key, FIRST_PAGE + this.#pages.size);
    return FIRST_PAGE + this.#pages.size - 1;
  }
}

/** Adds what an instruction needs to what those after it do; returns the need of an access with theirs. */
function lookAt({ imm, rd, rs1, traits: { access, uses } }: GuestInstruction, { read, write }: Needs): Span | undefined {
  if (rd !== 0 && uses & Uses.rd) forget(rd, read, write);
  if (access === undefined) return undefined;
  const spans = access.store ? write : read;
  const span = join(spanOf(imm, access.size), spans.get(rs1));
  spans.set(rs1, span);
  return span;
}

function throughRegister({ imm, rs1 }: GuestInstruction, { size, store }: MemoryAccess, shown: Spans, need: Span | undefined): Use | undefined {
  const window = store ? FIRST_STORE + rs1 : rs1;
  const known = shown.get(rs1);
  if (known !== undefined && covers(known, imm, size)) return { window, offset: imm, store, opens: undefined };
  // An access that asks for itself alone does it in the plain way.
  if (need === undefined || need.high - need.low === size) return undefined;
  shown.set(rs1, need);
  return { window, offset: imm, store, opens: need };
}

/** What an access needs and what those after it do, where that can be asked for at once. */
const join = (mine: Span, others: Span | undefined): Span => (others && union(mine, others)) ?? mine;

/**
 * Finds the windows of a plan, by block and place in the block; without `registers`, where too many of them lay over two pages, only those
 * of pages.
 */
export function findWindows({ blocks }: Plan, registers: boolean): readonly (readonly (Use | undefined)[])[] {
  const windows = new Windows(blocks);
  if (registers) windows.look();
  windows.decide();
  return windows.uses;
}
