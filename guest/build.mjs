#!/usr/bin/env node
/**
 * Rebuilds the guest programs: guest/programs/NAME/*.c becomes guest/images/NAME.elf.
 *
 *     node guest/build.mjs [NAME...]        all programs, or the named ones
 *
 * The images are committed, so nobody needs a compiler to run or test anything. They depend on the compiler's version
 * only: no build id, no comment, no path, no date.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const compilers = ['riscv64-unknown-elf-gcc', 'riscv64-linux-gnu-gcc'];
/** Programs that compute with floating-point numbers; all others do without F and D. */
const floating = new Set(['lu', 'mandel', 'nbody']);
const integer = ['-march=rv64imac', '-mabi=lp64'];
const general = ['-march=rv64gc', '-mabi=lp64d'];
const flags = [
  '-O2', '-nostdlib', '-static', '-ffreestanding', '-fno-pic', '-fno-pie', '-no-pie', '-mcmodel=medany',
  '-fno-stack-protector', '-fno-asynchronous-unwind-tables', '-fno-ident', '-Wall', '-Wextra', '-Werror', '-Wno-array-bounds', '-Wno-infinite-recursion',
  '-Wl,--build-id=none', '-Wl,-z,max-page-size=4096', '-Wl,-z,noexecstack', '-Wl,-T,programs/guest.ld',
];

const here = dirname(fileURLToPath(import.meta.url));
const programs = join(here, 'programs');
const images = join(here, 'images');

/** The first compiler that runs, or undefined. */
const findCompiler = () => compilers.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);

function build(compiler, name) {
  const sources = readdirSync(join(programs, name)).filter((file) => file.endsWith('.c')).sort();
  const image = join('images', `${name}.elf`);
  execFileSync(compiler, [...(floating.has(name) ? general : integer), ...flags, '-o', image, ...sources.map((file) => join('programs', name, file)), '-lgcc'], { cwd: here, stdio: 'inherit' });
  // Names that the compiler made up for its temporary files say nothing about the program.
  const objcopy = compiler.replace(/gcc$/, 'objcopy');
  execFileSync(objcopy, ['--wildcard', '--strip-symbol=cc*.o', '--strip-symbol=$*', image], { cwd: here, stdio: 'inherit' });
  process.stdout.write(`${image}\n`);
}

function main(names) {
  const known = readdirSync(programs, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    process.stderr.write(`no such guest program: ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
    return 2;
  }
  const compiler = findCompiler();
  if (compiler === undefined) {
    process.stderr.write(`no RISC-V compiler: neither ${compilers.join(' nor ')} is installed (Debian: apt-get install gcc-riscv64-unknown-elf); the committed images stay as they are\n`);
    return 1;
  }
  if (!existsSync(images)) mkdirSync(images);
  for (const name of names.length > 0 ? names : known) {
    if (names.length === 0 && readdirSync(join(programs, name)).length === 0) continue;
    try {
      build(compiler, name);
    } catch (error) {
      rmSync(join(images, `${name}.elf`), { force: true });
      process.stderr.write(`${name}: ${error.message}\n`);
      return 1;
    }
  }
  return 0;
}

process.exitCode = main(process.argv.slice(2));
