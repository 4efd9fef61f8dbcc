/** Memory as a hart sees it now: through its page tables, or physical. Device registers are not touched. */
import { PADDR_END, PAGESIZE, USER_END, asPaddr, hex } from '../base/index.js';
import type { Bus } from '../bus/index.js';
import type { Hart } from '../hart/index.js';
import { READ } from '../../mmu/index.js';
import { probe } from './probe.js';
import type { MemoryRead } from './target.js';

const NOTHING = 'nothing is mapped there';

/** Physical address of a byte, or why there is none that may be touched. */
function locate(bus: Bus, hart: Hart, address: bigint): number | string {
  const va = Number(BigInt.asIntN(64, address));
  const canonical = hart.mmu.translates(READ) ? va >= -USER_END && va < USER_END : va >= 0 && va < PADDR_END;
  const pa = canonical ? probe(bus, hart, va, READ) : -1;
  const region = pa < 0 ? undefined : bus.regionAt(asPaddr(pa));
  if (region === undefined) return NOTHING;
  return region.kind === 'registers' ? `${hex(address)} is a register of ${region.name}: use "monitor device-read" or "monitor device-write"` : pa;
}

/** Calls `move` for the part of `bytes` in each page; returns how many were moved and why no more. */
function eachPart(
  bus: Bus, hart: Hart, address: bigint, bytes: Uint8Array, move: (pa: number, part: Uint8Array) => boolean,
): { readonly moved: number; readonly refused: string | undefined } {
  for (let moved = 0; moved < bytes.length;) {
    const at = BigInt.asUintN(64, address + BigInt(moved));
    const part = bytes.subarray(moved, moved + PAGESIZE - Number(at % BigInt(PAGESIZE)));
    const place = locate(bus, hart, at);
    if (typeof place === 'string') return { moved, refused: place };
    if (!move(place, part)) return { moved, refused: 'the bus answers an error' };
    moved += part.length;
  }
  return { moved: bytes.length, refused: undefined };
}

/** Reads up to the first byte that cannot be read. */
export function readBareMemory(bus: Bus, hart: Hart, address: bigint, length: number): MemoryRead {
  const bytes = new Uint8Array(length);
  const { moved, refused } = eachPart(bus, hart, address, bytes, (pa, part) => bus.read(asPaddr(pa), part));
  return refused === undefined ? { bytes } : { bytes: bytes.subarray(0, moved), refused };
}

/** Writes memory; undefined when all was written, else why not. */
export const writeBareMemory = (bus: Bus, hart: Hart, address: bigint, bytes: Uint8Array): string | undefined =>
  eachPart(bus, hart, address, bytes, (pa, part) => bus.write(asPaddr(pa), part)).refused;
