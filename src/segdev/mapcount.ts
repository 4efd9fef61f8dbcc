/** Telling the special file system how many pages of a device are mapped (VOP_ADDMAP, VOP_DELMAP). */
import { errnoName } from '../base/index.js';
import type { Snode } from '../ddi/index.js';
import { protText, spec_addmap, spec_delmap } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import type { SegdevData } from './segdev-data.js';

/** VOP_ADDMAP of a segment's device: counts its pages. */
export function addmap(sdp: SegdevData, as: As, va: number, len: number): number {
  const snode: Snode = sdp.vp;
  const error = spec_addmap(snode, len);
  const { trace } = sdp.state;
  if (trace.on) {
    trace.emit('addmap', {
      dev: snode.dev.label, as: as.name, off: sdp.offset, va, len, prot: protText(sdp.prot), maxprot: protText(sdp.maxprot),
      type: sdp.type, result: error === 0 ? '0' : errnoName(error), mapcnt: snode.mapcnt,
    });
  }
  return error;
}

/** VOP_DELMAP of a part of a segment: the last page of a closed device answers the close(9E) that is due. */
export function delmap(sdp: SegdevData, as: As, off: number, va: number, len: number): Kgen<void> | undefined {
  const snode: Snode = sdp.vp;
  const closing = spec_delmap(snode, len);
  const { trace } = sdp.state;
  if (trace.on) {
    trace.emit('delmap', {
      dev: snode.dev.label, as: as.name, off, va, len, prot: protText(sdp.prot), maxprot: protText(sdp.maxprot), type: sdp.type,
      mapcnt: snode.mapcnt,
    });
  }
  return closing;
}
