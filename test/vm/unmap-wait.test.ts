/** Who waits until softlocked pages are unlocked is woken by the last unlock, whatever else happens to the address space meanwhile. */
import { describe, expect, it } from 'vitest';
import { EAGAIN, PAGESIZE } from '../../src/base/index.js';
import { immediate } from '../../src/kernel/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import { as_alloc, as_dup, as_free, as_map, as_setprot, as_unlocked, as_unmap, AS_ISUNMAPWAIT, PROT_READ, seg_free } from '../../src/vm/index.js';
import type { As, Seg } from '../../src/vm/index.js';
import { fakeSegment } from './fake-segment.js';
import { world } from './world.js';

const A = 0x10000;
const B = 0x20000;
const FREE = 0x30000;

/** An address space with mappings whose softlocks the test holds by address. */
function lockable() {
  const w = world();
  const as = as_alloc(w.vm, 'A1');
  const locked = new Set<number>();
  const refused = (seg: Seg): boolean => locked.has(seg.base) && seg.as === as;
  const create = fakeSegment({
    unmap: function* (seg): Kgen<number> {
      if (refused(seg)) return EAGAIN;
      yield* seg_free(seg);
      return 0;
    },
    setprot: (seg) => (refused(seg) ? EAGAIN : 0),
    dup: (_seg, newseg) => create(newseg),
  });
  for (const addr of [A, B, FREE]) w.run(() => as_map(as, addr, PAGESIZE, create));
  const softunlock = (addr: number): void => w.run(function* (): Kgen<void> {
    locked.delete(addr);
    yield* as_unlocked(as);
  });
  return { ...w, as, locked, softunlock };
}

describe('an unmapper that sleeps is woken by the last softunlock', () => {
  const meanwhile: readonly (readonly [string, (as: As) => Kgen<unknown>])[] = [
    ['another mapping is unmapped', (as) => as_unmap(as, FREE, PAGESIZE)],
    ['another mapping is protected', (as) => as_setprot(as, FREE, PAGESIZE, PROT_READ)],
    ['the process forks', (as) => as_dup(as, 'A2')],
    ['the process forks and the child exits', function* (as): Kgen<void> {
      yield* as_free((yield* as_dup(as, 'A2')) as As);
    }],
  ];
  it.each(meanwhile)('although %s while it sleeps', (_what, other) => {
    const { as, kernel, locked, run, softunlock } = lockable();
    locked.add(A);
    let unmapped: number | undefined;
    kernel.spawn('T', function* () {
      unmapped = yield* as_unmap(as, A, PAGESIZE);
    });
    kernel.run();
    expect([unmapped, AS_ISUNMAPWAIT(as)]).toEqual([undefined, true]);
    run(() => other(as));
    expect(AS_ISUNMAPWAIT(as)).toBe(true);
    softunlock(A);
    expect(kernel.run().status).toBe('idle');
    expect([unmapped, AS_ISUNMAPWAIT(as)]).toEqual([0, false]);
  });

  it('although one that came before it goes back to sleep for its own pages first', () => {
    const { as, kernel, locked, softunlock } = lockable();
    locked.add(A).add(B);
    const done: string[] = [];
    for (const [name, addr] of [['waits for B', B], ['waits for A', A]] as const) {
      kernel.spawn(name, function* () {
        yield* as_unmap(as, addr, PAGESIZE);
        done.push(name);
      });
    }
    kernel.run();
    softunlock(A);
    expect(kernel.run().status).toBe('deadlock');
    expect([done, AS_ISUNMAPWAIT(as)]).toEqual([['waits for A'], true]);
    softunlock(B);
    expect(kernel.run().status).toBe('idle');
    expect(done).toEqual(['waits for A', 'waits for B']);
  });

  it('and so is one that exits or protects', () => {
    const { as, kernel, locked, softunlock } = lockable();
    locked.add(A);
    const done: string[] = [];
    kernel.spawn('mprotect', function* () {
      yield* as_setprot(as, A, PAGESIZE, PROT_READ);
      done.push('mprotect');
    });
    kernel.spawn('exit', function* () {
      yield* immediate(undefined);
      yield* as_free(as);
      done.push('exit');
    });
    kernel.run();
    expect(done).toEqual([]);
    softunlock(A);
    kernel.run();
    expect([done.toSorted(), as.segs.length]).toEqual([['exit', 'mprotect'], 0]);
  });
});
