/** The summary of a run, for people. */
import type { EngineStatistics, FaultCount, MachineStatistics, TlbCount } from '../machine/index.js';

/** "1,234,567"; by hand, because the first use of Intl costs more than a small guest's whole run. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** "read 3, write 1", most frequent first, names breaking ties. */
function byName(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name, n]) => `${name} ${count(n)}`)
    .join(', ');
}

/** A total with its parts in brackets, left out where there is nothing. */
function total(counts: Readonly<Record<string, number>>): string {
  const n = sum(counts);
  return n === 0 ? '0' : `${count(n)} (${byName(counts)})`;
}

function faults(pageFaults: MachineStatistics['pageFaults']): string {
  const kinds: Record<string, number> = {};
  for (const [access, { absent, protection }] of Object.entries<FaultCount>(pageFaults)) {
    if (absent > 0) kinds[`${access} absent`] = absent;
    if (protection > 0) kinds[`${access} protection`] = protection;
  }
  return total(kinds);
}

const tlb = ({ hits, misses }: TlbCount): string =>
  `${count(hits)} hits, ${count(misses)} misses${hits + misses === 0 ? '' : ` (${((100 * misses) / (hits + misses)).toFixed(3)} %)`}`;

function regions({ instructions }: MachineStatistics, engine: EngineStatistics): string {
  const share = ((100 * engine.instructionsInRegions) / Math.max(1, instructions)).toFixed(1);
  return `${count(engine.regions)}, ${count(engine.compiledInstructions)} guest instructions compiled in ${engine.compileMilliseconds.toFixed(1)} ms, ${share} % of all executed there`;
}

/**
 * The summary as lines without newlines.
 * @param engine how guest code was run: it depends on the engine and on the clock
 * @param seconds wall time of the run
 */
export function summaryLines(statistics: MachineStatistics, engine: EngineStatistics, seconds: number): string[] {
  const mips = statistics.instructions / 1e6 / seconds;
  const rows: [string, string][] = [
    ['instructions', `${count(statistics.instructions)} in ${seconds.toFixed(3)} s (${mips.toFixed(1)} million/s)`],
    ['virtual time', `${(statistics.virtualNs / 1e6).toFixed(3)} ms`],
    ['system calls', total(statistics.syscalls)],
    ['page faults', faults(statistics.pageFaults)],
    ['segdev faults', count(statistics.segdevFaults)],
    ['driver callbacks', total(statistics.driverCallbacks)],
    ['PTEs loaded', Object.entries(statistics.ptesLoaded).map(([size, n]) => `${size} ${count(n)}`).join(', ')],
    ['data TLB', tlb(statistics.tlb.data)],
    ['instruction TLB', `${tlb(statistics.tlb.instruction)}, looked up on entering a page`],
  ];
  if (statistics.forks > 0) rows.push(['forks', count(statistics.forks)]);
  if (sum(statistics.signals) > 0) rows.push(['signals', total(statistics.signals)]);
  if (engine.compiledInstructions > 0) rows.push(['regions', regions(statistics, engine)]);
  for (const note of statistics.notes) rows.push(['note', note]);
  return rows.map(([name, value]) => `${name.padEnd(17)}${value}`);
}
