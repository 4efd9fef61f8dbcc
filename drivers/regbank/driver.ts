/**
 * Driver of the register bank: maps its page, and offers the fill engine to programs that would rather not touch
 * registers themselves (RBIOCFILL).
 */
import {
  type CbOps, type DdiAccHandle, type DdiDeviceAccAttr, type DevInfo, type DevmapCallbackCtl, type Driver, type Kgen, type Ref,
  DDI_DEVICE_ATTR_V0, DDI_FAILURE, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DDI_SUCCESS, DEVMAP_DEFAULTS, DEVMAP_OPS_REV,
  D_64BIT, D_DEVMAP, D_MP, EBADF, EBUSY, EFAULT, EINVAL, ENOTTY, ENXIO, FWRITE, Kmutex, PROT_ALL,
  ddi_copyin, ddi_get32, ddi_get_driver_private, ddi_put32, ddi_regs_map_free, ddi_regs_map_setup, ddi_set_driver_private,
  delay, devmap_default_access, devmap_devmem_setup, mutex_enter, mutex_exit, ref,
} from '../../src/sunddi.js';
import {
  CONTROL_RESET, FILL_BUSY, FILL_ERROR_BOUNDS, FILL_ERROR_BUSY, RB, RBIOCFILL, RBIOCRESET, RB_FILL_SIZE, RB_REGISTERS_SIZE, RB_RSET_REGISTERS,
  STATUS_DONE, STATUS_ERROR, rbFill, regbankRegisters,
} from './registers.js';

/** What the driver keeps for one handle: `off` and `len` as mmap(2) offsets and bytes. */
export interface RegbankMapping {
  readonly state: RegbankState;
  readonly off: number;
  readonly len: number;
}

/** What the driver keeps for one device, as ddi_get_driver_private(9F) has it. */
export interface RegbankState {
  readonly registers: Ref<DdiAccHandle | null>;
  /** Address of the bank for ddi_get32(9F) and ddi_put32(9F). */
  readonly regs: number;
  /** One fill by ioctl at a time. */
  readonly fillLock: Kmutex;
  /** One record a live handle. */
  readonly mappings: Set<RegbankMapping>;
}

const accattr: DdiDeviceAccAttr = {
  devacc_attr_version: DDI_DEVICE_ATTR_V0,
  devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC,
  devacc_attr_dataorder: DDI_STRICTORDER_ACC,
};

/** What RB.ID reads as. */
const ID = Number(regbankRegisters[0].reset);

const stateOf = (dip: DevInfo): RegbankState => ddi_get_driver_private(dip) as RegbankState;

function newMapping(state: RegbankState, off: number, len: number): RegbankMapping {
  const mapping: RegbankMapping = { state, off, len };
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

  access: (dhp, pvtp, off, len, type, rw) => devmap_default_access(dhp, pvtp, off, len, type, rw),

  dup(_dhp, pvtp, _new_dhp, new_pvtp) {
    const { state, off, len } = pvtp as RegbankMapping;
    new_pvtp.value = newMapping(state, off, len);
    return 0;
  },

  // One page cannot be split: this is always the end of the whole handle.
  unmap(_dhp, pvtp) {
    const mapping = pvtp as RegbankMapping;
    mapping.state.mappings.delete(mapping);
  },
};

const devmap: CbOps['devmap'] = (dev, dhp, off, len, maplen) => {
  if (off < 0 || off + len > RB_REGISTERS_SIZE) return EINVAL;
  if (devmap_devmem_setup(dhp, dev.dip, callbacks, RB_RSET_REGISTERS, off, len, PROT_ALL, DEVMAP_DEFAULTS, accattr) !== DDI_SUCCESS) return ENXIO;
  maplen.value = len;
  return 0;
};

const ioctl: CbOps['ioctl'] = function* (dev, cmd, arg, mode) {
  if (cmd !== RBIOCRESET && cmd !== RBIOCFILL) return ENOTTY;
  if ((mode & FWRITE) === 0) return EBADF;
  const state = stateOf(dev.dip);
  if (cmd === RBIOCRESET) {
    put(state, RB.CONTROL, CONTROL_RESET);
    return 0;
  }
  const request = new Uint8Array(RB_FILL_SIZE);
  if ((yield* ddi_copyin(arg, request, RB_FILL_SIZE, mode)) !== 0) return EFAULT;
  yield* mutex_enter(state.fillLock);
  const error = yield* fill(state, new DataView(request.buffer));
  mutex_exit(state.fillLock);
  return error;
};

/** Programs the engine as a mapped program would, and sleeps until it is done. */
function* fill(state: RegbankState, request: DataView): Kgen<number> {
  while ((get(state, RB.FILL_STATE) & FILL_BUSY) !== 0) yield* delay(1);
  put(state, RB.STATUS, STATUS_DONE | STATUS_ERROR);
  for (const { register, offset } of rbFill) put(state, RB[register], request.getUint32(offset, true));
  put(state, RB.FILL_START, 1);
  while ((get(state, RB.FILL_STATE) & FILL_BUSY) !== 0) yield* delay(1);
  if ((get(state, RB.STATUS) & STATUS_ERROR) === 0) return 0;
  switch (get(state, RB.FILL_ERROR)) {
    case FILL_ERROR_BOUNDS: return EINVAL;
    case FILL_ERROR_BUSY: return EBUSY;
    default: return ENXIO;
  }
}

const get = (state: RegbankState, offset: number): number => ddi_get32(accHandle(state), state.regs + offset);
const put = (state: RegbankState, offset: number, value: number): void => ddi_put32(accHandle(state), state.regs + offset, value);

function accHandle({ registers }: RegbankState): DdiAccHandle {
  if (registers.value === null) throw new TypeError('regbank: registers used after detach');
  return registers.value;
}

/** The driver of `/dev/regs*`. */
export const regbankDriver: Driver = {
  name: 'regbank',
  cb_ops: { devmap, ioctl, flag: D_MP | D_DEVMAP | D_64BIT },

  attach(dip) {
    const regs = ref(0);
    const registers = ref<DdiAccHandle | null>(null);
    if (ddi_regs_map_setup(dip, RB_RSET_REGISTERS, regs, 0, RB_REGISTERS_SIZE, accattr, registers) !== DDI_SUCCESS) return DDI_FAILURE;
    if (registers.value === null || ddi_get32(registers.value, regs.value + RB.ID) !== ID) {
      ddi_regs_map_free(registers);
      return DDI_FAILURE;
    }
    const state: RegbankState = { registers, regs: regs.value, fillLock: new Kmutex('regbank fill'), mappings: new Set() };
    ddi_set_driver_private(dip, state);
    return DDI_SUCCESS;
  },

  detach(dip) {
    ddi_regs_map_free(stateOf(dip).registers);
    ddi_set_driver_private(dip, undefined);
    return DDI_SUCCESS;
  },
};
