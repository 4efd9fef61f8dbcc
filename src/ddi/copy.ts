/** ddi_copyin(9F) and ddi_copyout(9F) over the memory of whoever the current thread works for. */
import type { Pfn } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { curthread } from '../kernel/index.js';
import type { DdiAsHandle } from './devmap-callbacks.js';
import { FKIOCTL } from './file-flags.js';

/** Pages of a process that stay where they are while a device reads or writes them. */
export interface LockedMemory {
  /** The frames in order, the first one holding the first byte. */
  readonly frames: readonly Pfn[];
  /** Lets them go. */
  unlock(): Kgen<void>;
}

/** The user memory a thread can reach; a process offers one. */
export interface UserMemory {
  /** Fills `to` from user address `from`; 0 or EFAULT. */
  copyin(from: number, to: Uint8Array): Kgen<number>;
  /** Copies `from` to user address `to`; 0 or EFAULT. */
  copyout(from: Uint8Array, to: number): Kgen<number>;
  /**
   * Locks [addr, addr+len) for a device that reads it, or with `writing` writes it (as_pagelock); or an errno: EFAULT, EACCES, ENOMEM, or
   * what a driver whose mapping it is answered.
   */
  readonly pagelock?: ((addr: number, len: number, writing: boolean) => Kgen<LockedMemory | number>) | undefined;
  /** The address space itself, for locking parts of it (ddi_umem_lock). */
  readonly as?: (() => DdiAsHandle) | undefined;
}

/** What a thread's `data` offers when it works for a process. */
export interface HasUserMemory {
  readonly userMemory: UserMemory;
}

/** The memory of the process the current thread works for; undefined for a thread of the kernel's own. */
export function currentUserMemory(): UserMemory | undefined {
  const data: unknown = curthread().data;
  return typeof data === 'object' && data !== null && 'userMemory' in data ? (data as HasUserMemory).userMemory : undefined;
}

/**
 * Copies `cn` bytes from user address `buf` into `driverbuf`. `flags` is the mode of ioctl(9E).
 * Returns 0, or -1 when the address cannot be read, the thread has no user memory, or `flags` has FKIOCTL.
 */
export function* ddi_copyin(buf: number, driverbuf: Uint8Array, cn: number, flags: number): Kgen<number> {
  const memory = currentUserMemory();
  if (memory === undefined || (flags & FKIOCTL) !== 0) return -1;
  return (yield* memory.copyin(buf, driverbuf.subarray(0, cn))) === 0 ? 0 : -1;
}

/**
 * Copies `cn` bytes of `driverbuf` to user address `buf`. `flags` is the mode of ioctl(9E).
 * Returns 0, or -1 when the address cannot be written, the thread has no user memory, or `flags` has FKIOCTL.
 */
export function* ddi_copyout(driverbuf: Uint8Array, buf: number, cn: number, flags: number): Kgen<number> {
  const memory = currentUserMemory();
  if (memory === undefined || (flags & FKIOCTL) !== 0) return -1;
  return (yield* memory.copyout(driverbuf.subarray(0, cn), buf)) === 0 ? 0 : -1;
}
