/** How a run of a bare machine is asked for and how it ends. */

/** How long to run. */
export interface BareRunOptions {
  /** Stop when this many instructions have been executed and traps taken since the machine was made; exact. Default: no bound. */
  readonly maxInstructions?: number;
  /** Asked at least every million instructions; true stops the run. */
  readonly shouldStop?: () => boolean;
}

/** What the guest has done to end the run, after which it does not go on. */
export type BareEnd =
  /** It has said so, through HTIF or the finisher. */
  | { readonly status: 'exited'; readonly code: number }
  /** It has asked for a reset. */
  | { readonly status: 'reset' }
  /** A machine-mode trap handler cannot be fetched. */
  | { readonly status: 'stuck'; readonly hart: number; readonly pc: number }
  /** All harts wait for interrupts that cannot come. */
  | { readonly status: 'asleep' };

/** Why `run` returned; after `limit` and `interrupted` the run can go on. */
export type BareResult = BareEnd | { readonly status: 'limit' } | { readonly status: 'interrupted' };
