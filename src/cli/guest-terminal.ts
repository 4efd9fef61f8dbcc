/** Which of the standard streams of a guest are a terminal. */
import type * as NodeTty from 'node:tty';
import type { MachineConfig } from '../machine/index.js';
import { fs } from './host.js';

/** Size of a terminal that does not say. */
const [ROWS, COLUMNS] = [24, 80];

/** Major number of /dev/null and its kin on Linux. */
const MEM_MAJOR = 1;

/** Whether a descriptor may be a terminal: asking Node itself costs a tenth of the start of a small program. */
function maybeTerminal(fd: number): boolean {
  try {
    const stat = fs.fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev >> 8 !== MEM_MAJOR;
  } catch {
    return false;
  }
}

/** The terminal of this process, where it has one. */
export function guestTerminal(): Pick<MachineConfig, 'terminal'> {
  if (![0, 1, 2].some(maybeTerminal)) return {};
  const tty: typeof NodeTty = process.getBuiltinModule('node:tty');
  const streams = [tty.isatty(0), tty.isatty(1), tty.isatty(2)] as const;
  if (!streams.includes(true)) return {};
  const sized = streams[1] ? process.stdout : streams[2] ? process.stderr : undefined;
  const onMode = (lines: boolean): void => {
    if (streams[0]) process.stdin.setRawMode(!lines);
  };
  return { terminal: { streams, onMode, rows: sized?.rows ?? ROWS, columns: sized?.columns ?? COLUMNS } };
}
