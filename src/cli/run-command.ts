/** The command `run`. */
import { print } from './command.js';
import { runProgram } from './run.js';
import { RUN_OPTIONS_HELP, parseRunOptions } from './run-options.js';

const RUN_HELP = `segdev run PROGRAM [ARGS...] [OPTIONS]

Runs a static RV64 Linux ELF program. Its output is standard output; a summary follows on standard error.
Arguments of the guest that begin with a dash go behind --.
${RUN_OPTIONS_HELP}

Exit code: the guest's own; 128 + signal when it dies of one; 124 at the instruction limit; 130 after Ctrl-C; 70 when the emulated kernel
stopped (panic, deadlock); 2 for a mistake in the command or an output that cannot be written.
`;

/** Does what the arguments behind `run` ask for and answers the exit code. @throws UsageError for what the user got wrong */
export async function run(args: readonly string[]): Promise<number> {
  const options = parseRunOptions(args);
  return options.help ? print(RUN_HELP) : runProgram(options);
}
