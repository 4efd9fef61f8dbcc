/**
 * The way of a data access that the translation cache does not answer, in generated code: look the page up in the TLB, else
 * walk its page table, fill TLB and translation cache, and give the host address, all as mmu/mmu.ts and mmu/walk.ts do.
 *
 * It answers the ordinary cases of the ordinary TLB (mmu/walk-cells.ts) and leaves everything else to the slow path in TypeScript,
 * before it has changed anything: faults, accesses over two pages, frames outside RAM, Svpbmt
 * and Svnapot leaves, global pages, A or D to be set, stores that store-watch.ts must see, and tags to be dropped of more than a page.
 *
 *     block slow                       -> the import
 *       block answer                   the page is known and counted: fill the translation cache, return
 *         untranslated               -> answer
 *         block hit                    the TLB holds it
 *           look up
 *           walk, fill the TLB         -> answer
 */
import { TC_ADDEND, TC_EXEC, TC_GENERATION, TC_MASK, TC_READ, TC_WRITE, WALK_MISALIGNED, WALK_STATE, WalkState, SIZE_ORDER } from '../../mmu/index.js';
import { FunctionBody, type Label, ValueType } from '../wasm/index.js';
import { Access, PAGE_OFFSET } from './access.js';
import { State } from './layout.js';
import { admitStore, findPage, ifBoth, type Miss } from './page-walk-parts.js';
import { writeWalk } from './page-walk-table.js';
import { lookUp, noteTag, useEntry } from './page-walk-tlb.js';
import { Script } from './script.js';
import { cell32, long, type Long, type Word, word } from './value.js';

const { I32 } = ValueType;

/**
 * Builds `miss(low, high, size, kind) -> host`: what the import `access` does, and means the same.
 * @param access function index of the import
 */
export function buildMiss(access: number): FunctionBody {
  const body = new FunctionBody([I32, I32, I32, I32], [I32]);
  const s = new Script(body);
  s.block((slow) => {
    const { miss, entry, tag } = begin(s, slow);
    s.block((answer) => {
      const found = { key: s.variable(I32), array: s.variable(I32), shift: s.variable(I32) };
      s.if(s.eq32(s.load32(miss.cache, WALK_STATE), word(WalkState.Untranslated)), () => {
        findPage(miss, s.sext(miss.vpn));
        admitStore(miss);
        s.br(answer);
      });
      s.block((hit) => {
        for (const size of SIZE_ORDER) lookUp(miss, size, found, hit);
        writeWalk(miss);
        s.br(answer);
      });
      useEntry(miss, found);
    });
    noteTag(miss);
    fill(miss, entry, tag);
    s.return(s.add32(miss.page.value, s.and32(s.parameter(0), word(PAGE_OFFSET))));
  });
  for (let n = 0; n < 4; n++) body.get(n);
  body.call(access);
  return body;
}

/** Sorts out accesses that are not ordinary, and answers one whose page is cached but which is not aligned. */
function begin(s: Script, slow: Label): { miss: Miss; entry: Word; tag: Long } {
  const [low, high, size, kind] = [0, 1, 2, 3].map((n) => s.parameter(n)) as [Word, Word, Word, Word];
  const cache = s.let(cell32(State.cache));
  s.brIf(s.eqz32(s.load32(cache, WALK_STATE)), slow);
  // cbo instructions are done by TypeScript, and sc looks at reservations there.
  s.brIf(s.ltU32(word(Access.Amo), kind), slow);
  s.brIf(s.ltU32(word(PAGE_OFFSET + 1), s.add32(s.and32(low, word(PAGE_OFFSET)), size)), slow);
  s.if(s.and32(low, s.sub32(size, word(1))), () => {
    s.brIf(s.eqz32(s.load32(cache, WALK_MISALIGNED)), slow);
    s.brIf(s.ltU32(word(Access.Store), kind), slow);
  });
  // Canonical addresses lie in [-2^38, 2^38).
  s.brIf(s.eqz32(s.ltU32(s.add32(high, word(64)), word(128))), slow);
  const vpn = s.let(s.or32(s.shrU32(low, word(12)), s.shl32(high, word(20))));
  const write = s.let(s.and32(kind, word(1)));
  const entry = s.let(s.add32(cache, s.and32(s.shl32(vpn, word(5)), s.load32(cache, TC_MASK))));
  const tag = s.let(s.or(s.shl(s.sext(vpn), long(12n)), s.load64(cache, TC_GENERATION)));
  s.if(s.eq(s.load64(tagOf(s, entry, write), TC_READ), tag), () => s.return(s.add32(low, s.load32(entry, TC_ADDEND))));
  const page = s.variable(I32);
  const tagged = s.variable(I32);
  const both = s.variable(I32);
  tagged.set(word(0));
  both.set(word(0));
  return { miss: { s, cache, vpn, write, slow, page, both, tagged }, entry, tag };
}

const tagOf = (s: Script, entry: Word, write: Word): Word => s.add32(entry, s.shl32(write, word(3)));

/** TranslationCache.fill, for the other kind of access as well where that would be answered alike. */
function fill(miss: Miss, entry: Word, tag: Long): void {
  const { s, vpn, write, page } = miss;
  const addend = s.let(s.sub32(page.value, s.shl32(vpn, word(12))));
  s.if(s.ne32(addend, s.load32(entry, TC_ADDEND)), () => {
    for (const at of [TC_READ, TC_WRITE, TC_EXEC]) s.store64(entry, at, long(0n));
    s.store32(entry, TC_ADDEND, addend);
  });
  s.store64(tagOf(s, entry, write), TC_READ, tag);
  ifBoth(miss, () => s.store64(tagOf(s, entry, s.sub32(word(1), write)), TC_READ, tag));
}
