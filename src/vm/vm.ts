/** The virtual memory of one machine. */
import { USER_END } from '../base/index.js';
import type { Kernel } from '../kernel/index.js';
import { AsidAllocator } from './asid.js';
import type { FencePort } from './asid.js';
import { Kas } from './kas.js';
import { PagePool } from './page.js';
import { newHatCounters } from './services.js';
import type { AddressPolicy, HatCounters, HatPolicy, VmMemory, VmServices } from './services.js';

/** How the virtual memory of a machine is made. */
export interface VmOptions {
  readonly kernel: Kernel;
  readonly memory: VmMemory;
  readonly fence: FencePort;
  /** Implemented ASID bits, 1 to 16; default 16. */
  readonly asidBits?: number;
  readonly hatPolicy?: Partial<HatPolicy>;
  readonly addressPolicy?: Partial<AddressPolicy>;
  /** Strikes programmed failures (point: segalloc); default: none. */
  readonly inject?: VmServices['inject'];
}

/** Bytes at the top of user space where map_addr does not look, so that a stack can grow there. */
const STACK_ROOM = 2 ** 30;

/** Frames, fences, policies and the kernel's address space of one machine. */
export class Vm implements VmServices {
  readonly kernel: Kernel;
  readonly memory: VmMemory;
  readonly pages: PagePool;
  readonly fence: FencePort;
  readonly asids: AsidAllocator;
  readonly hatPolicy: HatPolicy;
  readonly addressPolicy: AddressPolicy;
  readonly counters: HatCounters = newHatCounters();
  inject: VmServices['inject'];
  /** The kernel's own address space. */
  readonly kas: Kas;

  constructor(options: VmOptions) {
    this.kernel = options.kernel;
    this.memory = options.memory;
    this.pages = new PagePool(options.memory);
    this.fence = options.fence;
    this.asids = new AsidAllocator(options.asidBits ?? 16, options.fence);
    this.hatPolicy = { maxLevel: 2, largePart: 'split', chgprotSkipsDevice: false, promote: true, ...options.hatPolicy };
    this.addressPolicy = { direction: 'topdown', low: 0x1000_0000, high: USER_END - STACK_ROOM, redzone: 4096, ...options.addressPolicy };
    this.inject = options.inject ?? (() => 0);
    this.kas = new Kas(this);
  }
}
