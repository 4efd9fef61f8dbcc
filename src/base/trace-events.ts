/**
 * A 64-bit word of the guest, which may be any: a number where that is exact (every canonical address is), else a bigint, signed.
 * See {@link tracedWord}.
 */
export type TracedWord = number | bigint;

/** The word as events carry it; of `word` the lowest 64 bits count. */
export function tracedWord(word: bigint): TracedWord {
  const signed = BigInt.asIntN(64, word);
  const near = Number(signed);
  return Number.isSafeInteger(near) ? near : signed;
}

/**
 * The vocabulary of the trace: one interface an event, its fields in the order they print.
 *
 * Names: driver callbacks are `drv.*`, kernel routines keep their DDI names, what the guest does is `guest.*`, what the
 * MMU does is `mmu.*`. Codes and flags are already words ("FC_PROT", "rwu") where they have a name; addresses, lengths
 * and frames are numbers, which print in hexadecimal (see trace-text.ts).
 */
export interface TraceEvents {
  // --- the guest and its hart
  'guest.trap': { pid: number; hart: number; pc: TracedWord; cause: string; tval: TracedWord };
  'guest.syscall': { pid: number; name: string; args: string };
  'guest.sysret': { pid: number; name: string; result: string };
  'guest.signal': { pid: number; signal: string; code: string; addr: TracedWord; action: string };
  'guest.exec': { pid: number; path: string; entry: number };
  'guest.exit': { pid: number; status: string };

  // --- address translation
  'mmu.fill': { hart: number; va: number; level: number; pa: number; access: string };
  'mmu.fence': { hart: number; va: string; asid: string };
  'reg.read': { device: string; register: string; size: number; value: string };
  'reg.write': { device: string; register: string; size: number; value: string };

  // --- address spaces
  'as_map': { as: string; va: number; len: number; result: string };
  'as_unmap': { as: string; va: number; len: number; result: string };
  'as_fault': { as: string; va: number; len: number; type: string; rw: string; result: string };
  'map_addr': { len: number; off: number; align: number; va: number };
  'seg_alloc': { as: string; base: number; size: number };
  'seg_alloc.none': { as: string; base: number; size: number };
  'seg_free': { as: string; base: number; size: number };

  // --- HAT
  'hat_devload': { as: string; va: number; len: number; pfn: number; attr: string; flags: number };
  'hat_memload': { as: string; va: number; pfn: number; attr: string; flags: number };
  'hat_pte': { as: string; va: number; level: number; pfn: number; pte: string };
  'hat_unload': { as: string; va: number; len: number; flags: number };
  'hat_unlock': { as: string; va: number; len: number };
  'hat_chgprot': { as: string; va: number; len: number; prot: string };
  'hat-gone': { bytes: number; locked: string };
  'hat-note': { what: string; va: number };

  // --- segdev
  'segdev_fault': { as: string; va: number; len: number; type: string; rw: string };
  'segdev_fault.done': { as: string; va: number; result: string };

  // --- the driver and the framework around it
  'drv.devmap': { dev: string; handle: string; off: number; len: number; maplen: number; result: string };
  'drv.setup': { handle: string; backing: string; off: number; len: number; maxprot: string; flags: string; result: string };
  'drv.map': { handle: string; off: number; len: number; flags: number; pvt: string; result: string };
  'drv.access.enter': { handle: string; pvt: string; off: number; len: number; type: string; rw: string };
  'drv.access.leave': { handle: string; result: string };
  'drv.ctx.enter': { handle: string; pvt: string; off: number; len: number; type: string; rw: string };
  'drv.ctx.leave': { handle: string; result: string };
  'drv.load': { handle: string; off: number; len: number; type: string; rw: string; result: string };
  'drv.unload': { handle: string; off: number; len: number; result: string };
  'drv.remap': { handle: string; backing: string; off: number; len: number; maxprot: string; flags: string; result: string };
  'drv.dup': { handle: string; pvt: string; new: string; newpvt: string; result: string };
  'drv.unmap': { handle: string; pvt: string; off: number; len: number; new1: string; pvt1: string; new2: string; pvt2: string };
  'drv.segmap.enter': { dev: string; off: number; len: number };
  'drv.segmap.leave': { dev: string; result: string };
  'drv.mmap': { dev: string; off: number; prot: string; pfn: number };
  'drv.ioctl': { dev: string; cmd: number; result: string };
  'drv.open': { dev: string; result: string };
  'drv.close': { dev: string; result: string };
  'ddi_map': { dev: string; rnumber: number; off: number; len: number; prot: string; result: string; pfn: number };
  'ddi_map_fault': { dev: string; as: string; va: number; pfn: number; prot: string; lock: number; result: string };
  'ddi_device_mapping_check': { dev: string; rnumber: number; result: number };
  'copyfromdev': { dev: string; off: number; len: number };
  'copytodev': { dev: string; off: number; len: number };
  'addmap': { dev: string; as: string; off: number; va: number; len: number; prot: string; maxprot: string; type: number; result: string; mapcnt: number };
  'delmap': { dev: string; as: string; off: number; va: number; len: number; prot: string; maxprot: string; type: number; mapcnt: number };
  'finding': { rule: string; what: string };

  // --- kernel
  'kmem_alloc': { what: string; n: number };
  'kmem_free': { what: string; n: number };
  'timeout': { id: number; ticks: number };
  'timeout-fire': { id: number; at: number };
  'untimeout': { id: number; left: number };
  'cv_wait': { cv: string; thread: string };
  'cv_broadcast': { cv: string };
}
