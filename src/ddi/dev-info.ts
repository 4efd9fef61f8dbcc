/** The device tree: dev_info nodes with register sets and, for nexus nodes, the address ranges they pass on. */
import type { Paddr, Trace } from '../base/index.js';
import type { Bus } from '../bus/index.js';

/** Decides whether a programmed failure strikes at a named point: 0, or the errno to fail with. */
export type FaultInjector = (point: string) => number;

/** What every node of a tree shares. */
export interface TreeServices {
  readonly trace: Trace;
  /** The physical address space; a tree without one has no programmed I/O. */
  readonly bus: Bus | undefined;
  /** Strikes programmed failures; answers 0 when none is programmed. */
  inject: FaultInjector;
  /** Counts a call into a driver by the name of the entry point or callback. */
  called(entry: string): void;
}

/** One register set of a node, in the address space of its parent. */
export interface RegSpec {
  /** Physical address, 4 KiB aligned when it is to be mapped. */
  readonly base: Paddr;
  /** Bytes, > 0. */
  readonly size: number;
  /** The set lies in I/O space and cannot be mapped. */
  readonly io?: boolean;
  /** What the hardware calls it. */
  readonly name?: string;
}

/** One range a nexus translates: child addresses [child, child+size) appear at `parent` on its own parent's bus. */
export interface NexusRange {
  readonly child: Paddr;
  readonly parent: Paddr;
  readonly size: number;
}

/** What a node is made from. */
export interface DevInfoSpec {
  /** Node name; with the instance number it names the device in traces. */
  readonly name: string;
  /** Instance number; the next free one of that name when absent. */
  readonly instance?: number;
  /** Register sets, in the order of their numbers (rnumber). */
  readonly regs?: readonly RegSpec[];
  /** Ranges of a nexus; a nexus without ranges passes every address on unchanged. */
  readonly ranges?: readonly NexusRange[];
  /** Parent nexus; the root when absent. */
  readonly parent?: DevInfo;
}

/** A device tree node (dev_info(9S)), opaque to drivers but for the routines of this room. */
export class DevInfo {
  readonly tree: TreeServices;
  readonly name: string;
  readonly instance: number;
  readonly parent: DevInfo | undefined;
  readonly ranges: readonly NexusRange[];
  /** Register sets; scripts may add to them before the driver maps. */
  readonly regs: RegSpec[];
  /** What traces print. */
  readonly label: string;
  /** ddi_set_driver_private(9F). */
  driverPrivate: unknown = undefined;
  /** Whether attach(9E) succeeded. */
  attached = false;

  constructor(tree: TreeServices, spec: DevInfoSpec, parent: DevInfo | undefined, instance: number) {
    this.tree = tree;
    this.name = spec.name;
    this.instance = instance;
    this.parent = parent;
    this.ranges = spec.ranges ?? [];
    this.regs = [...(spec.regs ?? [])];
    this.label = `${spec.name}${instance}`;
  }
}

/** ddi_get_instance(9F). */
export const ddi_get_instance = (dip: DevInfo): number => dip.instance;
/** ddi_get_name(9F). */
export const ddi_get_name = (dip: DevInfo): string => dip.name;
/** ddi_get_parent(9F); undefined at the root. */
export const ddi_get_parent = (dip: DevInfo): DevInfo | undefined => dip.parent;
/** ddi_get_driver_private(9F): what ddi_set_driver_private stored, undefined before. */
export const ddi_get_driver_private = (dip: DevInfo): unknown => dip.driverPrivate;
/** ddi_set_driver_private(9F). */
export function ddi_set_driver_private(dip: DevInfo, data: unknown): void {
  dip.driverPrivate = data;
}

/** ddi_dev_nregs(9F): the number of register sets in `resultp`; DDI_SUCCESS. */
export function ddi_dev_nregs(dip: DevInfo, resultp: { value: number }): number {
  resultp.value = dip.regs.length;
  return 0;
}

/** ddi_dev_regsize(9F): the size in bytes of register set `rnumber`; DDI_FAILURE (-1) when there is none. */
export function ddi_dev_regsize(dip: DevInfo, rnumber: number, resultp: { value: number }): number {
  const spec = dip.regs[rnumber];
  if (spec === undefined) return -1;
  resultp.value = spec.size;
  return 0;
}
