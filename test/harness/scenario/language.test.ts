import { describe, expect, test } from 'vitest';
import { runScenario, ScenarioError } from '../../../src/harness/scenario/index.js';

const SETUP = 'device d1\nreg d1 0 pa=0x140000000 size=0x10000\nchunk d1 devmem rn=0 roff=0 off=0 len=0x4000\n';

describe('a line that cannot be understood is named with file, line and column', () => {
  test.each([
    ['frobnicate A1', '1:1: unknown operation frobnicate'],
    ['  mmap m1 A1 d1 prot=rwu', '1:25: expected flags='],
    ['device d1 extra', '1:11: unexpected word extra'],
    ['device d1 bogus=1', '1:11: unexpected key bogus='],
    ['device d1 devmap=maybe', '1:18: expected one of yes, none, null, nodev, nulldev, got maybe'],
    ['option speed 9', '1:8: expected an option (ncpus, pagesizes,'],
    ['option ncpus x', '1:14: expected a number, got x'],
    ['reg d7 0 pa=0 size=1', '1:5: expected a device that exists, got d7'],
    ['fail nowhere', '1:6: expected one of kmem,'],
    ['cb x', '1:4: expected a callback set (c0..c15), got x'],
    ['umem_alloc k0 size=1 flags=huge', '1:28: expected umem flags (sleep,'],
    ['touch A1 0x1000 sideways', '1:17: expected an access (other,'],
    ['touch A1 !! read', '1:10: expected an address, got !!'],
    ['unload x1 0 0', '1:8: expected a handle (h1, h2, ...), got x1'],
    ['# fine\nspace A2\nmprotect A1 0 0x1000 rq', '3:22: expected letters of r w x u, or -, got rq'],
    ['copyfrom A1 0 abc', '1:15: expected 1 to 64 bytes in hexadecimal'],
    ['fault A1', '1:9: expected an address'],
  ])('%s', (source, message) => {
    expect(() => runScenario(source, { file: 'x.in' })).toThrow(ScenarioError);
    expect(() => runScenario(source, { file: 'x.in' })).toThrow(`x.in:${message}`);
  });
});

describe('a script', () => {
  test('echoes its lines without comments and extra blanks, and ends with what is alive', () => {
    const { lines, end, status } = runScenario('# nothing\n\n  space   A2 # a second one\n');
    expect(lines).toEqual(['> space A2', 'end ok', 'live handle=0 segdata=0 vpage=0 softlock=0 ctx=0 cookie=0']);
    expect([end, status]).toEqual(['ok', 0]);
  });

  test('skips operations on what does not exist', () => {
    const { lines } = runScenario('touch A9 0 read\ntouch A1 m1 read\nunload h1 0 0\nsoftunlock s1 read\nmunmap A1 m1+0x1000 0x1000\n');
    expect(lines.filter((line) => line.startsWith('= '))).toEqual(['= skip no space', '= skip undefined', '= skip no handle', '= skip not locked', '= skip undefined']);
  });

  test('answers the exit status of how the kernel ended', () => {
    const crash = `${SETUP}cb c0 access=nulldev\nchunk d1 devmem rn=0 roff=0 off=0x4000 len=0x1000 cb=c0\nmmap m1 A1 d1 off=0x4000 len=0x1000 prot=rwu flags=shared\ntouch A1 m1 read\n`;
    expect(runScenario(crash, { mode: 'illumos' })).toMatchObject({ end: 'crash', status: 6 });
    expect(runScenario(crash, { mode: 'fixed' })).toMatchObject({ end: 'ok', status: 0 });
    const hang = 'device d1\nchunk d1 none off=0 len=0x1000 maplen=0\nmmap m1 A1 d1 prot=ru flags=shared\n';
    expect(runScenario(hang, { mode: 'illumos' })).toMatchObject({ end: 'hang', status: 7 });
    expect(runScenario('device d1\nreg d1 0 pa=0x140000000 size=0x10000\nchunk d1 devmem rn=0 roff=0 off=0 len=0x1000\nmmap m1 A1 d1 prot=ru flags=shared\nkluster A1 m1\n', { mode: 'illumos' })).toMatchObject({ end: 'panic', status: 3 });
  });

  test('of more than 60000 lines is taken to be endless where it is compared with C, and only there', () => {
    const long = 'device d1 devmap=none mmap=yes nodevmapflag\nreg d1 0 pa=0x140000000 size=0x10000000\nchunk d1 devmem off=0 len=0xf000000\nmmap m1 A1 d1 len=0xf000000 prot=ru flags=shared\n';
    expect(runScenario(long, { mode: 'illumos' }).end).toBe('hang');
    expect(runScenario(long, { mode: 'fixed' }).end).toBe('ok');
  });

  test('takes numbers as C does, as far as they are exact, and refuses others', () => {
    const octal = runScenario(`${SETUP}mmap m1 A1 d1 len=010000 prot=ru flags=shared\n`);
    expect(octal.lines.at(-3)).toBe('= 0 addr=0x100000000');
    expect(runScenario('touch A1 0xffffffffffffffff read\n', { check: true, drain: true }).end).toBe('ok');
    for (const [number, message] of [['08', 'a number, got 08'], ['0x7fffffffffffffff', 'a number of at most 53 bits'], ['0x10000000000000000', 'a number of at most 53 bits']] as const) {
      expect(() => runScenario(`tick ${number}\n`)).toThrow(`scenario:1:6: expected ${message}`);
    }
  });

  test('says with a single quirk what a production kernel does to this sequence', () => {
    const source = `${SETUP}chunk d1 devmem rn=0 roff=0x8000 off=0x4000 len=0x4000\nmmap m1 A1 d1 len=0x8000 prot=rwu flags=shared\nmunmap A1 m1+0x2000 0x6000\n`;
    expect(runScenario(source).end).toBe('ok');
    expect(runScenario(source, { quirks: { tailUnmapFromHead: true } }).end).toBe('crash');
  });

  test('an operation that must wait for a later one is blocked, and goes on when that comes', () => {
    const source = `${SETUP}cb c0 access=load\nchunk d1 devmem rn=0 roff=0 off=0x4000 len=0x4000 cb=c0\nmmap m1 A1 d1 off=0x4000 len=0x4000 prot=rwu flags=shared\nsoftlock s1 A1 m1 0x1000 read\ntouch A1 m1+0x1000 read\nsoftunlock s1 read\npt A1\n`;
    const { lines, end } = runScenario(source, { mode: 'fixed' });
    expect(lines).toContain('= BLOCKED');
    expect(lines.filter((line) => line.includes('pte va='))).toHaveLength(1);
    expect(end).toBe('ok');
    expect(runScenario(source, { mode: 'illumos' }).end).toBe('deadlock');
  });

  test('printed twice is the same', () => {
    const source = `${SETUP}mmap m1 A1 d1 len=0x4000 prot=rwu flags=shared\nfork A1 A2\ntouch A2 m1 write\ndump A2\n`;
    expect(runScenario(source).lines).toEqual(runScenario(source).lines);
  });
});
