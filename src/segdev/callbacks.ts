/** Calls into the driver, each with its pair of trace events; nothing else in this room calls a driver. */
import { errnoName, KernelPanic } from '../base/index.js';
import type { Dev, DevmapContextmgt, Ref } from '../ddi/index.js';
import { accessRwText, accessTypeText, cbOps, DDI_MODEL_LP64 } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { isKgen, settle } from '../kernel/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { handleText } from './devmap-handle.js';

const result = (value: number): string => (value === 0 ? '0' : value > 0 ? errnoName(value) : String(value));

/** cdev_devmap: asks the driver's devmap(9E) to set up `dhp` for [off, off+len). */
export function* cdev_devmap(dev: Dev, dhp: DevmapHandle, off: number, len: number, maplen: Ref<number>): Kgen<number> {
  const entry = cbOps(dev).devmap;
  if (entry === undefined) throw new KernelPanic('crash', `null pointer: devmap(9E) of ${dev.label}`);
  dev.dip.tree.called('devmap');
  const answer = entry(dev, dhp, off, len, maplen, DDI_MODEL_LP64);
  const error = isKgen(answer) ? yield* answer : answer;
  const { trace } = dhp.state;
  if (trace.on) trace.emit('drv.devmap', { dev: dev.label, handle: handleText(dhp), off, len, maplen: maplen.value, result: result(error) });
  return error;
}

/** devmap_map(9E): 0 when the driver has none. */
export function* callMap(dhp: DevmapHandle, flags: number, off: number): Kgen<number> {
  const { map } = dhp.callbackops;
  if (map === undefined) return 0;
  dhp.dev.dip.tree.called('devmap_map');
  const error = yield* settle(map(dhp, dhp.dev, flags, off, dhp.len, dhp.pvtp));
  const { trace } = dhp.state;
  if (trace.on) {
    const pvt = dhp.state.pvtText(dhp.pvtp.value);
    trace.emit('drv.map', { handle: handleText(dhp), off, len: dhp.len, flags, pvt, result: result(error) });
  }
  return error;
}

/** devmap_access(9E) of a handle that has it: the driver's answer as it is. */
export function* callAccess(dhp: DevmapHandle, off: number, len: number, type: number, rw: number): Kgen<number> {
  const { trace } = dhp.state;
  const { access } = dhp.callbackops;
  if (access === undefined) throw new KernelPanic('crash', 'null pointer: devmap_access');
  if (trace.on) {
    trace.emit('drv.access.enter', {
      handle: handleText(dhp), pvt: dhp.state.pvtText(dhp.pvtp.value), off, len, type: accessTypeText(type), rw: accessRwText(rw),
    });
  }
  dhp.dev.dip.tree.called('devmap_access');
  const answer = access(dhp, dhp.pvtp.value, off, len, type, rw);
  const code = isKgen(answer) ? yield* answer : answer;
  if (trace.on) trace.emit('drv.access.leave', { handle: handleText(dhp), result: String(code) });
  return code;
}

/** devmap_contextmgt(9E). */
export function* callContextmgt(ctxmgt: DevmapContextmgt, dhp: DevmapHandle, off: number, len: number, type: number, rw: number): Kgen<number> {
  const { trace } = dhp.state;
  if (trace.on) {
    trace.emit('drv.ctx.enter', {
      handle: handleText(dhp), pvt: dhp.state.pvtText(dhp.pvtp.value), off, len, type: accessTypeText(type), rw: accessRwText(rw),
    });
  }
  dhp.dev.dip.tree.called('devmap_contextmgt');
  const code = yield* settle(ctxmgt(dhp, dhp.pvtp.value, off, len, type, rw));
  if (trace.on) trace.emit('drv.ctx.leave', { handle: handleText(dhp), result: String(code) });
  return code;
}

/** devmap_dup(9E): 0 when the driver has none, and then both handles share the private data. */
export function* callDup(dhp: DevmapHandle, newdhp: DevmapHandle): Kgen<number> {
  const { dup } = newdhp.callbackops;
  const { state } = dhp;
  if (dup === undefined) {
    if (dhp.pvtp.value !== null && dhp.pvtp.value !== undefined) {
      state.finding('CB03', `${handleText(newdhp)} shares the private data of ${handleText(dhp)}: the driver has no devmap_dup`);
    }
    return 0;
  }
  dhp.dev.dip.tree.called('devmap_dup');
  const error = yield* settle(dup(dhp, dhp.pvtp.value, newdhp, newdhp.pvtp));
  if (state.trace.on) {
    state.trace.emit('drv.dup', {
      handle: handleText(dhp), pvt: state.pvtText(dhp.pvtp.value), new: handleText(newdhp), newpvt: state.pvtText(newdhp.pvtp.value),
      result: result(error),
    });
  }
  return error;
}

/**
 * devmap_unmap(9E) for [off, off+len) of `dhp`, of which `new1` keeps what lies before and `new2` what lies behind.
 * Nothing happens when the driver has none.
 */
export function* callUnmap(dhp: DevmapHandle, off: number, len: number, new1: DevmapHandle | null, new2: DevmapHandle | null): Kgen<void> {
  const { unmap } = dhp.callbackops;
  if (unmap === undefined) return;
  const { state } = dhp;
  dhp.dev.dip.tree.called('devmap_unmap');
  const pvt = state.trace.on ? state.pvtText(dhp.pvtp.value) : '';
  yield* settle(unmap(dhp, dhp.pvtp.value, off, len, new1, new1?.pvtp ?? null, new2, new2?.pvtp ?? null));
  if (state.trace.on) {
    state.trace.emit('drv.unmap', {
      handle: handleText(dhp), pvt, off, len, new1: handleText(new1), pvt1: state.pvtText(new1?.pvtp.value),
      new2: handleText(new2), pvt2: state.pvtText(new2?.pvtp.value),
    });
  }
}
