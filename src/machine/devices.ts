/** Putting the devices of a configuration into a machine: hardware on the bus, a node in the device tree, the driver attached. */
import type { Bus } from '../bus/index.js';
import { DeviceSpace, placeHardware } from '../bus/index.js';
import { DDI_SUCCESS } from '../ddi/index.js';
import type { Dev, DeviceTree } from '../ddi/index.js';
import type { Kernel } from '../kernel/index.js';
import type { DeviceConfig } from './config.js';

/**
 * Attaches every device.
 * @param now the virtual time in nanoseconds, exact in the middle of a hart's run
 * @returns the devices by their name under /dev
 * @throws RangeError when hardware does not fit; TypeError when a name is bad or taken, or a driver refuses to attach
 */
export function attachDevices(bus: Bus, kernel: Kernel, tree: DeviceTree, now: () => number, devices: readonly DeviceConfig[]): Map<string, Dev> {
  const space = new DeviceSpace(bus);
  const named = new Map<string, Dev>();
  for (const { path, hardware, driver } of devices) {
    if (!/^[A-Za-z0-9_.@:,-]+$/.test(path)) throw new TypeError(`device name ${JSON.stringify(path)}: letters, digits and _.@:,- only`);
    if (named.has(path)) throw new TypeError(`two devices are named ${path}`);
    const regs = placeHardware(bus, hardware, space, { now, trace: kernel.trace });
    const dip = tree.addNode({ name: driver.name, regs });
    const dev = tree.bind(dip, driver);
    const result = kernel.runUntilDone(`attach ${path}`, () => tree.attach(dip));
    if (result !== DDI_SUCCESS) throw new TypeError(`device ${path}: the attach(9E) of driver ${driver.name} failed`);
    named.set(path, dev);
  }
  return named;
}
