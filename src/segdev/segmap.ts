/** segmap(9E): drivers that map by themselves. */
import { errnoName, KernelPanic } from '../base/index.js';
import type { Cred, DdiAsHandle, Dev, Ref } from '../ddi/index.js';
import { cbOps } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { settle } from '../kernel/index.js';

/** Calls the driver's segmap(9E) and answers what it answers. */
export function* cdev_segmap(
  dev: Dev, off: number, as: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number, credp: Cred,
): Kgen<number> {
  const { segmap } = cbOps(dev);
  if (segmap === undefined) throw new KernelPanic('crash', `null pointer: segmap(9E) of ${dev.label}`);
  const { trace } = dev.dip.tree;
  if (trace.on) trace.emit('drv.segmap.enter', { dev: dev.label, off, len });
  dev.dip.tree.called('segmap');
  const error = yield* settle(segmap(dev, off, as, addrp, len, prot, maxprot, flags, credp));
  if (trace.on) trace.emit('drv.segmap.leave', { dev: dev.label, result: error === 0 ? '0' : errnoName(error) });
  return error;
}
