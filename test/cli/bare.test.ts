/** The commands bare and conformance as a user meets them. */
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseBareOptions } from '../../src/cli/bare-options.js';
import { HTIF_DATA, program } from '../bare/kit.js';
import { interruptAfterFirstOutput, mistake, prepareCli, scratch, segdev, segdevWithInput } from './run-cli.js';

prepareCli();

const put = (name: string, source: string): string => {
  const path = join(scratch, name);
  writeFileSync(path, program(source));
  return path;
};
const ending = (code: number): string => `
  li t0, ${2 * code + 1}
  la t1, tohost
  sd t0, 0(t1)
spin: j spin ${HTIF_DATA}`;
const SIGNED = `${ending(0)}
begin_signature: .word 0x12345678, 0x9abcdef0
end_signature:`;

describe('bare', () => {
  it('prints what the guest prints, reads its input, exits with its code', () => {
    const echo = put('echo.elf', `
      li t1, UART
    poll: lbu t0, 5(t1)
      andi t0, t0, 1
      beqz t0, poll
      lbu t0, 0(t1)
      sb t0, 0(t1)
      li t2, 10
      bne t0, t2, poll
      li t0, 0x73333
      li t1, FINISHER
      sw t0, 0(t1)`);
    expect(segdevWithInput('hello\n', 'bare', echo, '--quiet')).toEqual({ code: 7, stdout: 'hello\n', stderr: '' });
  });

  it('writes the signature, four bytes a line unless told otherwise', () => {
    const elf = put('signed', SIGNED);
    expect(segdev('bare', elf, '--signature', 'a.sig', '--quiet').code).toBe(0);
    expect(readFileSync(join(scratch, 'a.sig'), 'utf8')).toBe('12345678\n9abcdef0\n');
    segdev('bare', elf, '--signature', 'b.sig', '--signature-granularity', '8');
    expect(readFileSync(join(scratch, 'b.sig'), 'utf8')).toBe('9abcdef012345678\n');
  });

  it('ends at the limit with 124, where nothing can come any more with 70, at Ctrl-C with 130', async () => {
    const loop = segdev('bare', put('loop', 'spin: j spin'), '--max-instructions', '1000');
    expect([loop.code, loop.stderr]).toEqual([124, expect.stringContaining('stopped by --max-instructions; the program has no symbol tohost')]);
    const sleep = segdev('bare', put('sleep', 'wfi'), '--harts', '2', '--quiet');
    expect([sleep.code, sleep.stderr]).toEqual([70, 'segdev: the guest waits for an interrupt that can never come; the program has no symbol tohost\n']);
    const spin = put('spin', "li t0, 'x'\n li t1, UART\n sb t0, 0(t1)\nspin: j spin");
    expect(await interruptAfterFirstOutput('bare', spin, '--quiet')).toEqual({ code: 130, stdout: 'x', stderr: 'segdev: interrupted\n' });
  });

  it('names what is wrong in one line, exit code 2', async () => {
    const elf = put('fine', ending(0));
    for (const [args, says] of [
      [['bare', 'nowhere'], 'cannot read nowhere: ENOENT'],
      [['bare', join(import.meta.dirname, 'bare.test.ts')], 'not an ELF file'],
      [['bare', elf, '--signature', 'x.sig'], 'no symbols begin_signature'],
      [['conformance', 'nowhere'], 'cannot read nowhere'],
      [['bare', elf, '--max-instructions', '-1'], '--max-instructions must be a number from 1 to 9007199254740991, not "-1"'],
      [['bare', elf, '--memory', '-5M'], '--memory must be a size from 1M to 3584M in whole pages, like 256M, not "-5M"'],
      [['bare', elf, '--bogus'], 'segdev: unknown option --bogus\n'],
      [['conformance', '.', '--jobs', '-1'], '--jobs must be a number from 1 to 1024, not "-1"'],
      [['conformance', '.', '--max-instructions', '-1'], '--max-instructions must be a number from 1 to 9007199254740991, not "-1"'],
      [['conformance', '.', '--bogus'], 'segdev: unknown option --bogus\n'],
    ] as const) {
      const { code, stdout, stderr } = await mistake(...args);
      expect([args.join(' '), code, stdout, stderr.split('\n').length]).toEqual([args.join(' '), 2, '', 2]);
      expect(stderr).toContain(says);
    }
    for (const [args, says] of [
      [[], 'bare needs a program'], [[elf, 'more'], 'not also "more"'], [[elf, '--harts', '99'], '--harts must be a number from 1 to 16'],
      [[elf, '--memory', '3'], '--memory must be a size'], [[elf, '--memory', '8G'], '--memory must be a size'], [[elf, '--ad', 'maybe'], '--ad must be svade or svadu'],
      [[elf, '--signature-granularity', '4'], 'needs --signature'], [[elf, '--trace', ''], '--trace needs a file name'], [[elf, '--nothing'], 'unknown option --nothing'],
    ] as const) {
      expect(() => parseBareOptions(args), args.join(' ')).toThrow(says);
    }
    expect(parseBareOptions([elf, '--memory', '0x100000'])).toMatchObject({ memory: 2 ** 20 });
    expect(parseBareOptions([elf, '--memory', '64M'])).toMatchObject({ memory: 2 ** 26, granularity: 4, misaligned: 'work', ad: 'svade' });
  });
});

describe('an output that is an input', () => {
  it.each(['commit-log', 'trace', 'signature'])('bare refuses as --%s the program it runs, by any of its names, and leaves it as it was', async (option) => {
    const elf = put('kept', SIGNED);
    rmSync(join(scratch, 'alias'), { force: true });
    symlinkSync(elf, join(scratch, 'alias'));
    const before = readFileSync(elf);
    for (const name of ['kept', './alias']) {
      expect(await mistake('bare', elf, `--${option}`, name)).toEqual({ code: 2, stdout: '', stderr: `segdev: --${option} and the program are the same file: ${name}\n` });
    }
    expect(readFileSync(elf)).toEqual(before);
  });

  it('conformance refuses as --junit a test or a reference', async () => {
    mkdirSync(join(scratch, 'few'), { recursive: true });
    const elf = put('few/one.elf', SIGNED);
    writeFileSync(join(scratch, 'few/one.sig'), '12345678\n9abcdef0\n');
    const before = readFileSync(elf);
    expect(await mistake('conformance', 'few', '--junit', 'few/one.elf')).toMatchObject({ code: 2, stderr: 'segdev: --junit and test one are the same file: few/one.elf\n' });
    expect(await mistake('conformance', 'few', '--junit', 'few/one.sig')).toMatchObject({ code: 2, stderr: 'segdev: --junit and the reference of one are the same file: few/one.sig\n' });
    expect(readFileSync(elf)).toEqual(before);
    expect(readFileSync(join(scratch, 'few/one.sig'), 'utf8')).toBe('12345678\n9abcdef0\n');
  });
});

describe('a reset', () => {
  it('ends with 0, as the help says', () => {
    const elf = put('reset', 'li t0, 0x7777\n li t1, FINISHER\n sw t0, 0(t1)\n wfi');
    expect(segdev('bare', elf, '--quiet')).toMatchObject({ code: 0, stderr: 'segdev: the guest asked for a reset\n' });
    expect(segdev('bare', '--help').stdout).toMatch(/Exit code:[^]*0 when it asks for a reset/);
  });
});

describe('conformance', () => {
  it('counts what cannot be loaded as failed, so that a broken build does not look like a missing extension', () => {
    mkdirSync(join(scratch, 'broken'), { recursive: true });
    put('broken/ok-1', ending(0));
    writeFileSync(join(scratch, 'broken/cut-1'), readFileSync(put('whole', ending(0))).subarray(0, 100));
    const { code, stdout } = segdev('conformance', 'broken', '--jobs', '1');
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^FAIL cut-1: cannot be loaded: .*truncated/)]);
  });

  it('counts by family, names each failure with its reason, and writes JUnit XML', async () => {
    const folder = join(scratch, 'tests');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    put('tests/rv64ui-p-good', ending(0));
    put('tests/rv64ui-p-bad', ending(3));
    put('tests/rv64ui-v-good', ending(0));
    put('tests/rv64ui-p-bad.dump', ending(4));
    put('tests/deep/sum-01.elf', SIGNED);
    writeFileSync(join(folder, 'deep/sum-01.reference_output'), '12345678\n9abcdef1\n');
    writeFileSync(join(folder, 'Makefile'), 'all:\n');
    const { code, stdout } = segdev('conformance', folder, '--junit', 'junit.xml', '--jobs', '2');
    expect(code).toBe(1);
    expect(stdout.split('\n').toSorted()).toEqual(['',
      'FAIL deep/sum-01: signature line 2 is 9abcdef0, not 9abcdef1', 'FAIL rv64ui-p-bad: test 3',
      'deep         0 passed, 1 failed', 'rv64ui-p     1 passed, 1 failed', 'rv64ui-v     1 passed', 'total        2 passed, 2 failed',
    ]);
    const xml = readFileSync(join(scratch, 'junit.xml'), 'utf8');
    expect(xml).toContain('<testsuites name="segdev conformance" tests="4" failures="2" skipped="0"');
    expect(xml).toContain('<failure message="test 3"/>');
    expect(segdev('conformance', folder, '--filter', 'good').code).toBe(0);
    expect((await mistake('conformance', folder, '--filter', 'nothing')).code).toBe(2);
  }, 30_000);
});
