/** The guest programs that are timed, with arguments that make each run some tenths of a second. */

/** One timed program. */
export interface Workload {
  readonly name: string;
  /** Image in guest/images, without its ending. */
  readonly program: string;
  readonly args: readonly string[];
  /** Integer code is held to the goal of 120 million instructions a second; the others are bound by memory. */
  readonly kind: 'integer' | 'memory';
}

export const WORKLOADS: readonly Workload[] = [
  { name: 'fib (recursion)', program: 'fib', args: ['35'], kind: 'integer' },
  { name: 'sieve 4 M', program: 'sieve', args: ['4000000', '4'], kind: 'integer' },
  { name: 'sha256 8 MiB', program: 'sha256', args: ['8192'], kind: 'integer' },
  { name: 'fill 8 MiB', program: 'fill', args: ['8', '24'], kind: 'memory' },
  { name: 'chase 64 MiB', program: 'chase', args: ['64', '1000000'], kind: 'memory' },
  { name: 'update 64 MiB', program: 'update', args: ['64', '2000000'], kind: 'memory' },
];
