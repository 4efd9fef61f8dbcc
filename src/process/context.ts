/** Register files that are in no hart. */
import type { HartContext } from '../hart/index.js';

/** Makes `to` equal to `from`. */
export function copyContext(from: HartContext, to: HartContext): void {
  to.pc = from.pc;
  to.x.set(from.x);
  to.f.set(from.f);
  to.fcsr = from.fcsr;
}
