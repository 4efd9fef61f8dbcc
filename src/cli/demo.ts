/** The demonstration: the bundled guest on a framebuffer and a register bank. */
import { join } from 'node:path';
import { packageRoot } from './package-root.js';
import { runProgram } from './run.js';
import { RUN_OPTIONS_HELP, type RunOptions } from './run-options.js';
import { UsageError } from './usage-error.js';

/** Where the demonstration leaves its picture, in the current directory. */
const PICTURE = 'segdev-demo.png';

/** What `segdev demo --help` prints. */
export const DEMO_HELP: string = `segdev demo [OPTIONS]

Runs the bundled guest: it maps /dev/fb0 and /dev/regs0, draws, lets the register bank fill a rectangle, unmaps the middle of its
framebuffer mapping, touches the hole and survives. The picture is written to ${PICTURE} unless --screenshot says otherwise.
${RUN_OPTIONS_HELP}
`;

/**
 * Runs the demonstration.
 * @returns the exit code, as runProgram does.
 * @throws UsageError for what the user got wrong.
 */
export async function runDemo(options: RunOptions): Promise<number> {
  if (options.positionals.length > 0) throw new UsageError(`demo takes no program, not "${options.positionals[0]}"; use segdev run`);
  const screenshot = options.screenshot ?? PICTURE;
  const devices = options.devices.length > 0 ? options.devices : ['framebuffer', 'regbank'];
  const code = await runProgram({ ...options, screenshot, devices, positionals: [join(packageRoot(), 'guest/images/demo.elf')] });
  if (!options.quiet) process.stderr.write(`picture          ${screenshot}\n`);
  return code;
}
