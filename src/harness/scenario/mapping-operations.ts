/** The operations of processes: mmap, munmap, mprotect, faults, softlocks, fork, exit. */
import { alignDown, alignUp, asVaddr, EAGAIN, ENOMEM, hex, LEVEL_SIZE, PAGESIZE } from '../../base/index.js';
import { ref } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import { RW_READER, rw_enter, rw_exit, settle } from '../../kernel/index.js';
import { spec_map } from '../../segdev/index.js';
import type { As, FaultType } from '../../vm/index.js';
import {
  AS_UNMAPWAIT, as_dup, as_fault, as_segat, F_INVAL, F_PROT, F_SOFTLOCK, F_SOFTUNLOCK, hat_free_end, hat_free_start, hat_probe, segOps,
} from '../../vm/index.js';
import { signedFrame } from './dump.js';
import { codeText, errnoText } from './names.js';
import { unmapNow } from './unmap-now.js';
import type { Scenario } from './scenario.js';
import { Skip } from './scenario.js';
import { accessRw, faultType, mflags, protection } from './values.js';
import type { Line } from './words.js';

/** A space, an address in it and a length. */
function range(s: Scenario, line: Line): () => { as: As; addr: number; len: number } {
  const space = line.word('a space');
  const addr = line.word('an address');
  const len = line.integer(line.word('a length'));
  return () => ({ as: s.space(space), addr: s.address(line, addr), len });
}

/** `mmap LABEL SPACE dN ...`. */
export function mmap(s: Scenario, line: Line): string {
  const label = line.word('a label').text;
  const space = line.word('a space');
  const deviceWord = line.word('a device');
  const addrWord = line.key('addr');
  const prot = protection(line, line.needKey('prot'));
  const maxWord = line.key('maxprot');
  const maxprot = maxWord === undefined ? 15 : protection(line, maxWord);
  const flags = mflags(line, line.needKey('flags'));
  const off = line.numberKey('off', 0);
  const len = line.numberKey('len', PAGESIZE);
  line.done();
  const device = s.world.devices.get(deviceWord.text) ?? line.fail(`expected a device that exists, got ${deviceWord.text}`, deviceWord);
  const as = s.space(space);
  const addrp = ref(addrWord === undefined ? 0 : s.address(line, addrWord));
  return s.run(function* (): Kgen<string> {
    const error = yield* spec_map(device.dev, off, as, addrp, len, prot, maxprot, flags);
    if (error !== 0) return errnoText(error);
    s.world.labels.set(label, addrp.value);
    return `0 addr=${hex(addrp.value)}`;
  });
}

const blocked = (error: number): string => (error === EAGAIN ? 'BLOCKED' : errnoText(error));

/** `munmap SPACE a n`. */
export function munmap(s: Scenario, line: Line): string {
  const at = range(s, line);
  line.done();
  const { as, addr, len } = at();
  return blocked(s.run(() => unmapNow(as, addr, len)));
}

/** Protects a range, or says that it would have to wait for softlocks. */
function* protectNow(as: As, addr: number, len: number, prot: number): Kgen<number> {
  const to = alignUp(addr + len, PAGESIZE);
  yield* rw_enter(as.lock, RW_READER);
  let error = 0;
  for (let at = alignDown(addr, PAGESIZE); at < to && error === 0; ) {
    const seg = as_segat(as, at);
    if (seg === undefined) {
      error = ENOMEM;
      break;
    }
    const bytes = Math.min(to, seg.end) - at;
    error = yield* settle(segOps(seg).setprot(seg, asVaddr(at), bytes, prot));
    at += bytes;
  }
  if (error === EAGAIN) as.flags |= AS_UNMAPWAIT;
  rw_exit(as.lock);
  return error;
}

/** `mprotect SPACE a n prot`. */
export function mprotect(s: Scenario, line: Line): string {
  const at = range(s, line);
  const prot = protection(line, line.word('a protection'));
  line.done();
  const { as, addr, len } = at();
  return blocked(s.run(() => protectNow(as, addr, len, prot)));
}

/** `fault SPACE a n ft rw`. */
export function fault(s: Scenario, line: Line): string {
  const at = range(s, line);
  const type = faultType(line, line.word('a fault type')) as FaultType;
  const rw = accessRw(line, line.word('an access'));
  line.done();
  const { as, addr, len } = at();
  if (type === F_SOFTLOCK) s.world.namelessLocks = true;
  return codeText(s.run(() => as_fault(as, addr, len, type, rw)));
}

/** The right each kind of access needs; 0 where any translation will do. */
const RIGHTS = [0, 1, 2, 4, 2];

const where = (as: As, addr: number): string => {
  const t = hat_probe(as.hat, addr);
  return t === undefined ? '' : ` pfn=${hex(signedFrame(t.pfn))} pgsz=${hex(LEVEL_SIZE[t.level])}`;
};

/** `touch SPACE a rw`: as an instruction would. */
export function touch(s: Scenario, line: Line): string {
  const space = line.word('a space');
  const word = line.word('an address');
  const rw = accessRw(line, line.word('an access'));
  line.done();
  const as = s.space(space);
  const addr = alignDown(s.address(line, word), PAGESIZE);
  const there = hat_probe(as.hat, addr);
  const right = RIGHTS[rw] ?? 0;
  if (there !== undefined && (there.attr & right) === right) return `hit${where(as, addr)}`;
  const code = s.run(() => as_fault(as, addr, 1, there === undefined ? F_INVAL : F_PROT, rw));
  if (code !== 0) return codeText(code);
  const now = where(as, addr);
  return now === '' ? '0 unmapped' : `0${now}`;
}

/** `softlock NAME SPACE a n rw`. */
export function softlock(s: Scenario, line: Line): string {
  const name = line.word('a name').text;
  const at = range(s, line);
  const rw = accessRw(line, line.word('an access'));
  line.done();
  const { as, addr, len } = at();
  // The lock may also be granted later, while this line is blocked.
  return codeText(s.run(function* (): Kgen<number> {
    const code = yield* as_fault(as, addr, len, F_SOFTLOCK, rw);
    if (code !== 0) return code;
    if (s.world.softlocks.has(name)) s.world.namelessLocks = true;
    s.world.softlocks.set(name, { as, addr, len });
    return code;
  }));
}

/** `softunlock NAME rw`. */
export function softunlock(s: Scenario, line: Line): string {
  const name = line.word('a name').text;
  const rw = accessRw(line, line.word('an access'));
  line.done();
  const held = s.world.softlocks.get(name);
  if (held === undefined) throw new Skip('not locked');
  s.world.softlocks.delete(name);
  return codeText(s.run(() => as_fault(held.as, held.addr, held.len, F_SOFTUNLOCK, rw)));
}

/** `fork SPACE NEW`. */
export function fork(s: Scenario, line: Line): string {
  const space = line.word('a space');
  const name = line.word('a name').text;
  line.done();
  const as = s.space(space);
  return s.run(function* (): Kgen<string> {
    const child = yield* as_dup(as, name);
    if (typeof child === 'number') return errnoText(child);
    s.world.nameSpace(name, child);
    return '0';
  });
}

/** `exit SPACE`. */
export function exit(s: Scenario, line: Line): string {
  const space = line.word('a space');
  line.done();
  const as = s.space(space);
  if (s.world.mode === 'fixed') s.interruptWaiters();
  const error = s.run(() => unmapNow(as, 0, as.userlimit));
  if (error !== 0) return blocked(error);
  endSpace(s, as);
  return '0';
}

/** Ends a space whose mappings are gone. */
export function endSpace(s: Scenario, as: As): void {
  hat_free_start(as.hat);
  hat_free_end(as.hat);
  s.world.forgetSpace(as);
}
