/** A mistake in an assembly source, with its place; the only error `assemble` throws for a source. */
export class AssemblerError extends Error {
  /** What is wrong, without the place. */
  readonly what: string;
  /** Line of the source, from 1. */
  readonly line: number;
  /** Column in the line, from 1. */
  readonly column: number;

  /** @param source name of the source, as the message prints it: `source:line:column: what` */
  constructor(source: string, what: string, line: number, column: number) {
    super(`${source}:${line}:${column}: ${what}`);
    this.name = 'AssemblerError';
    this.what = what;
    this.line = line;
    this.column = column;
  }
}

/** A place in the source. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A mistake found where the source's name is not known; `assemble` turns it into an AssemblerError. */
export class Mistake extends Error {
  readonly place: Place;

  constructor(what: string, place: Place) {
    super(what);
    this.place = place;
  }
}
