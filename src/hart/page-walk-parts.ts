/** What the parts of the way of a miss share (page-walk.ts): the checks that all must pass. */
import { PTE_D, PTE_W, WALK_RAM_FIRST, WALK_RAM_FRAMES, WALK_RAM_HOST, WALK_READABLE, WALK_USER, WALK_USER_MASK } from '../../mmu/index.js';
import { type Label, Op, ValueType } from '../wasm/index.js';
import { PAGE_MAP, STORE_FLAGS, StoreFlag } from './layout.js';
import type { Script, Variable } from './script.js';
import { load, type Long, type Word, word } from './value.js';

const { I32 } = ValueType;

/** What the parts of the function share: the access, and what is known of its page so far. */
export interface Miss {
  readonly s: Script;
  /** Header of the translation cache. */
  readonly cache: Word;
  /** Page number, an int32. */
  readonly vpn: Word;
  /** 1 for what needs write permission, else 0: the mmu's kind of access. */
  readonly write: Word;
  /** Where the import is called, unless something has been changed. */
  readonly slow: Label;
  /** Linear address of the page. */
  readonly page: Variable<typeof ValueType.I32>;
  /** Whether the page may be accessed in the other way too, which then need not ask: a page read is often written next. */
  readonly both: Variable<typeof ValueType.I32>;
  /** Place of the pages tagged of the TLB entry, where it covers more than a page; else 0. */
  readonly tagged: Variable<typeof ValueType.I32>;
}

/** Steps 6, 8 and 9 for a data access by the flags of a leaf: U, R or W, and D for a store; else slow. */
export function checkRights({ s, both, cache, write, slow }: Miss, flags: Word): void {
  s.brIf(s.ne32(s.and32(flags, s.load32(cache, WALK_USER_MASK)), s.and32(s.load32(cache, WALK_USER), s.load32(cache, WALK_USER_MASK))), slow);
  const readable = s.let(s.and32(flags, s.load32(cache, WALK_READABLE)));
  const writable = s.let(s.eq32(s.and32(flags, word(PTE_W | PTE_D)), word(PTE_W | PTE_D)));
  s.if(write, () => {
    s.brIf(s.eqz32(writable), slow);
    both.set(readable);
  }, () => {
    s.brIf(s.eqz32(readable), slow);
    both.set(writable);
  });
}

/** Linear address of a frame; slow where it is not in RAM. */
export function hostOf({ s, cache, slow }: Miss, frame: Long): Word {
  const index = s.let(s.sub(frame, s.load64(cache, WALK_RAM_FIRST)));
  s.brIf(s.geU(index, s.load64(cache, WALK_RAM_FRAMES)), slow);
  return s.let(s.add32(s.shl32(s.low(index), word(12)), s.load32(cache, WALK_RAM_HOST)));
}

/** Sets the page from its frame. */
export function findPage(miss: Miss, frame: Long): void {
  miss.page.set(hostOf(miss, frame));
}

/** StoreWatch.admitsStore where it has nothing to do but to note that the page is cached for writing; else slow. Call it last. */
export function admitStore(miss: Miss): void {
  miss.s.if(miss.write, () => admit(miss, miss.slow));
}

function admit({ s, page }: Miss, refused: Label): void {
  const number = s.let(s.shrU32(page.value, word(12)));
  const flags = s.let(load(I32, Op.i32Load8U, number, STORE_FLAGS));
  s.brIf(s.and32(flags, word(~(StoreFlag.writeCached | StoreFlag.stale))), refused);
  s.if(s.load32(s.shl32(number, word(2)), PAGE_MAP), () => s.brIf(s.eqz32(s.and32(flags, word(StoreFlag.stale))), refused));
  s.store8(number, STORE_FLAGS, s.or32(flags, word(StoreFlag.writeCached)));
}

/** Does something for a page that was read and may as well be written, or was written and may be read. */
export function ifBoth(miss: Miss, then: () => void): void {
  const { s, both, write } = miss;
  s.block((one) => {
    s.brIf(s.eqz32(both.value), one);
    s.if(s.eqz32(write), () => admit(miss, one));
    then();
  });
}
