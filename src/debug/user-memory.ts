/**
 * Memory of a process as its debugger reads and writes it: what is loaded through the page tables, the rest through faults, as
 * /proc/PID/mem does. Register windows of devices are not touched: reading a register may change the device.
 */
import { PAGESIZE, USER_END, alignDown, asPaddr, hex } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import type { Process } from '../process/index.js';
import { segdev_ops } from '../segdev/index.js';
import { F_INVAL, S_READ, S_WRITE, as_fault, as_segat, hat_probe } from '../vm/index.js';
import type { MemoryRead } from './target.js';

/** A process and where its memory is. */
export interface DebuggedMemory {
  readonly process: Process;
  readonly bus: Bus;
}

/** Physical address behind a user address that may be touched, or why there is none. */
type Place = { readonly pa: number } | { readonly proc: true } | { readonly refused: string };

const NOTHING = 'nothing is mapped there';

/** Where the memory of the page at `va` is; a page of a device is loaded first, through the device's own fault. */
function locate({ process, bus }: DebuggedMemory, va: number, writing: boolean): Place {
  const { as } = process.proc;
  const seg = as_segat(as, va);
  if (seg === undefined) return { refused: NOTHING };
  const device = seg.ops === segdev_ops;
  let known = hat_probe(as.hat, va);
  if (known === undefined && device) {
    process.run('fault for a debugger', () => as_fault(as, alignDown(va, PAGESIZE), PAGESIZE, F_INVAL, writing ? S_WRITE : S_READ));
    known = hat_probe(as.hat, va);
    if (known === undefined) return { refused: 'the device does not map this page' };
  }
  if (known === undefined) return { proc: true };
  if (device && bus.hostPage(known.pfn) === 0) {
    return { refused: `${hex(va)} is a device register: use "monitor device-read" or "monitor device-write"` };
  }
  // A private page may be shared with others until it is written.
  return writing && !device ? { proc: true } : { pa: known.pfn * PAGESIZE + (va % PAGESIZE) };
}

/** Whether [address, address + length) is user memory, as a number. */
const userAddress = (address: bigint, length: number): number | undefined => (address + BigInt(length) <= BigInt(USER_END) ? Number(address) : undefined);

const attempt = <T>(action: () => T): T | { readonly refused: string } => {
  try {
    return action();
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
};

/** Reads up to the first byte that cannot be read. */
export function readUserMemory(memory: DebuggedMemory, address: bigint, length: number): MemoryRead {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const at = userAddress(address + BigInt(done), 1);
    if (at === undefined) return { bytes: bytes.subarray(0, done), refused: NOTHING };
    const part = bytes.subarray(done, Math.min(length, done + PAGESIZE - (at % PAGESIZE)));
    const refused = attempt(() => readPart(memory, at, part));
    if (refused !== undefined) return { bytes: bytes.subarray(0, done), refused: refused.refused };
    done += part.length;
  }
  return { bytes };
}

function readPart(memory: DebuggedMemory, at: number, part: Uint8Array): { readonly refused: string } | undefined {
  const place = locate(memory, at, false);
  if ('refused' in place) return place;
  if ('pa' in place) return memory.bus.read(asPaddr(place.pa), part) ? undefined : { refused: 'the bus answers an error' };
  const read = memory.process.procRead(at, part.length);
  if (!(read instanceof Uint8Array) || read.length < part.length) return { refused: 'the page cannot be read' };
  part.set(read);
  return undefined;
}

/** Writes memory, whatever its protection; undefined when all was written, else why not. */
export function writeUserMemory(memory: DebuggedMemory, address: bigint, bytes: Uint8Array): string | undefined {
  for (let done = 0; done < bytes.length;) {
    const at = userAddress(address + BigInt(done), 1);
    if (at === undefined) return NOTHING;
    const part = bytes.subarray(done, Math.min(bytes.length, done + PAGESIZE - (at % PAGESIZE)));
    const refused = attempt(() => writePart(memory, at, part));
    if (refused !== undefined) return refused.refused;
    done += part.length;
  }
  return undefined;
}

function writePart(memory: DebuggedMemory, at: number, part: Uint8Array): { readonly refused: string } | undefined {
  const place = locate(memory, at, true);
  if ('refused' in place) return place;
  if ('pa' in place) return memory.bus.write(asPaddr(place.pa), part) ? undefined : { refused: 'the bus answers an error' };
  return memory.process.procWrite(at, part) === part.length ? undefined : { refused: 'the page cannot be written' };
}

/** Reads or writes a register window through the page tables, in one access of `size` bytes: what a debugger must ask for by name. */
export function accessDevice(memory: DebuggedMemory, va: number, size: 1 | 2 | 4 | 8, value: bigint | undefined): bigint | string {
  const { process } = memory;
  const outcome = attempt(() => (value === undefined ? process.load(va, size) : process.store(va, size, value)));
  if ('refused' in outcome) return outcome.refused;
  return 'value' in outcome ? outcome.value : `the access ends in ${outcome.signal} (${outcome.code})`;
}
