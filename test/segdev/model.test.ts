/**
 * Device mappings against a model that is a map from page to what a program may expect there (model.ts). After every command no
 * page table in RAM and no TLB of any hart translates what the model forbids, the driver's callbacks add up to the handles the
 * model has, and every answer is the model's; after the last exit nothing is left.
 */
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { PAGESIZE } from '../../src/base/index.js';
import { RW_READER, rw_enter, rw_exit } from '../../src/kernel/index.js';
import { devmap_devmem_remap, devmap_load, devmap_umem_remap, devmap_unload } from '../../src/segdev/index.js';
import { F_INVAL, F_SOFTLOCK, F_SOFTUNLOCK, FC_HWERR, FC_MAKE_ERR, FC_NOMAP, FC_NOSUPPORT, FC_PROT, hat_probe, MAP_FIXED, MAP_SHARED, S_READ, S_WRITE } from '../../src/vm/index.js';
import { runs } from '../oracle/runs.js';
import { ModelSpace, READ, rights, USER, WRITE, frameOf, type DeviceSpec, type ModelHandle, type ModelLock, type ModelPage, type Policy, type Verdict } from './model.js';
import { devicePages, LARGE, ModelMachine, SMALL, type Pair } from './model-machine.js';

const SEED = Number(process.env['SEGDEV_SEED'] ?? 20_260_301);
const SIGNALS: Readonly<Record<Exclude<Verdict, 'ok' | 'nosupport'>, string>> = { maperr: 'SIGSEGV SEGV_MAPERR', accerr: 'SIGSEGV SEGV_ACCERR', hwerr: 'SIGBUS BUS_ADRERR' };
const CODES: Readonly<Record<Verdict, number>> = { ok: 0, maperr: FC_NOMAP, accerr: FC_PROT, hwerr: FC_HWERR, nosupport: FC_NOSUPPORT };
/** Where MAP_FIXED places small and large mappings, in pages. */
const ARENAS: Readonly<Record<string, number>> = { small: 0x10_0000, large: 0x20_0000 };
const [EBUSY, EAGAIN, ENOMEM, EACCES] = [16, 11, 12, 13];
const rwOf = (need: number): 1 | 2 => (need === WRITE ? S_WRITE : S_READ);

/** A run: the machine, its processes beside their models. */
class Run {
  readonly real: ModelMachine;
  readonly pairs: Pair[] = [];
  /** Devices whose softlock is held by a lock through devmap_access: other faults through it wait. */
  readonly held: Map<string, number> = new Map();
  #stores = 0;

  constructor(real: ModelMachine) {
    this.real = real;
    const process = real.machine.createProcess('m');
    for (const dev of [SMALL, LARGE]) process.open(`/dev/${dev.name}`);
    this.pairs.push({ process, model: new ModelSpace(), touched: new Set() });
    for (const dev of [SMALL, LARGE]) real.policies[dev.name] = 'default';
  }

  pair(n: number): Pair {
    return this.pairs[n % this.pairs.length]!;
  }

  /** A page to start from: mostly one that is mapped. */
  start({ model }: Pair, at: number, small: boolean): number {
    const mapped = [...model.pages.keys()].filter((vpn) => !small || model.pages.get(vpn)!.handle.dev === SMALL);
    if (mapped.length === 0 || at % 11 === 0) return ARENAS[small ? 'small' : 'large']! + (at % 40);
    return mapped[at % mapped.length]!;
  }

  handleAt(pair: Pair, at: number): ModelHandle | undefined {
    const { handles } = pair.model;
    return handles[at % Math.max(handles.length, 1)];
  }

  present({ process }: Pair, vpn: number): boolean {
    return hat_probe(process.proc.as.hat, vpn * PAGESIZE) !== undefined;
  }

  waits(dev: DeviceSpec, page: ModelPage | undefined): boolean {
    return (page?.handle.chunk.access ?? false) && (this.held.get(dev.name) ?? 0) > 0;
  }

  /** One load, store or touch of a page, and what must come of it. */
  access(pair: Pair, vpn: number, need: number, touch = false): void {
    const { model, process } = pair;
    const page = model.pages.get(vpn);
    const present = this.present(pair, vpn);
    if (page !== undefined && !present && this.waits(page.handle.dev, page)) return;
    const policy: Policy = this.real.policies[page?.handle.dev.name ?? ''] ?? 'default';
    const verdict: Verdict = present ? ((rights(page!) & need) === 0 ? 'accerr' : 'ok') : model.fault(vpn, need, policy);
    if (page !== undefined && !present) model.load(page.handle, vpn, 1, policy === 'whole' && page.handle.chunk.access);
    pair.touched.add(vpn);
    const va = vpn * PAGESIZE + 8;
    const value = ++this.#stores;
    const answer = touch ? process.touch(va, need === WRITE ? 'write' : 'read') : need === WRITE ? process.store(va, 4, BigInt(value)) : process.load(va, 4);
    if (verdict !== 'ok') {
      const signal = 'signal' in answer ? `${answer.signal} ${answer.code}` : 'no signal';
      if (signal !== SIGNALS[verdict as 'maperr']) expect.fail(`page 0x${vpn.toString(16)} answers ${signal}, not ${verdict}`);
      return;
    }
    const frame = frameOf(vpn, page!);
    if (need === WRITE && !touch) this.real.contents.set(frame, value);
    const expected = need === WRITE || touch ? 0n : BigInt(this.real.contents.get(frame) ?? 0);
    if (!('value' in answer) || answer.value !== expected) expect(answer).toEqual({ value: expected });
    this.real.translateElsewhere(pair, vpn, need === WRITE);
  }

  /** Whether a range touches a segment with softlocked pages: unmapping or protecting it would wait. */
  softlocked({ model }: Pair, vpn: number, pages: number): boolean {
    return model.range(vpn, pages).some((page) => page !== undefined && page.seg.locks > 0);
  }

  /** What a softlock of [vpn, vpn+pages) answers; undefined when it would wait. */
  lockVerdict({ model }: Pair, vpn: number, pages: number, need: number): Verdict | undefined {
    const range = model.range(vpn, pages);
    const devices = new Map<DeviceSpec, Set<unknown>>();
    for (const page of range) {
      if (page?.handle.chunk.access !== true) continue;
      if (this.waits(page.handle.dev, page)) return undefined;
      devices.set(page.handle.dev, (devices.get(page.handle.dev) ?? new Set()).add(page.seg));
    }
    // A second segment of the same device would wait for the first one's softlock.
    if ([...devices.values()].some((segs) => segs.size > 1)) return undefined;
    for (let from = 0; from < pages; ) {
      const seg = range[from]?.seg;
      if (seg === undefined) return 'maperr';
      let to = from;
      while (to < pages && range[to]?.seg === seg) to++;
      const part = range.slice(from, to);
      if (part.some((page) => page!.handle.chunk.remap)) return 'nosupport';
      const first = part.findIndex((page) => page!.handle.chunk.access && this.real.policies[page!.handle.dev.name] === 'refuse');
      const before = model.verdict(vpn + from, first < 0 ? to - from : first, need);
      if (before !== 'ok') return before;
      if (first >= 0) return 'hwerr';
      from = to;
    }
    return 'ok';
  }

  verify(): void {
    this.real.verify(this.pairs);
    for (const { dev, softlocked } of this.real.segdev.slist) {
      const held = (this.held.get(dev.dip.name) ?? 0) > 0;
      if (held ? softlocked >= 0 : softlocked !== 0) expect.fail(`softlock of ${dev.dip.name} counts ${softlocked}`);
    }
  }

  unlock(pair: Pair, { vpn, pages, segs, devices }: ModelLock): void {
    expect(this.real.fault(pair, vpn, pages, F_SOFTUNLOCK, S_READ)).toBe(0);
    for (const page of pair.model.range(vpn, pages)) page!.locks--;
    for (const seg of segs) seg.locks--;
    for (const name of devices) this.held.set(name, this.held.get(name)! - 1);
  }

  finish(): void {
    for (const pair of this.pairs) for (const held of pair.model.locks.splice(0)) this.unlock(pair, held);
    for (const pair of this.pairs) for (const vpn of this.sample(pair)) for (const need of [READ, WRITE]) this.access(pair, vpn, need);
    this.verify();
    for (const { process } of this.pairs.splice(0)) process.exit();
    this.verify();
    this.real.expectNothingLeft();
  }

  /** Pages worth a look: all of small mappings, the edges of handles and large pages, and their outsides. */
  sample({ model }: Pair): number[] {
    const edges = model.handles.flatMap(({ dev, vpn, pages }) =>
      (dev === SMALL ? Array.from({ length: pages + 2 }, (_, i) => vpn - 1 + i) : [vpn - 1, vpn, vpn + 1, vpn + (pages >> 1), vpn + pages - 1, vpn + pages, vpn - (vpn % 512) + 511, vpn - (vpn % 512) + 512]));
    return [...new Set(edges)];
  }
}

type Command = fc.Command<{ runs: number }, Run>;
function command<T>(name: string, arbitrary: fc.Arbitrary<T>, run: (r: Run, arg: T) => void): fc.Arbitrary<Command> {
  return arbitrary.map((arg) => ({
    check: () => true,
    run: (_m, r) => {
      run(r, arg);
      r.verify();
    },
    toString: () => `${name}(${JSON.stringify(arg)})`,
  }));
}

const nat = fc.nat(100_000);
const need = fc.constantFrom(READ, WRITE);
const device = fc.constantFrom('small', 'small', 'large');
const count: fc.Arbitrary<number> = fc.constantFrom(1, 1, 1, 2, 2, 3, 5, 17, 512, 513, 1030);
const where = { space: nat, at: nat, small: fc.boolean(), pages: count };

const mmap = command('mmap', fc.record({ space: nat, device, off: nat, pages: nat, place: fc.constantFrom('any', 'congruent', 'odd'), slot: fc.nat(3), prot: fc.constantFrom(READ, READ | WRITE, READ | WRITE) }),
  (r, { space, device: name, off, pages, place, slot, prot }) => {
    const pair = r.pair(space);
    const dev = name === 'small' ? SMALL : LARGE;
    const total = devicePages(dev);
    const first = off % 3 === 0 ? 0 : off % total;
    const length = pages % 3 === 0 ? total - first : 1 + (pages % (total - first));
    const fixed = ARENAS[dev.name]! + (dev === SMALL ? slot * 5 : slot * 512 + (first % 512)) + (place === 'odd' ? 1 : 0);
    if (place !== 'any' && r.softlocked(pair, fixed, length)) return;
    const answer = pair.process.mmap({
      fd: dev === SMALL ? 3 : 4, off: first * PAGESIZE, len: length * PAGESIZE, prot, flags: MAP_SHARED | (place === 'any' ? 0 : MAP_FIXED),
      ...(place === 'any' ? {} : { addr: fixed * PAGESIZE }),
    });
    if (!('addr' in answer)) return expect.fail(`mmap: errno ${answer.errno}`);
    const vpn = answer.addr / PAGESIZE;
    if (place === 'any') expect(pair.model.range(vpn, length).every((page) => page === undefined)).toBe(true);
    else expect(vpn).toBe(fixed);
    pair.model.unmap(vpn, length);
    pair.model.map(dev, first, length, vpn, prot | USER);
  });

const munmap = command('munmap', fc.record({ ...where, head: fc.boolean() }), (r, { space, at, small, pages, head }) => {
  const pair = r.pair(space);
  let vpn = r.start(pair, at, small);
  const seg = pair.model.pages.get(vpn)?.seg;
  if (head && seg !== undefined) vpn = Math.min(...[...pair.model.pages].filter(([, page]) => page.seg === seg).map(([number]) => number));
  if (r.softlocked(pair, vpn, pages)) {
    const locked = pair.model.range(vpn, pages).findIndex((page) => (page?.seg.locks ?? 0) > 0);
    expect(r.real.unmapNow(pair, vpn + locked)).toBe(EAGAIN);
    return;
  }
  expect(pair.process.munmap(vpn * PAGESIZE, pages * PAGESIZE)).toBe(0);
  pair.model.unmap(vpn, pages);
});

const mprotect = command('mprotect', fc.record({ ...where, whole: fc.boolean(), prot: fc.constantFrom(0, READ, READ | WRITE, READ | WRITE) }), (r, { space, at, small, pages, whole, prot }) => {
  const pair = r.pair(space);
  const { model } = pair;
  let vpn = r.start(pair, at, small);
  const seg = model.pages.get(vpn)?.seg;
  let length = pages;
  if (whole && seg !== undefined) {
    const all = [...model.pages].filter(([, page]) => page.seg === seg).map(([number]) => number);
    [vpn, length] = [Math.min(...all), all.length];
  }
  if (r.softlocked(pair, vpn, length)) return;
  let expected = 0;
  for (let i = 0; i < length && expected === 0; ) {
    const here = model.pages.get(vpn + i)?.seg;
    if (here === undefined) {
      expected = ENOMEM;
      break;
    }
    let to = i;
    while (to < length && model.pages.get(vpn + to)?.seg === here) to++;
    const part = model.range(vpn + i, to - i) as ModelPage[];
    if (part.some(({ handle }) => ((prot | USER) & ~handle.maxprot) !== 0)) {
      expected = EACCES;
    } else {
      for (const page of part) {
        page.prot = prot | USER;
        if (prot === 0) page.loaded = false;
      }
    }
    i = to;
  }
  expect(pair.process.mprotect(vpn * PAGESIZE, length * PAGESIZE, prot)).toBe(expected);
});

const fork = command('fork', fc.record({ space: nat }), (r, { space }) => {
  if (r.pairs.length >= 4) return;
  const pair = r.pair(space);
  const process = pair.process.fork();
  if ('errno' in process) return expect.fail(`fork: errno ${process.errno}`);
  r.pairs.push({ process, model: pair.model.fork(), touched: new Set() });
});

const exit = command('exit', fc.record({ space: nat }), (r, { space }) => {
  const pair = r.pair(space);
  if (r.pairs.length === 1 || pair.model.locks.length > 0) return;
  r.pairs.splice(r.pairs.indexOf(pair), 1);
  pair.process.exit();
});

const access = command('access', fc.record({ space: nat, at: nat, small: fc.boolean(), need, touch: fc.boolean(), next: fc.nat(3) }), (r, { space, at, small, need: kind, touch, next }) => {
  const pair = r.pair(space);
  const vpn = r.start(pair, at, small);
  for (let i = 0; i <= next; i++) r.access(pair, vpn + i, kind, touch);
});

const policy = command('policy', fc.record({ device, policy: fc.constantFrom<Policy>('default', 'default', 'whole', 'whole', 'refuse') }), (r, { device: name, policy: to }) => {
  r.real.policies[name] = to;
});

/** A part of a handle, from its page `skip` on. */
const inHandle = fc.record({ space: nat, at: nat, skip: nat, pages: nat, need });
const partOf = (handle: ModelHandle, skip: number, pages: number): [number, number] => {
  const first = skip % handle.pages;
  return [first, pages % 4 === 0 ? handle.pages - first : 1 + (pages % Math.min(handle.pages - first, 20))];
};

const load = command('load', inHandle, (r, { space, at, skip, pages, need: kind }) => {
  const pair = r.pair(space);
  const handle = r.handleAt(pair, at);
  if (handle === undefined) return;
  const [first, length] = partOf(handle, skip, pages);
  const dhp = r.real.handle(pair, handle);
  const { lock } = pair.process.proc.as;
  const code = r.real.run(function* () {
    yield* rw_enter(lock, RW_READER);
    const answer = yield* devmap_load(dhp, (handle.off + first) * PAGESIZE, length * PAGESIZE, F_INVAL, rwOf(kind));
    rw_exit(lock);
    return answer;
  });
  expect(code).toBe(CODES[pair.model.verdict(handle.vpn + first, length, kind)]);
  pair.model.load(handle, handle.vpn + first, length, false);
});

const unload = command('unload', inHandle, (r, { space, at, skip, pages }) => {
  const pair = r.pair(space);
  const { locks, pages: mapped } = pair.model;
  // Where something is locked, that is worth trying.
  const held = at % 2 === 0 && locks.length > 0 ? locks[at % locks.length]!.vpn + (skip % locks[at % locks.length]!.pages) : undefined;
  const handle = held === undefined ? r.handleAt(pair, at) : mapped.get(held)!.handle;
  if (handle === undefined) return;
  const [first, length] = partOf(handle, held === undefined ? skip : held - handle.vpn, pages);
  const range = pair.model.range(handle.vpn + first, length) as ModelPage[];
  const code = devmap_unload(r.real.handle(pair, handle), (handle.off + first) * PAGESIZE, length * PAGESIZE);
  if (range.some(({ locks }) => locks > 0)) expect(code).toBe(FC_MAKE_ERR(EBUSY));
  // A lock of a large page also holds the pages around the ones that were asked for.
  else if (range.every(({ seg }) => seg.locks === 0)) expect(code).toBe(0);
  if (code === 0) for (const page of range) page.loaded = false;
});

const remap = command('remap', fc.record({ space: nat, at: nat, to: fc.constantFrom('window', 'window', 'invalid', 'memory', 'trash', 'beyond', 'short'), frame: nat, readOnly: fc.boolean() }), (r, { space, at, to, frame, readOnly }) => {
  const pair = r.pair(space);
  const candidates = pair.model.handles.filter(({ chunk }) => chunk.remap || at % 7 === 0);
  const handle = candidates[at % Math.max(candidates.length, 1)];
  if (handle === undefined) return;
  const { dev, chunk } = handle;
  const dhp = r.real.handle(pair, handle);
  const { dip } = dhp.dev;
  const maxprot = readOnly ? READ | USER : 15;
  const len = handle.pages * PAGESIZE;
  const window = to === 'beyond' ? dev.registers - handle.pages + 1 + (frame % 3) : frame % (dev.registers - handle.pages + 1);
  const memory = r.real.cookies.get(`${dev.name}/${chunk.first}`);
  const { resident } = pair.process.proc.as.hat;
  const before = [...resident];
  let result: number;
  let allowed = chunk.remap && (handle.mapProt & ~maxprot) === 0 && to !== 'beyond' && to !== 'short';
  if (to === 'trash' || to === 'memory') {
    const cookie = to === 'trash' ? r.real.trash : (memory ?? null);
    const off = to === 'trash' ? 0 : (handle.off - chunk.first) * PAGESIZE;
    result = r.real.run(() => devmap_umem_remap(dhp, dip, cookie, off, len, maxprot, 0));
    allowed &&= cookie !== null;
  } else {
    result = r.real.run(() => devmap_devmem_remap(dhp, dip, 0, window * PAGESIZE, to === 'short' ? len - PAGESIZE : len, maxprot, to === 'invalid' ? 1 : 0));
  }
  expect(result).toBe(allowed ? 0 : -1);
  if (!allowed) {
    expect([...resident]).toEqual(before);
    return;
  }
  handle.maxprot = maxprot;
  if (to === 'trash' || to === 'invalid') handle.backing = { kind: to };
  else handle.backing = to === 'window' ? { kind: 'registers', frame: window } : { kind: 'memory', frame: handle.off - chunk.first };
  for (const page of pair.model.range(handle.vpn, handle.pages)) page!.loaded = false;
});

const softlock = command('softlock', fc.record({ ...where, need, refuse: fc.constantFrom(false, false, true) }), (r, { space, at, small, pages, need: kind, refuse }) => {
  const pair = r.pair(space);
  const { model } = pair;
  const vpn = r.start(pair, at, small);
  const policies = { ...r.real.policies };
  if (refuse) Object.assign(r.real.policies, { small: 'refuse', large: 'refuse' });
  const verdict = r.lockVerdict(pair, vpn, pages, kind);
  const code = verdict === undefined ? undefined : r.real.fault(pair, vpn, pages, F_SOFTLOCK, rwOf(kind));
  Object.assign(r.real.policies, policies);
  if (verdict === undefined) return;
  const range = model.range(vpn, pages).filter((page) => page !== undefined);
  for (const handle of new Set(range.map((page) => page.handle))) {
    const from = Math.max(vpn, handle.vpn);
    model.load(handle, from, Math.min(vpn + pages, handle.vpn + handle.pages) - from, false);
  }
  expect(code).toBe(CODES[verdict]);
  if (verdict !== 'ok') return;
  const segs = [...new Set(range.map(({ seg }) => seg))];
  const devices = [...new Set(range.filter(({ handle }) => handle.chunk.access).map(({ handle }) => handle.dev.name))];
  for (const page of range) page.locks++;
  for (const seg of segs) seg.locks++;
  for (const name of devices) r.held.set(name, (r.held.get(name) ?? 0) + 1);
  model.locks.push({ vpn, pages, segs, devices });
  for (let i = 0; i < pages; i++) expect(hat_probe(pair.process.proc.as.hat, (vpn + i) * PAGESIZE)?.locks).toBeGreaterThan(0);
});

const softunlock = command('softunlock', fc.record({ space: nat, at: nat }), (r, { space, at }) => {
  const pair = r.pair(space);
  const { model } = pair;
  const [held] = model.locks.splice(at % Math.max(model.locks.length, 1), 1);
  if (held !== undefined) r.unlock(pair, held);
});

const weighted: readonly [number, fc.Arbitrary<Command>][] = [
  [4, mmap], [3, munmap], [3, mprotect], [1, fork], [1, exit], [6, access], [1, policy], [2, load], [2, unload], [4, remap], [4, softlock], [2, softunlock],
];
const commands = weighted.flatMap(([weight, arbitrary]) => Array.from({ length: weight }, () => arbitrary));

let shared: ModelMachine | undefined;
let commandsRun = 0;
afterAll(() => { shared = undefined; });

test('whatever programs and drivers do, every page shows what the model says, and nothing stays behind', { timeout: 600_000 }, () => {
  fc.assert(fc.property(mmap, mmap, fc.commands(commands, { size: '+1', maxCommands: 40 }), (first, second, steps) => {
    // A machine that a failing run has left is not used again.
    const real = shared ?? new ModelMachine();
    shared = undefined;
    const run = new Run(real);
    for (const step of [first, second]) step.run({ runs: 0 }, run);
    fc.modelRun(() => ({ model: { runs: 0 }, real: run }), steps);
    run.finish();
    commandsRun++;
    shared = real;
  }), { numRuns: runs(130), seed: SEED });
  expect(commandsRun).toBeGreaterThanOrEqual(runs(130));
});
