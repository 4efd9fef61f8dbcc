/** The command line with nothing but `run`, for starts that must be short: see launch.ts. */
import { endWith } from './command.js';
import { run } from './run-command.js';

/** Does what the arguments, the first of which is `run`, ask for and sets the exit code. */
export const main = ([, ...args]: readonly string[]): Promise<void> => endWith(run(args));
