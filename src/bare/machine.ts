/** A machine without a kernel of ours: harts, RAM and the devices of QEMU's virt machine a bare program needs. */
import { asPaddr, FitError, hex, PADDR_END, PAGESIZE, type Trace } from '../base/index.js';
import { Bus } from '../bus/index.js';
import { type EngineOptions, type Breakpoints, Hart, HartEngine, hartReserved, MAX_HARTS } from '../hart/index.js';
import { type BareElfImage, readBareElf } from '../../guest/index.js';
import { Clint } from './clint.js';
import { createFinisher } from './finisher.js';
import { Htif } from './htif.js';
import { CLINT_BASE, FINISHER_BASE, RAM_BASE, UART_BASE } from './memory-map.js';
import type { BareEnd, BareResult, BareRunOptions } from './result.js';
import { type BareDebugger, Turns } from './turns.js';
import { Uart } from './uart.js';

/** What a bare machine is made from. */
export interface BareMachineConfig {
  /** The program: an RV64 ELF file whose segments lie in RAM. */
  readonly program: Uint8Array;
  /** Bytes of RAM at 0x8000_0000, a multiple of 4096; default 128 MiB. */
  readonly memory?: number;
  /** 1 to MAX_HARTS; default 1. All begin at the program's entry, a0 their mhartid. */
  readonly harts?: number;
  /** Takes what the guest outputs through the UART and HTIF. */
  readonly output?: (bytes: Uint8Array) => void;
  /** The next byte of input, undefined while there is none; default: never any. */
  readonly input?: () => number | undefined;
  /** Misaligned loads and stores work (default) or trap. */
  readonly misaligned?: 'work' | 'trap';
  /** Who keeps the A and D bits at reset: page faults (svade, the default) or the hardware; programs change it with menvcfg.ADUE. */
  readonly ad?: 'svade' | 'svadu';
  /** How guest code is run; results are the same. */
  readonly engine?: Partial<Pick<EngineOptions, 'engine' | 'hotness'>>;
  readonly trace?: Trace;
}

const DEFAULT_MEMORY: number = 128 * 2 ** 20;
/** Instructions of a hart's turn where there are several. */
const TURN = 5000;
/** Instructions of a turn where there is one hart: how often `shouldStop` is asked. */
const LONE_TURN = 1 << 20;
const A0 = 10;

/** A bare machine. */
export class BareMachine {
  readonly bus: Bus;
  readonly harts: readonly Hart[];
  readonly clint: Clint;
  readonly uart: Uart;
  readonly image: BareElfImage;
  readonly #engine: HartEngine;
  readonly #htif: Htif | undefined;
  readonly #turns: Turns;
  #end: BareEnd | undefined = undefined;

  /** Made by createBareMachine. */
  constructor(config: BareMachineConfig) {
    const count = checkInteger('harts', config.harts ?? 1, 1, MAX_HARTS);
    this.image = readBareElf(config.program);
    this.bus = new Bus({ ramBase: RAM_BASE, ramSize: config.memory ?? DEFAULT_MEMORY, reserved: hartReserved(undefined, count), poolSize: 0 });
    this.#engine = new HartEngine(this.bus, config.engine);
    const output = config.output ?? ((): void => {});
    const input = config.input ?? ((): undefined => undefined);
    this.clint = new Clint({ harts: count, now: () => this.#engine.running?.now ?? this.#turns.now, raised: (hart) => this.#interruptSent(hart) });
    this.uart = new Uart({ send: (byte) => output(Uint8Array.of(byte)), receive: input });
    const finisher = createFinisher((end) => this.#finish(end));
    this.bus.attachRegisters({ name: 'clint', base: CLINT_BASE, size: this.clint.size, sizes: [4, 8], window: this.clint });
    this.bus.attachRegisters({ name: 'uart', base: UART_BASE, size: this.uart.size, sizes: [1], window: this.uart });
    this.bus.attachRegisters({ name: 'finisher', base: FINISHER_BASE, size: 0x1000, sizes: [2, 4], window: finisher });
    this.harts = Array.from({ length: count }, (_, id) => new Hart(this.#engine, {
      id, kernel: false, now: () => this.#turns.now, interrupts: this.clint, stopsStuck: true, pmp: true,
      ...(config.misaligned === undefined ? {} : { misaligned: config.misaligned }),
      ...(config.ad === undefined ? {} : { ad: config.ad }), ...(config.trace === undefined ? {} : { trace: config.trace }),
    }));
    this.#turns = new Turns(this.harts, count === 1 ? LONE_TURN : TURN);
    this.#load();
    this.#htif = this.#connect(output, input);
  }

  /** Where harts stop for a debugger. */
  get breakpoints(): Breakpoints {
    return this.#engine.breakpoints;
  }

  /** Who may hold and stop harts. */
  get debugger(): BareDebugger | undefined {
    return this.#turns.debugger;
  }
  set debugger(debug: BareDebugger | undefined) {
    this.#turns.debugger = debug;
  }

  /** Instructions retired by all harts. */
  get instructions(): number {
    return this.harts.reduce((sum, hart) => sum + hart.instret, 0);
  }

  /** Whether the program has a symbol `tohost`. */
  get hasHtif(): boolean {
    return this.#htif !== undefined;
  }

  /** The bytes between the symbols begin_signature and end_signature; undefined where the program lacks one, or they are not in RAM. */
  signature(): Uint8Array | undefined {
    const [begin, end] = [this.image.symbol('begin_signature'), this.image.symbol('end_signature')];
    if (begin === undefined || end === undefined || begin < this.bus.ramBase || end < begin || end > this.bus.ramBase + this.bus.ramSize) return undefined;
    const bytes = new Uint8Array(end - begin);
    return this.bus.read(asPaddr(begin), bytes) ? bytes : undefined;
  }

  /**
   * Runs until the guest ends the run or a bound is reached; a later call goes on. Where a run is cut changes nothing.
   * @throws RangeError for a bad bound
   */
  run(options: BareRunOptions = {}): BareResult {
    const limit = checkInteger('maxInstructions', options.maxInstructions ?? Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER);
    const turns = this.#turns;
    while (this.#end === undefined) {
      if (turns.steps >= limit) return { status: 'limit' };
      const { hart } = turns;
      const ended = turns.run(Math.min(limit, this.#htif?.deadline ?? Infinity) - turns.steps);
      this.#htif?.poll(turns.steps);
      // Whoever may run waits for somebody the debugger holds.
      const inVain = ended === 'asleep' && turns.debugger?.holding === true;
      if ((ended === 'stopped' || inVain) && this.#end === undefined) return { status: 'interrupted' };
      if (ended === 'asleep') this.#end ??= { status: 'asleep' };
      if (ended === 'stuck') this.#end ??= { status: 'stuck', hart: hart.id, pc: hart.pc };
      if (ended === 'round' && options.shouldStop?.() === true && this.#end === undefined) return { status: 'interrupted' };
    }
    return this.#end;
  }

  /** The guest ends the run with the instruction under way. */
  #finish(end: BareEnd): void {
    this.#end ??= end;
    if (this.#engine.running !== undefined) this.#turns.hart.endRun();
  }

  /** A hart that interrupts another ends its turn, so that the other takes the interrupt before it goes on. */
  #interruptSent(to: number): void {
    if (this.#engine.running !== undefined && this.#turns.hart.id !== to) this.#turns.cut();
  }

  #load(): void {
    const { segments, entry } = this.image;
    for (const { address, size, data } of segments) {
      if (address < this.bus.ramBase || address + size > this.bus.ramBase + this.bus.ramSize) {
        throw new FitError(`the program's segment [${hex(address)}, ${hex(address + size)}) lies outside RAM ${this.#ramText()}`);
      }
      this.bus.write(address, data);
    }
    if (this.bus.hostPage(Math.floor(entry / PAGESIZE)) === 0) throw new FitError(`the program's entry point ${hex(entry)} lies outside RAM ${this.#ramText()}`);
    for (const hart of this.harts) {
      hart.pc = entry;
      hart.setX(A0, BigInt(hart.id));
    }
  }

  #ramText(): string {
    return `[${hex(this.bus.ramBase)}, ${hex(this.bus.ramBase + this.bus.ramSize)})`;
  }

  #connect(output: (bytes: Uint8Array) => void, input: () => number | undefined): Htif | undefined {
    const [tohost, fromhost] = [this.image.symbol('tohost'), this.image.symbol('fromhost')];
    if (tohost === undefined) return undefined;
    for (const [name, place] of [['tohost', tohost], ['fromhost', fromhost]] as const) {
      if (place !== undefined && (place % 8 !== 0 || place >= PADDR_END || this.bus.regionAt(asPaddr(place))?.kind !== 'ram')) {
        throw new FitError(`the program's symbol ${name}, ${hex(place)}, is no aligned address in RAM`);
      }
    }
    const htif = new Htif(this.bus, { tohost: asPaddr(tohost), fromhost: fromhost === undefined ? undefined : asPaddr(fromhost) }, {
      write: output, read: input, exit: (code) => this.#finish({ status: 'exited', code }),
    });
    const { watch } = this.#engine;
    watch.onStore = (host, size) => {
      htif.stored(host - this.bus.ramHost + this.bus.ramBase, size);
      this.#turns.hart.endRun();
    };
    for (const place of [tohost, fromhost ?? tohost]) watch.observe(place - this.bus.ramBase + this.bus.ramHost);
    return htif;
  }
}

/**
 * Makes a bare machine and loads its program.
 * @throws ElfError when the program is no RV64 executable; FitError when it does not fit into RAM; RangeError when the configuration is not sound
 */
export const createBareMachine = (config: BareMachineConfig): BareMachine => new BareMachine(config);

function checkInteger(name: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) throw new RangeError(`${name}: an integer from ${min} to ${max}, got ${value}`);
  return value;
}
