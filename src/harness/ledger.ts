/**
 * The ledger of handles: who was made by devmap_map, devmap_dup or a split, who was unmapped, and whose private data is
 * whose. It reads the trace, so it sees what the driver really got and answered.
 */
import { PAGESIZE, alignUp, hex, isAligned } from '../base/index.js';
import type { TraceEvent, TraceEvents } from '../base/index.js';
import type { Violation } from './errors.js';
import type { RuleId } from './rules.js';

/** How the trace spells "no handle" and "no private data". */
const NONE = '-';

/** What a handle covers, in mmap(2) offsets and bytes. */
export interface HandleRange {
  readonly off: number;
  readonly len: number;
}

/** A live handle: its range and its private data, by the names the trace gives them. */
export interface LiveHandle extends HandleRange {
  readonly handle: string;
  readonly pvt: string;
}

/** A half-open range as texts of the kit print it. */
export const rangeText = (off: number, len: number): string => `[${hex(off)}, ${hex(off + len)})`;

/** Keeps the books. Feed it every trace event. */
export class HandleLedger {
  /** Live handles by name: those the driver knows of, because devmap_map or devmap_dup ran for them or a split told it. */
  readonly live: Map<string, LiveHandle> = new Map();
  /** Ranges of all handles devmap(9E) has described, whether or not the driver has callbacks. */
  readonly described: Map<string, HandleRange> = new Map();
  /** Breaches found so far. */
  readonly violations: Violation[] = [];
  /** Private data that an unmap gave back and nobody got again. */
  readonly #released = new Set<string>();
  /** Bytes each handle under construction was set up with. */
  readonly #setUp = new Map<string, number>();
  #unmaps = 0;

  /** Takes one event into account. */
  see(event: TraceEvent): void {
    switch (event.kind) {
      case 'drv.setup': return this.#setup(event.fields as TraceEvents['drv.setup']);
      case 'drv.devmap': return this.#devmap(event.fields as TraceEvents['drv.devmap']);
      case 'drv.map': return this.#map(event.fields as TraceEvents['drv.map']);
      case 'drv.dup': return this.#dup(event.fields as TraceEvents['drv.dup']);
      case 'drv.unmap': return this.#unmap(event.fields as TraceEvents['drv.unmap']);
      case 'finding': {
        const { rule, what } = event.fields as TraceEvents['finding'];
        // A program can misuse mapped registers as well as a driver can; the bank keeps those findings.
        if (!rule.startsWith('register-')) this.violations.push({ rule, what });
        return;
      }
      default:
    }
  }

  /**
   * Breaches that show only at the end: handles that are still live although nobody maps the device any more. A driver
   * without private data may do without devmap_unmap.
   */
  leaks(): Violation[] {
    return [...this.live.values()].filter(({ pvt }) => pvt !== NONE || this.#unmaps > 0).map(({ handle, off, len, pvt }) =>
      ({ rule: 'CB08', what: `${handle} ${rangeText(off, len)} with private data ${pvt} was never unmapped` }));
  }

  /** What a handle covers, as far as it is known. */
  rangeOf(handle: string): HandleRange | undefined {
    return this.live.get(handle) ?? this.described.get(handle);
  }

  #setup({ handle, len, result }: TraceEvents['drv.setup']): void {
    if (result === 'DDI_SUCCESS') this.#setUp.set(handle, alignUp(len, PAGESIZE));
  }

  #devmap({ handle, off, len, maplen, result }: TraceEvents['drv.devmap']): void {
    const covered = this.#setUp.get(handle);
    this.#setUp.delete(handle);
    if (result !== '0') return;
    this.described.set(handle, { off, len: maplen });
    const asked = `devmap ${rangeText(off, len)}`;
    if (covered === undefined) this.#breach('DM02', `${asked} answered 0 without having set up its handle`);
    if (maplen <= 0 || !isAligned(maplen, PAGESIZE) || maplen > alignUp(len, PAGESIZE)) this.#breach('DM03', `${asked} answered *maplen ${hex(maplen)}`);
    else if (covered !== undefined && covered !== maplen) this.#breach('DM04', `${asked} set up ${hex(covered)} bytes but answered *maplen ${hex(maplen)}`);
  }

  #map({ handle, off, len, pvt, result }: TraceEvents['drv.map']): void {
    if (result === '0') this.#open({ handle, off, len, pvt });
  }

  #dup({ handle, pvt, new: duplicate, newpvt, result }: TraceEvents['drv.dup']): void {
    if (result !== '0') return;
    const original = this.live.get(handle);
    if (newpvt !== NONE && newpvt === pvt) this.#breach('CB03', `${duplicate}, the duplicate of ${handle}, got the private data ${pvt} of its original`);
    if (original !== undefined) this.#open({ ...original, handle: duplicate, pvt: newpvt });
  }

  #unmap({ handle, pvt, off, len, new1, pvt1, new2, pvt2 }: TraceEvents['drv.unmap']): void {
    this.#unmaps++;
    const old = this.rangeOf(handle);
    const end = old === undefined ? off + len : old.off + old.len;
    if (!this.live.delete(handle) && this.#released.has(pvt)) {
      this.#breach('CB03', `${handle} was unmapped with private data ${pvt}, which another handle has already given back`);
    }
    if (pvt !== NONE) this.#released.add(pvt);
    if (len <= 0 || (old !== undefined && (off < old.off || off + len > end))) {
      this.#breach('CB07', `${handle} ${rangeText(old?.off ?? off, end - (old?.off ?? off))} was asked to unmap ${rangeText(off, len)}`);
    }
    this.#part(handle, pvt, { handle: new1, off: old?.off ?? off, len: off - (old?.off ?? off), pvt: pvt1 });
    this.#part(handle, pvt, { handle: new2, off: off + len, len: end - off - len, pvt: pvt2 });
    if (new1 !== NONE && new2 !== NONE && pvt1 === pvt2 && pvt1 !== NONE) {
      this.#breach('CB06', `${new1} and ${new2}, the two parts of ${handle}, share private data ${pvt1}`);
    }
  }

  /** A part of `whole` stays: it becomes a handle of its own. */
  #part(whole: string, pvt: string, part: LiveHandle): void {
    if (part.handle === NONE) return;
    this.#open(part);
    if (part.pvt === NONE && pvt !== NONE) this.#breach('CB06', `${part.handle}, what stays of ${whole}, got no private data`);
  }

  #open(handle: LiveHandle): void {
    this.live.set(handle.handle, handle);
    this.#released.delete(handle.pvt);
  }

  #breach(rule: RuleId, what: string): void {
    this.violations.push({ rule, what });
  }
}
