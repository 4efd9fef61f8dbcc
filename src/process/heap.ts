/** brk(2): the heap grows and shrinks at its end. */
import { PAGESIZE, alignUp } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { PROT_READ, PROT_USER, PROT_WRITE } from '../vm/index.js';
import { STACK_BASE } from './layout.js';
import { isMapped } from './mappings.js';
import { mapZeros } from './map-anonymous.js';
import { unmapMemory } from './map-memory.js';
import type { Proc } from './proc.js';

/** Moves the end of the heap to `end`. Returns the new end; the old one where that is impossible, as Linux does. */
export function* setBreak(proc: Proc, end: number): Kgen<number> {
  const { heap } = proc;
  const old = heap.end;
  if (end < heap.base || end > STACK_BASE || !Number.isSafeInteger(end)) return old;
  const [from, to] = [alignUp(old, PAGESIZE), alignUp(end, PAGESIZE)];
  if (to < from && (yield* unmapMemory(proc, to, from - to)) !== 0) return old;
  if (to > from) {
    if (isMapped(proc.as, from, to - from)) return old;
    const more = { base: from, size: to - from, prot: PROT_READ | PROT_WRITE | PROT_USER, name: '[heap]' };
    if ((yield* mapZeros(proc, more, true)) !== 0) return old;
  }
  heap.end = end;
  return end;
}
