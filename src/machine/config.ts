/** What a machine is made of. */
import type { Trace } from '../base/index.js';
import type { Hardware } from '../bus/index.js';
import type { Driver } from '../ddi/index.js';
import type { EngineOptions } from '../hart/index.js';
import type { HostFiles, TerminalConfig } from '../process/index.js';
import type { SegdevOptions } from '../segdev/index.js';
import type { AddressPolicy, HatPolicy } from '../vm/index.js';
import type { TlbConfig } from '../../mmu/index.js';

/** One device: its hardware, its driver, and its name under /dev. */
export interface DeviceConfig {
  /** Name under /dev, "fb0"; unique in a machine. */
  readonly path: string;
  /** The model of the device. */
  readonly hardware: Hardware;
  /** Attached to it when the machine is made. */
  readonly driver: Driver;
}

/** Everything `createMachine` may be told; all of it has defaults. */
export interface MachineConfig {
  /** Attached in this order; default none. */
  readonly devices?: readonly DeviceConfig[];
  /** Bytes of RAM, a multiple of 4096; default 256 MiB. */
  readonly ramSize?: number;
  /** Bytes that may back device memory, taken page by page on first touch; the bus's default where absent. */
  readonly poolSize?: number;
  /** Number of harts, 1..16; default 1. */
  readonly harts?: number;
  /** The modelled TLB; the default one slows nothing down. */
  readonly tlb?: TlbConfig;
  /** Entries of each hart's translation cache, a power of two from 2^15 to 2^20; default 2^15. It changes speed only, never a result or a count. */
  readonly translationCache?: number;
  /** Who sets the A and D bits: page faults ("svade", the default) or the walker ("svadu"). The kernel sets both beforehand. */
  readonly ad?: 'svade' | 'svadu';
  /** Mode, quirks and limits of segdev; default: mode fixed. */
  readonly segdev?: Pick<SegdevOptions, 'mode' | 'quirks' | 'assertions' | 'pageSizes' | 'cachedOnly'>;
  /** What the HAT does where it has a choice. */
  readonly hatPolicy?: Partial<HatPolicy>;
  /** Where mmap looks for room. */
  readonly addressPolicy?: Partial<AddressPolicy>;
  /** Makes every lock operation of the kernel a scheduling choice; default false. */
  readonly preemptive?: boolean;
  /** Instructions a thread runs before another one gets its turn; default 100000. */
  readonly quantum?: number;
  /** Seed of everything random a guest may see (AT_RANDOM); default 1. */
  readonly seed?: number;
  /** Scheduler choice: one integer in [0, options) a call; default round robin. */
  readonly choose?: (options: number) => number;
  /** How guest code is run, and when it is hot; default: hot code is compiled. It changes speed only, never a result or a count. */
  readonly engine?: Pick<EngineOptions, 'engine' | 'hotness' | 'clock' | 'tiers'>;
  readonly trace?: Trace;
  /**
   * Bytes for the guest's standard input, at most `max`; an empty array is end of file, undefined: nothing to read now, and the reader
   * sleeps until `Machine.stdinReady`. Default: always at its end.
   */
  readonly stdin?: (max: number) => Uint8Array | undefined;
  /** Receives the guest's standard output; the array is the callee's to keep. */
  readonly stdout?: (bytes: Uint8Array) => void;
  /** Receives the guest's standard error. */
  readonly stderr?: (bytes: Uint8Array) => void;
  /** Which of standard input, output and error are a terminal, and its size in characters; default: none. */
  readonly terminal?: TerminalConfig & { readonly streams: readonly [boolean, boolean, boolean] };
  /**
   * A directory of the host that is the root of the guest's names, and the bytes the guest may add to it (default 1 GiB). Default: there is
   * nothing but /dev and /proc.
   */
  readonly root?: { readonly files: HostFiles; readonly space?: number };
}
