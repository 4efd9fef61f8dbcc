/** What a driver's devmap_access answer means as a fault code. */
import { FC_CODE, FC_HWERR, FC_MAKE_ERR, FC_NOSUPPORT, FC_OBJERR } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';
import { handleText } from './devmap-handle.js';

/**
 * The fault code for a devmap_access(9E) answer other than 0: fault codes are what devmap_load and devmap_do_ctxmgt
 * answer and pass unchanged; -1 is a hardware error (FC_HWERR); any other number is taken for an errno. The last two
 * are reported, rule AC04.
 */
export function accessFaultcode(dhp: DevmapHandle, answer: number): number {
  if (Number.isInteger(answer) && answer >= FC_HWERR && answer <= FC_NOSUPPORT && answer !== FC_OBJERR) return answer;
  if (answer > 0xff && FC_CODE(answer) === FC_OBJERR) return answer;
  dhp.state.finding('AC04', `devmap_access of ${handleText(dhp)} answered ${answer}, which is not a fault code`);
  return Number.isInteger(answer) && answer > 0 && answer <= 0xff ? FC_MAKE_ERR(answer) : FC_HWERR;
}
