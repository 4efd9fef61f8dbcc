/**
 * How generated code asks the translation cache: an address leads to an entry; its tag, compared with that of the access, says whether it
 * answers, and its addend leads to the memory.
 */
import { TC_ADDEND, TC_ENTRY_BYTES, TC_EXEC } from '../../mmu/index.js';
import { Op, ValueType } from '../wasm/index.js';
import { type AccessWidth, PAGE_OFFSET } from './access.js';
import { FloatArithmetic } from './float-value.js';
import { load, type Long, long, type Value, type Word } from './value.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const I64: typeof ValueType.I64 = ValueType.I64;

/** Writes the parts of a question. */
export abstract class CacheAsking extends FloatArithmetic {
  /** Place of the cache where that is a constant of the code; 0 where only `cacheBase` has it. */
  protected readonly cacheAt: number = 0;

  /** Place of the translation cache: of its header. */
  protected abstract cacheBase(): Word;
  /** What the header holds at TC_MASK; it never changes. */
  protected abstract cacheMask(): Word;
  /** What the header holds at TC_GENERATION; anything called that translates may change it. */
  protected abstract cacheGeneration(): Long;
  /** Takes the generation anew after a call that may have changed it. */
  protected abstract reloadGeneration(): void;
  /** Computes a value here, once. */
  abstract let<T extends ValueType>(v: Value<T>): Value<T>;

  /**
   * Place of the translation cache entry of an address: page number modulo the number of entries, times the size of an entry; seen from
   * the cache where its place is known.
   */
  protected cacheEntry(va: Long): Word {
    const pageToEntry = BigInt(12 - Math.log2(TC_ENTRY_BYTES));
    const index = this.and32(this.low(this.shrU(va, long(pageToEntry))), this.cacheMask());
    return this.let(this.cacheAt === 0 ? this.add32(index, this.cacheBase()) : index);
  }

  /** The tag of an entry at TC_READ, TC_WRITE or TC_EXEC. */
  protected tagOf(entry: Word, field: number): Long {
    return load(I64, Op.i64Load, entry, this.cacheAt + field);
  }

  /** What makes an address of the entry's page one of the linear memory. */
  protected addendOf(entry: Word): Word {
    return load(I32, Op.i32Load, entry, this.cacheAt + TC_ADDEND);
  }

  /** The tag that lets an access of `size` bytes through; a misaligned address makes one that is nowhere. */
  protected cacheTag(va: Long, size: AccessWidth): Long {
    return this.or(this.and(va, long(BigInt(~(PAGE_OFFSET & ~(size - 1))))), this.cacheGeneration());
  }

  /** Whether an entry of the translation cache allows fetches from the page at `tag`. */
  protected fetchable(entry: Word, tag: Long): Word {
    return this.eq(this.tagOf(entry, TC_EXEC), this.or(tag, this.cacheGeneration()));
  }
}
