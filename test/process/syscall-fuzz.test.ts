/** Any arguments whatever: no exception of ours, no access outside the guest's memory, and the machine goes on. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { syscallTable } from '../../src/process/index.js';
import { createMachine } from '../../src/machine/index.js';
import { FramebufferDevice } from '../../drivers/framebuffer/device.js';
import { framebufferDriver } from '../../drivers/framebuffer/driver.js';
import { assemble } from '../../guest/index.js';

const SEED = 20_210_716;

/** Numbers a kernel is fooled by: limits of types, of the address space, of pages, small descriptors, and addresses of real mappings. */
const nasty = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 3n, 7n, 8n, 17n, 4095n, 4096n, -1n, -4096n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x3f_ffff_f000n, 0x3f_ffff_ffffn, 0x40_0000_0000n,
    2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 0x1_0000n, 0x1_1000n, 0x1_1ff9n, 0x3fbf_f000_00n),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 0n, max: 0x40_0000_0000n }),
  fc.integer({ min: 0, max: 64 }).map(BigInt),
);
/** Calls that end or stop the process, or never return, by themselves are left out; everything else, and unknown numbers, is in. */
const LEFT_OUT = new Set(['exit', 'exit_group', 'rt_sigreturn', 'wait4', 'clone']);
const numbers = [...syscallTable].filter(([, row]) => !LEFT_OUT.has(row.name)).map(([number]) => number);
const call = fc.record({ number: fc.oneof({ weight: 20, arbitrary: fc.constantFrom(...numbers) }, { weight: 1, arbitrary: fc.integer({ min: -5, max: 500 }).filter((n) => !syscallTable.has(n)) }), args: fc.array(nasty, { minLength: 6, maxLength: 6 }) });

it('system calls survive any arguments', () => {
  fc.assert(fc.property(fc.array(call, { minLength: 1, maxLength: 40 }), (calls) => {
    const lines = ['_start: la a1, path\nli a0, -100\nli a2, 2\nli a7, 56\necall\nli a0, 0\nli a1, 0x4000\nli a2, 3\nli a3, 1\nli a4, 3\nli a5, 0\nli a7, 222\necall'];
    for (const { number, args } of calls) lines.push(...args.map((arg, i) => `li a${i}, ${arg}`), `li a7, ${number}`, 'ecall');
    lines.push('li a0, 0\nli a7, 94\necall\n.data\npath: .asciz "/dev/fb0"\n.zero 4000');
    const hardware = new FramebufferDevice({ width: 64, height: 64 });
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, devices: [{ path: 'fb0', hardware, driver: framebufferDriver }], stdin: (max) => new Uint8Array(Math.min(max, 100)) });
    machine.spawn(assemble(lines.join('\n')).elf, ['fuzz']);
    const result = machine.run({ maxInstructions: 100_000 });
    // munmap of the program itself, kill of itself or a stop are the guest's own doing.
    expect(['exited', 'signaled', 'deadlock']).toContain(result.status);
    if (result.status === 'deadlock') expect(result.text).toContain('continued');
  }), { seed: SEED, numRuns: 40 });
}, 30_000);
