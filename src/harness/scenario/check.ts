/** What must hold after every operation of a scenario: no translation shows what its mapping does not. */
import { hex, LEVEL_SIZE, PAGESIZE } from '../../base/index.js';
import { DEVMAP_MAPPING_INVALID } from '../../ddi/index.js';
import { pteLeaf, ptePpn, PTE_R, PTE_U, PTE_W, PTE_X } from '../../../mmu/index.js';
import type { DevmapHandle } from '../../segdev/index.js';
import { DEVMAP_DEVMEM_COOKIE, DEVMAP_PMEM_COOKIE, SegdevData, UMEM_LOCKED, UMEM_TRASH, UmemCookie } from '../../segdev/index.js';
import type { As, Seg } from '../../vm/index.js';
import { as_segat, PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE } from '../../vm/index.js';
import { checkHarts } from './check-harts.js';
import { eachLeaf } from './page-tables.js';
import type { ScenarioWorld } from './world.js';
import { Wrong } from './wrong.js';

/**
 * Compares the page tables of every space with its segments and handles, and the TLBs of every hart with the page tables; then lets
 * the harts touch all pages.
 * @throws Wrong naming the first translation that is stale, shows another frame or allows too much
 */
export function checkTranslations(world: ScenarioWorld): void {
  const spaces = world.everySpace();
  for (const as of spaces) checkSpace(world, as);
  const { harts } = world;
  if (harts === undefined) return;
  checkHarts(world.memory, harts, new Set(spaces.map((as) => as.hat)));
  const refused = harts.touchAll(spaces);
  if (refused === undefined) return;
  const { as, hart, va, pfn, access } = refused;
  throw new Wrong('stale', `hart ${hart.mmu.hartId}: ${as.name} ${hex(va)}: access ${access} does not reach frame ${hex(pfn)}: ${hart.mmu.failureName}`);
}

/** A range of a mapping all pages of which have the same rights, and frames that come from one place. */
interface Region {
  readonly from: number;
  readonly to: number;
  /** PROT_* a translation may have at most. */
  readonly rights: number;
  /** Whether the frames are consecutive, so that one says them all. */
  readonly consecutive: boolean;
  /** What is wrong with a translation of the page at `addr` to `pfn`; empty when nothing is. */
  judge(addr: number, pfn: number): string;
}

function checkSpace(world: ScenarioWorld, as: As): void {
  let region: Region | undefined;
  eachLeaf(world.memory, as.hat.rootPfn, (vpn, level, lo, hi) => {
    const base = vpn * PAGESIZE;
    const end = base + LEVEL_SIZE[level];
    for (let addr = base; addr < end; addr = region.to) {
      if (region === undefined || addr < region.from || addr >= region.to) region = regionAt(world, as, addr);
      const pfn = ptePpn(lo, hi) + (addr - base) / PAGESIZE;
      const wrong = pteLeaf(lo) && (rightsOf(lo) & ~region.rights) !== 0 ? 'a translation with more rights than its page' : judgeRange(region, addr, Math.min(end, region.to), pfn);
      if (wrong !== '') throw new Wrong('stale', `${as.name} ${hex(addr)}: ${wrong}; it shows frame ${hex(pfn)} in a page of level ${level}`);
    }
  });
}

function judgeRange(region: Region, from: number, to: number, pfn: number): string {
  let wrong = '';
  for (let addr = from; addr < to && wrong === ''; addr += PAGESIZE) {
    wrong = region.judge(addr, pfn + (addr - from) / PAGESIZE);
    if (region.consecutive) break;
  }
  return wrong;
}

/** The rights of a PTE; what is readable only because it is writable, as the manual wants it, counts as writable alone. */
function rightsOf(lo: number): number {
  const read = (lo & PTE_R) !== 0 && (lo & PTE_W) === 0 ? PROT_READ : 0;
  return read | (lo & PTE_W ? PROT_WRITE : 0) | (lo & PTE_X ? PROT_EXEC : 0) | (lo & PTE_U ? PROT_USER : 0);
}

const nowhere = (from: number, what: string): Region => ({ from, to: from + PAGESIZE, rights: 15, consecutive: true, judge: () => what });

/** What a mapping says about the page at `addr` and those behind it. */
function regionAt(world: ScenarioWorld, as: As, addr: number): Region {
  const seg = as_segat(as, addr);
  if (seg === undefined) return nowhere(addr, 'a translation outside every segment');
  const sdp = seg.data;
  if (!(sdp instanceof SegdevData)) return nowhere(addr, 'a segment of another kind');
  const { prot, to } = protection(seg, sdp, addr);
  if (sdp.mapfunc !== undefined) {
    const device = world.deviceOf(sdp.vp.dev);
    const judge = (at: number, pfn: number): string => (device?.answered(sdp.offset + (at - seg.base), pfn) === true ? '' : 'a frame that the driver never answered for this page');
    return { from: addr, to, rights: prot, consecutive: false, judge };
  }
  let dhp = sdp.devmap_data;
  while (dhp !== undefined && !(addr >= dhp.uvaddr && addr < dhp.uvaddr + dhp.len)) dhp = dhp.next;
  return dhp === undefined ? nowhere(addr, 'a translation outside every handle') : handleRegion(world, dhp, addr, to, prot);
}

function handleRegion(world: ScenarioWorld, dhp: DevmapHandle, from: number, to: number, prot: number): Region {
  const judge = (addr: number, pfn: number): string => {
    const expected = frameOf(world, dhp, addr - dhp.uvaddr);
    return expected === undefined || expected === pfn ? '' : `a translation that should show frame ${hex(expected)}`;
  };
  const consecutive = dhp.cookie === DEVMAP_DEVMEM_COOKIE || (dhp.flags & DEVMAP_MAPPING_INVALID) !== 0;
  return { from, to: Math.min(to, dhp.uvaddr + dhp.len), rights: prot & dhp.maxprot, consecutive, judge };
}

/** The protection of the page at `addr`, and the end of the pages that have the same. */
function protection(seg: Seg, sdp: SegdevData, addr: number): { prot: number; to: number } {
  const { vpage } = sdp;
  if (!sdp.pageprot) return { prot: sdp.prot, to: seg.end };
  const first = (addr - seg.base) / PAGESIZE;
  const prot = vpage?.[first] ?? 0;
  const same = vpage?.subarray(first).findIndex((other) => other !== prot) ?? -1;
  return { prot, to: same < 0 ? seg.end : Math.min(seg.end, addr + same * PAGESIZE) };
}

/** The frame a handle shows at byte `off`; undefined when that cannot be told here. */
function frameOf(world: ScenarioWorld, dhp: DevmapHandle, off: number): number | undefined {
  const { cookie } = dhp;
  if ((dhp.flags & DEVMAP_MAPPING_INVALID) !== 0) return -1;
  if (cookie === DEVMAP_DEVMEM_COOKIE) return dhp.pfn + off / PAGESIZE;
  if (cookie === DEVMAP_PMEM_COOKIE) return dhp.pcookie?.pparray[(dhp.roff + off) / PAGESIZE];
  if (!(cookie instanceof UmemCookie)) return -1;
  if (cookie.type === UMEM_TRASH) return world.arena.trash;
  if (cookie.type === UMEM_LOCKED) return cookie.pparray?.[(dhp.roff + off) / PAGESIZE];
  return world.arena.frame(dhp.cvaddr + off);
}
