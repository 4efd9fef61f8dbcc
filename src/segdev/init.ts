/** segdev_init: sets segdev up in a machine. */
import { FC_MAKE_ERR, hat_getpfnum } from '../vm/index.js';
import type { Vm } from '../vm/index.js';
import { KernelPanic } from '../base/index.js';
import type { SegdevOptions, SegdevState } from './state.js';
import { makeSegdev } from './state.js';
import type { UmemArena } from './umem-arena.js';

/** Kernel memory out of the kernel's heap, with the trash page. */
function arenaOf(vm: Vm): UmemArena {
  const { kas } = vm;
  const trash = vm.pages.create();
  if (trash === undefined) throw new KernelPanic('panic', 'segdev_init: failed to create trash page');
  return {
    alloc: (size) => kas.alloc(size),
    free: (addr) => kas.free(addr),
    pageableAlloc: (size) => kas.alloc(size, true),
    pageableFree: (addr) => kas.free(addr),
    pageableLock: (addr, size) => {
      const error = kas.lock(addr, size);
      return error === 0 ? 0 : FC_MAKE_ERR(error);
    },
    pageableUnlock: (addr, size) => kas.unlock(addr, size),
    pfn: (addr) => hat_getpfnum(kas.hat, addr),
    page: () => vm.pages.create(),
    freePage: (pfn) => vm.pages.release(pfn),
    trash,
  };
}

/** Sets segdev up in the machine of `vm`, once, before the first driver attaches: mode, kernel memory, trash page. */
export const segdev_init = (vm: Vm, options: SegdevOptions = {}): SegdevState =>
  makeSegdev(vm.kernel, { isMemory: (pfn) => vm.pages.isRam(pfn), arena: arenaOf(vm), ...options });
