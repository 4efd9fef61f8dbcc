/** The guest programs that are timed, with arguments that make each run about half a second or more under QEMU. */

/** One timed program. */
export interface Workload {
  readonly name: string;
  /** Image in guest/images, without its ending. */
  readonly program: string;
  readonly args: readonly string[];
  /** Integer code is held to the interpreter's goal of 120 million instructions a second, floating point to 40; the others are bound by memory. */
  readonly kind: 'integer' | 'memory' | 'float';
}

export const WORKLOADS: readonly Workload[] = [
  { name: 'fib (recursion)', program: 'fib', args: ['36'], kind: 'integer' },
  { name: 'sieve 4 M', program: 'sieve', args: ['4000000', '10'], kind: 'integer' },
  { name: 'sha256 32 MiB', program: 'sha256', args: ['32768'], kind: 'integer' },
  { name: 'sort 3 M words', program: 'sort', args: ['3000000'], kind: 'integer' },
  { name: 'matmul 256', program: 'matmul', args: ['256', '8'], kind: 'integer' },
  { name: 'search 1 MiB', program: 'search', args: ['1024', '8'], kind: 'integer' },
  { name: 'vm (dispatch)', program: 'vm', args: ['20000'], kind: 'integer' },
  { name: 'chase 64 MiB', program: 'chase', args: ['64', '2000000'], kind: 'memory' },
  // With 4 million a quarter of our time would be page faults, for the first touches of 64 MiB; under QEMU all pages are mapped beforehand.
  { name: 'update 64 MiB', program: 'update', args: ['64', '8000000'], kind: 'memory' },
  { name: 'fill 8 MiB', program: 'fill', args: ['8', '150'], kind: 'memory' },
  { name: 'blit (framebuffer)', program: 'blit', args: ['150'], kind: 'memory' },
  { name: 'mandel (float)', program: 'mandel', args: ['300'], kind: 'float' },
  { name: 'nbody (double)', program: 'nbody', args: ['600000'], kind: 'float' },
  { name: 'lu (double, fma)', program: 'lu', args: ['300', '8'], kind: 'float' },
];
