/** What there is to say about a process that a signal ended. */
import { hex } from '../base/index.js';

/** One register in a death report. */
export interface RegisterValue {
  /** ABI name: "pc", "ra", "sp", ... "t6". */
  readonly name: string;
  /** The register as an unsigned 64-bit number. */
  readonly value: bigint;
}

/** A process ended by a signal: everything a person needs to see why. */
export interface GuestDeath {
  readonly pid: number;
  /** Name of the process: the program's path. */
  readonly process: string;
  /** Linux signal number; the shell's exit code is 128 plus this. */
  readonly signal: number;
  /** "SIGSEGV". */
  readonly signalName: string;
  /** Name of the si_code, "SEGV_MAPERR"; "SI_USER" where a process sent the signal. */
  readonly code: string;
  /** Address of the instruction, unsigned 64 bits. */
  readonly pc: bigint;
  /** "main+0x12"; undefined where no symbol covers the pc. */
  readonly symbol: string | undefined;
  /** "load", "store" or "fetch" where the signal is a fault of that access. */
  readonly access: 'load' | 'store' | 'fetch' | undefined;
  /** The address in si_addr, unsigned 64 bits: what was accessed, or with no `access` the instruction; undefined where the signal is not a fault. */
  readonly addr: bigint | undefined;
  /** The mapping that was hit, or the nearest ones; "" where the signal is not a fault. */
  readonly mapping: string;
  /** One sentence: why the kernel refused. */
  readonly reason: string;
  /** pc and x1..x31. */
  readonly registers: readonly RegisterValue[];
}

const COLUMNS = 4;

/** A death report as lines of text, without newlines. */
export function formatDeath(death: GuestDeath): string[] {
  const where = death.symbol === undefined ? '' : ` (${death.symbol})`;
  const lines = [`${death.process}[${death.pid}]: ${death.signalName} (${death.code}) at pc ${hex(death.pc)}${where}`];
  if (death.addr !== undefined && death.access !== undefined) lines.push(`  ${death.access} of address ${hex(death.addr)}`);
  if (death.mapping !== '') lines.push(...death.mapping.split('\n').map((line) => `  ${line}`));
  if (death.reason !== '') lines.push(`  ${death.reason}`);
  for (let i = 0; i < death.registers.length; i += COLUMNS) {
    const row = death.registers.slice(i, i + COLUMNS);
    lines.push(`  ${row.map(({ name, value }) => `${name.padStart(3)} ${value.toString(16).padStart(16, '0')}`).join('  ')}`);
  }
  return lines;
}
