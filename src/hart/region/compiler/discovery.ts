/**
 * Which instructions belong to a region: all that can be reached from its seeds by direct jumps through instructions that have been
 * executed. A small function is copied for each call of it (copies.ts): so its return is a jump to a known place, and the region need
 * not be entered there.
 */
import { Copies, NOT_COPIED } from './copies.js';
import { type CodeSource, Flow, type GuestInstruction, pageOf } from './guest-code.js';
import type { i32 } from './integers.js';

/** Instructions in all copies of a region. */
const COPIED: i32 = 300;

/** What the seeds lead to, or the copy of a function for one call. */
export class Piece {
  readonly seen: Map<i32, GuestInstruction> = new Map<i32, GuestInstruction>();
  /** Leaders of blocks in the order they were found, and whether the region can be entered there. */
  readonly leaders: i32[] = [];
  readonly entries: Map<i32, boolean> = new Map<i32, boolean>();
  /** Copies for calls in this piece, by the addresses of the calls, and the places behind these. */
  readonly callees: Map<i32, Piece> = new Map<i32, Piece>();
  readonly behind: i32[] = [];
  /** Numbers of the blocks at leaders. */
  readonly numbers: Map<i32, i32> = new Map<i32, i32>();
  /** Of a copy: the piece with the call, and the address behind that. */
  readonly caller: Piece | null;
  readonly returnsTo: i32;

  constructor(caller: Piece | null, returnsTo: i32) {
    this.caller = caller;
    this.returnsTo = returnsTo;
  }
}

/** Pages of a region: decoded pages by distance, numbered in the order they were found. */
export class Pages {
  readonly distances: i32[] = [];
  readonly places: i32[] = [];

  /** Place of the decoded page at a distance, 0 where that is none of these. */
  at(distance: i32): i32 {
    const n = this.distances.indexOf(distance);
    return n < 0 ? 0 : this.places[n]!;
  }

  add(distance: i32, place: i32): void {
    this.distances.push(distance);
    this.places.push(place);
  }
}

/** Looks for the code of a region. */
export class Discovery {
  /** The first is what the seeds lead to. */
  readonly pieces: Piece[] = [new Piece(null, 0)];
  readonly pages: Pages = new Pages();
  /** Instructions found, and how many of them in copies. */
  size: i32 = 0;
  private copied: i32 = 0;
  /** Instructions of the copies for calls that are in none. */
  private promised: i32 = 0;
  /**
   * Places behind calls that are copied, which are closed: an entry in a loop costs each turn of it, and only who has left the region
   * before comes there.
   */
  readonly closed: i32[] = [];
  private readonly source: CodeSource;
  private readonly mostInstructions: i32;
  private readonly mostPages: i32;
  private readonly copies: Copies;
  /** Leaders to go on from, and the pieces they are in. */
  private readonly work: i32[] = [];
  private readonly workIn: Piece[] = [];

  constructor(source: CodeSource, mostInstructions: i32, mostPages: i32) {
    this.source = source;
    this.mostInstructions = mostInstructions;
    this.mostPages = mostPages;
    this.copies = new Copies(source);
  }

  /** Finds everything. */
  run(seeds: i32[]): void {
    const main = this.pieces[0]!;
    for (let n = 0; n < seeds.length; n++) this.lead(main, seeds[n]!, false);
    for (let n = 0; n < this.work.length; n++) this.walk(this.workIn[n]!, this.work[n]!);
    this.openSeeds(main, seeds);
  }

  /** Makes entries of the seeds, but for those behind calls of copies where there are other entries. */
  private openSeeds(main: Piece, seeds: i32[]): void {
    for (let n = 0; n < seeds.length; n++) if (!this.isClosed(main, seeds[n]!)) main.entries.set(seeds[n]!, true);
    if (!this.hasEntry(main)) for (let n = 0; n < seeds.length; n++) main.entries.set(seeds[n]!, true);
    for (let n = 0; n < main.behind.length; n++) {
      const at = main.behind[n]!;
      if (main.seen.has(at) && this.isClosed(main, at)) this.closed.push(at);
    }
  }

  private hasEntry(main: Piece): boolean {
    for (let n = 0; n < main.leaders.length; n++) {
      const at = main.leaders[n]!;
      if (main.entries.get(at)! && main.seen.has(at) && main.seen.get(at)!.secondParcel < 0) return true;
    }
    return false;
  }

  private isClosed(main: Piece, at: i32): boolean {
    return main.behind.includes(at) && main.entries.has(at) && !main.entries.get(at)! && !this.staysOpen(at);
  }

  private staysOpen(at: i32): boolean {
    const page = this.pages.at(pageOf(at));
    return page === 0 || this.source.staysOpen(page);
  }

  private lead(piece: Piece, at: i32, entry: boolean): void {
    const known = piece.entries.has(at);
    if (!known) {
      this.work.push(at);
      this.workIn.push(piece);
      piece.leaders.push(at);
    }
    piece.entries.set(at, (known && piece.entries.get(at)!) || (entry && piece.caller === null));
  }

  /** Goes on in memory to the end of the page, or where control does not. */
  private walk(piece: Piece, from: i32): void {
    const page = this.pageAt(pageOf(from));
    if (page === 0) return;
    const isCopy = piece.caller !== null;
    for (let at = from; !piece.seen.has(at);) {
      const instruction = isCopy ? this.source.copyOf(page, at) : this.source.instructionAt(page, at);
      if (instruction === null) return;
      if (this.size - this.copied >= this.mostInstructions) return;
      this.size++;
      if (isCopy) this.copied++;
      piece.seen.set(at, instruction);
      const next = at + instruction.length;
      if (instruction.traits.flow !== Flow.next) {
        this.follow(piece, at, next, instruction);
        return;
      }
      if (pageOf(next) !== pageOf(at)) {
        this.lead(piece, next, false);
        return;
      }
      at = next;
    }
  }

  private follow(piece: Piece, at: i32, next: i32, instruction: GuestInstruction): void {
    const flow = instruction.traits.flow;
    const target = at + instruction.imm;
    const calls = flow !== Flow.branch && instruction.rd !== 0;
    if (calls && this.isCopied(piece, instruction, target)) {
      const callee = new Piece(piece, next);
      this.pieces.push(callee);
      piece.callees.set(at, callee);
      piece.behind.push(next);
      this.lead(callee, target, false);
      this.lead(piece, next, false);
      return;
    }
    if (flow !== Flow.jumpRegister) this.lead(piece, target, instruction.imm <= 0 || calls);
    if (flow === Flow.branch || calls) this.lead(piece, next, calls);
  }

  /** Whether a call gets a copy of the function: as long as there is room, and in a copy always, whose size includes it. */
  private isCopied(piece: Piece, call: GuestInstruction, target: i32): boolean {
    const size = this.copies.sizeFor(call, target);
    if (piece.caller !== null) return size !== NOT_COPIED;
    if (this.promised + size > COPIED) return false;
    this.promised += size;
    return true;
  }

  /** The decoded page at a distance, which belongs to the region from now on; 0 where it can not. */
  private pageAt(distance: i32): i32 {
    const known = this.pages.at(distance);
    if (known !== 0 || this.pages.places.length >= this.mostPages) return known;
    const page = this.source.pageAt(distance);
    // One page seen at two addresses: the second one is outside.
    if (page === 0 || this.pages.places.includes(page)) return 0;
    this.pages.add(distance, page);
    return page;
  }
}
