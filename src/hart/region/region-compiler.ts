/** The compiler of regions in the engine's hands: plans regions and writes their functions, in whichever form it is. */
import { HarnessBug } from '../../base/index.js';
import { PAGE_BYTES } from './compiler/code-copies.js';
import { type Core, type Form, formHere, type Host } from './compiler-forms.js';
import { stampOf } from './glue-emitter.js';
import { type Bounds, Plan } from './plan.js';
import type { AskedCache } from './stamp-emitter.js';
import { packedTraits } from './traits.js';

/** What a plan is made from. */
export interface Code extends Pick<Host, 'pageAt' | 'staysOpen'> {
  /** Marks in a copy of a decoded page what belongs to other regions: see code-copies.ts. */
  mark(page: number, copy: Uint16Array): void;
}

/** Plans and writes the regions of one machine. */
export class RegionCompiler {
  readonly #u8: Uint8Array;
  readonly #form: () => Form;
  #cache: AskedCache;
  #code: Code | undefined;
  #core: Core | undefined;
  #plan: Plan | undefined;

  /**
   * @param u8 the memory decoded pages lie in
   * @param cache the translation cache functions ask
   * @param form asked for when a region is planned first
   */
  constructor(u8: Uint8Array, cache: AskedCache, form: () => Form = formHere) {
    this.#u8 = u8;
    this.#cache = cache;
    this.#form = form;
  }

  /** Whether functions know the place of the translation cache. */
  get knowsCache(): boolean {
    return this.#cache.at !== 0;
  }

  /** From now on functions do not know the place of the translation cache. */
  forgetCache(): void {
    this.#cache = { ...this.#cache, at: 0 };
    this.#core?.clearStamps();
  }

  /** Plans a region from relative addresses. */
  plan(starts: readonly number[], code: Code, bounds: Bounds): Plan {
    const core = (this.#core ??= this.#form()(this.#host(), this.#cache));
    this.#code = code;
    core.reserve(starts.length);
    core.words().set(starts);
    core.planRegion(starts.length, bounds.instructions, bounds.pages);
    return (this.#plan = new Plan(core.words()));
  }

  /** The body of the function of a plan, the last one: locals and code. Without `windows`, windows of registers are not asked for. */
  write(plan: Plan, slot: number, windows: boolean): Uint8Array<ArrayBuffer> {
    if (plan !== this.#plan) throw new HarnessBug('another region has been planned since', { slot });
    const core = this.#core!;
    const length = core.writeFunction(slot, windows);
    if (length === 0) throw new HarnessBug('a block has more instructions than a way out can count', { slot });
    return core.body(length);
  }

  #host(): Host {
    return {
      pageAt: (distance) => this.#code!.pageAt(distance),
      copyPage: (page, copy) => this.#copyPage(page, this.#core!.pageCopy(copy)),
      staysOpen: (page) => this.#code!.staysOpen(page),
      traitsOf: packedTraits,
      make: (kind, variant) => this.#make(kind, variant),
    };
  }

  #copyPage(page: number, copy: Uint8Array): void {
    copy.set(this.#u8.subarray(page, page + PAGE_BYTES));
    this.#code!.mark(page, new Uint16Array(copy.buffer, copy.byteOffset, PAGE_BYTES / 2));
  }

  #make(kind: number, variant: number): void {
    const core = this.#core!;
    const stamp = stampOf(kind, variant, this.#cache);
    core.words().set(stamp);
    core.take(0, 1);
  }
}
