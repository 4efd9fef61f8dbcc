/** Whether a leaf allows an access: the U, R, W and X bits against privilege, SUM and MXR ("Virtual Address Translation Process", steps 6 and 8). */
import { EXEC, PRIV_U, READ, WRITE, type Access, type Priv } from './access.js';
import { FAIL_NONE, FAIL_NOT_EXECUTABLE, FAIL_NOT_READABLE, FAIL_NOT_WRITABLE, FAIL_SUPERVISOR_PAGE, FAIL_USER_PAGE } from './failure.js';
import { PTE_R, PTE_U, PTE_W, PTE_X } from './pte.js';

/**
 * Checks the U bit: user code needs it; supervisor code may load and store user pages under SUM, never fetch from them.
 * @returns FAIL_NONE, FAIL_SUPERVISOR_PAGE or FAIL_USER_PAGE
 */
export function checkUser(flags: number, access: Access, priv: Priv, sum: boolean): number {
  if (priv === PRIV_U) return (flags & PTE_U) !== 0 ? FAIL_NONE : FAIL_SUPERVISOR_PAGE;
  return (flags & PTE_U) === 0 || (sum && access !== EXEC) ? FAIL_NONE : FAIL_USER_PAGE;
}

/**
 * Checks R, W and X; MXR makes executable pages readable.
 * @returns FAIL_NONE, FAIL_NOT_READABLE, FAIL_NOT_WRITABLE or FAIL_NOT_EXECUTABLE
 */
export function checkKind(flags: number, access: Access, mxr: boolean): number {
  if (access === READ) return (flags & (mxr ? PTE_R | PTE_X : PTE_R)) !== 0 ? FAIL_NONE : FAIL_NOT_READABLE;
  if (access === WRITE) return (flags & PTE_W) !== 0 ? FAIL_NONE : FAIL_NOT_WRITABLE;
  return (flags & PTE_X) !== 0 ? FAIL_NONE : FAIL_NOT_EXECUTABLE;
}
