/** Where things lie in a user address space: from the top the return trampoline, the stack, mappings; from below program, heap. */
import { PAGESIZE, USER_END } from '../base/index.js';

/** The page that holds the instructions a signal handler returns to; the last page of user space. */
export const TRAMPOLINE: number = USER_END - PAGESIZE;
/** First address above the stack. */
export const STACK_TOP: number = USER_END - 2 ** 16;
/** Bytes of stack, reserved whole and backed on touch. */
export const STACK_SIZE: number = 8 * 2 ** 20;
/** Lowest stack address. */
export const STACK_BASE: number = STACK_TOP - STACK_SIZE;
/** `li a7, 139; ecall`: rt_sigreturn, what `ra` points to when a handler starts (Linux keeps it in the vDSO). */
export const TRAMPOLINE_CODE: readonly number[] = [0x08b00893, 0x00000073];
