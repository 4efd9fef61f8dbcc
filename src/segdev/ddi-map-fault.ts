/** ddi_map_fault: the root nexus loads one page of an old-style mapping of device frames. */
import type { Pfn } from '../base/index.js';
import { PAGESIZE } from '../base/index.js';
import type { Dev } from '../ddi/index.js';
import { DDI_FAILURE, DDI_SUCCESS, ddiName, protText } from '../ddi/index.js';
import type { Hat, Seg } from '../vm/index.js';
import { hat_devload, HAT_LOAD, HAT_LOAD_LOCK } from '../vm/index.js';
import { sdpOf } from './segdev-data.js';

/**
 * Loads `pfn` at `addr` with the rights `prot` and the attributes of the segment, which the root nexus looks up itself;
 * `lock` locks the translation. Returns DDI_SUCCESS, or DDI_FAILURE when a nexus refuses.
 */
export function ddi_map_fault(dev: Dev, hat: Hat, seg: Seg, addr: number, pfn: Pfn, prot: number, lock: boolean): number {
  const refused = dev.dip.tree.inject('mapfault') !== 0;
  const { trace } = dev.dip.tree;
  const result = refused ? DDI_FAILURE : DDI_SUCCESS;
  if (trace.on) trace.emit('ddi_map_fault', { dev: dev.label, as: seg.as.name, va: addr, pfn, prot: protText(prot), lock: lock ? 1 : 0, result: ddiName(result) });
  if (refused) return DDI_FAILURE;
  hat_devload(hat, addr, PAGESIZE, pfn, prot | sdpOf(seg).hat_attr, lock ? HAT_LOAD_LOCK : HAT_LOAD);
  return DDI_SUCCESS;
}
