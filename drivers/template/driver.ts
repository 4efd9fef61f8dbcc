/**
 * The smallest devmap driver: a program that opens its device and calls mmap(2) sees one page of device memory.
 *
 * Copy this folder, rename it, and grow it. What you import is what a kernel driver includes: <sys/sunddi.h> and your own
 * register list, nothing else.
 */
import {
  type CbOps, type DdiDeviceAccAttr, type Driver,
  DDI_DEVICE_ATTR_V0, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DDI_SUCCESS, DEVMAP_DEFAULTS, D_64BIT, D_DEVMAP, D_MP, EINVAL, ENXIO, PROT_ALL,
  devmap_devmem_setup,
} from '../../src/sunddi.js';
import { TEMPLATE_PAGE_SIZE, TEMPLATE_RSET_PAGE } from './registers.js';

/** How a processor may access the device: ddi_device_acc_attr(9S). Strict order is always right; memory can be laxer. */
const accattr: DdiDeviceAccAttr = {
  devacc_attr_version: DDI_DEVICE_ATTR_V0,
  devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC,
  devacc_attr_dataorder: DDI_STRICTORDER_ACC,
};

/**
 * devmap(9E): called by mmap(2) to ask what is behind bytes [off, off + len) of the device. One call describes one
 * handle; when it covers less than `len`, the next call asks about the rest.
 */
const devmap: CbOps['devmap'] = (dev, dhp, off, len, maplen) => {
  // Refuse what the device does not have: any error here makes mmap(2) fail with ENXIO.
  if (off < 0 || off + len > TEMPLATE_PAGE_SIZE) return EINVAL;

  // "That is register set 0 of this device, from byte `off` on, and the user may do with it what mmap(2) asks."
  // The second argument could be a devmap_callback_ctl(9S), to be told about faults, forks and unmappings; a driver that
  // keeps nothing for its mappings passes null. drivers/framebuffer/driver.ts has all four callbacks.
  const error = devmap_devmem_setup(dhp, dev.dip, null, TEMPLATE_RSET_PAGE, off, len, PROT_ALL, DEVMAP_DEFAULTS, accattr);
  if (error !== DDI_SUCCESS) return ENXIO;

  // Forgetting this, or promising more than was set up, are the classic mistakes: see devmap(9E), argument maplen.
  maplen.value = len;
  return 0;
};

/** The driver. Entry points it does not have are left out: open and close then succeed and do nothing. */
export const templateDriver: Driver = {
  name: 'template',
  cb_ops: { devmap, flag: D_MP | D_DEVMAP | D_64BIT },
};
