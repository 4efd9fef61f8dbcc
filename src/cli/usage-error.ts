/** A mistake in what the user typed or named: printed as one line, exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** Exit codes of the command line. A guest that dies of a signal exits 128 + signal, one that exits keeps its own code. */
export const EXIT_USAGE = 2;
/** The instruction limit ended the run. */
export const EXIT_LIMIT = 124;
/** Ctrl-C ended the run, as a shell reports SIGINT. */
export const EXIT_INTERRUPTED = 130;
/** A debugger ended the run, as a shell reports SIGKILL. */
export const EXIT_KILLED = 137;
/** The emulated kernel stopped: panic or deadlock. */
export const EXIT_KERNEL = 70;
