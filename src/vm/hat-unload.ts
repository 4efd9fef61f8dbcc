/** Removing translations and their locks. */
import { PAGESIZE } from '../base/index.js';
import type { Hat } from './hat.js';
import { HAT_UNLOAD_UNLOCK } from './hat-constants.js';
import { removeLeaf, walkRange } from './hat-walk.js';
import { LEVEL_PAGES } from './page-table.js';
import type { PageTable } from './page-table.js';

/** What an unload removed. */
interface Removed {
  bytes: number;
  /** Whether translations went that were still locked. */
  locked: boolean;
}

/** Removes the leaves of [from, to) page numbers without a fence; `unlock` takes one lock off each first. */
export function removeLeaves(hat: Hat, from: number, to: number, unlock: boolean): Removed {
  const removed: Removed = { bytes: 0, locked: false };
  walkRange(hat, from, to, {
    name: 'unload',
    visit: (table: PageTable, slot: number, vpn: number) => {
      if (table.locks(slot) > (unlock ? 1 : 0)) removed.locked = true;
      removeLeaf(hat, table, slot, vpn);
      removed.bytes += LEVEL_PAGES[table.level] * PAGESIZE;
    },
  });
  return removed;
}

/**
 * Removes the translations of `len` bytes at `addr` (hat_unload). Large pages that reach out of the range are split, or go whole, as
 * the policy says. One fence for all of it; none when nothing was there.
 * @param flags HAT_UNLOAD_*; HAT_UNLOAD_UNLOCK expects locked translations. Others that are locked lose their locks,
 * which `hat-gone` reports.
 */
export function hat_unload(hat: Hat, addr: number, len: number, flags: number): void {
  const { trace } = hat.services.kernel;
  if (trace.on) trace.emit('hat_unload', { as: hat.name, va: addr, len, flags });
  const from = Math.floor(addr / PAGESIZE);
  const removed = removeLeaves(hat, from, Math.ceil((addr + len) / PAGESIZE), (flags & HAT_UNLOAD_UNLOCK) !== 0);
  hat.flush();
  if (trace.on && removed.bytes > 0) trace.emit('hat-gone', { bytes: removed.bytes, locked: removed.locked ? 'locked' : '' });
}

/**
 * Takes one lock off every translation of the range (hat_unlock); absent ones are passed over, and one without a lock is noted as
 * `unlock-underflow`. No access changes, so nothing is fenced unless a large page had to be split.
 */
export function hat_unlock(hat: Hat, addr: number, len: number): void {
  const { trace } = hat.services.kernel;
  if (trace.on) trace.emit('hat_unlock', { as: hat.name, va: addr, len });
  const from = Math.floor(addr / PAGESIZE);
  walkRange(hat, from, Math.ceil((addr + len) / PAGESIZE), {
    name: 'unlock',
    wanted: (table, slot) => {
      if (table.locks(slot) > 0) return true;
      if (trace.on) trace.emit('hat-note', { what: 'unlock-underflow', va: addr });
      return false;
    },
    visit: (table, slot) => table.setLocks(slot, table.locks(slot) - 1),
  });
  hat.flush();
}
