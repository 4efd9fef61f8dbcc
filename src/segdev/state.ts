/** What segdev keeps for one machine: mode, the lists of softlocks and contexts, counts, and where findings go. */
import type { Pfn, Trace } from '../base/index.js';
import { KernelPanic } from '../base/index.js';
import type { FaultInjector } from '../ddi/index.js';
import type { KernelServices, Kgen } from '../kernel/index.js';
import { curkernel } from '../kernel/index.js';
import type { As } from '../vm/index.js';
import { as_unmap } from '../vm/index.js';
import type { DevmapCtx } from './ctx-list.js';
import type { Quirks, SegdevMode } from './quirks.js';
import { quirksOf } from './quirks.js';
import type { DevmapSoftlock } from './softlock.js';
import type { UmemArena } from './umem-arena.js';

/** Ends every mapping of a range: 0, or -1 when that failed. */
export type UnmapRange = (as: As, addr: number, len: number) => Kgen<number>;

/** How segdev is set up. */
export interface SegdevOptions {
  /** `fixed` unless said otherwise. */
  readonly mode?: SegdevMode | undefined;
  /** Single quirks switched against the mode. */
  readonly quirks?: Partial<Quirks> | undefined;
  /** What a failed assertion of the C text does: stop the kernel (default), or be noted and passed over as in a kernel built without assertions. */
  readonly assertions?: 'panic' | 'continue' | undefined;
  /** Page sizes that may be used, 1..3 (4K; and 2M; and 1G). */
  readonly pageSizes?: number | undefined;
  /** Whether a frame is memory rather than a device. */
  readonly isMemory?: ((pfn: Pfn) => boolean) | undefined;
  /** The platform supports only cached memory attributes. */
  readonly cachedOnly?: boolean | undefined;
  /** Kernel memory for ddi_umem_alloc; none means every allocation fails. */
  readonly arena?: UmemArena | undefined;
  /** Ends what MAP_FIXED replaces; as_unmap unless a harness must not sleep there. */
  readonly unmap?: UnmapRange | undefined;
  /** Strikes programmed failures (points: kmem, vmem, segkp, segkpfault, upgrade). */
  readonly inject?: FaultInjector | undefined;
}

/** Objects alive, for leak checks. */
export interface SegdevLive {
  handle: number;
  segdata: number;
  vpage: number;
  cookie: number;
}

/** segdev's state in one kernel. */
export class SegdevState {
  readonly trace: Trace;
  readonly kernel: KernelServices;
  readonly mode: SegdevMode;
  readonly quirks: Quirks;
  assertions: 'panic' | 'continue';
  pageSizes: number;
  /** Whether a frame is memory rather than a device (pf_is_memory). */
  isMemory: (pfn: Pfn) => boolean;
  cachedOnly: boolean;
  readonly arena: UmemArena | undefined;
  inject: FaultInjector;
  readonly unmap: UnmapRange;
  /** devmap_slist. */
  readonly slist: DevmapSoftlock[] = [];
  /** devmapctx_list. */
  readonly ctxlist: DevmapCtx[] = [];
  readonly live: SegdevLive = { handle: 0, segdata: 0, vpage: 0, cookie: 0 };
  #handles = 0;
  readonly #names = new Map<unknown, string>();

  constructor(kernel: KernelServices, o: SegdevOptions = {}) {
    this.kernel = kernel;
    this.trace = kernel.trace;
    this.mode = o.mode ?? 'fixed';
    this.quirks = quirksOf(this.mode, o.quirks);
    this.assertions = o.assertions ?? 'panic';
    this.pageSizes = o.pageSizes ?? 3;
    this.isMemory = o.isMemory ?? (() => false);
    this.cachedOnly = o.cachedOnly ?? false;
    this.arena = o.arena;
    this.inject = o.inject ?? (() => 0);
    this.unmap = o.unmap ?? as_unmap;
  }

  /** Counts a new handle and answers its number. */
  newHandle(): number {
    this.live.handle++;
    this.kmem('kmem_alloc', 'handle', 200);
    return ++this.#handles;
  }

  /** Traces that `n` bytes of the named structure were allocated or freed; sizes are those of a 64-bit illumos. */
  kmem(kind: 'kmem_alloc' | 'kmem_free', what: string, n: number): void {
    if (this.trace.on) this.trace.emit(kind, { what, n });
  }

  /** Counts per-page protections that are gone. */
  freedVpage(vpage: Uint8Array | undefined): void {
    if (vpage === undefined) return;
    this.live.vpage--;
    this.kmem('kmem_free', 'vpage', 2 * vpage.length);
  }

  /** Reports that a rule of the driver contract was broken. */
  finding(rule: string, what: string): void {
    if (this.trace.on) this.trace.emit('finding', { rule, what });
  }

  /**
   * The ASSERT at a line of the C text.
   * @throws KernelPanic when `condition` is false and assertions stop the kernel
   */
  assert(condition: boolean, line: number, text: string): void {
    if (condition) return;
    if (this.assertions === 'panic') throw new KernelPanic('assert', `${text}, line ${line}`);
    this.finding('ASSERT', `${text} ${line}`);
  }

  /** What a trace calls a driver's private data: its own name if it is a string, else `p1`, `p2`, ... as they are first seen. */
  pvtText(pvtp: unknown): string {
    if (pvtp === null || pvtp === undefined) return '-';
    if (typeof pvtp === 'string' || typeof pvtp === 'number') return String(pvtp);
    let name = this.#names.get(pvtp);
    if (name === undefined) this.#names.set(pvtp, (name = `p${this.#names.size + 1}`));
    return name;
  }
}

const states = new WeakMap<KernelServices, SegdevState>();

/** Sets segdev up in a kernel; once, before the first mapping. Machines use segdev_init, which brings kernel memory along. */
export function makeSegdev(kernel: KernelServices, options: SegdevOptions = {}): SegdevState {
  if (states.has(kernel)) throw new TypeError('segdev_init: this kernel has segdev already');
  const state = new SegdevState(kernel, options);
  states.set(kernel, state);
  return state;
}

/** The segdev of a kernel; set up in mode `fixed` without kernel memory if nobody did. */
export function segdevOf(kernel: KernelServices): SegdevState {
  return states.get(kernel) ?? makeSegdev(kernel);
}

/** The segdev of the running kernel. */
export const cursegdev = (): SegdevState => segdevOf(curkernel());

/** The value behind a pointer that C would follow without looking. @throws KernelPanic when it is null */
export function deref<T>(pointer: T | undefined | null, what: string): T {
  if (pointer === undefined || pointer === null) throw new KernelPanic('crash', `null pointer: ${what}`);
  return pointer;
}
