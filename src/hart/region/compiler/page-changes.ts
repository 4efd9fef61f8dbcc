/** How a region leaves, and how it goes from one of its pages to another: as a fetch does, or not at all. */
import { Op, Type } from './code.js';
import type { Pages } from './discovery.js';
import type { InstructionWriter } from './instructions.js';
import type { i32 } from './integers.js';
import { Local, Scratch } from './region-locals.js';
import { StampKind } from './stamps.js';

/** What a function of a region returns where execution goes on at its target. */
export const GO_ON: i32 = 0;

/** In the place of an offset: what the target local holds. */
const IN_TARGET: i32 = -0x8000_0000;

/** Writes exits and changes of pages of one region. */
export class PageChanges {
  private readonly e: InstructionWriter;
  private readonly pages: Pages;
  /** Where the region is left at the target local, for the reason in its local; everything done has been counted. */
  exitLabel: i32 = 0;

  constructor(e: InstructionWriter, pages: Pages) {
    this.e = e;
    this.pages = pages;
  }

  /** Goes on outside of the region at an offset from the page, or at the target. */
  exit(offset: i32): void {
    if (offset !== IN_TARGET) {
      this.e.address(offset);
      this.e.code.set(Local.target);
    }
    this.e.code.assign(Local.reason, GO_ON);
    this.e.code.br(this.exitLabel);
  }

  /** Enters another page of the region at a relative address; leaves where that is not certain to be the page it was. */
  enter(at: i32, pageStart: i32): void {
    const e = this.e;
    const distance = at >> 12;
    e.distance = (distance << 12) - pageStart;
    e.glue(StampKind.pageTag);
    this.exitIf(StampKind.quantumIsOver, at - pageStart);
    e.code.assign(Scratch.page, this.pages.at(distance));
    e.code.assign(Scratch.number, this.pages.distances.indexOf(distance));
    this.makeSure(at - pageStart);
    e.glue(StampKind.enterPage);
  }

  /** Where the page of the target is not the one the region is in, finds it among the others; leaves where it is none of them. */
  find(): void {
    const e = this.e;
    const code = e.code;
    e.glue(StampKind.targetPage);
    code.get(Scratch.changes);
    code.open(Op.if, Type.void);
    if (this.pages.places.length > 1) this.findAmongAll();
    else this.exit(IN_TARGET);
    code.end();
    this.exitIf(StampKind.isNoEntry, IN_TARGET);
  }

  /** After {@link find}, when the region is certain to go there. */
  enterFound(): void {
    if (this.pages.places.length === 1) return;
    const code = this.e.code;
    code.get(Scratch.changes);
    code.open(Op.if, Type.void);
    this.e.glue(StampKind.enterPage);
    code.end();
  }

  /** Finds the virtual address of the page at distance 0 from the page the region is entered in. */
  findOrigin(): void {
    for (let n = 0; n < this.pages.places.length; n++) {
      this.e.number = this.pages.places[n]!;
      this.e.distance = -4096 * this.pages.distances[n]!;
      this.e.glue(StampKind.atPage);
    }
  }

  /** Goes on outside of the region at the target where a condition holds, which a stamp pushes. */
  exitToTargetIf(kind: i32): void {
    this.exitIf(kind, IN_TARGET);
  }

  private exitIf(kind: i32, offset: i32): void {
    this.e.glue(kind);
    this.exitIfTrue(offset);
  }

  private exitIfTrue(offset: i32): void {
    this.e.code.open(Op.if, Type.void);
    this.exit(offset);
    this.e.code.end();
  }

  private findAmongAll(): void {
    const e = this.e;
    const code = e.code;
    // Another page is not looked at, and counted, before there is an instruction of it to execute.
    this.exitIf(StampKind.quantumIsOver, IN_TARGET);
    e.glue(StampKind.pageDistance);
    // Each goes to the end by itself: what one `if` after the other may have set, V8 moves at the end of each.
    const found = code.open(Op.block, Type.void);
    for (let n = 0; n < this.pages.places.length; n++) {
      code.get(Scratch.distance);
      code.i64Const(4096 * this.pages.distances[n]!);
      code.op(Op.i64Eq);
      code.open(Op.if, Type.void);
      code.assign(Scratch.page, this.pages.places[n]!);
      code.assign(Scratch.number, n);
      code.br(found);
      code.end();
    }
    this.exit(IN_TARGET);
    code.end();
    this.makeSure(IN_TARGET);
  }

  /** Looks, once in a run of the region, whether a page is there where it was when the region was compiled. No translation changes meanwhile. */
  private makeSure(offset: i32): void {
    const e = this.e;
    const code = e.code;
    e.glue(StampKind.isUnsure);
    code.open(Op.if, Type.void);
    this.exitIf(StampKind.isNotFetchable, offset);
    e.glue(StampKind.decodedPage);
    code.get(Scratch.page);
    code.op(Op.i32Ne);
    this.exitIfTrue(offset);
    e.glue(StampKind.found);
    code.end();
  }
}
