/** mmap(9E) of an old-style mapping. */
import type { Pfn } from '../base/index.js';
import { PFN_INVALID } from '../base/index.js';
import type { Dev } from '../ddi/index.js';
import { protText } from '../ddi/index.js';
import type { Mapfunc } from './segdev-data.js';

/** The frame at `off` of a device, PFN_INVALID (-1) where the driver has none. */
export function cdev_mmap(mapfunc: Mapfunc, dev: Dev, off: number, prot: number): Pfn {
  dev.dip.tree.called('mmap');
  const pfn = mapfunc(dev, off, prot);
  const { trace } = dev.dip.tree;
  if (trace.on) trace.emit('drv.mmap', { dev: dev.label, off, prot: protText(prot), pfn });
  return pfn === -1 ? PFN_INVALID : pfn;
}
