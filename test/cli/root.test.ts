/** The options of run that give a guest files. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { assemble } from '../../guest/index.js';
import { mistake, prepareCli, scratch, segdev } from './run-cli.js';

prepareCli();

/** Copies the file named first to standard output, then makes a file "made"; its exit code is 0, or the error of that. */
const COPY = `
_start: ld a1, 16(sp)
  li a0, -100
  li a2, 0
  li a7, 56
  ecall
  la a1, buffer
  li a2, 100
  li a7, 63
  ecall
  mv a2, a0
  li a0, 1
  la a1, buffer
  li a7, 64
  ecall
  li a0, -100
  la a1, made
  li a2, 0102
  li a3, 420
  li a7, 56
  ecall
  slti t0, a0, 0
  neg a0, a0
  mul a0, a0, t0
  li a7, 94
  ecall
  .data
made: .asciz "made"
buffer: .zero 100
`.replace('0102', '66');

beforeAll(() => {
  mkdirSync(join(scratch, 'tree', 'bin'), { recursive: true });
  const { elf } = assemble(COPY);
  writeFileSync(join(scratch, 'copy.elf'), elf);
  writeFileSync(join(scratch, 'tree', 'bin', 'copy'), elf, { mode: 0o755 });
  writeFileSync(join(scratch, 'tree', 'bin', 'plain'), elf, { mode: 0o644 });
  writeFileSync(join(scratch, 'tree', 'note'), 'from the tree');
});

describe('run --root', () => {
  it('shows the guest the files of a directory, read-only, and takes a program from outside or inside of it', () => {
    expect(segdev('run', '--quiet', '--root', 'tree', 'copy.elf', '/note')).toEqual({ code: 30, stdout: 'from the tree', stderr: '' });
    expect(segdev('run', '--quiet', '--root', 'tree', '/bin/copy', '../note')).toEqual({ code: 30, stdout: 'from the tree', stderr: '' });
  });

  it('lets the guest write with --root-writable, as much as --root-space says', () => {
    expect(segdev('run', '--quiet', '--root', 'tree', '--root-writable', '--root-space', '1K', 'bin/copy', 'note')).toEqual({ code: 28, stdout: 'from the tree', stderr: '' });
    expect(segdev('run', '--quiet', '--root', 'tree', '--root-writable', 'bin/copy', 'note')).toEqual({ code: 0, stdout: 'from the tree', stderr: '' });
    expect(readFileSync(join(scratch, 'tree', 'made'), 'utf8')).toBe('');
  });

  it('is refused in one line where the directory is none, the program cannot be executed, or an option stands alone', async () => {
    const refusal = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await mistake('run', ...args);
      expect([code, stdout]).toEqual([2, '']);
      return stderr;
    };
    expect(await refusal('--root', 'none', 'copy.elf')).toMatch(/^segdev: --root none: ENOENT: no such file or directory\n$/);
    expect(await refusal('--root', 'copy.elf', 'copy.elf')).toBe('segdev: --root copy.elf: not a directory\n');
    expect(await refusal('--root', 'tree', '/bin/plain')).toBe('segdev: cannot run /bin/plain in the root: EACCES\n');
    expect(await refusal('--root-writable', 'copy.elf')).toBe('segdev: --root-writable needs --root DIR\n');
    expect(await refusal('--root', 'tree', '--root-space', '12X', 'copy.elf')).toBe('segdev: --root-space must be a number of bytes, perhaps with K, M or G behind it, not "12X"\n');
  });
});
