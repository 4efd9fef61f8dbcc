/** File calls with any arguments, on real names, buffers and descriptors: no exception, nothing outside the guest's memory or root, and all is given back. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { syscallTable } from '../../src/process/index.js';
import { createMachine } from '../../src/machine/index.js';
import { assemble } from '../../guest/index.js';
import { MemoryFiles } from './memory-files.js';

const SEED = Number(process.env["SEGDEV_SEED"] ?? 20_260_402);

/** Labels of the program's data: names, buffers, tables of pointers. */
const DATA = `
.balign 8
iov: .dword buffer, 100, file, 5, -1, 5, buffer, -1
fds: .word 0, 1, 3, 4, 5, 4, 6, 1, -1, 1, 77, 4
times: .dword 0, 0, 0, 999999999, 0, 1000000000, -1, -1
file: .asciz "file"
dir: .asciz "dir"
deep: .asciz "dir/deep/x"
link: .asciz "link"
new: .asciz "dir/new"
up: .asciz "../../up"
fd: .asciz "/proc/self/fd/4"
exe: .asciz "/proc/self/exe"
maps: .asciz "/proc/1/maps"
empty: .asciz ""
urandom: .asciz "/dev/urandom"
.balign 8
buffer: .zero 3000
`;
const LABELS = [...DATA.matchAll(/^(\w+):/gm)].map(([, label]) => label ?? '');

const small = fc.integer({ min: 0, max: 9 }).map(String);
const label = fc.constantFrom(...LABELS);
const wild = fc.oneof(
  fc.constantFrom('-1', '4096', '0x1000', '0x200', '0x400', '66', '0x40000', '0x7fffffff', '0x80000000', '0x100000000', '0x3ffffff000', '0x4000000000', '0x7fffffffffffffff', '-0x8000000000000000'),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), label, small, fc.constant('-100'),
);
/** Mostly what a call may want at that place: a descriptor, a name or buffer, a number. */
const mostly = (usual: fc.Arbitrary<string>): fc.Arbitrary<string> => fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: wild });
const args = fc.tuple(
  mostly(fc.oneof(small, fc.constant('-100'), label)), mostly(fc.oneof({ weight: 3, arbitrary: label }, { weight: 1, arbitrary: small })), mostly(fc.oneof(small, label)),
  mostly(fc.oneof(fc.constant('0'), small, label)), mostly(fc.constant('0')), mostly(fc.constant('0')),
);
const FAMILY = /^(get|set)?(cwd|dents64|openat|close|close_range|dup|dup3|fcntl|ioctl|flock|read|write|readv|writev|pread64|pwrite64|preadv2?|pwritev2?|lseek|newfstatat|fstat|statx|statfs|fstatfs|faccessat2?|readlinkat|chdir|fchdir|mkdirat|mknodat|unlinkat|renameat2|linkat|symlinkat|f?truncate|fallocate|fchmod|fchmodat2?|fchownat|fchown|utimensat|umask|f?sync|fdatasync|syncfs|fadvise64|pipe2|sendfile|copy_file_range|ppoll|pselect6|mmap|msync)$/;
const numbers = [...syscallTable].filter(([, { name }]) => FAMILY.test(name)).map(([number]) => number);
const call = fc.record({ number: fc.constantFrom(...numbers), args });

/** Calls of one run, and the bytes of one in the table the program reads them from: six arguments and the number. */
const CALLS = 80;
const ROW = 56;
const MARK = '0x5eed5eed5eed5eed';

/** A program that opens three files and a pipe, makes all calls of its table and exits with the number of those that did not fail. */
function makeProgram(): { elf: Uint8Array; table: number; symbols: ReadonlyMap<string, number> } {
  const opening = ['file', 'dir', 'urandom'].map((name) => `li a0, -100\nla a1, ${name}\nli a2, 0\nli a7, 56\necall`);
  const loads = [0, 1, 2, 3, 4, 5].map((n) => `ld a${n}, ${8 * n}(s1)`);
  const loop = `la s1, script\nli s2, ${CALLS}\nnext:\n${loads.join('\n')}\nld a7, 48(s1)\necall\nslti t0, a0, 0\nxori t0, t0, 1\nadd s0, s0, t0\naddi s1, s1, ${ROW}\naddi s2, s2, -1\nbnez s2, next`;
  const { elf, symbols } = assemble(`_start: ${opening.join('\n')}\nla a0, buffer\nli a1, 0\nli a7, 59\necall\nli s0, 0\n${loop}\nmv a0, s0\nli a7, 94\necall\n.data\n${DATA}\n.balign 8\nscript: .dword ${MARK}\n.zero ${ROW * CALLS}`);
  const table = Buffer.from(elf).indexOf(Buffer.from(BigUint64Array.of(BigInt(MARK)).buffer));
  return { elf, table, symbols };
}

const program = makeProgram();

/** The program with its table filled in. */
function programOf(calls: readonly { readonly number: number; readonly args: readonly string[] }[]): Uint8Array {
  const elf = program.elf.slice();
  const view = new DataView(elf.buffer);
  calls.forEach(({ number, args }, i) => {
    args.forEach((arg, n) => view.setBigInt64(program.table + ROW * i + 8 * n, BigInt.asIntN(64, argumentValue(arg)), true));
    view.setBigInt64(program.table + ROW * i + 48, BigInt(number), true);
  });
  return elf;
}

const argumentValue = (text: string): bigint => (text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(program.symbols.get(text) ?? text));

it('file calls survive any arguments, and every file of the host is closed in the end', () => {
  expect(numbers.length).toBeGreaterThan(55);
  let succeeded = 0;
  fc.assert(fc.property(fc.array(call, { minLength: CALLS, maxLength: CALLS }), fc.boolean(), (calls, writable) => {
    const host = new MemoryFiles({ file: 'some text', dir: { deep: { x: 'y' } }, link: '->dir/deep' }, writable);
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20, root: { files: host, space: 2 ** 20 }, stdin: (max) => new Uint8Array(Math.min(max, 100)) });
    machine.spawn(programOf(calls), ['fuzz']);
    const result = machine.run({ maxInstructions: 200_000 });
    // A signal (SIGPIPE, a hole munmap cut into the program) and a wait for itself are the guest's own doing.
    expect(['exited', 'signaled', 'deadlock']).toContain(result.status);
    if (result.status === 'deadlock') expect(result.text).toMatch(/pipe|poll/);
    else expect(host.open_).toBe(0);
    if (result.status === 'exited') succeeded += result.code;
    expect(host.text('file').length).toBeLessThanOrEqual(2 ** 20 + 9);
    if (!writable) expect([host.names(), host.text('file'), host.names('dir')]).toEqual([['dir', 'file', 'link'], 'some text', ['deep']]);
  }), { seed: SEED, numRuns: 25 });
  expect(succeeded).toBeGreaterThan(60);
}, 60_000);
