/** The ledger of handles, fed with events written by hand: each breach of the contract is found by its rule. */
import { describe, expect, it } from 'vitest';
import { Trace, type TraceEvents, type TraceKind } from '../../src/base/index.js';
import { HandleLedger } from '../../src/harness/ledger.js';
import { ruleText, rules } from '../../src/harness/rules.js';

const ledgerOf = (...events: readonly [TraceKind, object][]): HandleLedger => {
  const ledger = new HandleLedger();
  const trace = new Trace();
  trace.listen((event) => ledger.see(event));
  for (const [kind, fields] of events) trace.emit(kind, fields as TraceEvents[TraceKind]);
  return ledger;
};

const map = (handle: string, off: number, len: number, pvt: string, result = '0'): [TraceKind, object] => ['drv.map', { handle, off, len, flags: 1, pvt, result }];
const dup = (handle: string, pvt: string, duplicate: string, newpvt: string, result = '0'): [TraceKind, object] => ['drv.dup', { handle, pvt, new: duplicate, newpvt, result }];
const unmap = (handle: string, pvt: string, off: number, len: number, new1 = '-', pvt1 = '-', new2 = '-', pvt2 = '-'): [TraceKind, object] =>
  ['drv.unmap', { handle, pvt, off, len, new1, pvt1, new2, pvt2 }];
const setup = (handle: string, len: number, result = 'DDI_SUCCESS'): [TraceKind, object] => ['drv.setup', { handle, backing: 'devmem', off: 0, len, maxprot: 'rwxu', flags: '0', result }];
const devmap = (handle: string, len: number, maplen: number, result = '0'): [TraceKind, object] => ['drv.devmap', { dev: 'd', handle, off: 0, len, maplen, result }];

const breaches = (...events: readonly [TraceKind, object][]): string[] => ledgerOf(...events).violations.map((v) => v.rule);

describe('what is as it must be', () => {
  it.each<[string, [TraceKind, object][]]>([
    ['map, unmap', [map('h1', 0, 0x3000, 'p1'), unmap('h1', 'p1', 0, 0x3000)]],
    ['head', [map('h1', 0, 0x3000, 'p1'), unmap('h1', 'p1', 0, 0x1000, '-', '-', 'h1', 'p2'), unmap('h1', 'p2', 0x1000, 0x2000)]],
    ['tail', [map('h1', 0, 0x3000, 'p1'), unmap('h1', 'p1', 0x2000, 0x1000, 'h1', 'p1'), unmap('h1', 'p1', 0, 0x2000)]],
    ['hole', [
      map('h1', 0, 0x3000, 'p1'), unmap('h1', 'p1', 0x1000, 0x1000, 'h1', 'p1', 'h2', 'p2'), unmap('h2', 'p2', 0x2000, 0x1000), unmap('h1', 'p1', 0, 0x1000),
    ]],
    ['fork, both exit', [map('h1', 0, 0x1000, 'p1'), dup('h1', 'p1', 'h2', 'p2'), unmap('h1', 'p1', 0, 0x1000), unmap('h2', 'p2', 0, 0x1000)]],
    ['refused map and dup make no handle', [map('h1', 0, 0x1000, 'p1', 'ENOMEM'), map('h2', 0, 0x1000, 'p2'), dup('h2', 'p2', 'h3', '-', 'ENOMEM'), unmap('h2', 'p2', 0, 0x1000)]],
    ['a driver without private data', [map('h1', 0, 0x2000, '-'), dup('h1', '-', 'h2', '-'), unmap('h2', '-', 0, 0x1000, '-', '-', 'h2', '-'), unmap('h2', '-', 0x1000, 0x1000), unmap('h1', '-', 0, 0x2000)]],
    ['a driver that hears only of mapping', [map('h1', 0, 0x1000, '-')]],
    ['a driver that hears only of unmapping', [unmap('h1', '-', 0, 0x1000), unmap('h2', '-', 0, 0x1000)]],
    ['set-up of an unaligned length', [setup('h1', 0x1001), devmap('h1', 0x2000, 0x2000)]],
    ['a refused offset', [devmap('h1', 0x1000, 0, 'EINVAL')]],
  ])('%s', (_what, events) => {
    const ledger = ledgerOf(...events);
    expect([...ledger.violations, ...ledger.leaks()]).toEqual([]);
  });
});

describe('what is found', () => {
  it('a handle that nobody unmapped, with range and private data', () => {
    const [leak] = ledgerOf(map('h1', 0x4000, 0x1000, 'p7')).leaks();
    expect(leak).toEqual({ rule: 'CB08', what: 'h1 [0x4000, 0x5000) with private data p7 was never unmapped' });
  });

  it('the part of a hole that was forgotten', () => {
    const ledger = ledgerOf(map('h1', 0, 0x3000, 'p1'), unmap('h1', 'p1', 0x1000, 0x1000, 'h1', 'p1', 'h2', 'p2'), unmap('h1', 'p1', 0, 0x1000));
    expect(ledger.leaks().map((leak) => leak.what)).toEqual(['h2 [0x2000, 0x3000) with private data p2 was never unmapped']);
  });

  it.each<[string, string, [TraceKind, object][]]>([
    ['a duplicate with the private data of its original', 'CB03', [map('h1', 0, 0x1000, 'p1'), dup('h1', 'p1', 'h2', 'p1')]],
    ['private data given back twice because devmap_dup is missing', 'CB03', [map('h1', 0, 0x1000, 'p1'), unmap('h1', 'p1', 0, 0x1000), unmap('h2', 'p1', 0, 0x1000)]],
    ['a part without private data', 'CB06', [map('h1', 0, 0x2000, 'p1'), unmap('h1', 'p1', 0, 0x1000, '-', '-', 'h1', '-')]],
    ['two parts with one private data', 'CB06', [map('h1', 0, 0x3000, 'p1'), unmap('h1', 'p1', 0x1000, 0x1000, 'h1', 'p2', 'h2', 'p2')]],
    ['an unmapping outside the handle', 'CB07', [map('h1', 0, 0x2000, 'p1'), unmap('h1', 'p1', 0x2000, 0x1000)]],
    ['an unmapping of nothing', 'CB07', [map('h1', 0, 0x2000, 'p1'), unmap('h1', 'p1', 0x1000, 0)]],
    ['devmap without a set-up', 'DM02', [devmap('h1', 0x1000, 0x1000)]],
    ['a failed set-up that was passed over', 'DM02', [setup('h1', 0x1000, 'DDI_FAILURE'), devmap('h1', 0x1000, 0x1000)]],
    ['*maplen that was not set', 'DM03', [setup('h1', 0x1000), devmap('h1', 0x1000, 0)]],
    ['*maplen off a page boundary', 'DM03', [setup('h1', 0x1800), devmap('h1', 0x2000, 0x1800)]],
    ['*maplen above what was asked for', 'DM03', [setup('h1', 0x2000), devmap('h1', 0x1000, 0x2000)]],
    ['*maplen that is not what was set up', 'DM04', [setup('h1', 0x1000), devmap('h1', 0x2000, 0x2000)]],
    ['what segdev itself finds', 'AC04', [['finding', { rule: 'AC04', what: 'devmap_access answered 7' }]]],
  ])('%s', (_what, rule, events) => {
    expect(breaches(...events)).toEqual([rule]);
  });

  it('what a program does wrong at registers is not held against the driver', () => {
    expect(breaches(['finding', { rule: 'register-read-only', what: 'regbank: write of 0x1 to ID' }])).toEqual([]);
  });
});

describe('rules', () => {
  it('every rule names a manual page and is quoted with its text', () => {
    for (const { id, page, text } of rules.values()) {
      expect(page).toMatch(/^[a-z_]+\(9[EFS]\)$/);
      expect(ruleText(id)).toBe(`${page}: ${text} [${id}]`);
    }
  });

  it('a rule nobody described still says its name', () => {
    expect(ruleText('ZZ99')).toBe('ZZ99');
  });
});
