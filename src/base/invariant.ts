/** Failures that are nobody's guest's fault: our own bugs, and what would have stopped a real kernel. */

/** A broken invariant of this program: carries what is needed to find and replay it. Never thrown for a guest's or a user's mistake. */
export class HarnessBug extends Error {
  /** Named facts: addresses, segment, replay token. */
  readonly facts: Readonly<Record<string, string | number>>;

  constructor(what: string, facts: Readonly<Record<string, string | number>> = {}) {
    const detail = Object.entries(facts).map(([name, value]) => `${name}=${value}`).join(' ');
    super(detail === '' ? what : `${what} (${detail})`);
    this.name = 'HarnessBug';
    this.facts = facts;
  }
}

/** How a real kernel would have stopped. */
export type PanicKind = 'panic' | 'assert' | 'crash' | 'hang';

/**
 * What would crash or stop a real kernel. Thrown inside the emulated kernel, caught at its edge and reported as a
 * result; never an error of this program.
 */
export class KernelPanic extends Error {
  readonly kind: PanicKind;

  constructor(kind: PanicKind, what: string) {
    super(what);
    this.name = 'KernelPanic';
    this.kind = kind;
  }
}

/**
 * Throws HarnessBug unless `condition` holds.
 * @throws HarnessBug
 */
export function invariant(condition: boolean, what: string, facts?: Readonly<Record<string, string | number>>): asserts condition {
  if (!condition) throw new HarnessBug(what, facts);
}
