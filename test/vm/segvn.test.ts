import { describe, expect, it } from 'vitest';
import { EACCES, EAGAIN, EINVAL, EFAULT, ENOMEM, PAGESIZE } from '../../src/base/index.js';
import {
  FC_MAKE_ERR, FC_PROT, FileObject, F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, HAT_UNLOAD, MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_USER, PROT_WRITE, SEG_PAGE_ANON,
  SEG_PAGE_INCORE, SEG_PAGE_VNODE, S_EXEC, S_OTHER, S_READ, S_WRITE, as_alloc, as_checkprot, as_dup, as_fault, as_free, as_getmemid, as_incore, as_map, as_pagelock, as_pageunlock,
  as_segat, as_setprot, as_unmap, bytesBacking, copyin, copyout, hat_getpfnum, hat_unload, segOps, segvn_create,
} from '../../src/vm/index.js';
import type { As, SegvnArgs } from '../../src/vm/index.js';
import { world } from './world.js';
import type { World } from './world.js';

const K4 = PAGESIZE;
const RWU = PROT_READ | PROT_WRITE | PROT_USER;
const AT = 0x10_0000;

const setup = (ramPages = 512): World & { as: As; map: (args: Partial<SegvnArgs>, pages?: number, at?: number) => number } => {
  const w = world({ ramPages });
  const as = as_alloc(w.vm, 'A1');
  return { ...w, as, map: (args, pages = 4, at = AT) => w.run(() => as_map(as, at, pages * K4, segvn_create({ type: MAP_PRIVATE, prot: RWU, ...args }))) };
};
const peek = (w: World, as: As, at: number, length = 4): number[] => {
  const bytes = new Uint8Array(length);
  expect(w.run(() => copyin(as, at, bytes))).toBe(0);
  return [...bytes];
};
const poke = (w: World, as: As, at: number, ...bytes: number[]): number => w.run(() => copyout(as, at, Uint8Array.from(bytes)));

describe('program segments', () => {
  const content = Uint8Array.from({ length: K4 + 100 }, (_, index) => 1 + (index % 250));

  it('show the file, then zeroes, in the page where it ends and behind it', () => {
    const w = setup();
    const file = new FileObject(w.vm, bytesBacking('program', content));
    expect(w.map({ file, fileBytes: K4 + 50 })).toBe(0);
    expect(peek(w, w.as, AT)).toEqual([1, 2, 3, 4]);
    expect(peek(w, w.as, AT + K4 + 48)).toEqual([content[K4 + 48], content[K4 + 49], 0, 0]);
    expect(peek(w, w.as, AT + 3 * K4)).toEqual([0, 0, 0, 0]);
  });

  it('share the frames of pages nobody writes between processes, and with the file', () => {
    const w = setup();
    const file = new FileObject(w.vm, bytesBacking('program', content));
    w.map({ file, prot: PROT_READ | PROT_EXEC | PROT_USER }, 1);
    const other = as_alloc(w.vm, 'A2');
    w.run(() => as_map(other, AT, K4, segvn_create({ type: MAP_PRIVATE, prot: RWU, file })));
    peek(w, w.as, AT);
    peek(w, other, AT);
    expect(hat_getpfnum(other.hat, AT)).toBe(hat_getpfnum(w.as.hat, AT));
    poke(w, other, AT, 99);
    expect(hat_getpfnum(other.hat, AT)).not.toBe(hat_getpfnum(w.as.hat, AT));
    expect(peek(w, w.as, AT, 1)).toEqual([1]);
    expect(peek(w, other, AT, 2)).toEqual([99, 2]);
  });

  it('answer EFAULT behind the end of the file, as an object error', () => {
    const w = setup();
    w.map({ file: new FileObject(w.vm, bytesBacking('short', content)), type: MAP_SHARED });
    expect(w.run(() => as_fault(w.as, AT + 2 * K4, 1, F_INVAL, S_READ))).toBe(FC_MAKE_ERR(EFAULT));
  });

  it('can begin with zeroes before the contents, across a page boundary', () => {
    const w = setup();
    w.map({ file: new FileObject(w.vm, bytesBacking('late', content.subarray(0, 20), K4 - 10)), fileBytes: K4 + 10 });
    expect(peek(w, w.as, AT + K4 - 12, 14)).toEqual([0, 0, ...content.subarray(0, 12)]);
    expect(peek(w, w.as, AT + K4 + 8)).toEqual([19, 20, 0, 0]);
  });

  it('refuse what makes no sense', () => {
    const { map, vm } = setup();
    const file = new FileObject(vm, bytesBacking('f', content));
    expect([map({ type: 0 }), map({ type: 3 }), map({ file, offset: 5 }), map({ file, type: MAP_SHARED, fileBytes: 5 })]).toEqual([EINVAL, EINVAL, EINVAL, EINVAL]);
  });
});

describe('protection', () => {
  it('decides by kind of access, and may differ by page', () => {
    const { as, run, map } = setup();
    map({ prot: PROT_READ | PROT_USER });
    run(() => as_setprot(as, AT + K4, K4, PROT_EXEC | PROT_USER));
    run(() => as_setprot(as, AT + 2 * K4, K4, PROT_USER));
    const fault = (page: number, rw: number): number => run(() => as_fault(as, AT + page * K4, 1, F_INVAL, rw));
    expect([S_READ, S_WRITE, S_EXEC, S_OTHER].map((rw) => fault(0, rw))).toEqual([0, FC_PROT, FC_PROT, 0]);
    expect([S_READ, S_WRITE, S_EXEC, S_OTHER].map((rw) => fault(1, rw))).toEqual([FC_PROT, FC_PROT, 0, 0]);
    expect([S_READ, S_WRITE, S_EXEC, S_OTHER].map((rw) => fault(2, rw))).toEqual([FC_PROT, FC_PROT, FC_PROT, FC_PROT]);
    const prots = new Uint8Array(4);
    const seg = as_segat(as, AT)!;
    segOps(seg).getprot(seg, seg.base, 4 * K4 - 1, prots);
    expect([...prots]).toEqual([9, 12, 8, 9]);
    expect([PROT_READ, PROT_READ | PROT_WRITE].map((prot) => run(() => as_checkprot(as, AT, K4, prot)))).toEqual([0, EACCES]);
  });

  it('cannot exceed what the mapping may ever allow', () => {
    const { as, run, map } = setup();
    map({ prot: PROT_READ | PROT_USER, maxprot: PROT_READ | PROT_EXEC });
    expect(run(() => as_setprot(as, AT, K4, RWU))).toBe(EACCES);
    expect(run(() => as_setprot(as, AT, K4, PROT_EXEC | PROT_USER))).toBe(0);
  });

  it('survives a hole: what is left on either side keeps its own', () => {
    const w = setup();
    w.map({}, 5);
    for (let page = 0; page < 5; page++) poke(w, w.as, AT + page * K4, 10 + page);
    w.run(() => as_setprot(w.as, AT + 3 * K4, K4, PROT_READ | PROT_USER));
    w.run(() => as_unmap(w.as, AT + 2 * K4, K4));
    hat_unload(w.as.hat, AT, 5 * K4, HAT_UNLOAD);
    expect([0, 1, 3, 4].map((page) => peek(w, w.as, AT + page * K4, 1)[0])).toEqual([10, 11, 13, 14]);
    expect([0, 1, 2, 3, 4].map((page) => poke(w, w.as, AT + page * K4, 1))).toEqual([0, 0, EFAULT, EFAULT, 0]);
  });
});

describe('fork', () => {
  it('copies a page once, for the first who writes, and lets the last owner write in place', () => {
    const w = setup();
    w.map({}, 1);
    poke(w, w.as, AT, 1);
    const frame = hat_getpfnum(w.as.hat, AT);
    const used = w.vm.pages.used;
    const child = w.run(() => as_dup(w.as, 'A2')) as As;
    // The child has a root page table, and nothing else of its own.
    expect(w.vm.pages.used).toBe(used + 1);
    poke(w, child, AT, 2);
    expect(hat_getpfnum(w.as.hat, AT)).toBe(frame);
    poke(w, w.as, AT, 3);
    expect(hat_getpfnum(w.as.hat, AT)).toBe(frame);
    expect([peek(w, w.as, AT, 1), peek(w, child, AT, 1)]).toEqual([[3], [2]]);
  });

  it('leaves frames that are locked for I/O to the parent', () => {
    const w = setup();
    w.map({}, 1);
    poke(w, w.as, AT, 1);
    const lock = w.run(() => as_pagelock(w.as, AT, K4, S_WRITE));
    expect(lock.pages).toEqual([hat_getpfnum(w.as.hat, AT)]);
    const child = w.run(() => as_dup(w.as, 'A2')) as As;
    poke(w, w.as, AT, 5);
    expect(hat_getpfnum(w.as.hat, AT)).toBe(lock.pages![0]);
    expect(peek(w, child, AT, 1)).toEqual([1]);
    w.run(() => as_pageunlock(w.as, lock.pages, AT, K4, S_WRITE));
    expect(w.run(() => as_unmap(w.as, AT, K4))).toBe(0);
  });

  it('fails with ENOMEM when locked pages cannot be copied, and leaves nothing behind', () => {
    const w = setup(48);
    w.map({}, 30);
    for (let page = 0; page < 30; page++) poke(w, w.as, AT + page * K4, 1);
    w.run(() => as_fault(w.as, AT, K4, F_SOFTLOCK, S_WRITE));
    const used = w.vm.pages.used;
    expect(w.run(() => as_dup(w.as, 'A2'))).toBe(ENOMEM);
    expect(w.vm.pages.used).toBe(used);
  });
});

describe('running out of memory', () => {
  it('is an object error of the fault, and softlocked pages of the same call are unlocked', () => {
    const w = setup(48);
    w.map({}, 100);
    expect(w.run(() => as_fault(w.as, AT, 100 * K4, F_SOFTLOCK, S_WRITE))).toBe(FC_MAKE_ERR(ENOMEM));
    expect(w.run(() => as_unmap(w.as, AT, 100 * K4))).toBe(0);
    w.run(() => as_free(w.as));
    // What is left is the root page table of the kernel.
    expect(w.vm.pages.used).toBe(1);
  });
});

describe('growing', () => {
  it('takes an alike neighbour in when asked to, and nothing else', () => {
    const { as, map } = setup();
    map({ extend: true }, 2);
    map({ extend: true }, 3, AT + 2 * K4);
    expect(as.segs.map((seg) => seg.size / K4)).toEqual([5]);
    map({ extend: true, prot: PROT_READ | PROT_USER }, 1, AT + 5 * K4);
    map({}, 1, AT + 6 * K4);
    map({ extend: true, type: MAP_SHARED }, 1, AT + 7 * K4);
    map({ extend: true }, 1, AT + 9 * K4);
    expect(as.segs.map((seg) => seg.size / K4)).toEqual([5, 1, 1, 1, 1]);
    expect(as.size).toBe(9 * K4);
  });
});

describe('what segments tell', () => {
  it('which pages are in memory, and of what kind', () => {
    const w = setup();
    w.map({ file: new FileObject(w.vm, bytesBacking('f', new Uint8Array(2 * K4))), fileBytes: 2 * K4 });
    peek(w, w.as, AT, 1);
    poke(w, w.as, AT + K4, 1);
    peek(w, w.as, AT + 2 * K4, 1);
    const vec = new Uint8Array(4);
    w.run(() => as_incore(w.as, AT, 4 * K4, vec));
    expect([...vec]).toEqual([SEG_PAGE_INCORE | SEG_PAGE_VNODE, SEG_PAGE_INCORE | SEG_PAGE_ANON, SEG_PAGE_INCORE | SEG_PAGE_ANON, 0]);
  });

  it('the same identity for shared memory in parent and child, another for private', () => {
    const w = setup();
    w.map({ type: MAP_SHARED }, 1);
    w.map({}, 1, AT + K4);
    const child = w.run(() => as_dup(w.as, 'A2')) as As;
    const memid = (as: As, at: number) => {
      const id = w.run(() => as_getmemid(as, at));
      return typeof id === 'number' ? expect.fail('no memid') : id;
    };
    expect(memid(w.as, AT).object).toBe(memid(child, AT).object);
    expect(memid(w.as, AT + K4).object).not.toBe(memid(child, AT + K4).object);
    const seg = as_segat(w.as, AT)!;
    expect([segOps(seg).gettype(seg, seg.base), segOps(seg).getoffset(seg, seg.base)]).toEqual([MAP_SHARED, 0]);
  });
});

describe('softlocks', () => {
  it('keep protection and discarding away until they are gone', () => {
    const { as, run, map, kernel } = setup();
    map({}, 2);
    run(() => as_fault(as, AT, 2 * K4, F_SOFTLOCK, S_WRITE));
    run(() => as_fault(as, AT, K4, F_SOFTLOCK, S_READ));
    const seg = as_segat(as, AT)!;
    expect(segOps(seg).advise(seg, seg.base, K4, 5)).toBe(EAGAIN);
    expect(kernel.tryUntilDone('munmap', () => as_unmap(as, AT, 2 * K4)).status).toBe('deadlock');
    run(() => as_fault(as, AT, 2 * K4, F_SOFTUNLOCK, S_WRITE));
    expect(as.segs).toHaveLength(1);
    run(() => as_fault(as, AT, K4, F_SOFTUNLOCK, S_READ));
    expect(kernel.run().status).toBe('idle');
    expect(as.segs).toEqual([]);
  });

  it('unmapping outside the segment is a panic, not a wrong length', () => {
    const { as, run, map } = setup();
    map({}, 2);
    const seg = as_segat(as, AT)!;
    expect(() => run(() => segOps(seg).unmap(seg, seg.base, 3 * K4))).toThrow(/segvn_unmap: addr=0x100000 len=0x3000/);
  });

});
