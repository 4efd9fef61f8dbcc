/** The scenario command: traces, exit codes, one-line errors, and the comparison of whole folders. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mistake, prepareCli, scratch, segdev } from './run-cli.js';

prepareCli();

const corpus = resolve(import.meta.dirname, '../harness/scenario/corpus');
const script = (name: string, text: string): string => {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
};
const NULLDEV = 'device d1\nreg d1 0 pa=0x140000000 size=0x10000\ncb c0 access=nulldev\nchunk d1 devmem rn=0 roff=0 off=0 len=0x1000 cb=c0\nmmap m1 A1 d1 off=0 len=0x1000 prot=rwu flags=shared\ntouch A1 m1 read\n';

describe('segdev scenario FILE', () => {
  it('prints the trace and exits 0', () => {
    const { code, stdout, stderr } = segdev('scenario', script('space.in', 'space A2\n'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n').slice(0, 2)).toEqual(['> space A2', 'end ok']);
  });

  it('does what the C text does in illumos mode, where a crash is a result and not a crash of ours', () => {
    const file = script('nulldev.in', NULLDEV);
    expect(segdev('scenario', file)).toMatchObject({ code: 0, stderr: '' });
    expect(segdev('scenario', file, '--mode', 'illumos')).toMatchObject({ code: 6, stderr: '', stdout: expect.stringContaining('end crash') as string });
  });

  it('switches one quirk alone, on and off', () => {
    const file = script('nulldev2.in', NULLDEV);
    expect(segdev('scenario', file, '--quirk', 'nulldevAccessCalled').code).toBe(6);
    expect(segdev('scenario', file, '--mode', 'illumos', '--quirk', 'no-nulldevAccessCalled').code).toBe(0);
  });

  it('finds nothing stale and nothing leaked with --check', () => {
    expect(segdev('scenario', script('nulldev3.in', NULLDEV), '--check')).toMatchObject({ code: 0 });
  });
});

describe('segdev scenario FOLDER', () => {
  const folder = join(scratch, 'folder of scenarios');
  mkdirSync(folder);
  for (const name of ['b01-basic.in', 'b01-basic.out']) cpSync(join(corpus, name), join(folder, name));

  it('counts the traces that agree', () => {
    expect(segdev('scenario', folder, '--mode', 'illumos')).toMatchObject({ code: 0, stdout: '1 of 1 scenarios agree in illumos mode\n' });
  });

  it('shows the first difference and exits 1', () => {
    const other = join(scratch, 'other scenarios');
    mkdirSync(other);
    cpSync(join(corpus, 'b01-basic.in'), join(other, 'x.in'));
    writeFileSync(join(other, 'x.out'), readFileSync(join(corpus, 'b01-basic.out'), 'utf8').replace('= 0 addr=', '= 22 addr='));
    const { code, stdout } = segdev('scenario', other, '--mode', 'illumos');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^x: differs\n {2}line \d+, in: > mmap .*\n {2}- = 22 addr=.*\n {2}\+ = 0 addr=/);
  });
});

describe('mistakes: one line, exit code 2', () => {
  it.each<[string, string[], string]>([
    ['no file', [], 'scenario needs a file or a folder'],
    ['two files', ['a.in', 'b.in'], 'not also "b.in"'],
    ['a file that is not there', ['nowhere.in'], 'cannot read nowhere.in: ENOENT'],
    ['a malformed line', [script('bad.in', '# fine\nspace A2\nmprotect A1 0 0x1000 rq\n')], 'bad.in:3:22: expected letters of r w x u, or -, got rq'],
    ['an unknown mode', [script('m.in', ''), '--mode', 'solaris'], '--mode must be fixed or illumos, not "solaris"'],
    ['an unknown quirk', [script('q.in', ''), '--quirk', 'nonsense'], 'no quirk "nonsense"'],
    ['an unknown option', [script('o.in', ''), '--fast'], 'unknown option --fast'],
    ['a negative number for a name', [script('n.in', ''), '--mode', '-1'], '--mode must be fixed or illumos, not "-1"'],
    ['a folder without scenarios', [resolve(import.meta.dirname)], 'no scenario (*.in) in it'],
  ])('%s', async (_what, args, says) => {
    const { code, stdout, stderr } = await mistake('scenario', ...args);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(says);
    expect([code, stdout]).toEqual([2, '']);
  });
});
