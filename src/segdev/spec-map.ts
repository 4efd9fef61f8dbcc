/** mmap(2) on a device (VOP_MAP of the special file system): which of the three roads a mapping takes. */
import { ENODEV, ENXIO } from '../base/index.js';
import type { Cred, DdiAsHandle, Dev, Ref } from '../ddi/index.js';
import { absent, cbOps, D_DEVMAP, kcred } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { devmap_setup } from './devmap-setup.js';
import { cdev_segmap } from './segmap.js';
import { spec_segmap } from './segmap-setup.js';

/**
 * Maps [off, off+len) of an open device into `as`. `off` and `len` are whole pages, `prot` includes PROT_USER, `addrp`
 * holds the address asked for (0 for none) and receives the one chosen.
 *
 * A driver with segmap(9E) maps by itself; one with D_DEVMAP or without mmap(9E) is asked through devmap(9E); the rest
 * are old mmap(9E) drivers. Returns 0; ENXIO for a retired device; ENODEV when the driver cannot map; what that road answers.
 */
export function* spec_map(
  dev: Dev, off: number, as: DdiAsHandle, addrp: Ref<number>, len: number, prot: number, maxprot: number, flags: number, credp: Cred = kcred,
): Kgen<number> {
  if (dev.snode.fenced) return ENXIO;
  const ops = cbOps(dev);
  if (!absent(ops.segmap)) return yield* cdev_segmap(dev, off, as, addrp, len, prot, maxprot, flags, credp);
  if ((ops.flag & D_DEVMAP) === 0 && !absent(ops.mmap)) return yield* spec_segmap(dev, off, as, addrp, len, prot, maxprot, flags);
  if (absent(ops.devmap)) return ENODEV;
  return yield* devmap_setup(dev, off, as, addrp, len, prot, maxprot, flags, credp);
}
