/** The operations on exported memory and on handles: allocate, free, remap, load, unload, time. */
import { hex, PAGESIZE } from '../../base/index.js';
import { ref } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import { RW_READER, rw_enter, rw_exit } from '../../kernel/index.js';
import {
  ddi_umem_alloc, ddi_umem_free, devmap_devmem_remap, devmap_do_ctxmgt, devmap_load, devmap_pmem_alloc, devmap_set_ctx_timeout, devmap_umem_remap,
  devmap_unload, DevmapPmemCookie, lockedCookie, UmemCookie,
} from '../../segdev/index.js';
import type { DdiUmemCookie, DevmapHandle } from '../../segdev/index.js';
import { F_SOFTLOCK } from '../../vm/index.js';
import { attributes } from './mock-device.js';
import { codeText, ddiText } from './names.js';
import type { Scenario } from './scenario.js';
import { Skip } from './scenario.js';
import { accessRw, accOrder, dflags, faultType, protection, uflags } from './values.js';
import type { Line } from './words.js';

/** Runs something that does not sleep where the kernel's routines expect to run. */
const inKernel = <T>(s: Scenario, body: () => T): T => s.run(function* (): Kgen<T> {
  yield 'preempt';
  return body();
});

const cookieName = (line: Line): string => line.word('a cookie (k0..k63)').text;

/** `umem_alloc kN size=X flags=...`. */
export function umemAlloc(s: Scenario, line: Line): string {
  const name = cookieName(line);
  const size = line.integer(line.needKey('size'));
  const flags = line.key('flags');
  const bits = flags === undefined ? 0 : uflags(line, flags);
  line.done();
  const cookie = ref<DdiUmemCookie | null>(null);
  const buf = inKernel(s, () => ddi_umem_alloc(size, bits, cookie));
  s.world.cookies.delete(name);
  if (!(cookie.value instanceof UmemCookie)) return 'none';
  s.world.nameCookie(name, cookie.value);
  return `buf=${hex(buf ?? 0)} size=${hex(cookie.value.size)}`;
}

/** `umem_free kN [force]`. */
export function umemFree(s: Scenario, line: Line): string {
  const name = cookieName(line);
  const force = line.flag('force');
  line.done();
  const cookie = s.world.cookies.get(name);
  if (cookie !== undefined && !force && s.mapped(cookie)) throw new Skip('busy');
  if (cookie instanceof DevmapPmemCookie) throw new Skip('pmem');
  inKernel(s, () => ddi_umem_free(cookie ?? null));
  s.world.cookies.delete(name);
  return 'done';
}

/** Frames for the page list of locked memory. @throws Skip when there are not enough */
const lockedPages = (s: Scenario, len: number): number[] =>
  Array.from({ length: Math.ceil(Math.min(len, 2 ** 32) / PAGESIZE) }, () => {
    const pfn = s.world.arena.page();
    if (pfn === undefined) throw new Skip('no memory');
    s.world.lockedFrames.push(pfn);
    return pfn;
  });

/** `umem_lock kN SPACE va len [pages]`. */
export function umemLock(s: Scenario, line: Line): string {
  const name = cookieName(line);
  const spaceWord = line.word('a space');
  const va = line.word('an address');
  const len = line.integer(line.word('a length'));
  const withPages = line.flag('pages');
  line.done();
  const as = s.space(spaceWord);
  const addr = s.address(line, va);
  const pages = withPages ? lockedPages(s, len) : undefined;
  const cookie = lockedCookie(s.world.segdev, as, addr, len, 3, pages, true);
  s.world.nameCookie(name, cookie);
  return `cvaddr=${hex(addr)} size=${hex(len)}`;
}

/** `pmem_alloc kN pages=N`. */
export function pmemAlloc(s: Scenario, line: Line): string {
  const name = cookieName(line);
  const pages = line.integer(line.needKey('pages'));
  line.done();
  const cookie = ref<DevmapPmemCookie | null>(null);
  inKernel(s, () => devmap_pmem_alloc(pages * PAGESIZE, 0, cookie));
  if (cookie.value === null) return 'none';
  s.world.nameCookie(name, cookie.value);
  return `pfn=${hex(cookie.value.pparray[0] ?? 0)} pages=${pages}`;
}

/** What both remaps take. */
function remapKeys(line: Line): { roff: number; len: number; maxprot: number; flags: number; acc: number | undefined } {
  const [maxprot, flags, acc] = [line.key('maxprot'), line.key('flags'), line.key('acc')];
  const roff = line.key('roff') ?? line.needKey('off');
  return {
    roff: line.integer(roff), len: line.integer(line.needKey('len')), maxprot: maxprot === undefined ? 15 : protection(line, maxprot),
    flags: flags === undefined ? 0 : dflags(line, flags), acc: acc && accOrder(line, acc),
  };
}

/** `devmem_remap hN rn=N roff=X len=X ...`. */
export function devmemRemap(s: Scenario, line: Line): string {
  const word = line.word('a handle');
  const rn = line.integer(line.needKey('rn'));
  const { roff, len, maxprot, flags, acc } = remapKeys(line);
  line.done();
  const dhp = s.handle(line, word);
  return ddiText(s.run(() => devmap_devmem_remap(dhp, dhp.dev.dip, rn, roff, len, maxprot, flags, attributes(acc))));
}

/** `umem_remap hN cookie=kN off=X len=X ...`. */
export function umemRemap(s: Scenario, line: Line): string {
  const word = line.word('a handle');
  const { text } = line.needKey('cookie');
  const { roff, len, maxprot, flags, acc } = remapKeys(line);
  line.done();
  const dhp = s.handle(line, word);
  const cookie = s.world.cookies.get(text);
  if (!(cookie instanceof UmemCookie)) throw new Skip('no cookie');
  return ddiText(s.run(() => devmap_umem_remap(dhp, dhp.dev.dip, cookie, roff, len, maxprot, flags, attributes(acc))));
}

/** The device offset `OFF` of load and unload: a number, or @X from the handle's start. */
function offset(line: Line, word: { text: string; column: number }): (dhp: DevmapHandle) => number {
  if (!word.text.startsWith('@')) {
    const value = line.integer(word);
    return () => value;
  }
  const value = line.integer({ text: word.text.slice(1), column: word.column + 1 });
  return (dhp) => dhp.uoff + value;
}

/** `unload hN OFF n`. */
export function unload(s: Scenario, line: Line): string {
  const word = line.word('a handle');
  const off = offset(line, line.word('an offset'));
  const len = line.integer(line.word('a length'));
  line.done();
  const dhp = s.handle(line, word);
  return codeText(inKernel(s, () => devmap_unload(dhp, off(dhp), len)));
}

/** `load hN OFF n ft rw [nolock]`. */
export function load(s: Scenario, line: Line): string {
  const word = line.word('a handle');
  const off = offset(line, line.word('an offset'));
  const len = line.integer(line.word('a length'));
  const type = faultType(line, line.word('a fault type'));
  const rw = accessRw(line, line.word('an access'));
  const nolock = line.flag('nolock');
  line.done();
  const dhp = s.handle(line, word);
  if (type === F_SOFTLOCK) s.world.namelessLocks = true;
  return codeText(s.run(function* () {
    const as = dhp.seg?.as;
    if (as !== undefined && !nolock) yield* rw_enter(as.lock, RW_READER);
    const code = yield* devmap_load(dhp, off(dhp), len, type, rw);
    if (as !== undefined && !nolock) rw_exit(as.lock);
    return code;
  }));
}

/** `ctxtimeout hN n`. */
export function ctxTimeout(s: Scenario, line: Line): string {
  const word = line.word('a handle');
  const ticks = line.integer(line.word('ticks'));
  line.done();
  devmap_set_ctx_timeout(s.handle(line, word), ticks);
  return 'done';
}

/** `noctx hN`: context management without a callback. */
export function noCtx(s: Scenario, line: Line): string {
  const word = line.word('a handle');
  line.done();
  const dhp = s.handle(line, word);
  return codeText(s.run(() => devmap_do_ctxmgt(dhp, dhp.pvtp.value, dhp.uoff, dhp.len, 0, 1, null)));
}

/** `tick N`: lets time pass; the clock. */
export function tick(s: Scenario, line: Line): string {
  const ticks = line.integer(line.word('ticks'));
  line.done();
  const outcome = s.world.kernel.tick(ticks);
  if (outcome.status === 'panic') throw outcome.panic;
  return String(s.world.kernel.lbolt);
}
