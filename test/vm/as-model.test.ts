/**
 * Address spaces of anonymous and file memory against a model that is a map from page to what a process may expect there. After every
 * operation each page table, read independently from RAM, allows no more than the model does, shows the right contents in
 * every frame, lets nobody write what another can see in private, and has left nothing stale in the worst TLB; after the last exit
 * every frame is free again.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EFAULT, PAGESIZE } from '../../src/base/index.js';
import {
  FC_MAKE_ERR, FC_NOMAP, FC_PROT, FileObject, F_INVAL, F_PROT, F_SOFTLOCK, F_SOFTUNLOCK, HAT_UNLOAD, MADV_FREE, MAP_PRIVATE, MAP_SHARED, MC_ADVISE, PROT_USER, S_READ, S_WRITE,
  as_alloc, as_ctl, as_dup, as_fault, as_free, as_map, as_setprot, as_unmap, copyin, copyout, hat_unload, segvn_create,
} from '../../src/vm/index.js';
import type { As } from '../../src/vm/index.js';
import { frameAt, world } from './world.js';
import type { Leaf, World } from './world.js';

const PAGES = 24;
/** The pages lie on either side of a 2M boundary. */
const BASE = 2 ** 28 - (PAGES / 2) * PAGESIZE;
const FILE_PAGES = 6;

/** Memory that pages of several processes may be: the first byte of a page stands for all of it. */
interface Cell {
  value: number;
}
interface ModelPage {
  prot: number;
  readonly shared: boolean;
  /** The byte before anybody writes; undefined behind the end of the file. */
  readonly origin: number | undefined;
  /** Where writes go: always there for shared pages, after the first write for private ones. */
  own: Cell | undefined;
}
type ModelSpace = Map<number, ModelPage>;

const range = fc.tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: PAGES }))).map(([at, count]) => ({ at, count: Math.min(count, PAGES - at) }));
const space = fc.nat();
const prot = fc.constantFrom(0, 1, 3, 3, 3, 3, 3, 5);
const value = fc.integer({ min: 1, max: 99 });
const kind = fc.constantFrom('private', 'shared', 'privatefile', 'sharedfile');
const opArb = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('map' as const), space, range, prot, kind }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('unmap' as const), space, range }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('protect' as const), space, range, prot }) },
  { weight: 10, arbitrary: fc.record({ op: fc.constant('write' as const), space, range, value }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('read' as const), space, range }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('lock' as const), space, range, write: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('discard' as const), space, range }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('copyout' as const), space, range, value }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('copyin' as const), space, range }) },
  // Translations are a cache: losing some changes nothing anybody can see.
  { weight: 2, arbitrary: fc.record({ op: fc.constant('forget' as const), space, range }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('fork' as const), space, range }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('exit' as const), space, range }) },
);
type Op = typeof opArb extends fc.Arbitrary<infer T> ? T : never;
type Ranged<K extends Op['op']> = Extract<Op, { op: K }>;

const va = (index: number): number => BASE + index * PAGESIZE;
const seen = (page: ModelPage): number | undefined => page.own?.value ?? page.origin;

/** What an access must answer as a fault code. */
function verdict(page: ModelPage | undefined, write: boolean): number {
  if (page === undefined) return FC_NOMAP;
  if ((page.prot & (write ? 2 : 1)) === 0) return FC_PROT;
  return page.origin === undefined ? FC_MAKE_ERR(EFAULT) : 0;
}

function writeModel(page: ModelPage, to: number): void {
  if (page.own === undefined) page.own = { value: to };
  else page.own.value = to;
}

class Run {
  readonly w: World = world({ ramPages: 512 });
  readonly spaces: { as: As; model: ModelSpace }[] = [];
  /** One file for private mappings, whose contents never change, and one for shared ones. */
  readonly files: { readonly [K in 'privatefile' | 'sharedfile']: FileObject };
  readonly sharedCells: readonly Cell[] = Array.from({ length: FILE_PAGES }, (_, index) => ({ value: 200 + index }));
  readonly before: number;
  names = 1;

  constructor() {
    this.before = this.w.vm.pages.used;
    const file = (name: string, first: number): FileObject => new FileObject(this.w.vm, {
      name, size: FILE_PAGES * PAGESIZE - 5, read: (offset, bytes) => bytes.fill(first + offset / PAGESIZE, 0, 1),
    });
    this.files = { privatefile: file('p', 100), sharedfile: file('s', 200) };
    this.spaces.push({ as: as_alloc(this.w.vm, 'A1'), model: new Map() });
  }

  /** The first byte of a page as a hart would get at it: walk, fault with the right type, walk again. */
  access(as: As, index: number, write: boolean): { host: number } | { fault: number } {
    for (let attempt = 0; attempt < 3; attempt++) {
      const pte = frameAt(this.w.look(as.hat), va(index));
      if (pte !== undefined && (pte.flags & (write ? 4 : 2)) !== 0) return { host: this.w.bus.hostPage(pte.pfn) };
      const fault = this.w.run(() => as_fault(as, va(index), 1, pte === undefined ? F_INVAL : F_PROT, write ? S_WRITE : S_READ));
      if (fault !== 0) return { fault };
    }
    return expect.fail('the access faults for ever');
  }

  touch(as: As, model: ModelSpace, index: number, write: number | undefined): void {
    const page = model.get(index);
    const answer = this.access(as, index, write !== undefined);
    expect('fault' in answer ? answer.fault : 0).toBe(verdict(page, write !== undefined));
    if ('fault' in answer || page === undefined) return;
    if (write === undefined) {
      expect(this.w.bus.u8[answer.host]).toBe(seen(page));
    } else {
      this.w.bus.u8[answer.host] = write;
      writeModel(page, write);
    }
  }

  map(as: As, model: ModelSpace, op: Ranged<'map'>): void {
    const shared = op.kind.startsWith('shared');
    const file = op.kind === 'privatefile' || op.kind === 'sharedfile' ? this.files[op.kind] : undefined;
    const create = segvn_create({ type: shared ? MAP_SHARED : MAP_PRIVATE, prot: op.prot | PROT_USER, ...(file === undefined ? {} : { file }) });
    const error = this.w.run(() => as_map(as, va(op.range.at), op.range.count * PAGESIZE, create));
    const indices = pagesOf(op.range);
    expect(error === 0).toBe(!indices.some((index) => model.has(index)));
    if (error !== 0) return;
    indices.forEach((index, inFile) => {
      const behind = file !== undefined && inFile >= FILE_PAGES;
      const origin = behind ? undefined : op.kind === 'privatefile' ? 100 + inFile : 0;
      const own = op.kind === 'sharedfile' ? this.sharedCells[inFile] : op.kind === 'shared' ? { value: 0 } : undefined;
      model.set(index, { prot: op.prot, shared, origin, own });
    });
  }

  protect(as: As, model: ModelSpace, op: Ranged<'protect'>): void {
    const error = this.w.run(() => as_setprot(as, va(op.range.at), op.range.count * PAGESIZE, op.prot | PROT_USER));
    const indices = pagesOf(op.range);
    const gap = indices.findIndex((index) => !model.has(index));
    expect(error === 0).toBe(gap < 0);
    for (const index of gap < 0 ? indices : indices.slice(0, gap)) model.get(index)!.prot = op.prot;
  }

  lock(as: As, model: ModelSpace, op: Ranged<'lock'>): void {
    const [addr, len, rw] = [va(op.range.at), op.range.count * PAGESIZE, op.write ? S_WRITE : S_READ] as const;
    const pages = pagesOf(op.range).map((index) => model.get(index));
    const fault = this.w.run(() => as_fault(as, addr, len, F_SOFTLOCK, rw));
    expect(fault === 0).toBe(pages.every((page) => verdict(page, op.write) === 0));
    if (fault !== 0) return;
    this.check();
    const unmapped = this.w.kernel.tryUntilDone('unmapper', () => as_setprot(as, addr, len, 1 | PROT_USER));
    expect(unmapped.status, 'protects what is locked').toBe('deadlock');
    expect(this.w.run(() => as_fault(as, addr, len, F_SOFTUNLOCK, rw))).toBe(0);
    expect(this.w.kernel.run().status, 'the last unlock wakes who waits').toBe('idle');
    for (const page of pages) page!.prot = 1;
  }

  copyout(as: As, model: ModelSpace, op: Ranged<'copyout'>): void {
    const bytes = new Uint8Array(op.range.count * PAGESIZE).fill(op.value);
    const error = this.w.run(() => copyout(as, va(op.range.at), bytes));
    const indices = pagesOf(op.range);
    const bad = indices.findIndex((index) => verdict(model.get(index), true) !== 0);
    expect(error).toBe(bad < 0 ? 0 : EFAULT);
    for (const index of bad < 0 ? indices : indices.slice(0, bad)) writeModel(model.get(index)!, op.value);
  }

  copyin(as: As, model: ModelSpace, op: Ranged<'copyin'>): void {
    const bytes = new Uint8Array(op.range.count * PAGESIZE);
    const error = this.w.run(() => copyin(as, va(op.range.at), bytes));
    const indices = pagesOf(op.range);
    expect(error).toBe(indices.every((index) => verdict(model.get(index), false) === 0) ? 0 : EFAULT);
    if (error === 0) expect(indices.map((_, index) => bytes[index * PAGESIZE])).toEqual(indices.map((index) => seen(model.get(index)!)));
  }

  discard(as: As, model: ModelSpace, op: Ranged<'discard'>): void {
    const error = this.w.run(() => as_ctl(as, va(op.range.at), op.range.count * PAGESIZE, MC_ADVISE, 0, MADV_FREE));
    const indices = pagesOf(op.range);
    const gap = indices.findIndex((index) => !model.has(index));
    expect(error === 0).toBe(gap < 0);
    for (const index of gap < 0 ? indices : indices.slice(0, gap)) if (!model.get(index)!.shared) model.get(index)!.own = undefined;
  }

  fork(as: As, model: ModelSpace): void {
    if (this.spaces.length >= 4) return;
    const child = this.w.run(() => as_dup(as, `A${++this.names}`));
    if (typeof child === 'number') return expect.fail(`fork: ${child}`);
    const copy = [...model].map(([index, page]) => [index, { ...page, own: page.shared || page.own === undefined ? page.own : { ...page.own } }] as const);
    this.spaces.push({ as: child, model: new Map(copy) });
  }

  apply(op: Op): void {
    const target = this.spaces[op.space % this.spaces.length];
    if (target === undefined) return;
    const { as, model } = target;
    switch (op.op) {
      case 'map': return this.map(as, model, op);
      case 'protect': return this.protect(as, model, op);
      case 'write': return this.touch(as, model, aim(model, op.range), op.value);
      case 'read': return this.touch(as, model, aim(model, op.range), undefined);
      case 'lock': return this.lock(as, model, op);
      case 'discard': return this.discard(as, model, op);
      case 'copyout': return this.copyout(as, model, op);
      case 'copyin': return this.copyin(as, model, op);
      case 'fork': return this.fork(as, model);
      case 'forget': return hat_unload(as.hat, va(op.range.at), op.range.count * PAGESIZE, HAT_UNLOAD);
      case 'unmap':
        expect(this.w.run(() => as_unmap(as, va(op.range.at), op.range.count * PAGESIZE))).toBe(0);
        for (const index of pagesOf(op.range)) model.delete(index);
        return undefined;
      case 'exit':
        this.w.run(() => as_free(as));
        this.spaces.splice(this.spaces.indexOf(target), 1);
        return undefined;
    }
  }

  /** Everything that must hold between operations. */
  check(): void {
    const users = new Map<number, number>();
    const privateWrites: number[] = [];
    for (const { as, model } of this.spaces) {
      const leaves: Leaf[] = this.w.look(as.hat);
      for (const { va: at, level, pfn, flags } of leaves) {
        const page = model.get((at - BASE) / PAGESIZE);
        if (page === undefined || level !== 0) return expect.fail(`a translation of ${at.toString(16)} where nothing is mapped`);
        const allowed = (page.prot & 1 ? 2 : 0) | (page.prot & 2 ? 6 : 0) | (page.prot & 4 ? 8 : 0) | 0x10;
        if ((flags & 0x1e & ~allowed) !== 0) return expect.fail(`page ${at.toString(16)} allows too much`);
        const byte = this.w.bus.u8[this.w.bus.hostPage(pfn)];
        if (byte !== seen(page)) expect(byte, `contents of ${at.toString(16)}`).toBe(seen(page));
        users.set(pfn, (users.get(pfn) ?? 0) + 1);
        if ((flags & 4) !== 0 && !page.shared) privateWrites.push(pfn);
      }
      expect(as.size).toBe(model.size * PAGESIZE);
      expect(as.resvsize).toBe(as.size);
      const mapped = as.segs.flatMap((seg) => Array.from({ length: seg.size / PAGESIZE }, (_, index) => (seg.base - BASE) / PAGESIZE + index));
      expect(mapped).toEqual([...model.keys()].sort((a, b) => a - b));
    }
    expect(privateWrites.filter((pfn) => users.get(pfn) !== 1), 'private frames that can be written are seen by somebody else').toEqual([]);
  }

  end(): void {
    for (const { as } of this.spaces) this.w.run(() => as_free(as));
    this.files.privatefile.release();
    this.files.sharedfile.release();
    expect(this.w.vm.pages.used, 'frames left behind').toBe(this.before);
  }
}

const pagesOf = (r: { readonly at: number; readonly count: number }): number[] => Array.from({ length: r.count }, (_, index) => r.at + index);

/** A page that is mapped, three times out of four. */
const aim = (model: ModelSpace, r: { readonly at: number; readonly count: number }): number =>
  (r.count % 4 === 0 ? undefined : [...model.keys()][r.at % Math.max(model.size, 1)]) ?? r.at;

describe('address spaces', () => {
  it('give every process the memory it may expect, and leave nothing behind', () => {
    const done: Record<string, number> = {};
    fc.assert(fc.property(fc.array(opArb, { minLength: 40, maxLength: 100 }), (ops) => {
      const run = new Run();
      for (const op of ops) {
        run.apply(op);
        run.check();
        done[op.op] = (done[op.op] ?? 0) + 1;
      }
      run.end();
    }), { seed: 32, numRuns: 60 });
    expect(Object.keys(done)).toHaveLength(12);
  }, 60_000);
});
