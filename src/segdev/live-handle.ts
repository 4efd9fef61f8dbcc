/** The way back from the cookie a driver hands in to the handle. */
import { KernelPanic } from '../base/index.js';
import type { DevmapCookie } from '../ddi/index.js';
import { DevmapHandle, handleText } from './devmap-handle.js';
import { cursegdev } from './state.js';

/**
 * The live handle behind `dhc`; undefined, and reported as rule AC11, when it is none or is gone. With the quirk
 * `staleHandleCrash` the kernel stops instead, as following the pointer would.
 */
export function liveHandle(dhc: DevmapCookie, routine: string): DevmapHandle | undefined {
  if (dhc instanceof DevmapHandle && !dhc.freed) return dhc;
  const state = dhc instanceof DevmapHandle ? dhc.state : cursegdev();
  const what = dhc instanceof DevmapHandle ? `${handleText(dhc)}, which is gone` : 'something that is no handle';
  if (state.quirks.staleHandleCrash) throw new KernelPanic('crash', `${routine} of ${what}`);
  state.finding('AC11', `${routine} of ${what}`);
  return undefined;
}
