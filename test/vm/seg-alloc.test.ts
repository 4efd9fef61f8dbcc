/** seg_alloc can be made to fail, as every other routine of a kernel that runs out of something. */
import { describe, expect, it } from 'vitest';
import { ENOMEM, PAGESIZE, Trace, traceText } from '../../src/base/index.js';
import type { TraceEvent } from '../../src/base/index.js';
import { as_alloc, as_dup, as_map } from '../../src/vm/index.js';
import { fakeSegment } from './fake-segment.js';
import { world } from './world.js';

/** An address space whose seg_alloc fails with the answers given, in order, and then succeeds. */
function failing(answers: readonly number[]) {
  const asked: string[] = [];
  const events: TraceEvent[] = [];
  const left = [...answers];
  const trace = new Trace();
  const inject = (point: string): number => {
    asked.push(point);
    return left.shift() ?? 0;
  };
  const w = world({ kernel: { trace }, vm: { inject } });
  const as = as_alloc(w.vm, 'A1');
  trace.listen((event) => void events.push(event));
  return { ...w, as, asked, events };
}

describe('a programmed failure of seg_alloc', () => {
  it('is ENOMEM from as_map: no segment, no size, nothing created; the next call succeeds', () => {
    const { as, asked, events, run } = failing([ENOMEM]);
    let created = 0;
    const map = (): number => run(() => as_map(as, 0x10000, PAGESIZE, (seg) => {
      created++;
      return fakeSegment({})(seg);
    }));
    expect([map(), created, as.segs.length, as.size, as.resvsize]).toEqual([ENOMEM, 0, 0, 0, 0]);
    expect([map(), created, as.segs.length, as.size]).toEqual([0, 1, 1, PAGESIZE]);
    expect(asked).toEqual(['segalloc', 'segalloc']);
    expect(events.map((event) => traceText(event)).filter((text) => text.includes('seg_alloc'))).toEqual([
      expect.stringMatching(/seg_alloc\.none.*0x10000/), expect.stringMatching(/seg_alloc .*0x10000/),
    ]);
  });

  it('ends a fork with ENOMEM and leaves nothing of the child', () => {
    const { as, run, vm } = failing([0, ENOMEM]);
    run(() => as_map(as, 0x10000, PAGESIZE, fakeSegment({})));
    const used = vm.pages.used;
    expect(run(() => as_dup(as, 'A2'))).toBe(ENOMEM);
    expect(vm.pages.used).toBe(used);
  });
});
