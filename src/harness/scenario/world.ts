/** The machine a scenario plays in: address spaces, devices, cookies and marks by the names the script gives them. */
import { Trace } from '../../base/index.js';
import { DeviceTree } from '../../ddi/index.js';
import type { Dev } from '../../ddi/index.js';
import type { CallOutcome, Kgen } from '../../kernel/index.js';
import { Kernel } from '../../kernel/index.js';
import { segdev_init } from '../../segdev/index.js';
import type { DevmapHandle, DevmapPmemCookie, Quirks, SegdevMode, SegdevState, UmemCookie } from '../../segdev/index.js';
import type { As, FencePort } from '../../vm/index.js';
import { as_alloc, Vm } from '../../vm/index.js';
import { Failures } from './failures.js';
import { CHECKED_ASID_BITS, ScenarioHarts } from './harts.js';
import { ScenarioArena, ScenarioMemory, MEMORY_FRAMES } from './memory.js';
import { unmapNow } from './unmap-now.js';
import type { MockDevice } from './mock-device.js';
import type { CallbackSet } from './callback-set.js';

/** The switches of `option`. */
export interface ScenarioOptions {
  ncpus: number;
  pagesizes: number;
  trace_kmem: number;
  trace_sync: number;
  sig_intr: number;
  hat_split_panic: number;
  chgprot_i86pc: number;
  cache_sparc: number;
  assert_continue: number;
}

/** How a world is checked. */
export interface CheckOptions {
  /** Whether there are harts whose translations are checked. */
  readonly check?: boolean;
  /** What stands between the HAT and the harts: for tests of the check itself. */
  readonly fence?: (port: FencePort) => FencePort;
}

/** What every option is when the script says nothing. */
export const defaultOptions = (): ScenarioOptions => ({
  ncpus: 1, pagesizes: 3, trace_kmem: 0, trace_sync: 0, sig_intr: 0, hat_split_panic: 1, chgprot_i86pc: 0, cache_sparc: 0, assert_continue: 0,
});

/** A range that `softlock` locked. */
export interface Softlock {
  readonly as: As;
  readonly addr: number;
  readonly len: number;
}

/** Everything a script can name. */
export class ScenarioWorld {
  readonly mode: SegdevMode;
  readonly trace: Trace = new Trace();
  readonly kernel: Kernel;
  readonly vm: Vm;
  readonly tree: DeviceTree;
  readonly segdev: SegdevState;
  readonly arena: ScenarioArena;
  readonly failures: Failures;
  readonly options: ScenarioOptions;
  readonly spaces: Map<string, As> = new Map();
  readonly devices: Map<string, MockDevice> = new Map();
  readonly callbacks: Map<string, CallbackSet> = new Map();
  readonly cookies: Map<string, UmemCookie | DevmapPmemCookie> = new Map();
  /** Every cookie ever made, named or not. */
  readonly allCookies: Set<UmemCookie | DevmapPmemCookie> = new Set();
  /** Frames of locked memory. */
  readonly lockedFrames: number[] = [];
  readonly labels: Map<string, number> = new Map();
  readonly softlocks: Map<string, Softlock> = new Map();
  readonly handles: Map<number, DevmapHandle> = new Map();
  /** Memory page tables are in. */
  readonly memory: ScenarioMemory = new ScenarioMemory();
  /** The harts that check translations, if any do. */
  readonly harts: ScenarioHarts | undefined;
  /** Spaces whose name another one has taken. */
  readonly #nameless: As[] = [];
  /** Whether locks were taken that have no name: by `fault` and `load`, or under a name that was used again. */
  namelessLocks = false;
  /** Whether a segment was unmapped behind the back of its space, whose sizes nobody has corrected then. */
  rawUnmapped = false;
  /** Frames the kernel itself has. */
  readonly ownFrames: number;
  /** Private data handed out so far. */
  privateData = 0;

  constructor(mode: SegdevMode, quirks: Partial<Quirks>, options: ScenarioOptions, say: (line: string) => void, check: CheckOptions) {
    this.mode = mode;
    this.options = options;
    this.kernel = new Kernel({ trace: this.trace, ncpus: options.ncpus });
    this.failures = new Failures(say);
    const inject = (point: string): number => this.failures.strike(point);
    this.harts = check.check === true ? new ScenarioHarts(this.memory) : undefined;
    const fence: FencePort = this.harts ?? { fence: () => {} };
    const c = mode === 'illumos';
    this.vm = new Vm({
      kernel: this.kernel,
      memory: this.memory,
      fence: check.fence?.(fence) ?? fence,
      inject,
      asidBits: this.harts === undefined ? 16 : CHECKED_ASID_BITS,
      hatPolicy: {
        maxLevel: Math.min(Math.max(options.pagesizes, 1), 3) - 1 as 0 | 1 | 2,
        largePart: !c ? 'split' : options.hat_split_panic === 0 ? 'whole' : 'panic',
        chgprotSkipsDevice: c && options.chgprot_i86pc !== 0,
        promote: !c,
      },
      addressPolicy: { direction: 'upward', low: 0x1_0000_0000, high: 2 ** 38, redzone: 0 },
    });
    this.tree = new DeviceTree({ trace: this.trace });
    this.arena = new ScenarioArena(this.trace);
    this.arena.inject = inject;
    this.tree.inject = inject;
    this.segdev = segdev_init(this.vm, {
      mode, quirks, arena: this.arena, inject, unmap: unmapNow, pageSizes: options.pagesizes, cachedOnly: options.cache_sparc !== 0,
      assertions: options.assert_continue !== 0 ? 'continue' : 'panic', isMemory: (pfn) => pfn >= 0 && pfn < MEMORY_FRAMES,
    });
    this.ownFrames = this.vm.pages.used;
    this.nameSpace('A1', as_alloc(this.vm, 'A1'));
  }

  /** Gives a space its name; another one that had it lives on without. */
  nameSpace(name: string, as: As): void {
    const other = this.spaces.get(name);
    if (other !== undefined) this.#nameless.push(other);
    this.spaces.set(name, as);
  }

  /** All spaces that have not ended. */
  everySpace(): As[] {
    return [...this.spaces.values(), ...this.#nameless];
  }

  /** Forgets a space that has ended. */
  forgetSpace(as: As): void {
    for (const [name, other] of this.spaces) if (other === as) this.spaces.delete(name);
    const at = this.#nameless.indexOf(as);
    if (at >= 0) this.#nameless.splice(at, 1);
  }

  /** Runs kernel code to its end, as a thread that has a signal pending if the script says so. */
  run<T>(body: () => Kgen<T>): CallOutcome<T> {
    return this.kernel.tryUntilDone('scenario', body, { signalPending: () => this.options.sig_intr !== 0 });
  }

  /** Gives a cookie its name; one that had it can be named no more. */
  nameCookie(name: string, cookie: UmemCookie | DevmapPmemCookie): void {
    this.cookies.set(name, cookie);
    this.allCookies.add(cookie);
  }

  /** The name of a cookie; `-` for none. */
  cookieName(cookie: unknown): string {
    for (const [name, other] of this.cookies) if (other === cookie) return name;
    return '-';
  }

  /** The device a mock drives. */
  deviceOf(dev: Dev): MockDevice | undefined {
    return this.devices.get(dev.dip.label);
  }
}
