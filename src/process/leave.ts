/** Giving up what processes may share: address spaces (vfork(2)) and descriptor tables (CLONE_FILES). */
import { cv_broadcast } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { as_free } from '../vm/index.js';
import type { Proc } from './proc.js';

/** Leaves the address space, which goes with its last user (relvm); a parent that has lent it runs again. */
export function* leaveMemory(proc: Proc): Kgen<void> {
  const { as } = proc;
  as.users--;
  if (as.users === 0) yield* as_free(as);
  if (!proc.borrows) return;
  proc.borrows = false;
  cv_broadcast(proc.memoryBack);
}

/** Leaves the descriptor table; the last process that has it closes everything. */
export function* leaveFiles(proc: Proc): Kgen<void> {
  const { files } = proc;
  files.users--;
  if (files.users === 0) yield* files.closeAll();
}
