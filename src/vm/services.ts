/** What every address space of a machine shares: frames, fences, address space identifiers, policies and counters. */
import type { PageLevel, Paddr, Pfn } from '../base/index.js';
import type { Kernel } from '../kernel/index.js';
import type { AsidAllocator, FencePort } from './asid.js';
import type { PageMemory, PagePool } from './page.js';

/** What the HAT does where it has a choice, or where a platform is peculiar. */
export interface HatPolicy {
  /** Largest leaf: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB. Default 2. */
  readonly maxLevel: PageLevel;
  /**
   * A change to a part of a large page: 'split' it (default), 'panic' as i86pc does, or let it concern the 'whole' page.
   */
  readonly largePart: 'split' | 'panic' | 'whole';
  /** Whether hat_chgprot leaves translations of device frames as they are, as i86pc does. Default false. */
  readonly chgprotSkipsDevice: boolean;
  /** Whether a load that covers a whole page table of unlocked smaller pages replaces it by one leaf. Default true. */
  readonly promote: boolean;
}

/** Where map_addr looks for room. */
export interface AddressPolicy {
  /** 'topdown' from `high` (default) or first fit 'upward' from `low`. */
  readonly direction: 'topdown' | 'upward';
  readonly low: number;
  readonly high: number;
  /** Bytes kept free on either side of a mapping. Default one page. */
  readonly redzone: number;
}

/** What the HAT has done since the machine was made; arrays are indexed by page level. */
export interface HatCounters {
  /** Leaf PTEs written where there was none, or another frame's. */
  readonly loaded: [number, number, number];
  /** Leaf PTEs removed. */
  readonly unloaded: [number, number, number];
  /** Large pages split into 512 smaller ones. */
  splits: number;
  /** Page tables of smaller pages replaced by one leaf. */
  promotions: number;
  /** Page table frames allocated. */
  tables: number;
  /** Page table frames given back. */
  tablesFreed: number;
  /** Fences sent. */
  fences: number;
}

/** The memory of the machine as the HAT writes and as the kernel copies it. The bus satisfies it. */
export interface VmMemory extends PageMemory {
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  /** Linear address of a frame's bytes; 0 where it is not memory. */
  hostPage(pfn: Pfn): number;
  load(pa: Paddr, size: 1): bigint | undefined;
  store(pa: Paddr, size: 1, value: bigint): boolean;
  read(pa: Paddr, bytes: Uint8Array): boolean;
  write(pa: Paddr, bytes: Uint8Array): boolean;
}

/** Shared by all address spaces of a machine. */
export interface VmServices {
  readonly kernel: Kernel;
  readonly memory: VmMemory;
  readonly pages: PagePool;
  readonly fence: FencePort;
  readonly asids: AsidAllocator;
  readonly hatPolicy: HatPolicy;
  readonly addressPolicy: AddressPolicy;
  readonly counters: HatCounters;
  /** Decides whether a programmed failure strikes at a named point (segalloc): 0, or the errno to fail with. */
  inject(point: string): number;
}

/** Counters that start at 0. */
export const newHatCounters = (): HatCounters => ({
  loaded: [0, 0, 0], unloaded: [0, 0, 0], splits: 0, promotions: 0, tables: 0, tablesFreed: 0, fences: 0,
});
