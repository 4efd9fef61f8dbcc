/** What the cases of the quirk tests are made of: one scenario, seen on both sides of one quirk. */
import { KernelPanic } from '../../src/base/index.js';
import type { CbOps, Dev, DevmapAccess, DevmapCallbackCtl, DevmapCookie } from '../../src/ddi/index.js';
import { DDI_SUCCESS, DEVMAP_OPS_REV, ref } from '../../src/ddi/index.js';
import type { KernelOptions, Kgen } from '../../src/kernel/index.js';
import { ddi_umem_alloc, devmap_umem_setup, type DdiUmemCookie, type DevmapHandle, type QuirkName, type SegdevOptions } from '../../src/segdev/index.js';
import type { As } from '../../src/vm/index.js';
import { chunked, type Chunk, type World } from './world.js';

export const PAGE = 4096;
export const MiB: number = 2 ** 20;
/** Where devices of `World.device` lie. */
export const DEVICE_PFN: number = 0x2_0000_0000 / PAGE;
export const EIO = 5;

/** Makes a world on the side of the quirk that is looked at. */
export type Make = (kernel?: KernelOptions, options?: SegdevOptions) => World;

/** One quirk: what is done, and what can be seen of it with and without. */
export interface QuirkCase {
  readonly run: (make: Make) => unknown;
  /** What the C text does. */
  readonly c: unknown;
  /** What the contract says. */
  readonly fixed: unknown;
  /** Quirks without which this one cannot show; on for both sides. */
  readonly needs?: readonly QuirkName[];
  /** Quirks that hide this one in mode illumos. */
  readonly hiddenBy?: readonly QuirkName[];
}

/** A table of cases for some quirks. */
export type QuirkCases<N extends QuirkName> = Readonly<Record<N, QuirkCase>>;

/** The value of `body`, or the panic that ended it as "kind: message". */
export function outcome<T>(body: () => T): T | string {
  try {
    return body();
  } catch (error) {
    if (error instanceof KernelPanic) return `${error.kind}: ${error.message}`;
    throw error;
  }
}

/** A mapping of all chunks of a device. */
export interface Mapped {
  readonly world: World;
  readonly dev: Dev;
  readonly as: As;
  readonly va: number;
  readonly len: number;
  /** Handles by creation, as devmap(9E) got them. */
  readonly handles: DevmapHandle[];
}

/** Maps a device of these chunks, handles and all. */
export function mapChunks(world: World, chunks: readonly Chunk[], request: { prot?: number; addr?: number; flags?: number } = {}): Mapped {
  const handles: DevmapHandle[] = [];
  const devmap = chunked(chunks);
  const dev = world.device({ devmap: (d, dhp, off, len, maplen, model) => {
    handles.push(dhp as DevmapHandle);
    return devmap(d, dhp, off, len, maplen, model);
  } });
  const as = world.space();
  const len = chunks.reduce((sum, chunk) => sum + chunk.len, 0);
  return { world, dev, as, len, handles, va: world.mmap(as, dev, { len, ...request }) };
}

/** Callbacks of which only some are there. */
export const ops = (some: Omit<DevmapCallbackCtl, 'devmap_rev'>): DevmapCallbackCtl => ({ devmap_rev: DEVMAP_OPS_REV, ...some });
/** Callbacks with devmap_access only. */
export const accessOps = (access: DevmapAccess): DevmapCallbackCtl => ops({ access });

/** Runs plain code as kernel code. */
export const inKernel = <T>(world: World, body: () => T): T => world.run(function* (): Kgen<T> {
  yield 'preempt';
  return body();
});

/** Exported kernel memory. */
export function umem(world: World, size: number, flags = 0): DdiUmemCookie {
  const cookie = ref<DdiUmemCookie | null>(null);
  inKernel(world, () => ddi_umem_alloc(size, flags, cookie));
  return cookie.value!;
}

/** devmap(9E) that exports `cookie`, and the handles it was given. */
export function exporting(cookie: DdiUmemCookie | null, o: { off?: number; flags?: number; ops?: DevmapCallbackCtl } = {}): { devmap: NonNullable<CbOps['devmap']>; handles: DevmapCookie[]; results: number[] } {
  const handles: DevmapCookie[] = [];
  const results: number[] = [];
  return {
    handles, results,
    devmap: (dev, dhp, off, len, maplen) => {
      handles.push(dhp);
      const result = devmap_umem_setup(dhp, dev.dip, o.ops, cookie, o.off ?? off, len, 15, o.flags ?? 0);
      results.push(result);
      maplen.value = len;
      return result === DDI_SUCCESS ? 0 : 6;
    },
  };
}
