/** The committed images: what `guest/build.mjs` makes of the sources beside them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readElf } from '../../guest/index.js';
import { toolVersion, whereInstalled } from '../tools.js';

const guest = resolve(import.meta.dirname, '../../guest');
const programs = readdirSync(join(guest, 'programs'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);

describe('guest images', () => {
  it('there is one for every program and none without', () => {
    expect(readdirSync(join(guest, 'images')).sort()).toEqual(programs.map((name) => `${name}.elf`).sort());
  });

  it.each(programs)('%s is an executable with code, constants and data apart', (name) => {
    const image = readElf(readFileSync(join(guest, 'images', `${name}.elf`)));
    expect(image.segments.map((s) => [s.readable, s.writable, s.executable])).toEqual([[true, false, true], [true, false, false], [true, true, false]]);
    expect(image.symbolAt(image.entry)).toEqual({ name: '_start', offset: 0 });
    expect(image.symbol('main')).toBeDefined();
  });

  it.each(programs)('%s names no path, date or build', (name) => {
    const text = readFileSync(join(guest, 'images', `${name}.elf`)).toString('latin1');
    for (const trace of [guest, tmpdir(), 'GCC:', 'build-id']) expect(text).not.toContain(trace);
  });

  // The images depend on the compiler's version, so they can only be compared where that version is installed.
  const sameCompiler = toolVersion('riscv64-unknown-elf-gcc', '-dumpfullversion') === '12.2.0';
  whereInstalled(sameCompiler, 'guest images with their sources (riscv64-unknown-elf-gcc 12.2.0 is not installed)', () => it('are what the sources compile to', () => {
    const copy = mkdtempSync(join(tmpdir(), 'segdev-guest-'));
    try {
      cpSync(guest, copy, { recursive: true });
      execFileSync(process.execPath, [join(copy, 'build.mjs')], { stdio: 'pipe' });
      for (const name of programs) expect(readFileSync(join(copy, 'images', `${name}.elf`)).equals(readFileSync(join(guest, 'images', `${name}.elf`))), name).toBe(true);
    } finally {
      rmSync(copy, { recursive: true });
    }
  }, 60_000));
});

describe('guest/build.mjs', () => {
  const run = (args: string[], path: string): { status: number | null; stderr: string } => spawnSync(process.execPath, [join(guest, 'build.mjs'), ...args], { encoding: 'utf8', env: { PATH: path } });

  it('says so where no compiler is installed, and touches nothing', () => {
    const before = readFileSync(join(guest, 'images', 'hello.elf'));
    const { status, stderr } = run([], '/nonexistent');
    expect(status).toBe(1);
    expect(stderr).toContain('no RISC-V compiler');
    expect(readFileSync(join(guest, 'images', 'hello.elf')).equals(before)).toBe(true);
  });

  it('names the programs there are when asked for another', () => {
    const { status, stderr } = run(['nosuch'], '/nonexistent');
    expect(status).toBe(2);
    expect(stderr).toContain('no such guest program: nosuch; there are blit, chase, demo, faults');
  });
});
