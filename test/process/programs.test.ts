/**
 * Unmodified static glibc programs, compiled from test/process/programs, do here what they do under qemu-riscv64: the same standard output,
 * the same end.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachine } from '../../src/machine/index.js';
import { makeDevices } from '../../src/cli/devices.js';
import { toolVersion, whereInstalled } from '../tools.js';
import { MemoryFiles } from './memory-files.js';

const COMPILER = 'riscv64-linux-gnu-gcc';
const PROGRAMS = ['text', 'memory', 'processes', 'signals', 'threads', 'clocks', 'floats', 'files', 'maps'];
const INPUT = 'one\ntwo two\nthree';
const SLOW = 120_000;

const folder = fileURLToPath(new URL('programs/', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'segdev-programs-'));
const compiled = (name: string): string => join(scratch, name, 'prog');

/** The end of a program as a shell sees it. */
interface End { readonly stdout: string; readonly code: number }

const compile = async (name: string): Promise<void> => {
  const directory = join(scratch, name);
  await promisify(execFile)('mkdir', ['-p', directory]);
  await promisify(execFile)(COMPILER, ['-O2', '-static', '-o', compiled(name), join(folder, `${name}.c`), '-lm', '-pthread']);
};

function underQemu(name: string): End {
  const env = { T_NAME: 'a name', PROGRAM: compiled(name) };
  const { status, signal, stdout } = spawnSync('qemu-riscv64', ['./prog', 'first', 'second argument'], { cwd: join(scratch, name), env, input: INPUT, encoding: 'utf8' });
  const signals: Readonly<Record<string, number>> = { SIGABRT: 6, SIGSEGV: 11 };
  return { stdout, code: status ?? 128 + (signals[signal ?? ''] ?? 0) };
}

function here(name: string, harts = 1, devices: readonly string[] = []): End {
  const elf = readFileSync(compiled(name));
  const decoder = new TextDecoder();
  let stdout = '';
  let input = new TextEncoder().encode(INPUT);
  const machine = createMachine({
    root: { files: new MemoryFiles({ prog: elf }) }, harts, devices: makeDevices(devices),
    stdout: (bytes) => (stdout += decoder.decode(bytes)),
    stdin: (max) => {
      const bytes = input.subarray(0, max);
      input = input.subarray(bytes.length);
      return bytes;
    },
  });
  machine.spawn(elf, ['./prog', 'first', 'second argument'], ['T_NAME=a name', 'PROGRAM=/prog']);
  const result = machine.run({ maxInstructions: 500_000_000 });
  expect(result.status === 'exited' || result.status === 'signaled' ? '' : JSON.stringify(result)).toBe('');
  return { stdout, code: result.status === 'exited' ? result.code : result.status === 'signaled' ? 128 + result.signal : -1 };
}

const tools = toolVersion(COMPILER) !== undefined && toolVersion('qemu-riscv64') !== undefined;

whereInstalled(tools, `glibc programs: ${COMPILER} and qemu-riscv64 are needed`, () => {
  describe('static glibc programs', () => {
    beforeAll(async () => {
      // Two at a time: compilers are large.
      const rest = [...PROGRAMS, 'devices'];
      const worker = async (): Promise<void> => {
        for (let name = rest.shift(); name !== undefined; name = rest.shift()) await compile(name);
      };
      await Promise.all([worker(), worker()]);
    }, SLOW);
    afterAll(() => {
      rmSync(scratch, { recursive: true, force: true });
    });

    it.each(PROGRAMS)('%s: the same output and the same end as under qemu-riscv64', (name) => {
      const expected = underQemu(name);
      expect(expected.stdout).not.toBe('');
      expect(expected.stdout).not.toContain('WRONG');
      expect(here(name)).toEqual(expected);
    }, SLOW);

    it('threads do the same on four harts', () => {
      expect(here('threads', 4)).toEqual(here('threads'));
    }, SLOW);

    it('a framebuffer and a register bank need open and mmap and nothing else', () => {
      let sum = 0;
      for (let y = 0; y < 480; y++) for (let x = 0; x < 640; x++) sum += x ^ y;
      expect(here('devices', 1, ['framebuffer:width=640,height=480', 'regbank'])).toEqual({ stdout: `sum ${sum}\nbank 1\nidentity 1\n`, code: 0 });
    }, SLOW);
  });
});
