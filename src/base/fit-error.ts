/** What does not fit, as a value that callers can tell from a mistake of our own. */

/** A program, a device or a size that does not fit the machine: what was asked for is wrong. The message is one line that says what and where. */
export class FitError extends RangeError {
  constructor(message: string) {
    super(message);
    this.name = 'FitError';
  }
}
