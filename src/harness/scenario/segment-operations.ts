/** The operations that ask a segment something, and the dumps. */
import { asVaddr, hex, PAGESIZE } from '../../base/index.js';
import { protText } from '../../ddi/index.js';
import type { Snode } from '../../ddi/index.js';
import type { Kgen, MaybeKgen } from '../../kernel/index.js';
import { RW_READER, RW_WRITER, rw_enter, rw_exit, settle } from '../../kernel/index.js';
import { segdev_copyfrom, segdev_copyto } from '../../segdev/index.js';
import type { Seg, SegOps } from '../../vm/index.js';
import { as_segat, L_PAGELOCK, S_READ, segOps } from '../../vm/index.js';
import { segmentLines, translationLines } from './dump.js';
import { errnoText } from './names.js';
import type { Scenario } from './scenario.js';
import { Skip } from './scenario.js';
import { protection } from './values.js';
import type { Line } from './words.js';

type Ask = (ops: SegOps, seg: Seg, addr: ReturnType<typeof asVaddr>, len: number, prot: number) => MaybeKgen<number>;

/** Runs `body` in the kernel with the space locked as `how`. */
function withSegment(s: Scenario, line: Line, how: 0 | 1, ask: (seg: Seg, addr: number, len: number, prot: number) => MaybeKgen<string>): string {
  const space = line.word('a space');
  const word = line.word('an address');
  const length = line.optionalWord();
  const len = length === undefined ? PAGESIZE : line.integer(length);
  const protWord = line.key('prot');
  const prot = protWord === undefined ? 0 : protection(line, protWord);
  line.done();
  const as = s.space(space);
  const addr = s.address(line, word);
  return s.run(function* (): Kgen<string> {
    yield* rw_enter(as.lock, how);
    const seg = as_segat(as, addr);
    const answer = seg === undefined ? 'no segment' : yield* settle(ask(seg, addr, Math.min(len, seg.end - addr), prot));
    rw_exit(as.lock);
    return answer;
  });
}

/** An operation whose answer is an errno. */
const errno = (ask: Ask) => (s: Scenario, line: Line): string =>
  withSegment(s, line, RW_READER, function* (seg, addr, len, prot): Kgen<string> {
    return errnoText(yield* settle(ask(segOps(seg), seg, asVaddr(addr), len, prot)));
  });

/** An operation with an answer of its own. */
const answer = (ask: (ops: SegOps, seg: Seg, addr: number, len: number) => string) => (s: Scenario, line: Line): string =>
  withSegment(s, line, RW_READER, (seg, addr, len) => ask(segOps(seg), seg, addr, len));

const vnode = (vp: unknown): string => `c${(vp as Snode).dev.label}`;

/** The operations by name. */
export const segmentOperations: Readonly<Record<string, (s: Scenario, line: Line) => string>> = {
  getprot: answer((ops, seg, addr, len) => {
    const pages = Math.floor((addr + len - seg.base) / PAGESIZE) - Math.floor((addr - seg.base) / PAGESIZE) + 1;
    const protv = new Uint8Array(pages);
    const error = ops.getprot(seg, asVaddr(addr), len, protv) as number;
    return `${errnoText(error)} n=${pages}${[...protv].map((prot) => ` ${protText(prot)}`).join('')}`;
  }),
  checkprot: errno((ops, seg, addr, len, prot) => ops.checkprot(seg, addr, len, prot)),
  incore: answer((ops, seg, addr, len) => {
    const vec = new Uint8Array(Math.ceil(len / PAGESIZE));
    const bytes = ops.incore(seg, asVaddr(addr), len, vec) as number;
    return `${hex(bytes)} marked=${vec.filter((mark) => mark === 1).length}`;
  }),
  getoffset: answer((ops, seg, addr) => hex(ops.getoffset(seg, asVaddr(addr)))),
  gettype: answer((ops, seg, addr) => String(ops.gettype(seg, asVaddr(addr)))),
  getvp: answer((ops, seg, addr) => `0 ${vnode(ops.getvp(seg, asVaddr(addr)))}`),
  memid: answer((ops, seg, addr) => {
    const id = ops.getmemid(seg, asVaddr(addr));
    return typeof id === 'number' ? errnoText(id) : `0 ${vnode(id.object)} ${hex(id.offset)}`;
  }),
  sync: errno((ops, seg, addr, len) => ops.sync(seg, addr, len, 0, 0)),
  lockop: errno((ops, seg, addr, len) => ops.lockop(seg, addr, len, 0, 2)),
  advise: errno((ops, seg, addr, len) => ops.advise(seg, addr, len, 0)),
  pagelock: errno((ops, seg, addr, len) => ops.pagelock(seg, addr, len, L_PAGELOCK, S_READ, [])),
  setpagesize: errno((ops, seg, addr, len) => ops.setpagesize(seg, addr, len, 1)),
  inherit: errno((ops, seg, addr, len) => ops.inherit(seg, addr, len, 1)),
  capable: answer((ops, seg) => String(ops.capable(seg, 0))),
  getpolicy: answer((ops, seg, addr) => (ops.getpolicy(seg, asVaddr(addr)) === undefined ? 'none' : 'some')),
  faulta: errno((ops, seg, addr) => ops.faulta(seg, addr)),
  segdump: answer((ops, seg) => {
    ops.dump(seg);
    return 'done';
  }),
  kluster: answer((ops, seg, addr) => String(ops.kluster(seg, asVaddr(addr), 0))),
  swapout: answer((ops, seg) => (ops.swapout === undefined ? 'absent' : String(ops.swapout(seg)))),
  rawunmap: (s, line) => {
    const [space, word] = [line.word('a space'), line.word('an address')];
    const len = line.integer(line.word('a length'));
    line.done();
    const as = s.space(space);
    const addr = s.address(line, word);
    s.world.rawUnmapped = true;
    return s.run(function* (): Kgen<string> {
      yield* rw_enter(as.lock, RW_WRITER);
      const seg = as_segat(as, addr);
      const error = seg === undefined ? 'no segment' : errnoText(yield* segOps(seg).unmap(seg, asVaddr(addr), len));
      rw_exit(as.lock);
      return error;
    });
  },
};

/** `copyfrom|copyto SPACE a HEX`. */
export const copy = (to: boolean) => (s: Scenario, line: Line): string => {
  const space = line.word('a space');
  const word = line.word('an address');
  const data = line.word('bytes in hexadecimal');
  line.done();
  if (!/^([0-9a-fA-F]{2}){1,64}$/.test(data.text)) line.fail('expected 1 to 64 bytes in hexadecimal', data);
  const as = s.space(space);
  const addr = s.address(line, word);
  const seg = as_segat(as, addr);
  if (seg === undefined) throw new Skip('no segment');
  const bytes = Uint8Array.from(data.text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  s.run(function* (): Kgen<void> {
    yield 'preempt';
    if (to) segdev_copyto(seg, addr, bytes);
    else segdev_copyfrom(seg, addr, bytes.slice());
  });
  return `0 ${data.text.toLowerCase()}`;
};

/** `dump|segs|pt SPACE`. */
export const dump = (segments: boolean, translations: boolean) => (s: Scenario, line: Line): string | undefined => {
  const space = line.word('a space');
  line.done();
  const as = s.space(space);
  const lines = [...(segments ? segmentLines(as, (cookie) => s.world.cookieName(cookie)) : []), ...(translations ? translationLines(as) : [])];
  for (const text of lines) s.say(text);
  return undefined;
};
