/** A device of a few pages of memory whose driver maps them, does raw I/O between them and the caller, and locks the caller's memory. */
import { asPaddr } from '../../src/base/index.js';
import type { DeviceMemory } from '../../src/bus/index.js';
import type { DeviceConfig } from '../../src/machine/index.js';
import {
  type Buf, type CbOps, type DdiDeviceAccAttr, type DdiDmaCookie, type DdiUmemCookie, type DevmapCallbackCtl, type Kgen,
  B_READ, DDI_DEVICE_ATTR_V0, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DDI_SUCCESS, DDI_UMEMLOCK_READ, DDI_UMEMLOCK_WRITE, DEVMAP_ALLOW_REMAP, DEVMAP_DEFAULTS,
  DEVMAP_OPS_REV, D_DEVMAP, D_MP, EINVAL, EIO, ENOTTY, ENXIO, PROT_ALL, B_WRITE, biodone, bioerror, bp_copyin, bp_copyout, bufCookies, ddi_copyin, ddi_umem_lock,
  ddi_umem_unlock, devmap_default_access, devmap_devmem_setup, devmap_umem_setup, minphys, physio, ref, timeout,
} from '../../src/sunddi.js';

/** Bytes of the device. */
export const SIZE: number = 16 * 4096;
/** Where it lies. */
export const BASE = 0x4000_0000;
/** Device offset at which the mapping of locked memory begins. */
export const LOCKED_OFF = 0x10_0000;

/** ioctl commands: lock {addr, len, flags} (three 64-bit words at the argument), unlock. */
export const LOCK = 1;
export const UNLOCK = 2;

const accattr: DdiDeviceAccAttr = { devacc_attr_version: DDI_DEVICE_ATTR_V0, devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC, devacc_attr_dataorder: DDI_STRICTORDER_ACC };

/** How a test wants it. */
export interface BlockOptions {
  /** Mappings may be remapped, so they cannot be softlocked. */
  readonly remap?: boolean;
  /** Mappings have a devmap_access(9E) that counts. */
  readonly access?: boolean;
  /** Ticks a request takes; 0: it is done at once. */
  readonly ticks?: number;
  /** The request at this device offset fails with EIO and moves nothing. */
  readonly badOffset?: number;
  /** Largest request. */
  readonly max?: number;
}

/** The device, and what it saw. */
export interface Block {
  readonly device: DeviceConfig;
  readonly memory: () => DeviceMemory;
  /** Requests in order: offset on the device, bytes, and the pieces of memory. */
  readonly requests: { off: number; len: number; write: boolean; pieces: DdiDmaCookie[] }[];
  /** Calls of devmap_access: "LOCK 2" and so on. */
  readonly accesses: string[];
  /** The cookie of the last lock. */
  readonly cookie: { value: DdiUmemCookie | null };
}

/** Makes one. */
export function block(options: BlockOptions = {}): Block {
  let memory: DeviceMemory | undefined;
  const requests: Block['requests'] = [];
  const accesses: string[] = [];
  const cookie = ref<DdiUmemCookie | null>(null);
  const callbacks: DevmapCallbackCtl = {
    devmap_rev: DEVMAP_OPS_REV,
    access: (dhp, pvtp, off, len, type, rw) => {
      accesses.push(`${['ACCESS', 'PROT', 'LOCK', 'UNLOCK'][type]} ${off} ${len} ${rw}`);
      return devmap_default_access(dhp, pvtp, off, len, type, rw);
    },
  };
  const devmap: CbOps['devmap'] = (dev, dhp, off, len, maplen) => {
    const ctl = options.access === true ? callbacks : null;
    const flags = options.remap === true ? DEVMAP_ALLOW_REMAP : DEVMAP_DEFAULTS;
    const result = off >= LOCKED_OFF
      ? devmap_umem_setup(dhp, dev.dip, ctl, cookie.value, off - LOCKED_OFF, len, PROT_ALL, flags, accattr)
      : devmap_devmem_setup(dhp, dev.dip, ctl, 0, off, len, PROT_ALL, flags, accattr);
    maplen.value = len;
    return result === DDI_SUCCESS ? 0 : ENXIO;
  };
  const carryOut = (bp: Buf): void => {
    const write = (bp.flags & B_READ) === 0;
    requests.push({ off: bp.loffset, len: bp.bcount, write, pieces: bufCookies(bp) });
    if (bp.loffset === options.badOffset) bioerror(bp, EIO);
    else if (bp.loffset >= SIZE) bp.resid = bp.bcount;
    else move(bp, write, memory!);
    biodone(bp);
  };
  const strategy = (bp: Buf): number => {
    if ((options.ticks ?? 0) > 0) timeout(() => carryOut(bp), options.ticks ?? 0);
    else carryOut(bp);
    return 0;
  };
  const mincnt = (bp: Buf): void => {
    minphys(bp);
    bp.bcount = Math.min(bp.bcount, options.max ?? Infinity);
  };
  const cb_ops: CbOps = {
    devmap,
    flag: D_MP | D_DEVMAP,
    read: (dev, uio) => physio(strategy, null, dev, B_READ, mincnt, uio),
    write: (dev, uio) => physio(strategy, null, dev, B_WRITE, mincnt, uio),
    *ioctl(_dev, cmd, arg, mode): Kgen<number> {
      if (cmd === LOCK) return yield* lock(arg, mode, cookie);
      if (cmd !== UNLOCK) return ENOTTY;
      ddi_umem_unlock(cookie.value!);
      cookie.value = null;
      return 0;
    },
  };
  const hardware: DeviceConfig['hardware'] = {
    name: 'block', ranges: [{ kind: 'memory', name: 'pages', size: SIZE, base: asPaddr(BASE) }],
    connect: ({ memories }) => (memory = memories.get('pages')),
  };
  return { device: { path: 'block0', hardware, driver: { name: 'block', cb_ops } }, memory: () => memory!, requests, accesses, cookie };
}

/** Moves a request that may end behind the device. */
function move(bp: Buf, write: boolean, memory: DeviceMemory): void {
  const count = Math.min(bp.bcount, SIZE - bp.loffset);
  const bytes = write ? new Uint8Array(count) : memory.read(bp.loffset, count);
  const error = write ? bp_copyin(bp, bytes, 0, count) : bp_copyout(bytes, bp, 0, count);
  if (error !== 0) bioerror(bp, EIO);
  if (write) memory.write(bp.loffset, bytes);
  bp.resid = bp.bcount - count;
}

function* lock(arg: number, mode: number, cookie: { value: DdiUmemCookie | null }): Kgen<number> {
  const words = new BigInt64Array(3);
  if ((yield* ddi_copyin(arg, new Uint8Array(words.buffer), 24, mode)) !== 0) return EINVAL;
  const flags = Number(words[2]);
  return yield* ddi_umem_lock(Number(words[0]), Number(words[1]), flags === 0 ? DDI_UMEMLOCK_READ | DDI_UMEMLOCK_WRITE : flags, cookie);
}
