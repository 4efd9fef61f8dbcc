/** The way back from the address space a driver hands in. */
import type { DdiAsHandle } from '../ddi/index.js';
import { As } from '../vm/index.js';

/** The address space behind a driver's ddi_as_handle_t. @throws TypeError when it is none */
export function asOf(as: DdiAsHandle): As {
  if (!(as instanceof As)) throw new TypeError('as: not an address space');
  return as;
}
