/** Copying between the kernel and the memory of a process (copyin, copyout, copyinstr). */
import { EFAULT, ENAMETOOLONG, PAGESIZE, alignDown, asPaddr, asVaddr } from '../base/index.js';
import { preempt } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { As } from './address-space.js';
import { as_fault } from './as-fault.js';
import { PROT_READ, PROT_USER, PROT_WRITE } from './constants.js';
import { FC_CODE, FC_ERRNO, FC_OBJERR, F_INVAL, F_PROT, S_READ, S_WRITE } from './faultcode.js';
import { hat_probe } from './hat-probe.js';
import type { VmMemory } from './services.js';

/** Faults on one page that a driver answers without making it accessible, before the copy gives up. */
const MAX_FAULTS = 100;

/**
 * Copies user memory at `addr` to `bytes`.
 * @returns 0; EFAULT where nothing readable is mapped; the errno of a fault's FC_OBJERR.
 */
export const copyin = (as: As, addr: number, bytes: Uint8Array): Kgen<number> => copy(as, addr, bytes, false);

/**
 * Copies `bytes` to user memory at `addr`.
 * @returns 0; EFAULT where nothing writable is mapped; the errno of a fault's FC_OBJERR. What lies below the failing page is written.
 */
export const copyout = (as: As, addr: number, bytes: Uint8Array): Kgen<number> => copy(as, addr, bytes, true);

function* copy(as: As, addr: number, bytes: Uint8Array, out: boolean): Kgen<number> {
  if (!Number.isInteger(addr) || addr < 0 || addr + bytes.length > as.userlimit) return EFAULT;
  for (let done = 0; done < bytes.length; ) {
    const at = addr + done;
    const page = alignDown(at, PAGESIZE);
    const count = Math.min(bytes.length - done, page + PAGESIZE - at);
    const frame = yield* userFrame(as, page, out);
    if (frame < 0) return -frame;
    const part = bytes.subarray(done, done + count);
    const pa = asPaddr(frame * PAGESIZE + (at - page));
    const { memory } = as.vm;
    const moved = out ? memory.write(pa, part) || storeBytes(memory, pa, part) : memory.read(pa, part) || loadBytes(memory, pa, part);
    if (!moved) return EFAULT;
    done += count;
  }
  return 0;
}

/** The frame of a user page that allows the access, faulting it in when need be; negative errno. */
function* userFrame(as: As, page: number, write: boolean): Kgen<number> {
  const needed = PROT_USER | (write ? PROT_WRITE : PROT_READ);
  for (let faults = 0; faults < MAX_FAULTS; faults++) {
    const translation = hat_probe(as.hat, page);
    if (translation !== undefined && (translation.prot & needed) === needed) return translation.pfn;
    const fault = yield* as_fault(as, asVaddr(page), PAGESIZE, translation === undefined ? F_INVAL : F_PROT, write ? S_WRITE : S_READ);
    if (fault !== 0) return FC_CODE(fault) === FC_OBJERR ? -FC_ERRNO(fault) : -EFAULT;
    if (faults > 0) yield* preempt();
  }
  return -EFAULT;
}

/** Reads registers byte by byte; false for a bus error. */
function loadBytes(memory: VmMemory, pa: number, part: Uint8Array): boolean {
  for (let at = 0; at < part.length; at++) {
    const value = memory.load(asPaddr(pa + at), 1);
    if (value === undefined) return false;
    part[at] = Number(value);
  }
  return true;
}

/** Writes registers byte by byte; false for a bus error. */
function storeBytes(memory: VmMemory, pa: number, part: Uint8Array): boolean {
  return part.every((byte, at) => memory.store(asPaddr(pa + at), 1, BigInt(byte)));
}

/**
 * Copies a string that ends in a zero byte from user memory.
 * @param max most bytes, the zero byte counted.
 * @returns the string (UTF-8), or an errno: EFAULT, ENAMETOOLONG.
 */
export function* copyinstr(as: As, addr: number, max: number): Kgen<string | number> {
  const collected: number[] = [];
  const page = new Uint8Array(PAGESIZE);
  while (collected.length < max) {
    const at = addr + collected.length;
    const chunk = page.subarray(0, Math.min(max - collected.length, PAGESIZE - (at % PAGESIZE)));
    const error = yield* copyin(as, at, chunk);
    if (error !== 0) return error;
    const end = chunk.indexOf(0);
    collected.push(...chunk.subarray(0, end < 0 ? chunk.length : end));
    if (end >= 0) return new TextDecoder().decode(Uint8Array.from(collected));
  }
  return ENAMETOOLONG;
}
