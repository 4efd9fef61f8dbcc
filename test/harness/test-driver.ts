/** A correct little driver for tests of the kit, whose parts a test replaces with wrong ones. */
import type { Hardware } from '../../src/bus/index.js';
import type { DriverUnderTest } from '../../src/harness/index.js';
import {
  type CbOps, type DdiDeviceAccAttr, type DevmapCallbackCtl,
  DDI_DEVICE_ATTR_V0, DDI_STRICTORDER_ACC, DDI_STRUCTURE_LE_ACC, DDI_SUCCESS, DEVMAP_DEFAULTS, DEVMAP_OPS_REV, D_DEVMAP, D_MP, EINVAL, ENXIO, PROT_ALL,
  devmap_default_access, devmap_devmem_setup,
} from '../../src/sunddi.js';

/** Pages of the device. */
export const PAGES = 5;
/** Device offset at which a two-handle driver begins its second handle. */
export const BORDER: number = 2 * 4096;

const accattr: DdiDeviceAccAttr = { devacc_attr_version: DDI_DEVICE_ATTR_V0, devacc_attr_endian_flags: DDI_STRUCTURE_LE_ACC, devacc_attr_dataorder: DDI_STRICTORDER_ACC };

/** What a test may replace, and the records the driver holds. */
export interface TestDriver extends DriverUnderTest {
  readonly records: Set<object>;
}

/** Parts that replace the correct ones; `null` leaves a callback out. */
export interface Wrong {
  readonly map?: DevmapCallbackCtl['map'] | null;
  readonly access?: DevmapCallbackCtl['access'] | null;
  readonly dup?: DevmapCallbackCtl['dup'] | null;
  readonly unmap?: DevmapCallbackCtl['unmap'] | null;
  /** Answers *maplen for what was set up. */
  readonly maplen?: (setUp: number, asked: number) => number;
  /** Sets up nothing and answers 0. */
  readonly noSetup?: boolean;
  /** Two handles: [0, BORDER) and the rest. */
  readonly twoHandles?: boolean;
  /** Tells the kit how many records there are. */
  readonly counted?: boolean;
  readonly machine?: DriverUnderTest['machine'];
}

/** A driver for PAGES pages of device memory, correct but for what `wrong` replaces. `records` are its live private data. */
export function testDriver(wrong: Wrong = {}, records: Set<object> = new Set()): TestDriver {
  const record = (): object => {
    const made = {};
    records.add(made);
    return made;
  };
  const right: DevmapCallbackCtl = {
    devmap_rev: DEVMAP_OPS_REV,
    map: (_dhp, _dev, _flags, _off, _len, pvtp) => { pvtp.value = record(); return 0; },
    access: (dhp, pvtp, off, len, type, rw) => devmap_default_access(dhp, pvtp, off, len, type, rw),
    dup: (_dhp, _pvtp, _new, newPvtp) => { newPvtp.value = record(); return 0; },
    unmap: (_dhp, pvtp, _off, _len, _new1, pvtp1, _new2, pvtp2) => {
      records.delete(pvtp as object);
      if (pvtp1 !== null) pvtp1.value = record();
      if (pvtp2 !== null) pvtp2.value = record();
    },
  };
  const callbacks: DevmapCallbackCtl = {
    devmap_rev: DEVMAP_OPS_REV,
    ...Object.fromEntries((['map', 'access', 'dup', 'unmap'] as const).map((name) => [name, wrong[name] === null ? undefined : wrong[name] ?? right[name]])),
  };
  const devmap: CbOps['devmap'] = (dev, dhp, off, len, maplen) => {
    if (off < 0 || off + len > PAGES * 4096) return EINVAL;
    const covered = wrong.twoHandles === true && off < BORDER ? Math.min(len, BORDER - off) : len;
    if (wrong.noSetup !== true && devmap_devmem_setup(dhp, dev.dip, callbacks, 0, off, covered, PROT_ALL, DEVMAP_DEFAULTS, accattr) !== DDI_SUCCESS) return ENXIO;
    maplen.value = wrong.maplen?.(covered, len) ?? covered;
    return 0;
  };
  const hardware: Hardware = { name: 'test', ranges: [{ kind: 'memory', name: 'pages', size: PAGES * 4096 }] };
  return {
    driver: { name: 'test', cb_ops: { devmap, flag: D_MP | D_DEVMAP } },
    hardware,
    records,
    ...(wrong.counted === true ? { privateData: () => records.size } : {}),
    ...(wrong.machine === undefined ? {} : { machine: wrong.machine }),
  };
}
