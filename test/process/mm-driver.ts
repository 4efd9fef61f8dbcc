/**
 * The memory devices of a system, one minor each: 0 shows any physical address, as /dev/mem; 1 maps nothing, as /dev/null; 2 maps memory of
 * one's own, as /dev/zero. segmap(9E) makes the segments itself; there is no devmap(9E).
 */
import type { DeviceConfig } from '../../src/machine/index.js';
import { segdev_create } from '../../src/segdev/index.js';
import { type CbOps, D_MP, EINVAL, ENOMEM, ENXIO, MAP_SHARED, MAP_TYPE, makedevice, settle } from '../../src/sunddi.js';
import { ADDR_NOVACALIGN, ADDR_VACALIGN, As, HAT_LOAD_NOCONSIST, PROT_NONE, as_map, as_rangelock, as_rangeunlock, choose_addr, segvn_create } from '../../src/vm/index.js';
import type { Seg } from '../../src/vm/index.js';

/** First address that no memory device shows. */
export const LIMIT: number = 2 ** 40;

export const M_MEM = 0;
export const M_NULL = 1;
export const M_ZERO = 2;

const mmmmap = (_dev: unknown, off: number): number => (off >= 0 && off < LIMIT ? off / 4096 : -1);

const cb_ops = (minor: number): CbOps => ({
  flag: D_MP,
  open: (devp) => {
    devp.value = makedevice(devp.value, minor);
    return 0;
  },
  mmap: mmmmap,
  *segmap(dev, off, asp, addrp, len, prot, maxprot, flags) {
    if (!(asp instanceof As)) return EINVAL;
    if (dev.minor === M_MEM) {
      if ((flags & MAP_TYPE) !== MAP_SHARED) return EINVAL;
      for (let at = 0; at < len; at += 4096) if (mmmmap(dev, off + at) === -1) return ENXIO;
    }
    const create = {
      [M_MEM]: (seg: Seg) => settle(segdev_create(seg, {
        dev, offset: off, mapfunc: mmmmap, prot, maxprot, type: flags & MAP_TYPE, hat_attr: 0, hat_flags: HAT_LOAD_NOCONSIST, devmap_data: undefined,
      })),
      [M_NULL]: (seg: Seg) => settle(segdev_create(seg, {
        dev, offset: off, mapfunc: mmmmap, prot: PROT_NONE, maxprot: PROT_NONE, type: 0, hat_attr: 0, hat_flags: 0, devmap_data: undefined,
      })),
      [M_ZERO]: segvn_create({ prot, maxprot, type: flags & MAP_TYPE }),
    }[dev.minor];
    if (create === undefined) return ENXIO;
    yield* as_rangelock(asp);
    const va = yield* choose_addr(asp, addrp.value, len, off, dev.minor === M_MEM ? ADDR_VACALIGN : ADDR_NOVACALIGN, flags);
    const error = va === undefined ? ENOMEM : yield* as_map(asp, va, len, create);
    yield* as_rangeunlock(asp);
    if (va !== undefined) addrp.value = va;
    return error;
  },
});

/** /dev/mem, /dev/nothing and /dev/zeroes of a machine. */
export const mmDevices = (): DeviceConfig[] => [['mem', M_MEM], ['nothing', M_NULL], ['zeroes', M_ZERO]].map(([path, minor]) => ({
  path: String(path), hardware: { name: String(path), ranges: [] }, driver: { name: 'mm', cb_ops: cb_ops(Number(minor)) },
}));
