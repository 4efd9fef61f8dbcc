/** What a process may use at most, getrlimit(2). Most are there to be asked; those of this kernel itself cannot be raised. */
import { OPEN_MAX } from './file-table.js';
import { STACK_SIZE } from './layout.js';
import { SIGQUEUE_MAX } from './signal-queue.js';

/** RLIM_INFINITY. */
export const NO_LIMIT: bigint = 2n ** 64n - 1n;

/** A soft and a hard limit. */
export interface Limit {
  readonly soft: bigint;
  readonly hard: bigint;
  /** The hard limit is this kernel's own. */
  readonly fixed?: boolean;
}

const none: Limit = { soft: NO_LIMIT, hard: NO_LIMIT };
const own = (n: number): Limit => ({ soft: BigInt(n), hard: BigInt(n), fixed: true });

/** Processes, and threads, a machine may have at a time. */
export const MAXPROC = 4096;

/**
 * Limits by resource number: CPU, FSIZE, DATA, STACK, CORE, RSS, NPROC, NOFILE, MEMLOCK, AS, LOCKS, SIGPENDING, MSGQUEUE, NICE, RTPRIO,
 * RTTIME (asm-generic/resource.h).
 */
export const LIMITS: readonly Limit[] = [
  none, none, none, { soft: BigInt(STACK_SIZE), hard: NO_LIMIT }, { soft: 0n, hard: NO_LIMIT }, none, own(MAXPROC), own(OPEN_MAX),
  none, none, none, own(SIGQUEUE_MAX), { soft: 819_200n, hard: 819_200n }, { soft: 0n, hard: 0n }, { soft: 0n, hard: 0n }, none,
];
