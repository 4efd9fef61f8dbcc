import { describe, expect, it } from 'vitest';
import { EAGAIN, EBUSY, EINVAL, ENOMEM, ENOTSUP } from '../../src/base/index.js';
import { createMachine } from '../../src/machine/index.js';
import type { Process } from '../../src/process/index.js';
import {
  MADV_ACCESS_MANY, MADV_DONTNEED, MADV_FREE, MADV_NORMAL, MADV_PURGE, MADV_WILLNEED, MAP_ANON, MAP_PRIVATE, MAP_SHARED, MC_ADVISE, MC_HAT_ADVISE,
  MC_INHERIT_ZERO, MC_LOCK, MC_LOCKAS, MC_SYNC, MC_UNLOCK, MC_UNLOCKAS, MS_ASYNC, MS_INVALIDATE, MS_SYNC, PROT_EXEC, PROT_READ, PROT_WRITE, SEG_PAGE_ANON,
  SEG_PAGE_INCORE, SEG_PAGE_LOCKED, as_checkprot, as_getmemid, as_kluster, as_swapout, dump_as,
} from '../../src/vm/index.js';
import { SIZE, block } from './block-device.js';

const RW = PROT_READ | PROT_WRITE;
const PAGE = 4096;

interface Setting {
  readonly process: Process;
  /** The whole device, mapped. */
  readonly window: number;
  /** Four pages of anonymous memory. */
  readonly anon: number;
  readonly trace: () => number;
}

function setting(): Setting {
  const made = block({ access: true });
  const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [made.device] });
  const process = machine.createProcess('controlled');
  const fd = process.open('/dev/block0');
  const [window, anon] = [process.mmap({ len: SIZE, prot: RW, flags: MAP_SHARED, fd }), process.mmap({ len: 4 * PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANON })];
  if ('errno' in window || 'errno' in anon) throw new Error('mmap');
  return { process, window: window.addr, anon: anon.addr, trace: () => made.accesses.length };
}

describe('memcntl on a device mapping', () => {
  it('succeeds without doing anything, and without asking the driver: sync, lock, advice, asynchronous faults', () => {
    const { process, window, trace } = setting();
    const calls: [cmd: number, arg: number][] = [
      [MC_SYNC, 0], [MC_SYNC, MS_SYNC], [MC_SYNC, MS_ASYNC | MS_INVALIDATE], [MC_LOCK, 0], [MC_UNLOCK, 0], [MC_ADVISE, MADV_NORMAL], [MC_ADVISE, MADV_WILLNEED],
      [MC_ADVISE, MADV_DONTNEED], [MC_ADVISE, MADV_FREE], [MC_ADVISE, MADV_ACCESS_MANY], [MC_ADVISE, MADV_PURGE],
    ];
    for (const [cmd, arg] of calls) expect([cmd, arg, process.memcntl(window, SIZE, cmd, arg)]).toEqual([cmd, arg, 0]);
    expect(trace()).toBe(0);
    expect(process.mincore(window + PAGE, 2 * PAGE)).toEqual(Uint8Array.of(SEG_PAGE_INCORE, SEG_PAGE_INCORE));
  });

  it('has no choice of page sizes (EINVAL of ENOTSUP) and nothing to inherit as zero (ENOTSUP)', () => {
    const { process, window } = setting();
    for (const size of [0, PAGE]) expect(process.memcntl(window, SIZE, MC_HAT_ADVISE, size)).toBe(EINVAL);
    expect(process.memcntl(window, SIZE, MC_INHERIT_ZERO)).toBe(ENOTSUP);
  });

  it('describes itself: type, offset, object, identity, no policy, no promise about minor faults', () => {
    const { process, window } = setting();
    const facts = process.segment(window + 3 * PAGE + 5);
    expect(facts).toMatchObject({ base: window, size: SIZE, prot: RW | 8, type: MAP_SHARED, offset: 3 * PAGE, policy: undefined, nominflt: false });
    expect(facts?.memid).toEqual({ object: facts?.object, offset: 3 * PAGE });
    const child = process.fork() as Process;
    expect(child.segment(window + 3 * PAGE)?.memid).toEqual(facts?.memid);
    expect(process.segment(0x1000)).toBeUndefined();
  });

  it('checks protections page by page', () => {
    const { process, window } = setting();
    const check = (addr: number, len: number, prot: number): number => process.run('checkprot', () => as_checkprot(process.proc.as, addr, len, prot));
    expect(process.mprotect(window + PAGE, PAGE, PROT_READ)).toBe(0);
    expect([check(window, SIZE, PROT_READ), check(window, SIZE, RW), check(window, PAGE, RW), check(window, PAGE, PROT_EXEC), check(0x1000, PAGE, PROT_READ)]).toEqual([0, 13, 0, 13, ENOMEM]);
  });

  it('is never worth reading ahead; cannot be swapped out; adds nothing to a dump', () => {
    const { process, window } = setting();
    const { as } = process.proc;
    expect(process.run('swapout', () => as_swapout(as))).toBe(0);
    expect(process.run('dump', () => dump_as(as))).toBeUndefined();
    expect(process.run('kluster', () => as_kluster(as, 0x1000, PAGE))).toBe(-1);
    expect(process.run('kluster', () => as_kluster(as, window, PAGE))).toBe(-1);
  });
});

describe('memcntl on anonymous memory', () => {
  it('locks pages: they are brought in, reported as locked, and kept from being invalidated or freed', () => {
    const { process, anon } = setting();
    process.store(anon, 8, 7n);
    expect(process.memcntl(anon, 2 * PAGE, MC_LOCK)).toBe(0);
    const locked = SEG_PAGE_INCORE | SEG_PAGE_ANON | SEG_PAGE_LOCKED;
    expect(process.mincore(anon, 4 * PAGE)).toEqual(Uint8Array.of(locked, locked, 0, 0));
    expect(process.memcntl(anon, 4 * PAGE, MC_SYNC, MS_INVALIDATE)).toBe(EBUSY);
    expect(process.memcntl(anon + 2 * PAGE, 2 * PAGE, MC_SYNC, MS_INVALIDATE)).toBe(0);
    expect(process.memcntl(anon, 4 * PAGE, MC_ADVISE, MADV_DONTNEED)).toBe(EBUSY);
    expect(process.memcntl(anon, 4 * PAGE, MC_ADVISE, MADV_PURGE)).toBe(0);
    expect(process.load(anon, 8)).toEqual({ value: 7n });
    expect(process.memcntl(anon, 4 * PAGE, MC_UNLOCK)).toBe(0);
    expect(process.memcntl(anon, 4 * PAGE, MC_ADVISE, MADV_PURGE)).toBe(0);
    expect(process.load(anon, 8)).toEqual({ value: 0n });
  });

  it('keeps the marks with their pages when a hole is cut, and gives a child none', () => {
    const { process, anon } = setting();
    expect(process.memcntl(anon + PAGE, 3 * PAGE, MC_LOCK)).toBe(0);
    const child = process.fork() as Process;
    const bits = (of: Process, addr: number): number => (of.mincore(addr, PAGE) as Uint8Array)[0]! & SEG_PAGE_LOCKED;
    expect(process.munmap(anon + 2 * PAGE, PAGE)).toBe(0);
    expect([0, 1, 3].map((page) => bits(process, anon + page * PAGE))).toEqual([0, SEG_PAGE_LOCKED, SEG_PAGE_LOCKED]);
    expect([1, 2, 3].map((page) => bits(child, anon + page * PAGE))).toEqual([0, 0, 0]);
    expect(process.munmap(anon, PAGE)).toBe(0);
    expect(bits(process, anon + PAGE)).toBe(SEG_PAGE_LOCKED);
  });

  it('MC_LOCKAS locks everything now, everything to come, or both; MC_UNLOCKAS ends it', () => {
    const { process, anon } = setting();
    expect(process.memcntl(0, 0, MC_LOCKAS, 3)).toBe(0);
    expect((process.mincore(anon, PAGE) as Uint8Array)[0]! & SEG_PAGE_LOCKED).toBe(SEG_PAGE_LOCKED);
    const more = process.mmap({ len: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANON }) as { addr: number };
    expect((process.mincore(more.addr, PAGE) as Uint8Array)[0]! & SEG_PAGE_LOCKED).toBe(SEG_PAGE_LOCKED);
    expect(process.mmap({ len: 2 ** 25, prot: RW, flags: MAP_PRIVATE | MAP_ANON })).toEqual({ errno: EAGAIN });
    expect(process.memcntl(0, 0, MC_UNLOCKAS)).toBe(0);
    expect((process.mincore(more.addr, PAGE) as Uint8Array)[0]! & SEG_PAGE_LOCKED).toBe(0);
    expect(process.mmap({ len: 2 ** 25, prot: RW, flags: MAP_PRIVATE | MAP_ANON })).not.toHaveProperty('errno');
  });

  it('has an identity of its own address space, unless it is shared', () => {
    const { process, anon } = setting();
    const memid = (of: Process, addr: number): unknown => of.run('memid', () => as_getmemid(of.proc.as, addr));
    const child = process.fork() as Process;
    expect(memid(process, anon)).toEqual({ object: process.proc.as, offset: anon });
    expect(memid(process, anon)).not.toEqual(memid(child, anon));
    expect(memid(process, 0x1000)).toBe(ENOMEM);
  });
});

describe('memcntl refuses', () => {
  it.each([
    ['an unaligned address', [1, PAGE, MC_SYNC, 0], EINVAL], ['an empty range', [0, 0, MC_LOCK, 0], EINVAL], ['no length at all', [0, NaN, MC_LOCK, 0], EINVAL],
    ['an unknown command', [0, PAGE, 99, 0], EINVAL], ['MS_ASYNC with MS_SYNC', [0, PAGE, MC_SYNC, MS_ASYNC | MS_SYNC], EINVAL], ['unknown flags', [0, PAGE, MC_SYNC, 8], EINVAL],
    ['unknown advice', [0, PAGE, MC_ADVISE, 10], EINVAL], ['negative advice', [0, PAGE, MC_ADVISE, -1], EINVAL], ['an odd page size', [0, PAGE, MC_HAT_ADVISE, 8192], EINVAL],
    ['a page size larger than the range', [0, PAGE, MC_HAT_ADVISE, 2 ** 21], EINVAL], ['an argument of MC_INHERIT_ZERO', [0, PAGE, MC_INHERIT_ZERO, 1], EINVAL],
    ['an attribute that is none', [0, PAGE, MC_SYNC, 0, 0x40], EINVAL], ['only shared and only private', [0, PAGE, MC_SYNC, 0, 0x30], EINVAL],
  ])('%s', (_what, [off, len, cmd, arg, attr], errno) => {
    const { process, anon, window } = setting();
    for (const base of [anon, window]) expect(process.memcntl(base + off!, len!, cmd!, arg, attr ?? 0)).toBe(errno);
  });

  it('gaps and what is no user memory with ENOMEM, in every command', () => {
    const { process, anon } = setting();
    expect(process.munmap(anon + PAGE, PAGE)).toBe(0);
    const all: [number, number][] = [[MC_SYNC, 0], [MC_LOCK, 0], [MC_UNLOCK, 0], [MC_ADVISE, MADV_NORMAL], [MC_ADVISE, MADV_WILLNEED], [MC_ADVISE, MADV_FREE]];
    for (const [cmd, arg] of all) {
      expect([cmd, arg, process.memcntl(anon, 4 * PAGE, cmd, arg)]).toEqual([cmd, arg, ENOMEM]);
      for (const addr of [0, 2 ** 38, 2 ** 38 - PAGE, -PAGE]) expect(process.memcntl(addr, 2 * PAGE, cmd, arg)).toBe(ENOMEM);
    }
    expect(process.memcntl(2 ** 30, PAGE, MC_HAT_ADVISE, PAGE)).toBe(ENOMEM);
    expect(process.memcntl(2 ** 30, PAGE, MC_INHERIT_ZERO)).toBe(ENOMEM);
    expect(process.mincore(anon, 4 * PAGE)).toEqual({ errno: ENOMEM });
    expect([process.mincore(anon + 1, PAGE), process.mincore(anon, 0)]).toEqual([{ errno: EINVAL }, { errno: EINVAL }]);
  });

  it('addresses with MC_LOCKAS and MC_UNLOCKAS, and flags that are none', () => {
    const { process, anon } = setting();
    expect([process.memcntl(anon, PAGE, MC_LOCKAS, 1), process.memcntl(anon, PAGE, MC_UNLOCKAS), process.memcntl(0, 0, MC_LOCKAS, 0), process.memcntl(0, 0, MC_LOCKAS, 4)]).toEqual([EINVAL, EINVAL, EINVAL, EINVAL]);
  });

  it('anything for a process that has ended', () => {
    const { process, anon } = setting();
    process.exit();
    expect(() => process.memcntl(anon, PAGE, MC_LOCK)).toThrow(TypeError);
    expect(() => process.mincore(anon, PAGE)).toThrow(TypeError);
    expect(() => process.procRead(anon, 1)).toThrow(TypeError);
  });
});
