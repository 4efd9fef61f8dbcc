/**
 * The page table walk in generated code, for ordinary leaves; all others are slow. `Step n` are the steps of mmu/walk.ts. Nothing
 * is changed before all checks are made; then it is counted, and entered in the TLB as Tlb.fill does.
 */
import {
  COUNTS_MISSES, PTE_A, PTE_G, PTE_R, PTE_V, PTE_W, PTE_X, TALLY_PTE_READS, WALK_ARRAYS, WALK_COUNTS, WALK_ROOT, WALK_TALLY, WALK_WORD, WORD_ORIGIN_SHIFT,
  WORD_SIZE_SHIFT,
} from '../../mmu/index.js';
import { ValueType } from '../wasm/index.js';
import { admitStore, checkRights, findPage, hostOf, type Miss } from './page-walk-parts.js';
import { choosePlace, insert } from './page-walk-tlb.js';
import { long, type Long, word, type Word } from './value.js';

const { I32, I64 } = ValueType;
const FLAGS = 0xff;

/** Walks for the page of a miss and enters what it finds in the TLB; goes on behind that, or slow. */
export function writeWalk(miss: Miss): void {
  const { s, cache, vpn, slow } = miss;
  const pte = s.variable(I64);
  const level = s.variable(I32);
  // Step 1: let a be the root table, i the top level.
  const table = s.variable(I32);
  table.set(s.load32(cache, WALK_ROOT));
  s.brIf(s.eqz32(table.value), slow);
  s.block((leaf) => {
    for (const i of [2, 1, 0]) {
      level.set(word(i));
      // Step 2: the PTE at a + va.vpn[i] * PTESIZE.
      pte.set(s.load64(s.add32(table.value, s.shl32(s.and32(s.shrU32(vpn, word(9 * i)), word(511)), word(3))), 0));
      // Step 3: reserved bits; and N and PBMT, which are not ordinary.
      s.brIf(s.low(s.shrU(pte.value, long(54n))), slow);
      if (i === 0) continue;
      // Step 4: R or X makes a leaf; a pointer has V and nothing else, or else it faults or is global.
      s.brIf(s.and32(s.low(pte.value), word(PTE_R | PTE_X)), leaf);
      s.brIf(s.ne32(s.and32(s.low(pte.value), word(FLAGS)), word(PTE_V)), slow);
      table.set(hostOf(miss, frameOf(miss, pte.value)));
    }
  });
  useLeaf(miss, pte.value, level.value);
}

const frameOf = ({ s }: Miss, pte: Long): Long => s.shrU(pte, long(10n));

function useLeaf(miss: Miss, pte: Long, level: Word): void {
  const { s, cache, vpn, slow } = miss;
  const flags = s.let(s.and32(s.low(pte), word(FLAGS)));
  // Steps 3 and 9: V and A set, W only with R, and not global. A pointer in the last level has neither R nor X and fails in step 8.
  s.brIf(s.ne32(s.and32(flags, word(PTE_V | PTE_A | PTE_G)), word(PTE_V | PTE_A)), slow);
  s.brIf(s.eq32(s.and32(flags, word(PTE_R | PTE_W)), word(PTE_W)), slow);
  // Step 5: the frame of a superpage must be aligned to it.
  const frame = s.let(frameOf(miss, pte));
  const shift = s.let(s.mul32(level, word(9)));
  const inside = s.let(s.sub32(s.shl32(word(1), shift), word(1)));
  s.brIf(s.and32(s.low(frame), inside), slow);
  // Steps 6, 8 and 9.
  checkRights(miss, flags);
  // Step 10.
  findPage(miss, s.add(frame, s.zext(s.and32(vpn, inside))));
  const array = s.let(s.load32(s.add32(cache, s.shl32(level, word(2))), WALK_ARRAYS));
  const tag = s.let(s.shrS32(vpn, shift));
  const key = choosePlace(miss, array, tag);
  admitStore(miss);
  count(miss, level);
  const sizes = s.or32(s.shl32(level, word(WORD_SIZE_SHIFT)), s.shl32(level, word(WORD_ORIGIN_SHIFT)));
  insert(miss, { array, key, tag, size: level, word: s.or32(s.or32(s.load32(cache, WALK_WORD), flags), sizes), frame });
}

/** Counts the miss, the walk, and the PTEs from the root down to the level of the leaf. */
function count({ s, cache, write }: Miss, level: Word): void {
  s.count(s.add32(s.load32(cache, WALK_COUNTS), s.shl32(write, word(3))), COUNTS_MISSES);
  const tally = s.let(s.load32(cache, WALK_TALLY));
  s.count(s.add32(tally, s.shl32(level, word(3))), 0);
  s.count(tally, TALLY_PTE_READS + 16);
  s.if(s.ltU32(level, word(2)), () => s.count(tally, TALLY_PTE_READS + 8));
  s.if(s.eqz32(level), () => s.count(tally, TALLY_PTE_READS));
}
