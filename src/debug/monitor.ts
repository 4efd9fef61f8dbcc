/** Monitor commands: words of a line, and what each command answers. */

/** A monitor command. */
export interface MonitorCommand<Context> {
  /** Arguments as help shows them; "" for none. */
  readonly usage: string;
  readonly help: string;
  /** Returns lines of output. */
  run(context: Context, args: readonly string[]): string;
}

/** A number as a user types it: decimal, or hexadecimal behind 0x; undefined for anything else. */
export function parseMonitorNumber(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(0x[0-9a-f]{1,16}|[0-9]{1,19})$/i.test(text) ? BigInt(text) : undefined;
}

/** Does a line. An unknown command is answered with what there is; nothing is an exception. */
export function doMonitorCommand<Context>(commands: Readonly<Record<string, MonitorCommand<Context>>>, context: Context, line: string): string {
  const [name = 'help', ...args] = line.trim().split(/\s+/).filter((word) => word !== '');
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const output = command?.run(context, args);
  return `${output ?? `${name === 'help' ? '' : `no monitor command "${name}"\n`}${helpText(commands)}`}\n`;
}

function helpText(commands: Readonly<Record<string, MonitorCommand<never>>>): string {
  const rows = Object.entries(commands).map(([name, { usage, help }]) => [usage === '' ? name : `${name} ${usage}`, help] as const);
  const width = Math.max(...rows.map(([left]) => left.length));
  return ['help'.padEnd(width + 2) + 'this text', 'why'.padEnd(width + 2) + 'why the last memory access was refused', ...rows.map(([left, help]) => left.padEnd(width + 2) + help)].map((row) => `monitor ${row}`).join('\n');
}
