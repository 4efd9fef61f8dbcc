/**
 * Driver of the framebuffer: maps video memory, and the page of registers behind it, with all four devmap callbacks.
 *
 * mmap(2) offsets: [0, MEMORY) is video memory, [MEMORY, MEMORY + one page) the registers. A mapping across the border
 * gets two handles. Each handle has a record of its own; the set of records is what a leak would show in.
 */
import {
  type CbOps, type DdiAccHandle, type DdiDeviceAccAttr, type DevInfo, type DevmapCallbackCtl, type Driver, type Ref,
  DDI_DEVICE_ATTR_V0, DDI_FAILURE, DDI_MERGING_OK_ACC, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DDI_SUCCESS, DEVMAP_DEFAULTS, DEVMAP_OPS_REV,
  D_64BIT, D_DEVMAP, D_MP, EFAULT, EINVAL, ENOTTY, ENXIO, PROT_ALL,
  ddi_copyout, ddi_get32, ddi_get64, ddi_get_driver_private, ddi_regs_map_free, ddi_regs_map_setup, ddi_set_driver_private,
  devmap_default_access, devmap_devmem_setup, ref,
} from '../../src/sunddi.js';
import { FB, FBIOGEOMETRY, FB_GEOMETRY_SIZE, FB_REGISTERS_SIZE, FB_RSET_MEMORY, FB_RSET_REGISTERS, fbGeometry, framebufferRegisters } from './registers.js';

/** What the driver keeps for one handle. `off` and `len` are the handle's, in mmap(2) offsets and bytes. */
export interface FramebufferMapping {
  readonly state: FramebufferState;
  readonly off: number;
  readonly len: number;
  /** How often devmap_access(9E) was called for it. */
  accesses: number;
}

/** What the driver keeps for one device, as ddi_get_driver_private(9F) has it. */
export interface FramebufferState {
  readonly registers: Ref<DdiAccHandle | null>;
  /** `struct fb_geometry` as FBIOGEOMETRY copies it out. */
  readonly geometry: Uint8Array;
  /** Bytes of video memory. */
  readonly memorySize: number;
  /** One record a live handle. */
  readonly mappings: Set<FramebufferMapping>;
}

const registerAccess: DdiDeviceAccAttr = {
  devacc_attr_version: DDI_DEVICE_ATTR_V0,
  devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC,
  devacc_attr_dataorder: DDI_STRICTORDER_ACC,
};
/** Stores to pixels may be merged into bursts: what other systems call write-combining. */
const memoryAccess: DdiDeviceAccAttr = { ...registerAccess, devacc_attr_dataorder: DDI_MERGING_OK_ACC };

/** What FB.ID reads as. */
const ID = Number(framebufferRegisters[0].reset);

const stateOf = (dip: DevInfo): FramebufferState => ddi_get_driver_private(dip) as FramebufferState;

function newMapping(state: FramebufferState, off: number, len: number): FramebufferMapping {
  const mapping: FramebufferMapping = { state, off, len, accesses: 0 };
  state.mappings.add(mapping);
  return mapping;
}

/** The callbacks: devmap_callback_ctl(9S). */
const callbacks: DevmapCallbackCtl = {
  devmap_rev: DEVMAP_OPS_REV,

  map(_dhp, dev, _flags, off, len, pvtp) {
    pvtp.value = newMapping(stateOf(dev.dip), off, len);
    return 0;
  },

  access(dhp, pvtp, off, len, type, rw) {
    (pvtp as FramebufferMapping).accesses++;
    return devmap_default_access(dhp, pvtp, off, len, type, rw);
  },

  dup(_dhp, pvtp, _new_dhp, new_pvtp) {
    const { state, off, len } = pvtp as FramebufferMapping;
    new_pvtp.value = newMapping(state, off, len);
    return 0;
  },

  unmap(_dhp, pvtp, off, len, _new_dhp1, new_pvtp1, _new_dhp2, new_pvtp2) {
    const old = pvtp as FramebufferMapping;
    const end = off + len;
    old.state.mappings.delete(old);
    if (new_pvtp1 !== null) new_pvtp1.value = newMapping(old.state, old.off, off - old.off);
    if (new_pvtp2 !== null) new_pvtp2.value = newMapping(old.state, end, old.off + old.len - end);
  },
};

const devmap: CbOps['devmap'] = (dev, dhp, off, len, maplen) => {
  const { memorySize } = stateOf(dev.dip);
  const inMemory = off < memorySize;
  const start = inMemory ? 0 : memorySize;
  const size = inMemory ? memorySize : FB_REGISTERS_SIZE;
  if (off < 0 || off >= start + size) return EINVAL;

  const covered = Math.min(len, start + size - off);
  const [rnumber, access] = inMemory ? [FB_RSET_MEMORY, memoryAccess] : [FB_RSET_REGISTERS, registerAccess];
  if (devmap_devmem_setup(dhp, dev.dip, callbacks, rnumber, off - start, covered, PROT_ALL, DEVMAP_DEFAULTS, access) !== DDI_SUCCESS) return ENXIO;
  maplen.value = covered;
  return 0;
};

const ioctl: CbOps['ioctl'] = function* (dev, cmd, arg, mode) {
  if (cmd !== FBIOGEOMETRY) return ENOTTY;
  return (yield* ddi_copyout(stateOf(dev.dip).geometry, arg, FB_GEOMETRY_SIZE, mode)) === 0 ? 0 : EFAULT;
};

/** `struct fb_geometry` as the registers describe it. */
function readGeometry(handle: DdiAccHandle, regs: number): Uint8Array {
  const bytes = new Uint8Array(FB_GEOMETRY_SIZE);
  const view = new DataView(bytes.buffer);
  for (const { register, offset, size } of fbGeometry) {
    if (register === undefined) continue;
    if (size === 8) view.setBigUint64(offset, ddi_get64(handle, regs + FB[register]), true);
    else view.setUint32(offset, ddi_get32(handle, regs + FB[register]), true);
  }
  return bytes;
}

/** The driver of `/dev/fb*`. */
export const framebufferDriver: Driver = {
  name: 'framebuffer',
  cb_ops: { devmap, ioctl, flag: D_MP | D_DEVMAP | D_64BIT },

  attach(dip) {
    const regs = ref(0);
    const registers = ref<DdiAccHandle | null>(null);
    if (ddi_regs_map_setup(dip, FB_RSET_REGISTERS, regs, 0, FB_REGISTERS_SIZE, registerAccess, registers) !== DDI_SUCCESS) return DDI_FAILURE;
    const handle = registers.value;
    if (handle === null || ddi_get32(handle, regs.value + FB.ID) !== ID) {
      ddi_regs_map_free(registers);
      return DDI_FAILURE;
    }
    const memorySize = Number(ddi_get64(handle, regs.value + FB.MEMORY));
    const state: FramebufferState = { registers, geometry: readGeometry(handle, regs.value), memorySize, mappings: new Set() };
    ddi_set_driver_private(dip, state);
    return DDI_SUCCESS;
  },

  detach(dip) {
    ddi_regs_map_free(stateOf(dip).registers);
    ddi_set_driver_private(dip, undefined);
    return DDI_SUCCESS;
  },
};
