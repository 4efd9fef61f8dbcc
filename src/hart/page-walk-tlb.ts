/** The TLB in generated code: what TlbArray does of finding, entering and replacing translations (mmu/tlb-array.ts), for FIFO. */
import {
  ARRAY_CLOCK, ARRAY_EVICTIONS, ARRAY_FILLS, ARRAY_KEYS, ARRAY_LIVE, ARRAY_MARKS, ARRAY_SET_MASK, ARRAY_TAGGED, ARRAY_VALUES, ARRAY_WAYS, COUNTS_HITS, MARKED_SHIFT, PTE_G, PTE_V, SIZE_SHIFT,
  TAGGED_BIAS, TC_MASK, TC_READ, TC_WRITE, WALK_ARRAYS, WALK_COUNTS, WALK_WORD, WORD_SIZE_SHIFT,
} from '../../mmu/index.js';
import { type Label, Op, ValueType } from '../wasm/index.js';
import { admitStore, checkRights, findPage, type Miss } from './page-walk-parts.js';
import type { Script, Variable } from './script.js';
import { load, long, type Long, type Value, type Word, word } from './value.js';

const I32: typeof ValueType.I32 = ValueType.I32;
const F64: typeof ValueType.F64 = ValueType.F64;

/** Bytes of a key and of a value, and where the stamp is in a value. */
const KEY = 8;
const STAMP = 8;

/** Where the TLB holds a page. */
export interface Found {
  /** Place of the key. */
  readonly key: Variable<typeof I32>;
  /** Place of the array's descriptor. */
  readonly array: Variable<typeof I32>;
  /** log2 of the pages the entry covers. */
  readonly shift: Variable<typeof I32>;
}

/** TlbArray.find for one page size: goes to `hit` with the place of the entry's key. */
export function lookUp({ s, cache, vpn }: Miss, size: number, found: Found, hit: Label): void {
  const shift = SIZE_SHIFT[size]!;
  const array = s.let(s.load32(cache, WALK_ARRAYS + size * 4));
  s.if(array, () => s.if(s.load32(array, ARRAY_LIVE + size * 4), () => {
    const tag = s.let(s.shrS32(vpn, word(shift)));
    const ways = s.let(s.load32(array, ARRAY_WAYS));
    const key = s.variable(I32);
    key.set(setOf(s, array, tag, ways));
    const end = s.let(s.add32(key.value, s.shl32(ways, word(3))));
    const wanted = s.let(s.or(s.shl(s.zext(tag), long(32n)), s.zext(s.or32(s.load32(cache, WALK_WORD), word(size << WORD_SIZE_SHIFT)))));
    s.repeat(() => {
      const differs = s.let(s.xor(s.load64(key.value, 0), wanted));
      s.if(s.eqz(s.and(differs, long(MUST_MATCH))), () => {
        s.if(s.or32(s.eqz(s.and(differs, long(ASID))), s.and32(s.load32(key.value, 0), word(PTE_G))), () => {
          found.key.set(key.value);
          found.array.set(array);
          found.shift.set(word(shift));
          s.br(hit);
        });
      });
      key.set(s.add32(key.value, word(KEY)));
      return s.ne32(key.value, end);
    });
  }));
}

/** Tag, size and V of a key. */
const MUST_MATCH: bigint = BigInt.asIntN(64, 0xffff_ffff_0000_0000n | (3n << BigInt(WORD_SIZE_SHIFT)) | BigInt(PTE_V));
/** ASID of a key. */
const ASID = 0xffff_0000n;

/** Place of the first key of the set of a tag. */
const setOf = (s: Script, array: Word, tag: Word, ways: Word): Word =>
  s.add32(s.load32(array, ARRAY_KEYS), s.shl32(s.mul32(s.and32(tag, s.load32(array, ARRAY_SET_MASK)), ways), word(3)));

/** Place of the value of the key at `key`. */
const valueOf = (s: Script, array: Word, key: Word): Word => s.add32(s.load32(array, ARRAY_VALUES), s.shl32(s.sub32(key, s.load32(array, ARRAY_KEYS)), word(1)));

/** Place of the pages tagged of the key at `key`. */
const taggedOf = (s: Script, array: Word, key: Word): Word => s.add32(s.load32(array, ARRAY_TAGGED), s.sub32(key, s.load32(array, ARRAY_KEYS)));

const stampOf = (s: Script, array: Word, key: Word): Value<typeof F64> => load(F64, Op.f64Load, valueOf(s, array, key), STAMP);

/** The TLB holds the page at `key`: Mmu.translate's way of a hit. */
export function useEntry(miss: Miss, found: Found): void {
  const [key, array, shift] = [found.key.value, found.array.value, found.shift.value];
  const { s, cache, vpn, write } = miss;
  checkRights(miss, s.let(s.load32(key, 0)));
  const first = s.load64(valueOf(s, array, key), 0);
  const inside = s.and32(vpn, s.sub32(s.shl32(word(1), shift), word(1)));
  findPage(miss, s.add(first, s.zext(inside)));
  admitStore(miss);
  s.count(s.add32(s.load32(cache, WALK_COUNTS), s.shl32(write, word(3))), COUNTS_HITS);
  s.if(shift, () => miss.tagged.set(taggedOf(s, array, key)));
}

/**
 * The place in a set for a new translation: an empty one, else FIFO's. Slow where what is there has tags of more than its own page.
 * @returns the place of the key
 */
export function choosePlace({ s, slow }: Miss, array: Word, tag: Word): Word {
  const ways = s.let(s.load32(array, ARRAY_WAYS));
  const [place, key] = [s.variable(I32), s.variable(I32)];
  key.set(setOf(s, array, tag, ways));
  place.set(key.value);
  const end = s.let(s.add32(key.value, s.shl32(ways, word(3))));
  s.block((found) => {
    s.repeat(() => {
      s.if(s.eqz32(s.load32(key.value, 0)), () => {
        place.set(key.value);
        s.br(found);
      });
      s.if(s.ltF64(stampOf(s, array, key.value), stampOf(s, array, place.value)), () => place.set(key.value));
      key.set(s.add32(key.value, word(KEY)));
      return s.ne32(key.value, end);
    });
    s.if(sizeOf(s, s.load32(place.value, 0)), () => s.brIf(s.load32(taggedOf(s, array, place.value), 4), slow));
  });
  return place.value;
}

const sizeOf = (s: Script, entryWord: Word): Word => s.and32(s.shrU32(entryWord, word(WORD_SIZE_SHIFT)), word(3));

/** A translation to be entered at the place of a key. */
export interface NewEntry {
  readonly array: Word;
  readonly key: Word;
  readonly tag: Word;
  /** Size code. */
  readonly size: Word;
  /** The entry's word. */
  readonly word: Word;
  /** First frame. */
  readonly frame: Long;
}

/** TlbArray.insert, all checks made: evicts what is at the place, then enters. */
export function insert(miss: Miss, { array, key, tag, size, word: entryWord, frame }: NewEntry): void {
  const { s } = miss;
  const old = s.let(s.load32(key, 0));
  s.if(old, () => {
    s.count(array, ARRAY_EVICTIONS);
    s.add32To(s.add32(array, s.shl32(sizeOf(s, old), word(2))), ARRAY_LIVE, -1);
    s.if(s.eqz32(sizeOf(s, old)), () => dropTags(miss, s.let(s.load32(key, 4))));
  });
  s.store64(key, 0, s.or(s.shl(s.zext(tag), long(32n)), s.zext(entryWord)));
  const at = s.let(valueOf(s, array, key));
  s.store64(at, 0, frame);
  s.count(array, ARRAY_CLOCK);
  s.store64(at, STAMP, s.load64(array, ARRAY_CLOCK));
  const marked = s.shrU32(s.sub32(key, s.load32(array, ARRAY_KEYS)), word(MARKED_SHIFT + 3));
  s.store32(s.add32(s.load32(array, ARRAY_MARKS), s.shl32(marked, word(2))), 0, word(1));
  const tagged = s.let(taggedOf(s, array, key));
  s.store32(tagged, 4, word(0));
  s.if(size, () => miss.tagged.set(tagged));
  s.add32To(s.add32(array, s.shl32(size, word(2))), ARRAY_LIVE, 1);
  s.count(array, ARRAY_FILLS);
}

/** TranslationCache.drop of one page, for loads and stores. */
function dropTags({ s, cache }: Miss, vpn: Word): void {
  const entry = s.let(s.add32(cache, s.and32(s.shl32(vpn, word(5)), s.load32(cache, TC_MASK))));
  const page = s.let(s.shl(s.sext(vpn), long(12n)));
  for (const at of [TC_READ, TC_WRITE]) s.if(s.eq(s.and(s.load64(entry, at), long(-4096n)), page), () => s.store64(entry, at, long(0n)));
}

/** TlbArray.noteTag. */
export function noteTag({ s, vpn, tagged }: Miss): void {
  const pages = tagged.value;
  s.if(pages, () => {
    const page = s.let(s.add32(vpn, word(TAGGED_BIAS)));
    s.if(s.eqz32(s.load32(pages, 4)), () => {
      s.store32(pages, 0, page);
      s.store32(pages, 4, page);
    }, () => {
      s.if(s.ltU32(page, s.load32(pages, 0)), () => s.store32(pages, 0, page));
      s.if(s.ltU32(s.load32(pages, 4), page), () => s.store32(pages, 4, page));
    });
  });
}
