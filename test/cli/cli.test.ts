/** The command line as a user meets it: exit codes, one-line errors, result files. */
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../guest/index.js';
import { interruptAfterFirstOutput, mistake, prepareCli, scratch, segdev, segdevWithInput } from './run-cli.js';

prepareCli();

const program = (name: string, source: string): string => {
  const path = join(scratch, name);
  writeFileSync(path, assemble(source).elf);
  return path;
};

const exitWith = (code: string): string => `.globl _start\n_start: ${code}\n li a7, 93\n ecall\n`;
const seven = program('seven.elf', exitWith('li a0, 7'));
const spin = program('spin.elf', '.globl _start\n_start: li a0, 1\n la a1, text\n li a2, 3\n li a7, 64\n ecall\n1: j 1b\n.data\ntext: .ascii "go\\n"\n');
const large = program('large.elf', `${exitWith('li a0, 7')}.bss\n.zero 0x400000\n`);
const nullStore = program('null.elf', '.globl _start\n_start: nop\nhere: sd zero, 8(zero)\n');

const oneLine = (stderr: string): string => {
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  return stderr;
};

describe('segdev run', () => {
  it("ends with the guest's own exit code", () => {
    expect(segdev('run', seven).code).toBe(7);
  });

  it('prints a summary on standard error, which --quiet leaves out', () => {
    expect(segdev('run', seven).stderr).toMatch(/^instructions +3 in /m);
    expect(segdev('run', seven, '--quiet').stderr).toBe('');
  });

  it('gives the same counts on either engine, and shows what was compiled', () => {
    const counts = ['interpreter', 'regions'].map((engine) => {
      const stats = join(scratch, `${engine}.json`);
      expect(segdev('run', spin, '--max-instructions', '3000000', '--engine', engine, '--stats', stats, '--dump-regions', join(scratch, `${engine}.txt`)).code).toBe(124);
      return JSON.parse(readFileSync(stats, 'utf8')) as { engine: { engine: string; regions: number } };
    });
    expect({ ...counts[0], engine: 0 }).toEqual({ ...counts[1], engine: 0 });
    expect(counts.map(({ engine }) => [engine.engine, engine.regions])).toEqual([['interpreter', 0], ['regions', 1]]);
    expect(readFileSync(join(scratch, 'interpreter.txt'), 'utf8')).toBe('');
    expect(readFileSync(join(scratch, 'regions.txt'), 'utf8')).toMatch(/^region 1: .*\n {2}block 0, entry/);
  });

  it('stops at --max-instructions with exit code 124, after exactly that many', () => {
    const stats = join(scratch, 'limit.json');
    const { code, stderr } = segdev('run', spin, '--max-instructions', '12345', '--stats', stats);
    expect(code).toBe(124);
    expect(stderr).toContain('stopped by --max-instructions');
    expect((JSON.parse(readFileSync(stats, 'utf8')) as { instructions: number }).instructions).toBe(12345);
  });

  it('runs in as much memory as it is given, with the environment it is given', () => {
    expect(segdev('run', large, '--memory', '8M', '--env', 'A=1', '--env', 'B=').code).toBe(7);
    const variable = program('variable.elf', exitWith('ld t0, 24(sp)\n lbu a0, 2(t0)'));
    expect(segdev('run', variable, '--env', 'A=x').code).toBe('x'.charCodeAt(0));
  });

  it('reports a guest that dies: signal, symbol, address, registers; exit code 128 + signal', () => {
    const { code, stderr } = segdev('run', nullStore);
    expect(code).toBe(128 + 11);
    expect(stderr).toContain('SIGSEGV (SEGV_MAPERR)');
    expect(stderr).toContain('(here)');
    expect(stderr).toContain('store of address 0x8');
    expect(stderr).toMatch(/ra [0-9a-f]{16}/);
  });

  it('prints the summary so far on Ctrl-C, exit code 130', async () => {
    const { code, stdout, stderr } = await interruptAfterFirstOutput('run', spin);
    expect(code).toBe(130);
    expect(stdout).toBe('go\n');
    expect(stderr).toMatch(/interrupted\ninstructions +[\d,]+ in /);
  });

  it('writes the same trace and statistics twice for the same command', () => {
    const run = (n: number): string[] => {
      const files = [join(scratch, `trace${n}.txt`), join(scratch, `stats${n}.json`)];
      expect(segdev('run', nullStore, '--trace', files[0] ?? '', '--stats', files[1] ?? '', '--device', 'framebuffer').code).toBe(139);
      return files.map((file) => readFileSync(file, 'utf8'));
    };
    const first = run(1);
    expect(first[0]).toContain('guest.trap');
    expect(run(2)).toEqual(first);
  });

  it('writes a trace as NDJSON where the name says so', () => {
    const file = join(scratch, 'trace.ndjson');
    segdev('run', seven, '--trace', file);
    const events = readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { seq: number; kind: string });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i));
    expect(events.map((event) => event.kind)).toContain('guest.exit');
  });
});

describe('mistakes of the user: one line that names them, exit code 2, nothing written', () => {
  const cut = join(scratch, 'cut.elf');
  writeFileSync(cut, readFileSync(seven).subarray(0, 100));
  const text = join(scratch, 'text.elf');
  writeFileSync(text, 'not an executable at all, but long enough to hold a header of sixty-four bytes');
  const wrongMachine = join(scratch, 'x86.elf');
  const x86 = readFileSync(seven);
  x86.writeUInt16LE(62, 18);
  writeFileSync(wrongMachine, x86);
  mkdirSync(join(scratch, 'folder'));

  it.each<[string, string[], string]>([
    ['an unknown command', ['walk'], 'unknown command "walk"'],
    ['no program', ['run'], 'run needs a program'],
    ['an option without its value', ['run', seven, '--hotness'], '--hotness needs a value'],
    ['an option whose value looks like another one', ['run', seven, '--trace', '--quiet'], '--trace needs a value'],
    ['an unknown option', ['run', seven, '--fast'], 'unknown option --fast'],
    ['a missing file', ['run', 'nowhere.elf'], 'cannot read nowhere.elf: ENOENT'],
    ['a folder as program', ['run', 'folder'], 'folder'],
    ['a text file', ['run', text], 'not an ELF'],
    ['a truncated image', ['run', cut], 'truncated'],
    ['another machine', ['run', wrongMachine], 'machine'],
    ['an unknown device', ['run', seven, '--device', 'gpu'], 'unknown device "gpu"; there are framebuffer, regbank, template'],
    ['an unknown device option', ['run', seven, '--device', 'framebuffer:depth=3'], 'device framebuffer: no option "depth"; it has width'],
    ['a device option out of range', ['run', seven, '--device', 'framebuffer:width=0'], 'device framebuffer: width must be a whole number from 1 to 16384, not 0'],
    ['a device option of the wrong kind', ['run', seven, '--device', 'framebuffer:format=cmyk'], 'device framebuffer: format must be one of xrgb8888'],
    ['a device option without a value', ['run', seven, '--device', 'framebuffer:width'], '"width" is not key=value'],
    ['a device option given twice', ['run', seven, '--device', 'framebuffer:width=1,width=2'], '"width" is given twice'],
    ['a device over RAM', ['run', seven, '--device', 'framebuffer:base=0x80000000'], 'overlap'],
    ['a device beyond the address space', ['run', seven, '--device', 'framebuffer:base=0x3ffffffff000'], 'framebuffer'],
    ['a fill target that is not there', ['run', seven, '--device', 'regbank:framebuffer=fb3'], 'no framebuffer "fb3"'],
    ['a screenshot of nothing', ['run', seven, '--screenshot', 'x.png'], '--screenshot needs a framebuffer'],
    ['a result file in no folder', ['run', seven, '--stats', 'no/where.json'], '--stats no/where.json'],
    ['a result file that is a folder', ['run', seven, '--trace', 'folder'], 'is a directory'],
    ['an option of a device that has none', ['run', seven, '--device', 'template:x=1'], 'device template: no option "x"; it has none'],
    ['a device as program', ['run', '/dev/null'], 'cannot run /dev/null: not a regular file'],
    ['an empty name', ['run', ''], 'cannot read "": ENOENT'],
    ['two results in one file', ['run', seven, '--trace', 'same', '--stats', './same'], '--trace and --stats are the same file'],
    ['a negative number behind a blank', ['run', seven, '--harts', '-1'], '--harts must be a number from 1 to 16, not "-1"'],
    ['an unknown quirk', ['run', seven, '--quirk', 'none'], 'no quirk "none"'],
    ['a translation cache that is no power of two', ['run', seven, '--translation-cache', '65537'], '--translation-cache must be a power of two, not "65537"'],
    ['a translation cache too small', ['run', seven, '--translation-cache', '64'], '--translation-cache must be a number from 32768 to 1048576, not "64"'],
    ['an engine there is not', ['run', seven, '--engine', 'jit'], '--engine must be interpreter or regions, not "jit"'],
    ['no harts', ['run', seven, '--harts', '0'], '--harts must be a number from 1 to 16, not "0"'],
    ['a quantum that is no number', ['run', seven, '--quantum', 'long'], '--quantum must be a number'],
    ['a memory of nothing', ['run', seven, '--memory', '0'], '--memory must be a size from 1M to 3584M'],
    ['a memory that no machine has', ['run', seven, '--memory', '100T'], '--memory must be a size'],
    ['half a page of memory', ['run', seven, '--memory', '1050000'], '--memory must be a size'],
    ['a variable without a name', ['run', seven, '--env', '=x'], '--env must be NAME=VALUE, not "=x"'],
    ['a program larger than memory', ['run', large, '--memory', '2M'], 'the program does not fit: its image takes 4'],
    ['a negative limit', ['run', seven, '--max-instructions=-5'], '--max-instructions must be a number'],
    ['a negative memory', ['run', seven, '--memory', '-5'], '--memory must be a size from 1M to 3584M in whole pages, like 256M, not "-5"'],
    ['a device whose base is no page', ['run', seven, '--device', 'framebuffer:base=0x10000001'], 'framebuffer'],
    ['an unknown option without a command', ['--bogus'], 'unknown option --bogus'],
    ['an unknown option of devices', ['devices', '--bogus'], 'unknown option --bogus'],
    ['an unknown option of demo', ['demo', '--bogus'], 'unknown option --bogus'],
    ['arguments to devices', ['devices', 'all'], 'devices takes no arguments'],
    ['a result file given twice', ['run', seven, '--stats', 'a.json', '--stats', 'b.json'], '--stats is given twice, "a.json" and "b.json"'],
    ['a value given twice, in two ways of writing', ['run', '--harts=2', seven, '--harts', '2'], '--harts is given twice, "2" and "2"'],
    ['a negative value given twice', ['run', seven, '--quantum', '-1', '--quantum', '-2'], '--quantum is given twice, "-1" and "-2"'],
    ['a value given twice to demo', ['demo', '--memory', '64M', '--memory', '1G'], '--memory is given twice'],
    ['a value given twice to bare', ['bare', seven, '--signature', 'a', '--signature', 'b'], '--signature is given twice'],
    ['a value given twice to conformance', ['conformance', '.', '--jobs', '1', '--jobs', '2'], '--jobs is given twice'],
    ['a value given twice to scenario', ['scenario', 'x.in', '--mode', 'fixed', '--mode', 'illumos'], '--mode is given twice, "fixed" and "illumos"'],
    ['a program for demo', ['demo', 'x.elf'], 'demo takes no program'],
  ])('%s', async (_name, args, says) => {
    const { code, stdout, stderr } = await mistake(...args);
    expect(oneLine(stderr)).toContain(says);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(existsSync(join(scratch, 'x.png'))).toBe(false);
  });
});

describe('an output that is the program', () => {
  it.each(['stats', 'trace', 'commit-log', 'dump-regions'])('is refused as --%s before it is touched', async (option) => {
    const mine = program('mine.elf', exitWith('li a0, 7'));
    const before = readFileSync(mine);
    rmSync(join(scratch, 'twin'), { force: true });
    linkSync(mine, join(scratch, 'twin'));
    for (const name of ['./mine.elf', 'twin']) {
      expect(await mistake('run', 'mine.elf', `--${option}`, name)).toEqual({ code: 2, stdout: '', stderr: `segdev: --${option} and the program are the same file: ${name}\n` });
    }
    expect(readFileSync(mine)).toEqual(before);
  });
});

describe("the guest's own arguments", () => {
  it('behind -- are handed on as they are, numbers too', () => {
    const argc = program('argc.elf', exitWith('ld a0, 0(sp)'));
    expect(segdev('run', argc, '--quiet', '--', '--harts', '-1', '--harts', '-1').code).toBe(5);
  });
});

describe('an output that cannot be written', () => {
  // /dev/full accepts an open and refuses every byte.
  it.each(['trace', 'stats'])('--%s ends in one line and exit code 2', (option) => {
    const { code, stderr } = segdev('run', nullStore, `--${option}`, '/dev/full', '--quiet');
    expect(stderr).toContain('cannot write /dev/full: ENOSPC');
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

describe('help', () => {
  it('--version names the version of the package', () => {
    expect(segdev('--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^segdev \d+\.\d+\.\d+\n$/) as string });
  });

  it.each([[['--help']], [['run', '--help']], [['demo', '--help']], [['devices', '--help']], [[]]])('%j prints what there is and exits 0', async (args) => {
    const { code, stdout, stderr } = await mistake(...args);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('segdev');
  });

  it('devices lists every type with its options and their ranges', () => {
    const { stdout } = segdev('devices');
    for (const word of ['framebuffer', '/dev/fbN', 'width', '1..16384', 'xrgb8888', 'regbank', '/dev/regsN', 'template']) expect(stdout).toContain(word);
  });
});

describe('segdev demo', () => {
  it('draws a picture and survives the hole it touches', () => {
    const { code, stderr } = segdev('demo');
    expect(code).toBe(0);
    const png = readFileSync(join(scratch, 'segdev-demo.png'));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(stderr).toMatch(/signals +3 \(SIGSEGV 3\)/);
    expect(stderr).toMatch(/devmap_access/);
    expect(stderr).toMatch(/PTEs loaded/);
  });
});

describe('standard input', () => {
  // Copies its input to its output until the end.
  const cat = program('cat.elf', '.globl _start\n_start: li a0, 0\n la a1, room\n li a2, 64\n li a7, 63\n ecall\n blez a0, 2f\n mv a2, a0\n li a0, 1\n la a1, room\n li a7, 64\n ecall\n j _start\n2: li a7, 93\n ecall\n.bss\nroom: .space 64\n');
  const greeter = program('greeter.elf', '.globl _start\n_start: li a0, 1\n la a1, text\n li a2, 3\n li a7, 64\n ecall\n li a0, 0\n la a1, text\n li a2, 3\n li a7, 63\n ecall\n li a7, 93\n ecall\n.data\ntext: .ascii "go\\n"\n');

  it('comes from a pipe, whole and in order, longer than one read', () => {
    const text = Array.from({ length: 500 }, (_, i) => `line ${i}\n`).join('');
    expect(segdevWithInput(text, 'run', cat, '--quiet')).toEqual({ code: 0, stdout: text, stderr: '' });
  });

  it('may be empty', () => {
    expect(segdev('run', cat, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('a guest that waits for it hears Ctrl-C: summary, exit code 130', async () => {
    const { code, stdout, stderr } = await interruptAfterFirstOutput('run', greeter);
    expect([code, stdout]).toEqual([130, 'go\n']);
    expect(stderr).toContain('system calls');
  });
});

const image = (name: string): string => join(import.meta.dirname, `../../guest/images/${name}.elf`);

describe('compiled code', () => {
  it('leaves statistics the same, byte for byte, and but for those of the engine the same as the interpreter', () => {
    const statistics = (name: string, ...options: string[]): string => {
      const file = join(scratch, name);
      expect(segdev('run', '--quiet', '--stats', file, ...options, image('fib'), '15').code).toBe(0);
      return readFileSync(file, 'utf8');
    };
    const once = statistics('once.json', '--hotness', '1');
    expect(statistics('again.json', '--hotness', '1')).toBe(once);
    const { engine, ...rest } = JSON.parse(once) as { engine: { regions: number } };
    const { engine: none, ...interpreted } = JSON.parse(statistics('interpreted.json', '--engine', 'interpreter')) as { engine: { regions: number } };
    expect(rest).toEqual(interpreted);
    expect([engine.regions > 0, none.regions]).toEqual([true, 0]);
  });

  it.each([['--hotness', '0'], ['--hotness', 'x'], ['--engine', 'fast']])('refuses %s %s in one line', async (option, value) => {
    for (const command of ['run', 'bare', 'conformance']) {
      const { code, stderr } = await mistake(command, image('hello'), option, value);
      expect([code, stderr.trim().split('\n').length]).toEqual([2, 1]);
      expect(stderr).toContain(`${option} must be`);
    }
  });
});
