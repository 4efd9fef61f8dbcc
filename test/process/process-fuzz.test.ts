/** Threads, children, futexes, signals and times with any arguments: no exception of ours, no hang, and the machine can be used on. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMachine } from '../../src/machine/index.js';
import { assemble } from '../../guest/index.js';
import { NR } from './guest-program.js';
import { MemoryFiles } from './memory-files.js';

const SEED = 20_261_122;

/** Addresses in the program's data, outside of it, at its end; counts; limits of types. */
const address = fc.constantFrom('data', 'data + 8', 'data + 16', 'data + 4088', 'data + 3', 'stack', 'text', 'again');
const number = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 5n, 8n, 17n, 64n, 65n, 1000n, -1n, -2n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 2n ** 38n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 4096n),
  fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
);
const CLONE = [0x100n, 0x200n, 0x400n, 0x800n, 0x4000n, 0x1_0000n, 0x8_0000n, 0x10_0000n, 0x20_0000n, 0x100_0000n, 17n, 0x1000n, 0x2000_0000n];
const flags = fc.oneof(fc.constantFrom(0x3d_0f00n, 0x4111n, 17n), fc.subarray(CLONE).map((bits) => bits.reduce((a, b) => a | b, 0n)));
const any = fc.oneof({ weight: 3, arbitrary: address }, { weight: 2, arbitrary: number });

const CALLS = [
  'futex', 'set_robust_list', 'get_robust_list', 'nanosleep', 'getitimer', 'setitimer', 'timer_create', 'timer_gettime', 'timer_settime', 'timer_delete', 'clock_nanosleep',
  'clock_gettime', 'gettimeofday', 'sched_getaffinity', 'waitid', 'wait4', 'times', 'setpgid', 'getpgid', 'getsid', 'setsid', 'getrlimit', 'setrlimit', 'prlimit64', 'getrusage',
  'prctl', 'getcpu', 'sysinfo', 'mremap', 'mmap', 'munmap', 'brk', 'execve', 'execveat', 'rt_tgsigqueueinfo', 'rt_sigqueueinfo', 'rt_sigtimedwait', 'rt_sigsuspend', 'rt_sigaction',
  'rt_sigprocmask', 'sigaltstack', 'kill', 'tkill', 'tgkill', 'getrandom', 'membarrier', 'set_tid_address', 'sched_yield', 'exit',
] as const;
const ordinary = fc.record({ name: fc.constantFrom(...CALLS), args: fc.array(any, { minLength: 6, maxLength: 6 }) });
const clone = fc.record({ name: fc.constantFrom('clone', 'clone3'), args: fc.tuple(flags, any, any, any, any, any) });
/** The first word of the data: what a futex, a time, a mask or a struct of flags says. */
const words = fc.array(fc.oneof(number, flags), { minLength: 16, maxLength: 16 });

it('processes and threads survive any arguments', () => {
  const program = fc.tuple(fc.array(fc.oneof({ weight: 8, arbitrary: ordinary }, { weight: 1, arbitrary: clone }), { minLength: 1, maxLength: 30 }), words, fc.constantFrom(1, 7, 1000), fc.constantFrom(1, 2));
  fc.assert(fc.property(program, ([calls, data, quantum, harts]) => {
    let clones = 0;
    // Every child goes on with the same program, so that few make many.
    const few = calls.filter(({ name }) => !name.startsWith('clone') || ++clones <= 5);
    const load = (arg: bigint | string, i: number): string => (typeof arg === 'bigint' ? `li a${i}, ${arg}` : `la a${i}, ${arg.split(' + ')[0] ?? ''}\nli t0, ${arg.split(' + ')[1] ?? 0}\nadd a${i}, a${i}, t0`);
    const body = few.map(({ name, args }) => `${[...args].map(load).join('\n')}\nli a7, ${NR[name as keyof typeof NR]}\necall`).join('\n');
    const source = `text: .globl _start\n_start: ${body}\nli a0, 0\nli a7, 94\necall\n.data\n.balign 16\ndata: ${data.map((word) => `.dword ${word}`).join('\n')}\n.zero 4000\nagain: .asciz "/again"\n.zero 4096\nstack: .zero 16`;
    const { elf } = assemble(source);
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, quantum, harts, root: { files: new MemoryFiles({ again: elf }) } });
    machine.spawn(elf, ['fuzz']);
    const result = machine.run({ maxInstructions: 60_000 });
    expect(['exited', 'signaled', 'deadlock', 'limit']).toContain(result.status);
    for (const { proc } of machine.system.lwps.values()) expect(proc.status !== undefined || machine.system.procs.get(proc.pid) === proc).toBe(true);
  }), { seed: SEED, numRuns: 40 });
}, 60_000);
