/** menvcfg and senvcfg: what a mode lets the modes below it do. [RISC-V privileged ISA, Machine Environment Configuration Register] */
import type { WalkOptions } from '../../mmu/index.js';
import { Access } from './access.js';

const FIOM = 1n;
const CBIE = 3n << 4n;
/** cbo.inval is a flush. */
const CBIE_FLUSH = 1n << 4n;
const CBIE_RESERVED = 2n << 4n;
const CBCFE = 1n << 6n;
const CBZE = 1n << 7n;
const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;
const SENVCFG: bigint = FIOM | CBIE | CBCFE | CBZE;
const MENVCFG: bigint = SENVCFG | ADUE | PBMTE;

/** The two registers of one hart. Fences order all of memory whatever FIOM says. */
export class EnvironmentConfig {
  #machine = 0n;
  #supervisor = 0n;
  readonly #walks: WalkOptions;
  readonly #changed: () => void;

  /**
   * @param walks what ADUE and PBMTE switch; they begin as these options are
   * @param changed called after one of the two has changed
   */
  constructor(walks: WalkOptions, changed: () => void) {
    this.#walks = walks;
    this.#changed = changed;
    this.#machine = (walks.hardwareAd ? ADUE : 0n) | (walks.svpbmt ? PBMTE : 0n);
  }

  /** menvcfg; a write keeps the fields there are, and switches ADUE and PBMTE in the walks. */
  get menvcfg(): bigint {
    return this.#machine;
  }
  set menvcfg(value: bigint) {
    const before = this.#machine;
    this.#machine = legal(value, before) & MENVCFG;
    if (((before ^ this.#machine) & (ADUE | PBMTE)) === 0n) return;
    this.#walks.hardwareAd = (this.#machine & ADUE) !== 0n;
    this.#walks.svpbmt = (this.#machine & PBMTE) !== 0n;
    this.#changed();
  }

  /** senvcfg; a write keeps the fields there are. */
  get senvcfg(): bigint {
    return this.#supervisor;
  }
  set senvcfg(value: bigint) {
    this.#supervisor = legal(value, this.#supervisor) & SENVCFG;
  }

  /** Lets every mode execute cache-block instructions, as a kernel does for its programs. */
  permitAll(): void {
    this.menvcfg |= CBIE_FLUSH | CBCFE | CBZE;
    this.senvcfg |= CBIE_FLUSH | CBCFE | CBZE;
  }

  /** Whether a mode may execute the cache-block instruction of an Access; where not, it is illegal. */
  allows(access: number, mode: 0 | 1 | 3): boolean {
    const bits = access === Access.Invalidate ? CBIE_FLUSH : access === Access.Zero ? CBZE : CBCFE;
    // CBIE 01 and 11 both allow cbo.inval; what it invalidates is no cache of ours.
    if (mode < 3 && (this.#machine & bits) === 0n) return false;
    return mode > 0 || (this.#supervisor & bits) !== 0n;
  }
}

/** CBIE 2 is reserved: the field keeps what it had. */
const legal = (value: bigint, before: bigint): bigint => ((value & CBIE) === CBIE_RESERVED ? (value & ~CBIE) | (before & CBIE) : value);
