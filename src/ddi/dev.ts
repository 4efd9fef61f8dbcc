/** Device numbers and the special file behind each: the common snode, which counts opens and mapped pages. */
import type { DevInfo } from './dev-info.js';

/**
 * A device number (dev_t) with its node. One object exists per (major, minor), so devices compare with `===`.
 */
export class Dev {
  readonly major: number;
  readonly minor: number;
  readonly dip: DevInfo;
  /** What traces print: the node, and the minor number unless it is 0. */
  readonly label: string;
  /** The common special vnode of this device. */
  readonly snode: Snode;

  /** The device of another minor number of the same node. */
  readonly sibling: (minor: number) => Dev;

  constructor(major: number, minor: number, dip: DevInfo, sibling: (minor: number) => Dev) {
    this.major = major;
    this.minor = minor;
    this.dip = dip;
    this.sibling = sibling;
    this.label = minor === 0 ? dip.label : `${dip.label}:${minor}`;
    this.snode = new Snode(this);
  }
}

/** The common snode of a device: what specfs keeps about it. */
export class Snode {
  readonly dev: Dev;
  /** Open files (s_count). */
  count = 0;
  /** Mapped pages (s_mapcnt). */
  mapcnt = 0;
  /** Retired: new mappings and opens fail with ENXIO or EIO, tearing down works. */
  fenced = false;
  /** Whether open(9E) succeeded since the last close(9E). */
  opened = false;

  constructor(dev: Dev) {
    this.dev = dev;
  }
}

/** getmajor(9F). */
export const getmajor = (dev: Dev): number => dev.major;
/** getminor(9F). */
export const getminor = (dev: Dev): number => dev.minor;
/** The device of another minor number of the same node: makedevice(9F) for cloning opens. */
export const makedevice = (dev: Dev, minor: number): Dev => dev.sibling(minor);
