/**
 * Whose turn it is to run. All turns of a round begin at the same virtual time, an instruction takes a nanosecond, and a round
 * takes as long as its longest turn; where all harts wait, time goes on to the next interrupt that wakes one.
 */
import { Exit, type Hart } from '../hart/index.js';

/** How a piece of a turn ended: `asleep` where all harts wait for interrupts that cannot come, `stuck` as Exit.Stuck, `stopped` by the debugger. */
export type TurnEnd = 'ran' | 'round' | 'asleep' | 'stuck' | 'stopped';

/** Who may hold and stop harts. */
export interface BareDebugger {
  /** Instructions and traps a hart may take in one go; 0: it is held. */
  most(hart: Hart): number;
  /** A hart has run until `exit`; true: the machine's run shall end here. */
  ran(hart: Hart, exit: Exit): boolean;
  /** Whether some hart is held, so that others may wait for it in vain. */
  readonly holding: boolean;
}

/** The turns of the harts of one machine. */
export class Turns {
  /** Virtual time in nanoseconds at which the run under way began. */
  now = 0;
  /** Instructions retired and traps taken so far. */
  steps = 0;
  debugger: BareDebugger | undefined = undefined;
  readonly #harts: readonly Hart[];
  readonly #length: number;
  readonly #waiting: boolean[];
  #next = 0;
  /** What is left of the turn, in instructions. */
  #left: number;
  #roundStart = 0;
  #roundEnd = 0;
  #anybodyRan = false;

  /** `length`: instructions of a turn. */
  constructor(harts: readonly Hart[], length: number) {
    this.#harts = harts;
    this.#length = this.#left = length;
    this.#waiting = harts.map(() => false);
  }

  /** The hart whose turn it is. */
  get hart(): Hart {
    return this.#harts[this.#next]!;
  }

  /** Ends the turn after the instruction under way; called in an access. */
  cut(): void {
    this.hart.endRun();
    this.#left = 0;
  }

  /** Runs at most `limit` steps of the present turn, fewer where something has ended the hart's run. */
  run(limit: number): TurnEnd {
    const { hart } = this;
    const most = this.debugger?.most(hart) ?? Infinity;
    if (most === 0) return this.#turnOver();
    if (this.#waiting[this.#next] === true && !this.#wake(hart)) return this.#turnOver();
    this.#anybodyRan = true;
    const given = Math.min(this.#left, limit, most);
    const retired = hart.instret;
    const exit = hart.run(given);
    const used = given - hart.quantumLeft;
    this.steps += used;
    this.now += hart.instret - retired;
    this.#left = Math.max(0, this.#left - used);
    if (exit === Exit.Stuck) return 'stuck';
    this.#waiting[this.#next] = exit === Exit.Wait;
    const stopped = this.debugger?.ran(hart, exit) ?? false;
    const end = exit === Exit.Wait || this.#left === 0 ? this.#turnOver() : 'ran';
    return stopped ? 'stopped' : end;
  }

  /** Whether a waiting hart wakes in its turn, which then begins when it does. */
  #wake(hart: Hart): boolean {
    const at = hart.lines.wakeTime(this.now);
    if (at >= this.#roundStart + this.#length) return false;
    this.#left -= at - this.now;
    this.now = at;
    return true;
  }

  #turnOver(): TurnEnd {
    this.#roundEnd = Math.max(this.#roundEnd, this.now);
    this.#next++;
    if (this.#next === this.#harts.length) {
      const time = this.#anybodyRan ? this.#roundEnd : Math.min(...this.#harts.map((hart) => hart.lines.wakeTime(this.#roundStart)));
      this.#next = 0;
      this.#anybodyRan = false;
      if (time === Infinity) return 'asleep';
      this.#roundStart = this.#roundEnd = time;
    }
    this.now = this.#roundStart;
    this.#left = this.#length;
    return this.#next === 0 ? 'round' : 'ran';
  }
}
