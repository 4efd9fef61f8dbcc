/** Programmed failures: `fail POINT` makes the next calls of a kernel routine fail. */
interface Programmed {
  after: number;
  count: number;
  readonly err: number;
}

/** Failure points a script can program. */
export const FAILURE_POINTS = [
  'kmem', 'vmem', 'segkp', 'segkpfault', 'addmap', 'acchdl', 'ddimap', 'upgrade', 'mapfault', 'mapcheck', 'segalloc', 'choose',
] as const;

/** The failures that wait to strike. */
export class Failures {
  readonly #points = new Map<string, Programmed>();
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Lets `count` calls of `point` fail with `err`, after `after` calls that do not. */
  program(point: string, after: number, count: number, err: number): void {
    this.#points.set(point, { after, count, err });
  }

  /** Asked at each point: 0, or the errno to fail with. */
  strike(point: string): number {
    const programmed = this.#points.get(point);
    if (programmed === undefined || programmed.count <= 0) return 0;
    if (programmed.after > 0) {
      programmed.after--;
      return 0;
    }
    programmed.count--;
    this.#say(`  inject ${point}`);
    return programmed.err;
  }
}
