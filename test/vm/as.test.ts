import { describe, expect, it } from 'vitest';
import { EACCES, EAGAIN, EDEADLK, EINVAL, ENOMEM, ENOTSUP, PAGESIZE, Trace, USER_END, traceText } from '../../src/base/index.js';
import { immediate, preempt, rw_lock_held } from '../../src/kernel/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import {
  AS_FREE_EVENT, AS_UNMAP_EVENT, F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, FC_MAKE_ERR, FC_NOMAP, FC_NOSUPPORT, FC_PROT, IE_NOMEM, IE_RETRY, MC_LOCK, MC_LOCKAS, MC_SYNC, PROT_READ, S_PURGE,
  S_READ, S_WRITE, as_add_callback, as_alloc, as_checkprot, as_ctl, as_delete_callback, as_dup, as_fault, as_faulta, as_findseg, as_free, as_getmemid, as_incore, as_map,
  as_pagelock, as_pageunlock, as_rangelock, as_rangeunlock, as_segat, as_setprot, as_unlocked, as_unmap, seg_alloc, seg_free,
} from '../../src/vm/index.js';
import type { As } from '../../src/vm/index.js';
import { fakeSegment } from './fake-segment.js';
import { world } from './world.js';

const K4 = PAGESIZE;
const setup = (trace?: Trace) => {
  const w = world(trace === undefined ? {} : { kernel: { trace } });
  return { ...w, as: as_alloc(w.vm, 'A1') };
};

describe('as_map', () => {
  it('refuses what overlaps, leaves the address space or is empty, and keeps nothing of it', () => {
    const { as, run } = setup();
    const map = (addr: number, size: number): number => run(() => as_map(as, addr, size, fakeSegment({})));
    expect(map(0x10000, 3 * K4)).toBe(0);
    expect([map(0x10000, K4), map(0xf000, 2 * K4), map(0x12fff, 1), map(0x0f000, 5 * K4)]).toEqual([ENOMEM, ENOMEM, ENOMEM, ENOMEM]);
    expect([map(USER_END - K4, 2 * K4), map(-K4, K4), map(0, 0), map(0, -1), map(0, NaN)]).toEqual([ENOMEM, ENOMEM, EINVAL, EINVAL, EINVAL]);
    expect([map(0x13000, 1), map(USER_END - K4, K4), map(0xf001, 10)]).toEqual([0, 0, 0]);
    expect(as.segs.map((seg) => [seg.base, seg.size])).toEqual([[0xf000, K4], [0x10000, 3 * K4], [0x13000, K4], [USER_END - K4, K4]]);
    expect([as.size, as.resvsize]).toEqual([6 * K4, 6 * K4]);
  });

  it('frees the segment when its create routine fails, calling its free only if it hung something on it', () => {
    const { as, run } = setup();
    let freed = 0;
    const failing = (data: unknown) => function* (seg: Parameters<ReturnType<typeof fakeSegment>>[0]): Kgen<number> {
      yield* fakeSegment({ free: () => {
        freed++;
        return immediate(undefined);
      } })(seg);
      seg.data = data;
      return EACCES;
    };
    expect(run(() => as_map(as, 0x10000, K4, failing(undefined)))).toBe(EACCES);
    expect(freed).toBe(0);
    expect(run(() => as_map(as, 0x10000, K4, failing({})))).toBe(EACCES);
    expect([freed, as.segs.length, as.size, rw_lock_held(as.lock)]).toEqual([1, 0, 0, false]);
  });

  it('takes the mapping back when the address space locks new mappings and that fails', () => {
    const { as, run } = setup();
    expect(run(() => as_ctl(as, 0, 0, MC_LOCKAS, 0, 2))).toBe(0);
    expect(run(() => as_map(as, 0x10000, K4, fakeSegment({ lockop: () => EAGAIN })))).toBe(EAGAIN);
    expect(as.segs).toEqual([]);
    expect(run(() => as_map(as, 0x10000, K4, fakeSegment({ lockop: (_s, _a, _l, _t, op) => (op === MC_LOCK ? 0 : EINVAL) })))).toBe(0);
  });
});

describe('the segment list', () => {
  it('finds by address, with gaps, after any order of insertion', () => {
    const { as, run } = setup();
    const bases = [40, 8, 72, 24, 56].map((page) => page * K4);
    for (const base of bases) run(() => as_map(as, base, 8 * K4, fakeSegment({})));
    for (let page = 0; page < 90; page++) {
      const inside = bases.find((base) => page * K4 >= base && page * K4 < base + 8 * K4);
      expect(as_segat(as, page * K4 + 5)?.base).toBe(inside);
      expect(as_findseg(as, page * K4)?.base).toBe([...bases].sort((a, b) => a - b).find((base) => base + 8 * K4 > page * K4));
    }
  });

  it('does not find a segment that was freed, though it was found last', () => {
    const { as, run } = setup();
    run(() => as_map(as, 0x10000, K4, fakeSegment({})));
    expect(as_segat(as, 0x10000)).toBeDefined();
    run(() => as_unmap(as, 0x10000, K4));
    expect(as_segat(as, 0x10000)).toBeUndefined();
  });

  it('says when a segment is freed twice', () => {
    const { as, run } = setup();
    const seg = seg_alloc(as, 0x10000, K4)!;
    run(() => seg_free(seg));
    expect(() => run(() => seg_free(seg))).toThrow(/a segment is freed that its address space does not have/);
  });
});

describe('as_unmap', () => {
  it('sleeps while pages are softlocked, without the lock, and starts over when they are unlocked', () => {
    const { as, run, kernel } = setup();
    let locked = true;
    let calls = 0;
    run(() => as_map(as, 0x10000, K4, fakeSegment({ unmap: function* (seg) {
      calls++;
      if (locked) return EAGAIN;
      yield* seg_free(seg);
      return 0;
    } })));
    const blocked = kernel.tryUntilDone('munmap', () => as_unmap(as, 0x10000, K4));
    expect(blocked).toMatchObject({ status: 'deadlock', report: { waits: [{ thread: 'munmap', kind: 'cv', on: 'A1 a_cv' }] } });
    expect(rw_lock_held(as.lock)).toBe(false);
    run(function* () {
      locked = false;
      yield* as_unlocked(as);
    });
    expect(kernel.run()).toEqual({ status: 'idle' });
    expect([calls, as.segs.length]).toEqual([2, 0]);
  });

  it('calls the callback somebody left for the range instead of sleeping, once and without the lock', () => {
    const { as, run } = setup();
    let locked = true;
    const heard: number[] = [];
    run(() => as_map(as, 0x10000, 2 * K4, fakeSegment({ unmap: function* (seg) {
      if (locked) return EAGAIN;
      yield* seg_free(seg);
      return 0;
    } })));
    run(() => as_add_callback(as, {
      func: (_as, _arg, events) => {
        heard.push(events);
        expect(rw_lock_held(as.lock)).toBe(false);
        locked = false;
      },
      arg: 'cookie', events: AS_UNMAP_EVENT | AS_FREE_EVENT, addr: 0x11000, len: K4,
    }));
    expect(run(() => as_unmap(as, 0x10000, K4))).toBe(0);
    expect(heard).toEqual([AS_UNMAP_EVENT]);
    expect(run(() => as_delete_callback(as, 'cookie'))).toBe(false);
  });

  it('repeats a segment that says IE_RETRY and answers -1 for any other error', () => {
    const { as, run } = setup();
    let retries = 3;
    run(() => as_map(as, 0x10000, K4, fakeSegment({ unmap: function* (seg) {
      yield* preempt();
      if (retries-- > 0) return IE_RETRY;
      yield* seg_free(seg);
      return 0;
    } })));
    expect(run(() => as_unmap(as, 0x10000, K4))).toBe(0);
    run(() => as_map(as, 0x10000, K4, fakeSegment({ unmap: () => immediate(EINVAL) })));
    expect(run(() => as_unmap(as, 0x10000, K4))).toBe(-1);
    expect(rw_lock_held(as.lock)).toBe(false);
    expect(run(() => as_unmap(as, 0x20000, K4))).toBe(0);
  });
});

describe('as_fault', () => {
  const log = (calls: string[], name: string, answer: (type: number) => number = () => 0) => fakeSegment({
    fault: (_hat, _seg, addr, len, type, rw) => {
      calls.push(`${name} ${addr.toString(16)} ${len / K4} ${type} ${rw}`);
      return immediate(answer(type));
    },
  });

  it('calls each segment for its part, and answers FC_NOMAP at a gap after what lies before it', () => {
    const { as, run } = setup();
    const calls: string[] = [];
    run(() => as_map(as, 0x10000, 2 * K4, log(calls, 'a')));
    run(() => as_map(as, 0x12000, 2 * K4, log(calls, 'b')));
    expect(run(() => as_fault(as, 0x11123, 2 * K4, F_INVAL, S_READ))).toBe(0);
    expect(calls).toEqual(['a 11000 1 0 1', 'b 12000 2 0 1']);
    expect(run(() => as_fault(as, 0x13000, 2 * K4, F_INVAL, S_READ))).toBe(FC_NOMAP);
    expect(run(() => as_fault(as, 0xf000, 2 * K4, F_INVAL, S_READ))).toBe(FC_NOMAP);
    expect(calls.slice(2)).toEqual(['b 13000 1 0 1']);
  });

  it('unlocks the segments before the one that refuses a softlock, and only those', () => {
    const { as, run } = setup();
    const calls: string[] = [];
    run(() => as_map(as, 0x10000, K4, log(calls, 'a')));
    run(() => as_map(as, 0x11000, 2 * K4, log(calls, 'b')));
    run(() => as_map(as, 0x13000, K4, log(calls, 'c', (type) => (type === F_SOFTLOCK ? FC_PROT : 0))));
    expect(run(() => as_fault(as, 0x10000, 4 * K4, F_SOFTLOCK, S_WRITE))).toBe(FC_PROT);
    expect(calls).toEqual(['a 10000 1 2 2', 'b 11000 2 2 2', 'c 13000 1 2 2', 'a 10000 1 3 0', 'b 11000 2 3 0']);
    run(() => as_unmap(as, 0x13000, K4));
    calls.length = 0;
    expect(run(() => as_fault(as, 0x11000, 3 * K4, F_SOFTLOCK, S_WRITE))).toBe(FC_NOMAP);
    expect(calls).toEqual(['b 11000 2 2 2', 'b 11000 2 3 0']);
  });

  it('waits a tick and tries again after EDEADLK', () => {
    const { as, run, kernel } = setup();
    let tries = 0;
    run(() => as_map(as, 0x10000, K4, log([], 'a', () => (++tries < 3 ? FC_MAKE_ERR(EDEADLK) : 0))));
    expect(run(() => as_fault(as, 0x10000, 1, F_INVAL, S_READ))).toBe(0);
    expect([tries, kernel.lbolt]).toEqual([3, 2]);
  });

  it('goes on while a writer waits, so that the holder of a softlock can fault', () => {
    const { as, run, kernel } = setup();
    run(() => as_map(as, 0x10000, K4, fakeSegment({ fault: function* () {
      yield* preempt();
      yield* preempt();
      return 0;
    } })));
    const order: string[] = [];
    kernel.spawn('first', function* () {
      yield* as_fault(as, 0x10000, 1, F_INVAL, S_READ);
      order.push('first');
    });
    kernel.spawn('writer', function* () {
      yield* as_unmap(as, 0x20000, K4);
      order.push('writer');
    });
    kernel.spawn('second', function* () {
      yield* as_fault(as, 0x10000, 1, F_INVAL, S_READ);
      order.push('second');
    });
    kernel.run();
    expect(order).toEqual(['first', 'second', 'writer']);
  });

  it('is traced with its kind and its answer', () => {
    const trace = new Trace();
    const lines: string[] = [];
    trace.listen((event) => lines.push(traceText(event)));
    const { as, run } = setup(trace);
    run(() => as_fault(as, 0x10000, 1, F_SOFTUNLOCK, S_WRITE));
    expect(lines).toEqual(['as_fault as=A1 va=0x10000 len=0x1 type=SOFTUNLOCK rw=WRITE result=FC_NOMAP']);
  });

  it('asynchronous: asks for each page and stops at the first that fails', () => {
    const { as, run } = setup();
    const asked: number[] = [];
    run(() => as_map(as, 0x10000, 3 * K4, fakeSegment({ faulta: (_seg, addr) => {
      asked.push(addr);
      return addr === 0x11000 ? FC_NOSUPPORT : 0;
    } })));
    expect(run(() => as_faulta(as, 0x10000, 3 * K4))).toBe(FC_NOSUPPORT);
    expect(asked).toEqual([0x10000, 0x11000]);
    expect(run(() => as_faulta(as, 0x50000, K4))).toBe(FC_NOMAP);
  });
});

describe('as_pagelock', () => {
  it('falls back to a softlock where the segment cannot give frames, and undoes the same', () => {
    const { as, run } = setup();
    const types: number[] = [];
    run(() => as_map(as, 0x10000, 2 * K4, fakeSegment({
      pagelock: () => ENOTSUP,
      fault: (_hat, _seg, _addr, _len, type) => {
        types.push(type);
        return immediate(0);
      },
    })));
    const lock = run(() => as_pagelock(as, 0x10010, K4, S_WRITE));
    expect(lock).toEqual({ error: 0, pages: undefined });
    run(() => as_pageunlock(as, lock.pages, 0x10010, K4, S_WRITE));
    expect(types).toEqual([F_SOFTLOCK, F_SOFTUNLOCK]);
    expect(run(() => as_pagelock(as, 0x50000, K4, S_WRITE)).error).not.toBe(0);
  });
});

describe('as_setprot', () => {
  it('answers ENOMEM at a gap with what lies below changed, EACCES from a segment, EAGAIN for IE_NOMEM', () => {
    const { as, run } = setup();
    const changed: number[] = [];
    let answer = 0;
    run(() => as_map(as, 0x10000, 2 * K4, fakeSegment({ setprot: (_seg, addr, len) => {
      changed.push(addr, len);
      return answer;
    } })));
    expect(run(() => as_setprot(as, 0x11000, 2 * K4, PROT_READ))).toBe(ENOMEM);
    expect(changed).toEqual([0x11000, K4]);
    expect(run(() => as_setprot(as, 0x50000, K4, PROT_READ))).toBe(ENOMEM);
    answer = EACCES;
    expect(run(() => as_setprot(as, 0x10000, K4, PROT_READ))).toBe(EACCES);
    answer = IE_NOMEM;
    expect(run(() => as_setprot(as, 0x10000, K4, PROT_READ))).toBe(EAGAIN);
    expect(rw_lock_held(as.lock)).toBe(false);
  });

  it('comes back as writer after EAGAIN and IE_RETRY, then sleeps until pages are unlocked', () => {
    const { as, run, kernel } = setup();
    const writers: boolean[] = [];
    const answers = [IE_RETRY, IE_RETRY, EAGAIN, 0];
    run(() => as_map(as, 0x10000, K4, fakeSegment({ setprot: () => {
      writers.push(as.lock.writer !== undefined);
      return answers.shift()!;
    } })));
    expect(kernel.tryUntilDone('mprotect', () => as_setprot(as, 0x10000, K4, PROT_READ)).status).toBe('deadlock');
    run(() => as_unlocked(as));
    expect(kernel.run().status).toBe('idle');
    expect(writers).toEqual([false, true, true, true]);
  });
});

describe('fork and exit', () => {
  it('a failing segment leaves nothing of the child, and the parent as it was', () => {
    const { as, run, vm } = setup();
    let duplicated = 0;
    const dup = fakeSegment({ dup: (_seg, newseg) => {
      duplicated++;
      return fakeSegment({})(newseg);
    } });
    run(() => as_map(as, 0x10000, K4, dup));
    run(() => as_map(as, 0x20000, K4, fakeSegment({ dup: () => immediate(EAGAIN) })));
    run(() => as_map(as, 0x30000, K4, dup));
    const used = vm.pages.used;
    expect(run(() => as_dup(as, 'A2'))).toBe(EAGAIN);
    expect([duplicated, vm.pages.used, as.segs.length, rw_lock_held(as.lock)]).toEqual([1, used, 3, false]);
  });

  it('leaves segments out that are not to be inherited', () => {
    const { as, run } = setup();
    run(() => as_map(as, 0x10000, K4, function* (seg) {
      seg.flags |= S_PURGE;
      return yield* fakeSegment({})(seg);
    }));
    const child = run(() => as_dup(as, 'A2')) as As;
    expect([child.segs.length, child.size]).toEqual([0, 0]);
  });

  it('as_free runs the callbacks for the whole space first and sleeps for softlocked pages', () => {
    const { as, run, kernel, vm } = setup();
    const used = vm.pages.used;
    const heard: number[] = [];
    let locked = true;
    run(() => as_map(as, 0x10000, K4, fakeSegment({ unmap: function* (seg) {
      if (locked) return EAGAIN;
      yield* seg_free(seg);
      return 0;
    } })));
    run(() => as_add_callback(as, { func: (_as, _arg, events) => void heard.push(events), arg: 1, events: AS_FREE_EVENT, addr: 0x90000, len: K4 }));
    expect(kernel.tryUntilDone('exit', () => as_free(as)).status).toBe('deadlock');
    expect(heard).toEqual([AS_FREE_EVENT]);
    locked = false;
    run(() => as_unlocked(as));
    expect(kernel.run().status).toBe('idle');
    expect([as.segs.length, vm.pages.used]).toEqual([0, used - 1]);
  });
});

describe('the range lock', () => {
  it('lets one choose an address at a time', () => {
    const { as, kernel } = setup();
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      kernel.spawn(name, function* () {
        yield* as_rangelock(as);
        order.push(`${name} in`);
        yield* preempt();
        order.push(`${name} out`);
        yield* as_rangeunlock(as);
      });
    }
    expect(kernel.run().status).toBe('idle');
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
  });
});

describe('as_ctl, as_incore, as_checkprot, as_getmemid', () => {
  it('go over the segments of a range and answer ENOMEM at a gap', () => {
    const { as, run } = setup();
    const synced: number[] = [];
    run(() => as_map(as, 0x10000, 2 * K4, fakeSegment({
      sync: (_seg, addr) => {
        synced.push(addr);
        return 0;
      },
      checkprot: () => EACCES,
      incore: (_seg, _addr, len, vec) => {
        vec.fill(1, 0, len / K4);
        return len;
      },
      getmemid: (seg, addr) => ({ object: seg, offset: addr - seg.base }),
    })));
    expect(run(() => as_ctl(as, 0x11000, K4, MC_SYNC, 0, 4))).toBe(0);
    expect(run(() => as_ctl(as, 0x11000, 2 * K4, MC_SYNC, 0, 4))).toBe(ENOMEM);
    expect(synced).toEqual([0x11000, 0x11000]);
    expect(run(() => as_ctl(as, 0x11000, K4, 99, 0, 0))).toBe(EINVAL);
    expect(run(() => as_checkprot(as, 0x11000, K4, PROT_READ))).toBe(EACCES);
    const vec = new Uint8Array(4);
    expect(run(() => as_incore(as, 0x10000, 4 * K4, vec))).toBe(ENOMEM);
    expect([...vec]).toEqual([1, 1, 0, 0]);
    expect(run(() => as_getmemid(as, 0x11000))).toMatchObject({ offset: K4 });
    expect(run(() => as_getmemid(as, 0x90000))).toBe(ENOMEM);
  });
});
