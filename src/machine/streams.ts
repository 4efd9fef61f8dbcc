/** The standard streams of a machine. */
import { ConsoleInput, Terminal, outputFile } from '../process/index.js';
import type { FileOps } from '../process/index.js';
import type { MachineConfig } from './config.js';

/** Standard input, output and error. */
export interface Streams {
  readonly input: ConsoleInput;
  readonly output: FileOps;
  readonly error: FileOps;
}

/** Makes the streams of a configuration. */
export function makeStreams(config: Pick<MachineConfig, 'stdin' | 'stdout' | 'stderr' | 'terminal'>): Streams {
  const terminal = config.terminal === undefined ? undefined : new Terminal(config.terminal);
  const of = (n: 0 | 1 | 2): Terminal | undefined => (config.terminal?.streams[n] === true ? terminal : undefined);
  return {
    input: new ConsoleInput(config.stdin ?? ((): Uint8Array => new Uint8Array(0)), of(0)),
    output: outputFile(config.stdout ?? ((): void => {}), of(1)),
    error: outputFile(config.stderr ?? ((): void => {}), of(2)),
  };
}
