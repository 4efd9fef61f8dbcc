/**
 * Chooses addresses for devices: below RAM while there is room, high above it for what is large.
 *
 * Memory is placed on the largest page boundary it can fill, so that large pages are possible; whatever else sits at a
 * chosen address is walked around.
 */
import { LEVEL_SIZE, PADDR_END, PAGESIZE, alignUp, asPaddr, FitError, hex, type Paddr } from '../base/index.js';
import type { Bus } from './bus.js';

/** Where devices go: half-open address ranges, tried in this order. */
export const DEVICE_SPACES: readonly (readonly [number, number])[] = [[0x1000_0000, 0x8000_0000], [2 ** 38, PADDR_END]];

/** The alignment device memory of `size` bytes gets by default: the largest page size it fills, else a page. */
export const naturalAlign = (size: number): number => (size >= LEVEL_SIZE[2] ? LEVEL_SIZE[2] : size >= LEVEL_SIZE[1] ? LEVEL_SIZE[1] : PAGESIZE);

/** First-fit choice of device addresses on one bus. */
export class DeviceSpace {
  readonly #bus: Bus;
  readonly #spaces: readonly (readonly [number, number])[];

  constructor(bus: Bus, spaces: readonly (readonly [number, number])[] = DEVICE_SPACES) {
    this.#bus = bus;
    this.#spaces = spaces;
  }

  /**
   * An address where `size` bytes are free.
   * @param name whom the error message blames
   * @param size bytes, positive; the range is chosen in whole pages
   * @param align a power of two, at least a page; default {@link naturalAlign}
   * @throws RangeError when nothing is free
   */
  allocate(name: string, size: number, align: number = naturalAlign(size)): Paddr {
    if (!Number.isInteger(size) || size <= 0) throw new RangeError(`${name}: size ${size} is not a positive number of bytes`);
    if (!Number.isInteger(Math.log2(align))) throw new RangeError(`${name}: align ${align} is not a power of two`);
    const step = Math.max(align, PAGESIZE);
    const length = alignUp(size, PAGESIZE);
    for (const [low, high] of this.#spaces) {
      let base = alignUp(low, step);
      for (const region of this.#bus.regions) {
        if (region.base < base + length && base < region.base + region.size) base = alignUp(alignUp(region.base + region.size, PAGESIZE), step);
      }
      if (base + length <= high) return asPaddr(base);
    }
    throw new FitError(`${name}: no ${hex(length)} bytes are free in the address space for devices`);
  }
}
