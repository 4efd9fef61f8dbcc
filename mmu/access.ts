/** Kinds of access and the exception codes of a translation that fails (RISC-V Privileged: mcause, Table "Machine cause register values"). */

/** A load, or an LR. */
export const READ = 0;
/** A store, an SC or an AMO. */
export const WRITE = 1;
/** An instruction fetch. */
export const EXEC = 2;
/** What an access wants to do: {@link READ}, {@link WRITE} or {@link EXEC}. */
export type Access = 0 | 1 | 2;
/** Names of the kinds of access, by number. */
export const ACCESS_NAME: readonly ['load', 'store', 'fetch'] = ['load', 'store', 'fetch'];

/** User mode. */
export const PRIV_U = 0;
/** Supervisor mode. */
export const PRIV_S = 1;
/** Machine mode. */
export const PRIV_M = 3;
/** A privilege mode by its encoding. */
export type Priv = 0 | 1 | 3;

/** Instruction access fault. */
export const CAUSE_FETCH_ACCESS = 1;
/** Load access fault. */
export const CAUSE_LOAD_ACCESS = 5;
/** Store/AMO access fault. */
export const CAUSE_STORE_ACCESS = 7;
/** Instruction page fault. */
export const CAUSE_FETCH_PAGE = 12;
/** Load page fault. */
export const CAUSE_LOAD_PAGE = 13;
/** Store/AMO page fault. */
export const CAUSE_STORE_PAGE = 15;

/** The page-fault exception of an access: 13 load, 15 store, 12 fetch. */
export const pageFaultCause = (access: Access): number => (access === READ ? CAUSE_LOAD_PAGE : access === WRITE ? CAUSE_STORE_PAGE : CAUSE_FETCH_PAGE);
/** The access-fault exception of an access: 5 load, 7 store, 1 fetch. */
export const accessFaultCause = (access: Access): number => (access === READ ? CAUSE_LOAD_ACCESS : access === WRITE ? CAUSE_STORE_ACCESS : CAUSE_FETCH_ACCESS);
