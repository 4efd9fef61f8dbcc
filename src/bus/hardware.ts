/** What a device model declares about itself; the machine decides where it goes. */
import { PAGESIZE, Trace, type Paddr } from '../base/index.js';
import type { Bus } from './bus.js';
import type { DeviceMemory } from './device-memory.js';
import type { DeviceSpace } from './device-space.js';
import type { AccessSize, RegisterWindow } from './region.js';

/** A range of device memory: `size` is a multiple of PAGESIZE; `align` a power of two, by default the largest page size that fits. */
export interface MemoryRangeSpec {
  readonly kind: 'memory';
  readonly name: string;
  readonly size: number;
  /** Alignment in bytes where the machine chooses the address. */
  readonly align?: number;
  /** Fixed address; otherwise the machine chooses. */
  readonly base?: Paddr;
}

/** A range of device registers with the access widths it answers. */
export interface RegisterRangeSpec {
  readonly kind: 'registers';
  readonly name: string;
  readonly size: number;
  /** Access widths in bytes the window answers; any other is a bus error. */
  readonly sizes: readonly AccessSize[];
  /** Answers the accesses. */
  readonly window: RegisterWindow;
  /** Fixed address; otherwise the machine chooses a page boundary. */
  readonly base?: Paddr;
}

/** One range of a device. */
export type RangeSpec = MemoryRangeSpec | RegisterRangeSpec;

/** What a device model is given once its ranges have their places. */
export interface HardwareConnection {
  /** The device's memory ranges by name. */
  readonly memories: ReadonlyMap<string, DeviceMemory>;
  /** Virtual time in nanoseconds. */
  readonly now: () => number;
  readonly trace: Trace;
}

/** A device model: what it needs of the address space, and where it is told what it got. */
export interface Hardware {
  readonly name: string;
  /** In the order of the register sets: range n is rnumber n. */
  readonly ranges: readonly RangeSpec[];
  /** Called once, when the ranges have their places in the physical address space; absent: the model needs nothing of it. */
  connect?(connection: HardwareConnection): void;
}

/** A range with its place: becomes one register set of the device's devinfo node. */
export interface PlacedRange {
  readonly name: string;
  readonly kind: 'memory' | 'registers';
  readonly base: Paddr;
  readonly size: number;
}

/**
 * Attaches a device's ranges to the bus and connects the device model.
 * @param o.now virtual time in nanoseconds for the device; default: time stands still
 * @returns the ranges with their places, in the order the device declares them.
 * @throws RangeError when a range does not fit or overlaps; the message names the device, the range and what is in the way.
 */
export function placeHardware(bus: Bus, hardware: Hardware, space: DeviceSpace, o: { now?: () => number; trace?: Trace } = {}): PlacedRange[] {
  const memories = new Map<string, DeviceMemory>();
  const placed = hardware.ranges.map((range): PlacedRange => {
    const name = `${hardware.name}.${range.name}`;
    const base = range.base ?? space.allocate(name, range.size, range.kind === 'memory' ? range.align : PAGESIZE);
    if (range.kind === 'memory') memories.set(range.name, bus.attachMemory({ name, base, size: range.size }));
    else bus.attachRegisters({ name, base, size: range.size, sizes: range.sizes, window: range.window });
    return { name: range.name, kind: range.kind, base, size: range.size };
  });
  hardware.connect?.({ memories, now: o.now ?? ((): number => 0), trace: o.trace ?? new Trace() });
  return placed;
}
