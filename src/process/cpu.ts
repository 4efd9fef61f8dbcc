/** The processors: harts, whose registers and address space they hold, and the fences they are sent. */
import { PAGESIZE } from '../base/index.js';
import type { Vaddr } from '../base/index.js';
import { Kcondvar, Kmutex, cv_signal, cv_wait, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { Hart, HartContext } from '../hart/index.js';
import { ALL_ASIDS } from '../vm/index.js';
import type { FencePort, Hat } from '../vm/index.js';

/** Whoever's registers may be in a hart. */
export interface Resident {
  /** The registers while they are in no hart. */
  readonly context: HartContext;
}

/** One hart and what is in it. */
export class Cpu {
  readonly hart: Hart;
  /** Whose registers the hart holds; they are saved when another's are needed, not before. */
  loaded: Resident | undefined = undefined;
  /** The thread that uses this processor. */
  holder: Resident | undefined = undefined;
  #hat: Hat | undefined = undefined;
  #asid = -1;
  readonly #asids = new Set<number>();

  constructor(hart: Hart) {
    this.hart = hart;
  }

  /** Puts the registers of `resident` into the hart. */
  load(resident: Resident): void {
    if (this.loaded === resident) return;
    this.unload();
    this.hart.loadContext(resident.context);
    this.loaded = resident;
  }

  /** Takes whatever registers are in the hart out of it. */
  unload(): void {
    if (this.loaded !== undefined) this.hart.saveContext(this.loaded.context);
    this.loaded = undefined;
  }

  /** Forgets the registers in the hart: their owner has ended or got new ones. */
  discard(resident: Resident): void {
    if (this.loaded === resident) this.loaded = undefined;
  }

  /** Makes the hart translate through `hat`. */
  use(hat: Hat): void {
    const { asid } = hat;
    if (this.#hat === hat && this.#asid === asid) return;
    this.#hat = hat;
    this.#asid = asid;
    this.#asids.add(asid);
    this.hart.setSatp(asid, hat.rootPfn);
  }

  /** Drops translations of `asid` ({@link ALL_ASIDS}: of all), if it ever ran here: of all addresses, or of [va, va + len). */
  fence(asid: number, va: Vaddr | undefined, len: number): void {
    if (asid === ALL_ASIDS) {
      this.#asids.clear();
      this.#hat = undefined;
      this.hart.sfenceVma(undefined, undefined);
      return;
    }
    if (!this.#asids.has(asid)) return;
    if (va === undefined) {
      this.hart.sfenceVma(undefined, asid);
      if (asid !== this.#asid) this.#asids.delete(asid);
    } else {
      this.hart.mmu.fenceRange(va, len, asid);
      this.hart.translationChanged();
    }
  }
}

/** More pages than this are fenced with one sfence.vma of the whole address space. */
const FENCE_PAGES = 64;

/** All processors of a machine. */
export class CpuPool implements FencePort {
  readonly cpus: readonly Cpu[];
  readonly #lock = new Kmutex('cpu pool');
  readonly #freed = new Kcondvar('a free hart');

  constructor(harts: readonly Hart[]) {
    this.cpus = harts.map((hart) => new Cpu(hart));
  }

  /** Sends sfence.vma to every hart that has run `asid`; `va` undefined = all of the address space. */
  fence(asid: number, va: Vaddr | undefined, len: number): void {
    const whole = len > FENCE_PAGES * PAGESIZE;
    for (const cpu of this.cpus) cpu.fence(asid, whole ? undefined : va, len);
  }

  /** Whether somebody waits for a processor. */
  get wanted(): boolean {
    return this.#freed.waiters.length > 0;
  }

  /** Takes a processor for `resident`, the one it used last where that is free; sleeps while none is. */
  *take(resident: Resident, last: Cpu | undefined): Kgen<Cpu> {
    const free = this.#claim(resident, last);
    if (free !== undefined) return free;
    yield* mutex_enter(this.#lock);
    // Nobody can give one back between this look and the sleep; the wait for the lock was long enough for that.
    let cpu = this.#claim(resident, last);
    for (; cpu === undefined; cpu = this.#claim(resident, last)) yield* cv_wait(this.#freed, this.#lock);
    mutex_exit(this.#lock);
    return cpu;
  }

  #claim(resident: Resident, last: Cpu | undefined): Cpu | undefined {
    const free = last !== undefined && last.holder === undefined ? last : this.cpus.find((cpu) => cpu.holder === undefined);
    if (free !== undefined) free.holder = resident;
    return free;
  }

  /** Gives a processor back; the registers stay in the hart until somebody else needs it. */
  give(cpu: Cpu): void {
    cpu.holder = undefined;
    cv_signal(this.#freed);
  }
}
