/** Finding room for a device mapping. */
import type { TreeServices } from '../ddi/index.js';
import type { As } from '../vm/index.js';
import { AH_CONTAIN, as_gap, largestPageSize, map_addr } from '../vm/index.js';

/**
 * An address for `len` bytes that agrees with `off` modulo the largest page the length allows (map_addr); undefined when
 * there is no room or a programmed failure strikes.
 */
export function chooseAddress(as: As, tree: TreeServices, len: number, off: number, flags: number): number | undefined {
  const va = tree.inject('choose') === 0 ? map_addr(as, len, off, 0, flags) : undefined;
  if (va === undefined && tree.trace.on) {
    tree.trace.emit('map_addr', { len, off, align: largestPageSize(len, as.vm.hatPolicy.maxLevel), va: 0 });
  }
  return va;
}

/** Whether [addr, addr+len) is free. */
export function isFree(as: As, addr: number, len: number): boolean {
  const gap = as_gap(as, len, addr, len, AH_CONTAIN, addr);
  return gap !== undefined && gap.base === addr && gap.len === len;
}
