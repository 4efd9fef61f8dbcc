/** Makes the stamps of what lies between the instructions of a region: see StampKind for which there are, and Scratch for its locals. */
import { HarnessBug } from '../../base/index.js';
import { TC_GENERATION } from '../../../mmu/index.js';
import { Op, ValueType } from '../../wasm/index.js';
import { Handler } from '../handlers.js';
import { Decoded, DECODED_SHIFT, PAGE_MAP, REGION_ENTRIES, State } from '../layout.js';
import { cell32, load, local, type Long, long, value, word, type Word } from '../value.js';
import { LEFT_ACCESSES, LEFT_INSTRUCTIONS } from './compiler/instructions.js';
import { Local, Scratch } from './compiler/region-locals.js';
import { Hole, StampKind } from './compiler/stamps.js';
import { type AskedCache, StampEmitter } from './stamp-emitter.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

const long64 = (index: number): Long => local(I64, index);
const word32 = (index: number): Word => local(I32, index);

class GlueEmitter extends StampEmitter {
  readonly #kinds: Readonly<Record<number, () => void>> = {
    [StampKind.loadCache]: () => this.#loadCache(),
    [StampKind.atPage]: () => this.if(this.eq32(word32(Local.page), this.number(Hole.number)), () => this.set(Local.origin, this.fromPage(Hole.distance))),
    [StampKind.finishLeave]: () => this.#finishLeave(),
    [StampKind.storeState]: () => this.#storeState(),
    [StampKind.storeFetches]: () => this.setCell(State.fetches, this.add32(cell32(State.fetches), word32(Local.fetches))),
    [StampKind.ask]: () => this.if(this.ltU32(this.low(long64(Local.count)), this.number(Hole.number)), () => this.leave(0)),
    [StampKind.quantumIsOver]: () => this.eqz32(this.low(long64(Local.count))).put(this.body),
    [StampKind.pageTag]: () => this.set(Scratch.tag, this.fromPage(Hole.distance)),
    [StampKind.isUnsure]: () => this.eqz32(this.and32(word32(Local.found), this.#bit())).put(this.body),
    [StampKind.isNotFetchable]: () => this.#isNotFetchable(),
    [StampKind.decodedPage]: () => load(I32, Op.i32Load, this.shl32(this.shrU32(word32(Scratch.host), word(12)), word(2)), PAGE_MAP).put(this.body),
    [StampKind.found]: () => this.set(Local.found, this.or32(word32(Local.found), this.#bit())),
    [StampKind.enterPage]: () => this.#enterPage(),
    [StampKind.fetched]: () => this.#fetched(),
    [StampKind.otherParcel]: () => this.ne32(load(I32, Op.i32Load16U, word32(Scratch.host), 0), this.number(Hole.number)).put(this.body),
    [StampKind.targetPage]: () => this.#targetPage(),
    [StampKind.pageDistance]: () => this.set(Scratch.distance, this.sub(long64(Scratch.tag), long64(Local.origin))),
    [StampKind.isNoEntry]: () => this.#isNoEntry(),
    [StampKind.isOfOther]: () => this.#isOfOther(),
    [StampKind.blockOfEntry]: () => this.set(Local.block, this.and32(word32(Scratch.entry), word(0xffff))),
  };

  protected override write(kind: number, variant: number): void {
    const write = this.#kinds[kind];
    if (write === undefined) {
      super.write(kind, variant);
      return;
    }
    this.#reserve();
    write();
  }

  /** Keeps the scratch locals that glue has for itself. */
  #reserve(): void {
    const mine: readonly (readonly [ValueType, number])[] = [
      [I64, Scratch.tag], [I64, Scratch.distance],
      [I32, Scratch.page], [I32, Scratch.number], [I32, Scratch.changes], [I32, Scratch.host], [I32, Scratch.ip], [I32, Scratch.entry],
    ];
    for (const [type, index] of mine) if (this.body.temp(type) !== index) throw new HarnessBug('scratch locals lie elsewhere', { index });
  }

  /** Takes place and generation of the translation cache over from memory. */
  #loadCache(): void {
    if (this.cacheAt === 0) this.set(Local.cache, cell32(State.cache));
    this.set(Local.generation, load(I64, Op.i64Load, this.cacheBase(), TC_GENERATION));
  }

  /** Behind the leave label: counts what the block had done, and says that the interpreter has the next instruction. */
  #finishLeave(): void {
    const left = this.let(value(I32, () => {}));
    this.set(Local.reason, this.add32(word32(Local.reason), word(1)));
    this.set(Local.target, this.add(long64(Local.pageVa), this.zext(this.and32(left, word((1 << LEFT_INSTRUCTIONS) - 1)))));
    const instructions = this.and32(this.shrU32(left, word(LEFT_INSTRUCTIONS)), word((1 << (LEFT_ACCESSES - LEFT_INSTRUCTIONS)) - 1));
    const counted = this.sub(this.shl(this.zext(this.shrU32(left, word(LEFT_ACCESSES))), long(32n)), this.zext(instructions));
    this.set(Local.count, this.add(long64(Local.count), counted));
  }

  /** Gives the state back. */
  #storeState(): void {
    this.setCell(State.count, long64(Local.count));
    this.setCell(State.pc, long64(Local.target));
    this.setCell(State.page, word32(Local.page));
    this.setCell(State.pageVa, long64(Local.pageVa));
  }

  /** The bit of the page with a number. */
  #bit(): Word {
    return this.shl32(word(1), word32(Scratch.number));
  }

  /** Finds the linear address of a page of code; pushes whether it can not be fetched from without changing something. */
  #isNotFetchable(): void {
    const tag = long64(Scratch.tag);
    const entry = this.cacheEntry(tag);
    this.set(Scratch.host, this.add32(this.low(tag), this.addendOf(entry)));
    this.eqz32(this.fetchable(entry, tag)).put(this.body);
  }

  #enterPage(): void {
    this.set(Local.page, word32(Scratch.page));
    this.set(Local.pageVa, long64(Scratch.tag));
    this.#fetched();
  }

  #fetched(): void {
    this.set(Local.fetches, this.add32(word32(Local.fetches), word(1)));
  }

  #targetPage(): void {
    this.set(Scratch.tag, this.and(long64(Local.target), long(-4096n)));
    this.set(Scratch.changes, this.ne(long64(Scratch.tag), long64(Local.pageVa)));
    this.set(Scratch.page, word32(Local.page));
  }

  /** Finds the decoded instruction at the target; pushes whether no region can be entered there. */
  #isNoEntry(): void {
    const offset = this.and32(this.low(long64(Local.target)), word(0xfff));
    this.set(Scratch.ip, this.add32(word32(Scratch.page), this.shl32(offset, word(DECODED_SHIFT))));
    this.ne32(load(I32, Op.i32Load16U, word32(Scratch.ip), Decoded.handler), word(Handler.Region)).put(this.body);
  }

  /** Reads the entry there; pushes whether it is another region's. */
  #isOfOther(): void {
    this.set(Scratch.entry, load(I32, Op.i32Load, this.shl32(load(I32, Op.i32Load16U, word32(Scratch.ip), Decoded.regionEntry), word(2)), REGION_ENTRIES));
    this.ne32(this.shrU32(word32(Scratch.entry), word(16)), this.number(Hole.number)).put(this.body);
  }
}

/** The stamp of a kind and variant, as words, for code that asks a translation cache. */
export const stampOf = (kind: number, variant: number, cache: AskedCache): number[] => new GlueEmitter(kind, variant, cache).make();
