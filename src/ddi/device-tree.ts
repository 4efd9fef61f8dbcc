/** The device tree of a machine and its device switch: which driver answers for which device number. */
import type { Trace } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import type { Kgen } from '../kernel/index.js';
import { settle } from '../kernel/index.js';
import { DDI_FAILURE, DDI_SUCCESS } from './codes.js';
import type { DevInfoSpec, FaultInjector, TreeServices } from './dev-info.js';
import { DevInfo } from './dev-info.js';
import { Dev } from './dev.js';
import type { CbOps, Driver } from './driver.js';

/** What a tree is made over. */
export interface DeviceTreeOptions {
  readonly trace: Trace;
  /** The physical address space, for ddi_regs_map_setup; a tree without one has no programmed I/O. */
  readonly bus?: Bus | undefined;
  readonly inject?: FaultInjector | undefined;
}

/** devopsp[]: the driver behind every device number. */
const devopsp = new WeakMap<Dev, Driver>();

/** All nodes of a machine and the drivers bound to them; major numbers count in order of binding. */
export class DeviceTree implements TreeServices {
  readonly trace: Trace;
  readonly bus: Bus | undefined;
  inject: FaultInjector;
  readonly root: DevInfo;
  readonly nodes: DevInfo[] = [];
  /** Calls into drivers by the name of the entry point or callback: "open", "devmap", "devmap_access", ... */
  readonly calls: Map<string, number> = new Map();
  readonly #drivers = new Map<DevInfo, Driver>();
  readonly #majors = new Map<Driver, number>();
  readonly #devices = new Map<DevInfo, Map<number, Dev>>();

  constructor(o: DeviceTreeOptions) {
    this.trace = o.trace;
    this.bus = o.bus;
    this.inject = o.inject ?? (() => 0);
    this.root = new DevInfo(this, { name: 'rootnex' }, undefined, 0);
  }

  /** Counts a call into a driver. */
  called(entry: string): void {
    this.calls.set(entry, (this.calls.get(entry) ?? 0) + 1);
  }

  /** Adds a node below `spec.parent`, or below the root. */
  addNode(spec: DevInfoSpec): DevInfo {
    const instance = spec.instance ?? this.nodes.filter((node) => node.name === spec.name).length;
    const dip = new DevInfo(this, spec, spec.parent ?? this.root, instance);
    this.nodes.push(dip);
    return dip;
  }

  /** Binds `driver` to `dip` and answers minor 0 of the device. */
  bind(dip: DevInfo, driver: Driver): Dev {
    this.#drivers.set(dip, driver);
    if (!this.#majors.has(driver)) this.#majors.set(driver, this.#majors.size + 1);
    return this.device(dip, 0);
  }

  /**
   * The device number of a bound node: always the same object for the same minor.
   * @throws TypeError when no driver is bound to `dip`
   */
  device(dip: DevInfo, minor: number): Dev {
    const driver = this.#drivers.get(dip);
    if (driver === undefined) throw new TypeError(`no driver is bound to ${dip.label}`);
    let minors = this.#devices.get(dip);
    if (minors === undefined) this.#devices.set(dip, (minors = new Map<number, Dev>()));
    let dev = minors.get(minor);
    if (dev === undefined) {
      dev = new Dev(this.#majors.get(driver) ?? 0, minor, dip, (other) => this.device(dip, other));
      devopsp.set(dev, driver);
      minors.set(minor, dev);
    }
    return dev;
  }

  /** The driver bound to a node. */
  driverOf(dip: DevInfo): Driver | undefined {
    return this.#drivers.get(dip);
  }

  /** Runs attach(9E) of a bound node: DDI_SUCCESS or DDI_FAILURE. */
  *attach(dip: DevInfo): Kgen<number> {
    const attach = this.#drivers.get(dip)?.attach;
    const result = attach === undefined ? DDI_SUCCESS : yield* settle(attach(dip));
    dip.attached = result === DDI_SUCCESS;
    return dip.attached ? DDI_SUCCESS : DDI_FAILURE;
  }

  /** Runs detach(9E) of an attached node: DDI_FAILURE while it is open or mapped, or when the driver refuses. */
  *detach(dip: DevInfo): Kgen<number> {
    for (const { snode } of this.#devices.get(dip)?.values() ?? []) {
      if (snode.count > 0 || snode.mapcnt > 0) return DDI_FAILURE;
    }
    const detach = this.#drivers.get(dip)?.detach;
    const result = detach === undefined ? DDI_FAILURE : yield* settle(detach(dip));
    if (result === DDI_SUCCESS) dip.attached = false;
    return result;
  }
}

/**
 * The entry points of a device (`devopsp[getmajor(dev)]->devo_cb_ops`).
 * @throws TypeError when `dev` was not made by a DeviceTree
 */
export function cbOps(dev: Dev): CbOps {
  const driver = devopsp.get(dev);
  if (driver === undefined) throw new TypeError(`no driver is bound to ${dev.label}`);
  return driver.cb_ops;
}
