/** The device types a user can attach, and how hardware and driver of each come together. */
import type { Hardware } from '../bus/index.js';
import type { Driver } from '../ddi/index.js';
import type { DeviceConfig } from '../machine/index.js';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { framebufferOptions } from '../../drivers/framebuffer/registers.js';
import { RegbankDevice } from '../../drivers/regbank/device.js';
import { regbankDriver } from '../../drivers/regbank/driver.js';
import { regbankOptions } from '../../drivers/regbank/registers.js';
import { TemplateDevice } from '../../drivers/template/device.js';
import { templateDriver } from '../../drivers/template/driver.js';
import { OptionError, type OptionSpec, checkOptions } from '../../drivers/options.js';
import { describeOption, parseDeviceRequest, settingValues } from './device-options.js';
import { UsageError } from './usage-error.js';

/** Options as the user gave them; the devices check them. */
type Given = Record<string, number | string>;
/** Devices made so far, by their name in /dev. */
type Made = ReadonlyMap<string, Hardware>;

interface DeviceType {
  readonly name: string;
  /** Name in /dev without its number. */
  readonly prefix: string;
  readonly summary: string;
  readonly options: readonly OptionSpec[];
  readonly driver: Driver;
  make(options: Given, made: Made): Hardware;
}

const types: readonly DeviceType[] = [
  {
    name: 'framebuffer',
    prefix: 'fb',
    summary: 'video memory with a geometry ioctl',
    options: framebufferOptions,
    driver: framebufferDriver,
    make: (options) => new FramebufferDevice(options),
  },
  {
    name: 'regbank',
    prefix: 'regs',
    summary: 'a register bank with a counter and an engine that fills rectangles of a framebuffer',
    options: regbankOptions,
    driver: regbankDriver,
    make: (options, made) => new RegbankDevice(options, fillTarget(options['framebuffer'], made)),
  },
  {
    name: 'template',
    prefix: 'template',
    summary: 'one page of device memory: the driver to copy',
    options: [],
    driver: templateDriver,
    make: () => new TemplateDevice(),
  },
];

/** The framebuffer a register bank draws on: the default one may be missing, one that was asked for may not. */
function fillTarget(path: Given[string] | undefined, made: Made): FramebufferDevice | undefined {
  if (path === 'none') return undefined;
  const device = made.get(String(path ?? 'fb0'));
  if (device instanceof FramebufferDevice) return device;
  if (path === undefined) return undefined;
  throw new UsageError(`device regbank: no framebuffer "${path}" is attached before it`);
}

/**
 * Makes the devices a command line asks for, in its order; they are named fb0, fb1, regs0, ... in /dev.
 * @throws UsageError naming the device, option or value that is wrong.
 */
export function makeDevices(requests: readonly string[]): DeviceConfig[] {
  const made = new Map<string, Hardware>();
  return requests.map((request) => {
    const { type: name, settings } = parseDeviceRequest(request);
    const type = types.find((candidate) => candidate.name === name);
    if (type === undefined) throw new UsageError(`unknown device "${name}"; there are ${types.map((t) => t.name).join(', ')}`);
    const path = `${type.prefix}${[...made.keys()].filter((other) => other.replace(/\d+$/, '') === type.prefix).length}`;
    const hardware = make(type, settingValues(type.options, settings), made);
    made.set(path, hardware);
    return { path, hardware, driver: type.driver };
  });
}

function make(type: DeviceType, options: Given, made: Made): Hardware {
  try {
    checkOptions(type.name, type.options, options);
    return type.make(options, made);
  } catch (error) {
    if (error instanceof OptionError) throw new UsageError(error.message);
    throw error;
  }
}

/** The first framebuffer among devices, or undefined. */
export const firstFramebuffer = (devices: readonly DeviceConfig[]): FramebufferDevice | undefined =>
  devices.map((device) => device.hardware).find((hardware) => hardware instanceof FramebufferDevice);

/** The text of the `devices` command. */
export function listDevices(): string {
  return types.map((type) => {
    const options = type.options.map((option) => `    ${option.name.padEnd(12)} ${describeOption(option)}`);
    return [`${type.name.padEnd(12)} /dev/${type.prefix}N: ${type.summary}`, ...options].join('\n');
  }).join('\n\n');
}
