/**
 * ddi_map: the request that climbs the device tree from a device to the root, through the ranges of each nexus, and
 * comes back with a frame number (DDI_MF_DEVICE_MAPPING) and the translation attributes of the access handle.
 */
import type { Paddr, Pfn } from '../base/index.js';
import { asPaddr, hex, PADDR_END, pfnOf } from '../base/index.js';
import type { DdiDeviceAccAttr } from './acc-attr.js';
import { accAttrToHat } from './acc-attr.js';
import { DDI_ME_GENERIC, DDI_ME_INVAL, DDI_ME_REGSPEC_RANGE, DDI_ME_RNUMBER_RANGE, DDI_SUCCESS, ddiName } from './codes.js';
import type { DevInfo } from './dev-info.js';
import { protText } from './prot-text.js';
import type { Ref } from './ref.js';

/** The parts of a ddi_map request (ddi_map_req_t with its access handle) that a device mapping uses. */
export interface DdiMapRequest {
  /** Register set number. */
  readonly rnumber: number;
  /** Rights asked for, PROT_* bits. */
  readonly prot: number;
  readonly accattr: DdiDeviceAccAttr | undefined;
}

/**
 * Resolves [offset, offset+len) of a register set to the frame of its first byte. `len` 0 stands for the rest of the set.
 * Answers the frame in `pfnp` and the attributes in `hatAttrp`.
 *
 * Returns DDI_SUCCESS; DDI_ME_RNUMBER_RANGE no such set; DDI_ME_REGSPEC_RANGE beyond its end or not passed on by a nexus;
 * DDI_ME_INVAL I/O space, an empty set or an unknown ordering.
 */
export function ddi_map(dip: DevInfo, request: DdiMapRequest, offset: number, len: number, pfnp: Ref<Pfn>, hatAttrp: Ref<number>): number {
  const result = resolve(dip, request, offset, len, pfnp, hatAttrp);
  const { trace } = dip.tree;
  if (trace.on) {
    trace.emit('ddi_map', {
      dev: dip.label, rnumber: request.rnumber, off: offset, len, prot: protText(request.prot), result: ddiName(result),
      pfn: result === DDI_SUCCESS ? pfnp.value : -1,
    });
  }
  return result;
}

function resolve(dip: DevInfo, request: DdiMapRequest, offset: number, len: number, pfnp: Ref<Pfn>, hatAttrp: Ref<number>): number {
  const injected = dip.tree.inject('ddimap');
  if (injected !== 0) return DDI_ME_GENERIC;
  const spec = dip.regs[request.rnumber];
  if (spec === undefined) return DDI_ME_RNUMBER_RANGE;
  const attr = accAttrToHat(request.accattr);
  if (spec.io === true || spec.size <= 0 || attr === undefined) return DDI_ME_INVAL;
  const length = len === 0 ? spec.size - offset : len;
  if (offset < 0 || length < 0 || offset + length > spec.size) return DDI_ME_REGSPEC_RANGE;
  const base = translate(dip.parent, asPaddr(spec.base + offset), length);
  if (base === undefined) return DDI_ME_REGSPEC_RANGE;
  pfnp.value = pfnOf(base);
  hatAttrp.value = attr;
  return DDI_SUCCESS;
}

/** The address the root sees for [base, base+length) on the bus of `nexus`; undefined where a nexus does not pass it on. */
function translate(nexus: DevInfo | undefined, base: Paddr, length: number): Paddr | undefined {
  let address: number = base;
  for (let node = nexus; node !== undefined; node = node.parent) {
    if (node.ranges.length === 0) continue;
    const from = address;
    const range = node.ranges.find(({ child, size }) => from >= child && from + length <= child + size);
    if (range === undefined) return undefined;
    address = range.parent + (address - range.child);
  }
  return address + length <= PADDR_END ? asPaddr(address) : undefined;
}

/**
 * The physical address of [offset, offset+len) of a register set, as the root sees it.
 * @throws RangeError when the set does not exist or is too small.
 */
export function registerAddress(dip: DevInfo, rnumber: number, offset: number, len: number): Paddr {
  const spec = dip.regs[rnumber];
  if (spec === undefined) throw new RangeError(`${dip.label} has no register set ${rnumber}`);
  const base = offset >= 0 && offset + len <= spec.size ? translate(dip.parent, asPaddr(spec.base + offset), len) : undefined;
  if (base === undefined) throw new RangeError(`${hex(offset)}+${hex(len)} is outside register set ${rnumber} of ${dip.label}`);
  return base;
}
