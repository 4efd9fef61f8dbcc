/** Programmed I/O: ddi_regs_map_setup(9F) and the ddi_get/ddi_put families over the physical address space. */
import type { AccessSize, Bus } from '../bus/index.js';
import type { Paddr } from '../base/index.js';
import { asPaddr, KernelPanic } from '../base/index.js';
import type { DdiDeviceAccAttr } from './acc-attr.js';
import { DDI_FAILURE, DDI_SUCCESS } from './codes.js';
import type { DevInfo } from './dev-info.js';
import { registerAddress } from './ddi-map.js';
import type { Ref } from './ref.js';

/** An access handle (ddi_acc_handle_t): where a mapped register range begins, and how it is accessed. */
export interface DdiAccHandle {
  /** The device. */
  readonly dip: DevInfo;
  /** First physical address of the range. */
  readonly base: Paddr;
  /** Bytes. */
  readonly size: number;
  /** The attributes it was mapped with. */
  readonly accattr: DdiDeviceAccAttr;
  /** Cleared by ddi_regs_map_free. */
  live: boolean;
}

/**
 * Maps [offset, offset+len) of register set `rnumber` for the driver itself; `len` 0 stands for the rest of the set.
 * `addrp` receives the address to give to ddi_get and ddi_put, `handle` the access handle.
 * Returns DDI_SUCCESS, or DDI_FAILURE when the set does not exist, is too small, or the machine has no bus.
 */
export function ddi_regs_map_setup(
  dip: DevInfo, rnumber: number, addrp: Ref<number>, offset: number, len: number, accattrp: DdiDeviceAccAttr,
  handle: Ref<DdiAccHandle | null>,
): number {
  const spec = dip.regs[rnumber];
  if (spec === undefined || dip.tree.bus === undefined) return DDI_FAILURE;
  const size = len === 0 ? spec.size - offset : len;
  if (offset < 0 || size <= 0 || offset + size > spec.size) return DDI_FAILURE;
  const base = registerAddress(dip, rnumber, offset, size);
  handle.value = { dip, base, size, accattr: accattrp, live: true };
  addrp.value = base;
  return DDI_SUCCESS;
}

/** Ends a mapping made by ddi_regs_map_setup; accesses through the handle panic from now on. */
export function ddi_regs_map_free(handle: Ref<DdiAccHandle | null>): void {
  if (handle.value !== null) handle.value.live = false;
  handle.value = null;
}

function busOf(handle: DdiAccHandle, addr: number, size: number): Bus {
  const { bus } = handle.dip.tree;
  if (bus === undefined || !handle.live || addr < handle.base || addr + size > handle.base + handle.size) {
    throw new KernelPanic('panic', `${handle.dip.label}: register access outside its access handle`);
  }
  return bus;
}

function get(handle: DdiAccHandle, addr: number, size: AccessSize): bigint {
  const value = busOf(handle, addr, size).load(asPaddr(addr), size);
  if (value === undefined) throw new KernelPanic('panic', `${handle.dip.label}: bus error on a register read`);
  return value;
}

function put(handle: DdiAccHandle, addr: number, size: AccessSize, value: bigint): void {
  if (!busOf(handle, addr, size).store(asPaddr(addr), size, value)) {
    throw new KernelPanic('panic', `${handle.dip.label}: bus error on a register write`);
  }
}

/** ddi_get8(9F). A bus error panics, as it does in a kernel without ddi_peek. */
export const ddi_get8 = (handle: DdiAccHandle, addr: number): number => Number(get(handle, addr, 1));
/** ddi_get16(9F). */
export const ddi_get16 = (handle: DdiAccHandle, addr: number): number => Number(get(handle, addr, 2));
/** ddi_get32(9F). */
export const ddi_get32 = (handle: DdiAccHandle, addr: number): number => Number(get(handle, addr, 4));
/** ddi_get64(9F). */
export const ddi_get64 = (handle: DdiAccHandle, addr: number): bigint => get(handle, addr, 8);
/** ddi_put8(9F); only the low 8 bits of `value` count. */
export const ddi_put8 = (handle: DdiAccHandle, addr: number, value: number): void => put(handle, addr, 1, BigInt(value & 0xff));
/** ddi_put16(9F); only the low 16 bits of `value` count. */
export const ddi_put16 = (handle: DdiAccHandle, addr: number, value: number): void => put(handle, addr, 2, BigInt(value & 0xffff));
/** ddi_put32(9F); only the low 32 bits of `value` count. */
export const ddi_put32 = (handle: DdiAccHandle, addr: number, value: number): void => put(handle, addr, 4, BigInt(value >>> 0));
/** ddi_put64(9F). */
export const ddi_put64 = (handle: DdiAccHandle, addr: number, value: bigint): void => put(handle, addr, 8, BigInt.asUintN(64, value));
