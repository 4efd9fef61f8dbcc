/** What a hart is told: what it is made from, and in return why it has stopped. */
import type { Trace } from '../base/index.js';
import type { TlbConfig } from '../../mmu/index.js';
import type { InterruptSource } from './interrupt-lines.js';

/** Why `run` returned. */
export const Exit = {
  /** The quantum is used up. */
  Quantum: 0,
  /** With a kernel: the instruction at pc trapped, `cause` and `tval` say how, and nothing has changed. */
  Trap: 1,
  /** Without a kernel: wfi has retired and no interrupt is pending. */
  Wait: 2,
  /** The instruction at pc has a breakpoint; it has not happened and nothing has changed. */
  Breakpoint: 3,
  /** The instruction at pc would touch a watchpoint, `touched`; it has not happened and nothing has changed. */
  Watchpoint: 4,
  /** With `stopsStuck`: the handler in machine mode cannot be fetched, so its fetch traps to itself for ever. */
  Stuck: 5,
} as const;
/** One of the reasons. */
export type Exit = (typeof Exit)[keyof typeof Exit];

/** What a hart is made from. */
export interface HartOptions {
  /** mhartid, and the hart's name in traces. */
  readonly id: number;
  /** Default: SEGDEV_TLB. */
  readonly tlb?: TlbConfig;
  /** Who keeps the A and D bits; default svade, by page faults. */
  readonly ad?: 'svade' | 'svadu';
  readonly trace?: Trace;
  /** false: every miss of the translation cache is answered by TypeScript; default true. It changes speed only. */
  readonly walkInGeneratedCode?: boolean;
  /** true: the hart runs user programs, and their traps leave `run`. false: it starts in machine mode and traps go to mtvec and stvec. */
  readonly kernel: boolean;
  /** Virtual time in nanoseconds when `run` was entered, for the time CSR; default: the instructions retired until then. */
  readonly now?: () => number;
  /** Devices that interrupt the hart, exact to the instruction; default: none. */
  readonly interrupts?: InterruptSource;
  /** Whether the hart has physical memory protection; default no. With it, modes below machine mode may do nothing until it is set up. */
  readonly pmp?: boolean;
  /** What a misaligned load or store does; default work. Atomics always trap. */
  readonly misaligned?: 'work' | 'trap';
  /** Whether a machine-mode handler that cannot be fetched ends `run`; default no. */
  readonly stopsStuck?: boolean;
}

/** Sees what a hart does, an instruction at a time. */
export interface HartObserver {
  /** The instruction at pc is about to be executed. */
  before(): void;
  /** It has been, and has retired; or it has not, because it trapped or has to be fetched first. */
  after(retired: boolean): void;
}
