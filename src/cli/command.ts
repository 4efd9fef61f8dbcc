/** What commands have in common: a text printed, and an end, which for mistakes is one line and exit code 2. */
import { EXIT_USAGE, UsageError } from './usage-error.js';

/** Whether the arguments ask for help; for commands that take nothing else. */
export const wantsHelp = (args: readonly string[]): boolean => args.includes('--help') || args.includes('-h');

/** Prints a text and answers exit code 0. */
export function print(text: string): number {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}

/** Sets the exit code to what a command ends with. */
export async function endWith(command: Promise<number>): Promise<void> {
  try {
    process.exitCode = await command;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`segdev: ${error.message}\n`);
    process.exitCode = EXIT_USAGE;
  }
}
