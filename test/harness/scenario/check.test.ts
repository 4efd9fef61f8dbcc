/** The check that runs beside a scenario finds what it is there for: bugs are planted, and each must be named. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runScenario } from '../../../src/harness/scenario/index.js';
import type { QuirkName } from '../../../src/segdev/index.js';
import type { FencePort } from '../../../src/vm/index.js';

const SETUP = 'device d1\nreg d1 0 pa=0x140000000 size=0x1000000\ncb c0 map dup unmap access=load\nchunk d1 devmem rn=0 roff=0 off=0 len=0x4000 cb=c0\n'
  + 'chunk d1 devmem rn=0 roff=0x200000 off=0x200000 len=0x800000 cb=c0 flags=remap\n';
const SMALL = `${SETUP}mmap m1 A1 d1 len=0x4000 prot=rwu flags=shared\nfault A1 m1 0x4000 inval read\n`;
const LARGE = `${SETUP}mmap m1 A1 d1 off=0x200000 len=0x800000 prot=rwu flags=shared\nfault A1 m1 0x800000 inval read\n`;

const checked = (script: string, fence?: (port: FencePort) => FencePort) =>
  runScenario(script, { check: true, drain: true, ...(fence === undefined ? {} : { fence }) });
const found = (lines: readonly string[]): string => lines.find((line) => /^(STALE|LEAK) /.test(line)) ?? '';

const stories: readonly (readonly [string, string, RegExp])[] = [
  ['munmap', `${SMALL}munmap A1 m1 0x1000\n`, /^STALE hart 0, 4K: A1 0x100000000 frame 0x140000 translates 0x100000000, which is not mapped$/],
  ['mprotect', `${SMALL}mprotect A1 m1 0x1000 ru\n`, /^STALE hart 0, 4K: A1 0x100000000 frame 0x140000 has flags/],
  ['unload by the driver', `${SMALL}unload h1 0x1000 0x1000\n`, /^STALE hart 0, 4K: A1 0x100001000 .* is not mapped$/],
  ['remap and load of a large page', `${LARGE}devmem_remap h1 rn=0 roff=0x400000 len=0x800000\ntouch A1 m1 read\n`, /^STALE hart 0, 2M: A1 /],
  ['munmap of a part of a large page', `${LARGE}munmap A1 m1+0x300000 0x1000\n`, /^STALE hart 0, 2M: A1 .* is not mapped$/],
  ['exit', `space A2\n${SMALL}fork A1 A3\ntouch A3 m1 read\nexit A3\n`, /^STALE hart 0, .*: A3 0x100000000 frame 0x140000 belongs to an address space that has ended$/],
];

describe('a fence that is not sent', () => {
  test.each(stories)('after %s is found', (_what, script, message) => {
    expect(checked(script)).toMatchObject({ end: 'ok', status: 0 });
    const { end, status, lines } = checked(script, () => ({ fence: () => {} }));
    expect([end, status]).toEqual(['stale', 8]);
    expect(found(lines)).toMatch(message);
  });

  test('to one hart of two is found there', () => {
    const first = (port: FencePort): FencePort => {
      const { harts } = port as unknown as { harts: readonly FencePort[] };
      return { fence: (asid, va, len) => harts[0]!.fence(asid, va, len) };
    };
    const { lines } = checked(`${SMALL}munmap A1 m1 0x1000\n`, first);
    expect(found(lines)).toMatch(/^STALE hart 1, L1: A1 0x100000000 /);
  });

  test('for the last page of a range is found', () => {
    const short = (port: FencePort): FencePort => ({ fence: (asid, va, len) => port.fence(asid, va, Math.max(len - 0x1000, 0x1000)) });
    const { lines } = checked(`${SMALL}munmap A1 m1 0x2000\n`, short);
    expect(found(lines)).toMatch(/^STALE hart 0, 4K: A1 0x100001000 frame 0x140001 .* is not mapped$/);
  });

  test('before an address space identifier goes to another space is found', () => {
    // Seven spaces can have an identifier at a time: the eighth begins a new round, and everything must be fenced.
    const spaces = [2, 3, 4, 5, 6, 7, 8, 9].map((n) => `fork A1 A${n}\ntouch A${n} m1 read\n`).join('');
    expect(checked(`${SMALL}${spaces}`).end).toBe('ok');
    const noRound = (port: FencePort): FencePort => ({ fence: (asid, va, len) => (asid < 0 ? undefined : port.fence(asid, va, len)) });
    expect(found(checked(`${SMALL}${spaces}exit A2\nmunmap A1 m1 0x1000\n`, noRound).lines)).toMatch(/^STALE hart /);
  });
});

describe('what the C text leaves behind is found, one quirk at a time', () => {
  const corpus = (name: string): string => readFileSync(new URL(`corpus/${name}.in`, import.meta.url), 'utf8');
  test.each<readonly [string, QuirkName, RegExp]>([
    ['f06-failed-remap-maps-low-memory', 'failedRemapPoisons', /^STALE A1 0x100000000: a translation that should show frame 0xffffffffffffffff/],
    ['f17-prot-outlives-maxprot', 'remapKeepsProt', /^STALE A1 0x100000000: a translation with more rights than its page/],
  ])('%s with %s', (name, quirk, message) => {
    expect(checked(corpus(name)).end).toBe('ok');
    expect(found(runScenario(corpus(name), { quirks: { [quirk]: true }, check: true, drain: true }).lines)).toMatch(message);
  });
});

describe('at the end', () => {
  test('what nobody can end any more is a leak', () => {
    // The driver answers the unlock without unlocking: in C the pages stay locked, and the mapping with them.
    const script = `${SMALL}softlock s1 A1 m1 0x1000 read\nset c0 access=EIO\nsoftunlock s1 read\n`;
    expect(checked(script)).toMatchObject({ end: 'ok' });
    const { end, status, lines } = runScenario(script, { mode: 'illumos', drain: true });
    expect([end, status]).toEqual(['leak', 9]);
    expect(found(lines)).toMatch(/^LEAK A1 0x100000000: /);
  });

  test('a softlock that was waiting for one that ends now is ended too', () => {
    // One softlock over two mappings of a device waits for itself, and a fault waits behind it.
    const setUp = `${SMALL}mmap m2 A1 d1 len=0x4000 prot=rwu flags=shared\n`;
    const { end, lines } = checked(`${setUp}fault A1 m1+0x3000 0x2000 softlock read\ntouch A1 m2 read\n`);
    expect(lines.filter((line) => line === '= BLOCKED')).toHaveLength(2);
    expect([end, lines.at(-1)]).toEqual(['ok', 'live handle=0 segdata=0 vpage=0 softlock=0 ctx=0 cookie=0']);
  });

  test('a mapping like that of /dev/null that the driver refuses leaves the size of its space alone', () => {
    expect(checked(`${SETUP}set c0 map=EINVAL\nmmap m1 A1 d1 len=0x1000 prot=ru flags=0\n`)).toMatchObject({ end: 'ok' });
  });

  test('everything a script has left ends by itself: softlocks without a name, those of the driver, cookies and spaces nobody can name', () => {
    const script = `${SMALL}fault A1 m1 0x2000 softlock read\nload h1 0 0x1000 softlock read\nsoftlock s1 A1 m1 0x1000 read\nsoftlock s1 A1 m1+0x2000 0x1000 read\n`
      + 'umem_alloc k0 size=0x2000 flags=pageable\numem_alloc k0 size=0x2000 flags=sleep\npmem_alloc k1 pages=2\numem_lock k2 A1 m1 0x1000 pages\nspace A1\nfork A1 A1\n';
    const { end, lines } = checked(script);
    expect([end, lines.at(-1)]).toEqual(['ok', 'live handle=0 segdata=0 vpage=0 softlock=0 ctx=0 cookie=0']);
  });
});
