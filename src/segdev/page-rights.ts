/** Which rights a page of a device mapping has, and which an access needs. */
import { PROT_EXEC, PROT_READ, PROT_WRITE, S_EXEC, S_READ, S_WRITE } from '../vm/index.js';
import type { DevmapHandle } from './devmap-handle.js';

/** The rights of which an access needs at least one; unknown accesses are content with any. */
export function protchk(rw: number): number {
  switch (rw) {
    case S_READ: return PROT_READ;
    case S_WRITE: return PROT_WRITE;
    case S_EXEC: return PROT_EXEC;
    default: return PROT_READ | PROT_WRITE | PROT_EXEC;
  }
}

/** The rights a page gets: the mapping's, within what the handle allows now. */
export const rightsOf = (dhp: DevmapHandle | undefined, prot: number): number =>
  dhp === undefined || dhp.state.quirks.remapKeepsProt ? prot : prot & dhp.maxprot;
