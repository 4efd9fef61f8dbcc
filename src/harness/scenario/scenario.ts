/** A running scenario: the machine made so far and the trace printed so far. */
import type { DevmapAccess } from '../../ddi/index.js';
import type { CallOutcome, Kgen } from '../../kernel/index.js';
import type { DevmapPmemCookie, Quirks, SegdevMode } from '../../segdev/index.js';
import { DevmapHandle, UmemCookie } from '../../segdev/index.js';
import type { As } from '../../vm/index.js';
import { alignDown, KernelPanic, PAGESIZE } from '../../base/index.js';
import type { CallbackHost, CallbackSet, Owner } from './callback-set.js';
import type { DeviceHost } from './mock-device.js';
import { printer } from './printer.js';
import type { Line, Word } from './words.js';
import { parseNumber } from './words.js';
import { defaultOptions, ScenarioWorld } from './world.js';
import type { CheckOptions, ScenarioOptions } from './world.js';

/** Trace lines after which a scenario is taken to go on for ever; a rule of the language, also where C would come to an end. */
const LINE_LIMIT = 60_000;
/** Trace lines of one operation after which it is taken to go on for ever where nothing is compared: four for each page of a gigabyte. */
const OPERATION_LIMIT = 2 ** 20;

/** Why an operation could not start: what follows `= skip`. */
export class Skip {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

/** The kernel can never go on: what everybody waits for. */
export class ScenarioDeadlock extends Error {}

/** An operation that waits for a later one: what follows `= `. */
export class Blocked {}

/** One scenario on its way. */
export class Scenario implements CallbackHost, DeviceHost {
  readonly lines: string[] = [];
  readonly options: ScenarioOptions = defaultOptions();
  readonly owners: (Owner | undefined)[] = [undefined, undefined, undefined, undefined];
  readonly accessFunctions: readonly DevmapAccess[];
  readonly #mode: SegdevMode;
  readonly #quirks: Partial<Quirks>;
  readonly #check: CheckOptions;
  readonly #sets = new WeakMap<DevmapHandle, CallbackSet>();
  /** Lines before the present operation's. */
  #operation = 0;
  #world: ScenarioWorld | undefined = undefined;

  constructor(mode: SegdevMode, quirks: Partial<Quirks>, check: CheckOptions = {}) {
    this.#check = check;
    this.#mode = mode;
    this.#quirks = quirks;
    // Four functions that differ only in who they are: the framework tells softlocks and contexts apart by them.
    this.accessFunctions = [0, 1, 2, 3].map((): DevmapAccess => (cookie, pvtp, off, len, type, rw) => this.#access(cookie as DevmapHandle, pvtp, off, len, type, rw));
  }

  /** The machine; made when it is first needed, with the options given until then. */
  get world(): ScenarioWorld {
    if (this.#world === undefined) {
      const { options } = this;
      this.#world = new ScenarioWorld(this.#mode, this.#quirks, options, (line) => this.say(line), this.#check);
      this.#world.trace.listen(printer((line) => this.say(line), {
        kmem: options.trace_kmem !== 0, signals: options.sig_intr !== 0, findings: this.#mode === 'fixed',
      }));
    }
    return this.#world;
  }

  /** Whether the machine exists already. */
  get started(): boolean {
    return this.#world !== undefined;
  }

  /** @throws KernelPanic of kind `hang` when the trace grows without end */
  say(line: string): void {
    this.lines.push(line);
    if (line.startsWith('> ')) this.#operation = this.lines.length;
    const endless = this.#mode === 'illumos' ? this.lines.length > LINE_LIMIT : this.lines.length - this.#operation > OPERATION_LIMIT;
    if (endless) throw new KernelPanic('hang', 'lines');
  }

  /** Runs kernel code to its end. @throws KernelPanic, ScenarioDeadlock */
  run<T>(body: () => Kgen<T>): T {
    const outcome: CallOutcome<T> = this.world.run(body);
    if (outcome.status === 'done') return outcome.value;
    if (outcome.status === 'panic') throw outcome.panic;
    if (this.#mode === 'illumos') throw new ScenarioDeadlock(outcome.report.text);
    throw new Blocked();
  }

  /** Lets operations that wait in vain be ended by a signal, as those of a process that exits are. */
  interruptWaiters(): void {
    for (const thread of this.world.kernel.threads) thread.interrupt();
    this.settle();
  }

  /** Lets everybody run until nobody can. @throws KernelPanic */
  settle(): void {
    const outcome = this.world.kernel.run();
    if (outcome.status === 'panic') throw outcome.panic;
  }

  newPrivateData(): string {
    return `p${++this.world.privateData}`;
  }

  cookie(name: string): UmemCookie | DevmapPmemCookie | undefined {
    return this.world.cookies.get(name);
  }

  callbackSet(name: string): CallbackSet | undefined {
    return this.world.callbacks.get(name);
  }

  frameOf(name: string, off: number): number {
    const cookie = this.cookie(name);
    return cookie instanceof UmemCookie ? this.world.arena.pfn(alignDown(cookie.cvaddr + off, PAGESIZE)) : -1;
  }

  /** Whether a live handle maps the memory of a cookie. */
  mapped(cookie: UmemCookie | DevmapPmemCookie): boolean {
    for (const dhp of this.world.handles.values()) if (!dhp.freed && (dhp.cookie === cookie || dhp.pcookie === cookie)) return true;
    return false;
  }

  /** Remembers which set a handle was set up with. */
  belongs(dhp: DevmapHandle, set: CallbackSet): void {
    this.#sets.set(dhp, set);
  }

  setOf(dhp: DevmapHandle): CallbackSet | undefined {
    const known = this.#sets.get(dhp);
    if (known !== undefined) return known;
    const name = this.world.deviceOf(dhp.dev)?.chunkAt(dhp.uoff)?.cb;
    return name === undefined ? undefined : this.callbackSet(name);
  }

  *#access(dhp: DevmapHandle, pvtp: unknown, off: number, len: number, type: number, rw: number): Kgen<number> {
    const set = this.setOf(dhp);
    return set === undefined ? 0 : yield* set.accessed(dhp, pvtp, off, len, type, rw);
  }

  /** The space a word names. @throws Skip */
  space(word: Word): As {
    const as = this.world.spaces.get(word.text);
    if (as === undefined) throw new Skip('no space');
    return as;
  }

  /** The address a word names: numbers and labels, added. @throws Skip when a label was never mapped */
  address(line: Line, word: Word): number {
    let sum = 0;
    for (const part of word.text.split('+')) {
      const value = parseNumber(part) ?? this.world.labels.get(part);
      if (value === undefined) {
        if (!/^[A-Za-z_]\w*$/.test(part)) line.fail(`expected an address, got ${word.text}`, word);
        throw new Skip('undefined');
      }
      sum += value;
    }
    return sum;
  }

  /** The live handle a word names. @throws Skip */
  handle(line: Line, word: Word): DevmapHandle {
    if (!/^h\d+$/.test(word.text)) line.fail(`expected a handle (h1, h2, ...), got ${word.text}`, word);
    const dhp = this.world.handles.get(Number(word.text.slice(1)));
    if (dhp === undefined || dhp.freed) throw new Skip('no handle');
    return dhp;
  }

  /** Learns the numbers of the handles that exist now. */
  learnHandles(): void {
    for (const as of this.world.everySpace()) {
      for (const seg of as.segs) {
        const first: unknown = (seg.data as { devmap_data?: unknown } | undefined)?.devmap_data;
        for (let dhp = first instanceof DevmapHandle ? first : undefined; dhp !== undefined; dhp = dhp.next) this.world.handles.set(dhp.id, dhp);
      }
    }
  }

  /** The last line: what is alive. */
  live(): string {
    const { live, slist, ctxlist } = this.world.segdev;
    return `live handle=${live.handle} segdata=${live.segdata} vpage=${live.vpage} softlock=${slist.length} ctx=${ctxlist.length} cookie=${live.cookie}`;
  }
}
