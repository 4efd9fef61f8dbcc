/**
 * Which instructions belong to a region: all that can be reached from its seeds by direct jumps through instructions that have been
 * executed. A small function is copied for each call of it (copies.ts): so its return is a jump to a known place, and the region need
 * not be entered there.
 */
import { Copies } from './copies.js';
import { type CodeSource, type GuestInstruction, pageOf, placeIn } from './guest-code.js';

/** How large a region may get. */
export interface Bounds {
  readonly instructions: number;
  readonly pages: number;
}

/** Instructions in all copies of a region. */
const COPIED = 300;

/** What the seeds lead to, or the copy of a function for one call. */
export class Piece {
  readonly seen: Map<number, GuestInstruction> = new Map();
  /** Leaders of blocks, and whether the region can be entered there. */
  readonly leaders: Map<number, boolean> = new Map();
  /** Copies for calls in this piece, by the addresses of the calls. */
  readonly callees: Map<number, Piece> = new Map();
  /** Of a copy: the piece with the call, and the address behind that. */
  readonly caller: Piece | undefined;
  readonly returnsTo: number;

  constructor(caller?: Piece, returnsTo = 0) {
    this.caller = caller;
    this.returnsTo = returnsTo;
  }
}

/** Looks for the code of a region. */
export class Discovery {
  /** The first is what the seeds lead to. */
  readonly pieces: Piece[] = [new Piece()];
  readonly pages: Map<number, number> = new Map();
  /** Instructions found, and how many of them in copies. */
  size = 0;
  #copied = 0;
  /** Instructions of the copies for calls that are in none. */
  #promised = 0;
  /**
   * Places behind calls that are copied, which are closed: an entry in a loop costs each turn of it, and only who has left the region
   * before comes there.
   */
  readonly closed: number[] = [];
  readonly #source: CodeSource;
  readonly #bounds: Bounds;
  readonly #copies: Copies;
  readonly #work: { readonly piece: Piece; readonly at: number }[] = [];
  readonly #known = new Set<number>();

  constructor(source: CodeSource, bounds: Bounds) {
    this.#source = source;
    this.#bounds = bounds;
    this.#copies = new Copies(source);
  }

  /** Finds everything. */
  run(seeds: readonly number[]): void {
    const [main] = this.pieces as [Piece];
    for (const seed of seeds) this.#lead(main, seed, false);
    for (let i = 0; i < this.#work.length; i++) this.#walk(this.#work[i]!.piece, this.#work[i]!.at);
    this.#openSeeds(main, new Set(seeds));
  }

  /** Makes entries of the seeds, but for those behind calls of copies where there are other entries. */
  #openSeeds({ callees, leaders, seen }: Piece, seeds: ReadonlySet<number>): void {
    const behind = new Set([...callees.values()].map(({ returnsTo }) => returnsTo));
    const isClosed = (at: number): boolean => behind.has(at) && leaders.get(at) === false && !this.#staysOpen(at);
    for (const at of seeds) if (!isClosed(at)) leaders.set(at, true);
    if (![...leaders].some(([at, entry]) => entry && seen.get(at)?.secondParcel === -1)) for (const at of seeds) leaders.set(at, true);
    for (const at of behind) if (seen.has(at) && isClosed(at)) this.closed.push(at);
  }

  #staysOpen(at: number): boolean {
    const page = this.pages.get(pageOf(at));
    return page === undefined || this.#source.staysOpen(page);
  }

  #lead(piece: Piece, at: number, entry: boolean): void {
    const known = piece.leaders.get(at);
    if (known === undefined) this.#work.push({ piece, at });
    piece.leaders.set(at, (known ?? false) || (entry && piece.caller === undefined));
  }

  /** Goes on in memory to the end of the page, or where control does not. */
  #walk(piece: Piece, from: number): void {
    const { seen } = piece;
    const page = this.#pageAt(pageOf(from));
    if (page === 0) return;
    for (let at = from; !seen.has(at);) {
      const ip = placeIn(page, at);
      const instruction = piece.caller ? this.#source.copyOf(ip) : this.#source.instructionAt(ip);
      if (instruction === undefined) return;
      if (this.size - this.#copied >= this.#bounds.instructions) return;
      this.size++;
      if (piece.caller) this.#copied++;
      seen.set(at, instruction);
      const next = at + instruction.length;
      if (instruction.traits.flow !== 'next') return this.#follow(piece, at, next, instruction);
      if (pageOf(next) !== pageOf(at)) return this.#lead(piece, next, false);
      at = next;
    }
  }

  #follow(piece: Piece, at: number, next: number, instruction: GuestInstruction): void {
    const { imm, rd, traits: { flow } } = instruction;
    const calls = flow !== 'branch' && rd !== 0;
    if (calls && this.#isCopied(piece, instruction, at + imm)) {
      const callee = new Piece(piece, next);
      this.pieces.push(callee);
      piece.callees.set(at, callee);
      this.#lead(callee, at + imm, false);
      return this.#lead(piece, next, false);
    }
    if (flow !== 'jumpRegister') this.#lead(piece, at + imm, imm <= 0 || calls);
    if (flow === 'branch' || calls) this.#lead(piece, next, calls);
  }

  /** Whether a call gets a copy of the function: as long as there is room, and in a copy always, whose size includes it. */
  #isCopied(piece: Piece, call: GuestInstruction, target: number): boolean {
    const size = this.#copies.sizeFor(call, target);
    if (piece.caller) return size !== Infinity;
    if (this.#promised + size > COPIED) return false;
    this.#promised += size;
    return true;
  }

  /** The decoded page at a distance, which belongs to the region from now on; 0 where it can not. */
  #pageAt(distance: number): number {
    const known = this.pages.get(distance);
    if (known !== undefined) return known;
    if (this.pages.size >= this.#bounds.pages) return 0;
    const page = this.#source.pageAt(distance);
    // One page seen at two addresses: the second one is outside.
    if (page === 0 || this.#known.has(page)) return 0;
    this.#known.add(page);
    this.pages.set(distance, page);
    return page;
  }
}
