import { describe, expect, it } from 'vitest';
import { EACCES, EAGAIN, EBUSY, EFAULT, EINVAL, ENOMEM, ENOTSUP, LEVEL_SIZE, PAGESIZE, asVaddr } from '../../src/base/index.js';
import { immediate } from '../../src/kernel/index.js';
import {
  FC_NOSUPPORT, FileObject, F_SOFTLOCK, F_SOFTUNLOCK, IE_NOMEM, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_NONE, PROT_READ, PROT_USER, PROT_WRITE, SEG_PAGE_INCORE, SEG_PAGE_LOCKED,
  MC_LOCK, MC_SYNC, MC_UNLOCK, MS_INVALIDATE, S_READ, S_WRITE, as_alloc, as_ctl, as_dup, as_faulta, as_incore, as_inspect, as_kluster, as_lockframes, as_map, as_setpagesize,
  as_swapout, as_unmap, bytesBacking, copyin, copyout, dump_as, hat_devload, hat_getpfnum, hat_probe, segvn_create,
} from '../../src/vm/index.js';
import type { As, LockedFrames, Seg, SegOps, SegvnArgs } from '../../src/vm/index.js';
import { fakeSegment } from './fake-segment.js';
import { DEVICE_PFN, world } from './world.js';
import type { World } from './world.js';

const K4 = PAGESIZE;
const RWU = PROT_READ | PROT_WRITE | PROT_USER;
const AT = 0x4000_0000;

interface Setting extends World {
  readonly as: As;
  anon(args?: Partial<SegvnArgs>, pages?: number, at?: number): number;
  fake(ops: Partial<SegOps>, pages?: number, at?: number): number;
  incore(pages: number, at?: number): number[];
}

function setting(ramPages = 512): Setting {
  const w = world({ ramPages });
  const as = as_alloc(w.vm, 'A1');
  return {
    ...w, as,
    anon: (args = {}, pages = 4, at = AT) => w.run(() => as_map(as, at, pages * K4, segvn_create({ type: MAP_PRIVATE, prot: RWU, ...args }))),
    fake: (ops, pages = 4, at = AT) => w.run(() => as_map(as, at, pages * K4, fakeSegment(ops))),
    incore: (pages, at = AT) => {
      const vec = new Uint8Array(pages);
      expect(w.run(() => as_incore(as, at, pages * K4, vec))).toBe(0);
      return [...vec];
    },
  };
}

describe('locking memory', () => {
  const lock = (w: Setting, op: number, pages = 4, at = AT): number => w.run(() => as_ctl(w.as, at, pages * K4, op, 0, 0));

  it('gives writable private pages frames of their own, and leaves no translation locked', () => {
    const w = setting();
    w.anon();
    w.run(() => copyout(w.as, AT, Uint8Array.of(5)));
    const child = w.run(() => as_dup(w.as, 'A2')) as As;
    const shared = hat_getpfnum(w.as.hat, AT);
    expect(lock(w, MC_LOCK)).toBe(0);
    expect(hat_getpfnum(w.as.hat, AT)).not.toBe(shared);
    expect(hat_probe(w.as.hat, AT)?.locks).toBe(0);
    const bytes = new Uint8Array(1);
    w.run(() => copyin(child, AT, bytes));
    expect(bytes[0]).toBe(5);
    expect(w.run(() => as_unmap(w.as, AT, 4 * K4))).toBe(0);
    w.look(w.as.hat);
  });

  it('of a page behind the end of its file is ENOMEM; the pages before it are locked', () => {
    const w = setting();
    w.anon({ file: new FileObject(w.vm, bytesBacking('short', new Uint8Array(2 * K4))), type: MAP_SHARED, prot: PROT_READ | PROT_USER });
    expect(lock(w, MC_LOCK)).toBe(ENOMEM);
    expect(w.incore(4).map((bits) => bits & SEG_PAGE_LOCKED)).toEqual([SEG_PAGE_LOCKED, SEG_PAGE_LOCKED, 0, 0]);
    expect([lock(w, MC_UNLOCK), lock(w, MC_LOCK, 1), lock(w, MC_LOCK, 2, AT + 3 * K4)]).toEqual([0, 0, ENOMEM]);
  });

  it('of executable and of inaccessible pages works, and reads no more than it must', () => {
    const w = setting();
    w.anon({ prot: PROT_EXEC | PROT_USER }, 1);
    w.anon({ prot: PROT_NONE }, 1, AT + K4);
    expect(lock(w, MC_LOCK, 2)).toBe(0);
    expect(w.incore(2).map((bits) => bits & SEG_PAGE_INCORE)).toEqual([SEG_PAGE_INCORE, 0]);
  });

  it('reaches pages that a heap has grown by', () => {
    const w = setting();
    w.anon({}, 1);
    expect(lock(w, MC_LOCK, 1)).toBe(0);
    w.anon({ extend: true }, 2, AT + K4);
    expect(w.as.segs.length).toBe(1);
    expect(lock(w, MC_LOCK, 1, AT + 2 * K4)).toBe(0);
    expect(w.incore(3).map((bits) => bits & SEG_PAGE_LOCKED)).toEqual([SEG_PAGE_LOCKED, 0, SEG_PAGE_LOCKED]);
    const invalidate = (at: number): number => w.run(() => as_ctl(w.as, at, K4, MC_SYNC, 0, MS_INVALIDATE));
    expect([invalidate(AT), invalidate(AT + K4), invalidate(AT + 2 * K4)]).toEqual([EBUSY, 0, EBUSY]);
  });
});

describe('page sizes', () => {
  const prefer = (w: Setting, at: number, size: number, szc: 0 | 1 | 2): number => w.run(() => as_setpagesize(w.as, at, size, szc));

  it('are asked of every segment of the range, with what of it is theirs', () => {
    const w = setting();
    const asked: unknown[] = [];
    const setpagesize: SegOps['setpagesize'] = (seg, addr, len, szc) => asked.push([seg.base, addr, len, szc]) && 0;
    w.fake({ setpagesize }, 512);
    w.fake({ setpagesize }, 512, AT + LEVEL_SIZE[1]);
    expect(prefer(w, AT, 2 * LEVEL_SIZE[1], 1)).toBe(0);
    expect(prefer(w, AT + K4, 2 * K4, 0)).toBe(0);
    expect(asked).toEqual([[AT, AT, LEVEL_SIZE[1], 1], [AT + LEVEL_SIZE[1], AT + LEVEL_SIZE[1], LEVEL_SIZE[1], 1], [AT, AT + K4, 2 * K4, 0]]);
  });

  it('fail for what is no multiple of the page, for gaps, and as the segment says', () => {
    const w = setting();
    let answer = ENOTSUP;
    w.fake({ setpagesize: () => answer }, 512);
    expect([prefer(w, AT + K4, LEVEL_SIZE[1], 1), prefer(w, AT, K4, 1), prefer(w, AT, K4, 0)]).toEqual([EINVAL, EINVAL, EINVAL]);
    answer = 0;
    expect(prefer(w, AT, 2 * LEVEL_SIZE[1], 1)).toBe(ENOMEM);
    answer = IE_NOMEM;
    expect(prefer(w, AT, K4, 0)).toBe(EAGAIN);
    expect(w.as.lock.writer).toBeUndefined();
  });
});

describe('frames for I/O', () => {
  const frames = (w: Setting, at: number, len: number, rw = S_WRITE): LockedFrames | number => w.run(() => as_lockframes(w.as, at, len, rw));

  it('are those of the pages a buffer touches, and stay until they are unlocked', () => {
    const w = setting();
    w.anon();
    const locked = frames(w, AT + 100, 2 * K4) as LockedFrames;
    expect(locked.frames).toEqual([0, 1, 2].map((page) => hat_getpfnum(w.as.hat, AT + page * K4)));
    let unmapped = false;
    w.kernel.spawn('unmap', function* unmap() {
      yield* as_unmap(w.as, AT, 4 * K4);
      unmapped = true;
    });
    w.run(() => immediate(0));
    expect(unmapped).toBe(false);
    w.run(() => locked.unlock());
    w.kernel.run();
    expect(unmapped).toBe(true);
  });

  it('of a segment that only softlocks come from the translations it has locked', () => {
    const w = setting();
    const faults: unknown[] = [];
    w.fake({
      pagelock: () => ENOTSUP,
      *fault(hat, _seg: Seg, addr, len, type, rw) {
        faults.push([type, rw, len]);
        if (type === F_SOFTLOCK) hat_devload(hat, addr, len, DEVICE_PFN + 7, RWU, 1);
        return 0;
      },
    });
    const locked = frames(w, AT, 2 * K4) as LockedFrames;
    expect(locked.frames).toEqual([DEVICE_PFN + 7, DEVICE_PFN + 8]);
    w.run(() => locked.unlock());
    expect(faults).toEqual([[F_SOFTLOCK, S_WRITE, 2 * K4], [F_SOFTUNLOCK, S_WRITE, 2 * K4]]);
  });

  it('are none when the lock brought no pages, and then nothing stays locked', () => {
    const w = setting();
    const types: number[] = [];
    w.fake({ pagelock: () => ENOTSUP, fault: (_hat, _seg, _addr, _len, type) => immediate((types.push(type), 0)) });
    expect(frames(w, AT, K4)).toBe(EFAULT);
    expect(types).toEqual([F_SOFTLOCK, F_SOFTUNLOCK]);
  });

  it('are refused where nothing is mapped, the access is not allowed, or the segment cannot be locked', () => {
    const w = setting();
    w.anon({ prot: PROT_READ | PROT_USER }, 2);
    expect([frames(w, AT, K4), frames(w, AT + K4, 2 * K4, S_READ), frames(w, 0x1000, K4)]).toEqual([EACCES, EFAULT, EFAULT]);
    expect(typeof frames(w, AT, 2 * K4, S_READ)).toBe('object');
    const v = setting();
    v.fake({ pagelock: () => ENOTSUP, fault: () => immediate(FC_NOSUPPORT) });
    expect(frames(v, AT, K4)).toBe(EFAULT);
    const u = setting();
    u.fake({ pagelock: () => ENOMEM });
    expect(frames(u, AT, K4)).toBe(ENOMEM);
  });
});

describe('asking segments about themselves', () => {
  it('takes every answer from the segment, for the page that holds the address', () => {
    const w = setting();
    const answers: Partial<SegOps> = {
      getprot: (_seg, _addr, len, protv) => {
        protv[0] = 5;
        return len;
      },
      gettype: () => MAP_SHARED, getoffset: (_seg, addr) => addr - AT + 0x5000, getvp: () => 'object', getmemid: (_seg, addr) => ({ object: 'memory', offset: addr }),
      getpolicy: () => undefined, capable: (_seg, capability) => (capability === 0 ? 1 : 0),
    };
    w.fake(answers);
    expect(w.run(() => as_inspect(w.as, AT + K4 + 17))).toEqual({
      base: AT, size: 4 * K4, prot: 5, type: MAP_SHARED, offset: 0x6000, object: 'object', memid: { object: 'memory', offset: AT + K4 }, policy: undefined, nominflt: true,
    });
    expect(w.run(() => as_inspect(w.as, AT - 1))).toBeUndefined();
  });

  it('swaps out and dumps segment by segment, passing over those that cannot be swapped', () => {
    const w = setting();
    const dumped: number[] = [];
    const dump: SegOps['dump'] = (seg) => dumped.push(seg.base);
    w.fake({ dump, swapout: () => 2 * K4 }, 1);
    w.fake({ dump }, 1, AT + K4);
    w.fake({ dump, swapout: () => K4 }, 1, AT + 2 * K4);
    expect(w.run(() => as_swapout(w.as))).toBe(3 * K4);
    w.run(() => dump_as(w.as));
    expect(dumped).toEqual([AT, AT + K4, AT + 2 * K4]);
  });

  it('asks about clustering and asynchronous faults with page addresses, and stops at what is not mapped', () => {
    const w = setting();
    const asked: unknown[] = [];
    w.fake({ kluster: (_seg, addr, delta) => asked.push([addr, delta]), faulta: (_seg, addr) => (asked.push(addr), 0) }, 2);
    expect(w.run(() => as_kluster(w.as, AT + 5, -K4))).toBe(1);
    expect(w.run(() => as_kluster(w.as, AT - 1, K4))).toBe(-1);
    expect(w.run(() => as_faulta(w.as, AT + 5, K4))).toBe(0);
    expect(w.run(() => as_faulta(w.as, AT + K4, 2 * K4))).toBe(5);
    expect(asked).toEqual([[AT, -K4], asVaddr(AT), asVaddr(AT + K4), asVaddr(AT + K4)]);
  });
});
