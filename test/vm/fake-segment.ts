/** A segment whose operations a test writes; all others fail the test. */
import { KernelPanic } from '../../src/base/index.js';
import { immediate } from '../../src/kernel/index.js';
import type { Kgen } from '../../src/kernel/index.js';
import { seg_free } from '../../src/vm/index.js';
import type { Seg, SegOps } from '../../src/vm/index.js';

const never = (name: string) => (): never => {
  throw new KernelPanic('panic', `unexpected segment operation: ${name}`);
};

const names = [
  'dup', 'unmap', 'free', 'fault', 'faulta', 'setprot', 'checkprot', 'kluster', 'sync', 'incore', 'lockop', 'getprot', 'getoffset', 'gettype', 'getvp', 'advise',
  'dump', 'pagelock', 'setpagesize', 'getmemid', 'getpolicy', 'capable', 'inherit',
] as const;

/** A create routine for as_map: `ops` over operations that unmap whole segments and fail on everything else. */
export function fakeSegment(ops: Partial<SegOps>, data: unknown = {}): (seg: Seg) => Kgen<number> {
  const table = Object.fromEntries(names.map((name) => [name, never(name)])) as unknown as SegOps;
  const all: SegOps = {
    ...table,
    unmap: function* (seg: Seg): Kgen<number> {
      yield* seg_free(seg);
      return 0;
    },
    free: () => immediate(undefined),
    ...ops,
  };
  return (seg) => {
    seg.ops = all;
    seg.data = data;
    return immediate(0);
  };
}
