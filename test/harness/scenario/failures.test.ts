import { describe, expect, test } from 'vitest';
import { runScenario } from '../../../src/harness/scenario/index.js';

const SETUP = 'device d1\nreg d1 0 pa=0x140000000 size=0x10000\ncb c0 map dup unmap access=load\nchunk d1 devmem rn=0 roff=0 off=0 len=0x4000 cb=c0\n';
const MAPPED = `${SETUP}mmap m1 A1 d1 len=0x4000 prot=rwu flags=shared\nfault A1 m1 0x4000 inval read\n`;

describe('fail segalloc', () => {
  const script = `${MAPPED}fail segalloc after=0 err=ENOMEM\n`;

  test('refuses a mapping, and the handles made for it go again', () => {
    const { lines, end } = runScenario(`${SETUP}fail segalloc\nmmap m1 A1 d1 len=0x4000 prot=rwu flags=shared\nleaks\n`);
    expect(lines).toContain('  inject segalloc');
    expect(lines.filter((line) => /^ {2}seg_alloc .* -> none$/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith('= '))).toEqual(['= ENOMEM']);
    expect([end, lines.at(-1)]).toEqual(['ok', 'live handle=0 segdata=0 vpage=0 softlock=0 ctx=0 cookie=0']);
  });

  test('ends a fork, and the parent keeps what it had', () => {
    const { lines, end } = runScenario(`${script}fork A1 A2\nsegs A2\ntouch A1 m1 read\n`, { check: true, drain: true });
    expect(lines.filter((line) => line.startsWith('= ')).slice(2)).toEqual(['= ENOMEM', '= skip no space', expect.stringContaining('= hit pfn=0x140000')]);
    expect(end).toBe('ok');
  });

  test('munmap of a hole fails before anything has changed; a production kernel panics', () => {
    const hole = `${script}munmap A1 m1+0x1000 0x1000\n`;
    const { lines, end } = runScenario(`${hole}touch A1 m1+0x1000 read\nsegs A1\n`, { check: true, drain: true });
    expect(lines).toContain('= ENOMEM');
    expect(lines).toContain('= hit pfn=0x140001 pgsz=0x1000');
    expect(lines.filter((line) => line.startsWith('  seg base='))).toEqual([expect.stringContaining('size=0x4000')]);
    expect(lines.some((line) => line.includes('drv.unmap'))).toBe(true);
    expect(lines.findIndex((line) => line.includes('drv.unmap'))).toBeGreaterThan(lines.indexOf('> segs A1'));
    expect([end, lines.at(-1)]).toEqual(['ok', 'live handle=0 segdata=0 vpage=0 softlock=0 ctx=0 cookie=0']);
    expect(runScenario(hole, { mode: 'illumos' })).toMatchObject({ end: 'panic' });
    expect(runScenario(hole, { quirks: { unmapPanics: true } })).toMatchObject({ end: 'panic' });
  });
});

describe('page tables', () => {
  test('may need more memory than a scenario begins with: forty processes keep theirs while it grows', () => {
    const children = Array.from({ length: 40 }, (_, n) => `A${n + 2}`);
    const touches = ['A1', ...children].map((space) => `touch ${space} m1+0x1000 read\n`).join('');
    const { lines, end } = runScenario(`${MAPPED}${children.map((space) => `fork A1 ${space}\n`).join('')}${touches}${touches}`, { drain: true });
    expect(lines.filter((line) => /^= .*pfn=0x140001 /.test(line))).toHaveLength(82);
    expect(lines.filter((line) => line.startsWith('= hit pfn=0x140001'))).toHaveLength(1 + 41);
    expect(end).toBe('ok');
  });
});
