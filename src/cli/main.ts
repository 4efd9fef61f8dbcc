/** The command line with all its commands. */
import { endWith, print, wantsHelp } from './command.js';
import { runDemo, DEMO_HELP } from './demo.js';
import { listDevices } from './devices.js';
import { packageVersion } from './package-root.js';
import { run } from './run-command.js';
import { parseRunOptions } from './run-options.js';
import { UsageError } from './usage-error.js';

const HELP = `segdev: RISC-V guests on mapped devices, through the illumos device segment driver

  segdev run PROGRAM [ARGS...]   run a static RV64 Linux program
  segdev demo                    run the bundled demonstration
  segdev devices                 list the devices that can be attached
  segdev bare PROGRAM            run a bare-metal program in machine mode
  segdev conformance FOLDER      run every bare-metal test program of a folder and say which pass
  segdev scenario FILE|FOLDER    run a script of kernel operations and print its trace; compare a folder of them
  segdev quirks                  list where seg_dev.c and the contract part ways
  segdev --version               print the version
  segdev COMMAND --help          what a command takes
`;

const DEVICES_HELP = `segdev devices

Lists the device types for --device with their options. The first framebuffer is /dev/fb0, the first register bank /dev/regs0, and so on.
`;

/** Refuses arguments where a command takes none. */
function noArguments(name: string, [first]: readonly string[]): void {
  if (first?.startsWith('-') === true) throw new UsageError(`unknown option ${first}`);
  if (first !== undefined) throw new UsageError(`${name} takes no arguments, not "${first}"`);
}

async function demo(args: readonly string[]): Promise<number> {
  const options = parseRunOptions(args);
  return options.help ? print(DEMO_HELP) : runDemo(options);
}

function devices(args: readonly string[]): number {
  if (wantsHelp(args)) return print(DEVICES_HELP);
  noArguments('devices', args);
  return print(listDevices());
}

async function quirks(args: readonly string[]): Promise<number> {
  const { QUIRKS_HELP, quirksPage } = await import('./quirks.js');
  if (wantsHelp(args)) return print(QUIRKS_HELP);
  noArguments('quirks', args);
  return print(quirksPage());
}

/** Loaded on demand: the driver kit is no part of running a program. */
async function scenario(args: readonly string[]): Promise<number> {
  const { runScenarioCommand } = await import('./scenario.js');
  return runScenarioCommand(args);
}

async function bare(args: readonly string[]): Promise<number> {
  const { runBareCommand } = await import('./bare.js');
  return runBareCommand(args);
}

async function conformance(args: readonly string[]): Promise<number> {
  const { runConformanceCommand } = await import('./conformance.js');
  return runConformanceCommand(args);
}

async function command(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  switch (name) {
    case 'run': return run(rest);
    case 'demo': return demo(rest);
    case 'devices': return devices(rest);
    case 'quirks': return quirks(rest);
    case 'bare': return bare(rest);
    case 'conformance': return conformance(rest);
    case 'scenario': return scenario(rest);
    case '--version': return print(`segdev ${packageVersion()}`);
    case undefined: case 'help': case '--help': case '-h': return print(HELP);
    default: throw new UsageError(name.startsWith('-') ? `unknown option ${name}; try segdev --help` : `unknown command "${name}"; try segdev --help`);
  }
}

/** Does what the arguments (those behind the program's name) ask for and sets the exit code. */
export const main = (args: readonly string[]): Promise<void> => endWith(command(args));
