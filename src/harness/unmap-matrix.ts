/**
 * The unmap matrix: every way a part of a mapping can go away, before and after fork(2), for any driver.
 *
 *     for (const situation of unmapMatrix(makeDriver, { len: 0x5000 })) it(situation.name, situation.run);
 *
 * Each situation maps, touches every page, unmaps, and then checks three things: the driver was told what devmap_unmap(9E)
 * promises, exactly the unmapped pages are gone (no stale translation), and at the end nothing is left in the books.
 */
import { PAGESIZE } from '../base/index.js';
import { ExpectationFailed } from './errors.js';
import { DriverKit, type DriverUnderTest } from './kit.js';
import type { KitMapping, KitProcess } from './kit-process.js';
import { rangeText } from './ledger.js';

/** What the matrix maps. Lengths and offsets are bytes and page multiples. */
export interface UnmapPlan {
  /** Length of the mapping. Ways that need more pages than it has are left out: a hole needs three. */
  readonly len: number;
  /** Device offset of the mapping; 0 when absent. */
  readonly off?: number;
  /** Distance from the start of the mapping to where the driver's second handle begins, if it makes two. */
  readonly boundary?: number;
}

/** One cell of the matrix. */
export interface UnmapSituation {
  /** "hole, in the child after fork" and the like. */
  readonly name: string;
  /**
   * Runs it on a fresh machine.
   * @throws ContractViolation or ExpectationFailed when the driver, or what it left, is not as it must be
   */
  readonly run: () => void;
}

interface Range { readonly start: number; readonly end: number }
interface Way extends Range { readonly name: string; readonly spanning?: boolean }

const FORKS = ['without fork', 'before fork', 'in the parent after fork', 'in the child after fork'] as const;
type Fork = (typeof FORKS)[number];

/** All situations that fit the plan. */
export function unmapMatrix(make: () => DriverUnderTest, plan: UnmapPlan): UnmapSituation[] {
  return waysOf(plan).flatMap((way) => FORKS.map((fork) => ({
    name: `${way.name}, ${fork}`,
    run: () => runSituation(new DriverKit(make()), plan, way, fork),
  })));
}

/** The ways to unmap, as offsets from the start of the mapping. Spanning ones reach into a second mapping right behind it. */
function waysOf({ len, boundary }: UnmapPlan): Way[] {
  const pages = len / PAGESIZE;
  if (!Number.isInteger(pages) || pages < 1) throw new RangeError(`unmapMatrix: len ${len} is not a positive multiple of ${PAGESIZE}`);
  const middle = Math.floor(pages / 2) * PAGESIZE;
  const ways: Way[] = [{ name: 'whole', start: 0, end: len }];
  if (pages >= 2) ways.push({ name: 'head', start: 0, end: PAGESIZE }, { name: 'tail', start: len - PAGESIZE, end: len });
  if (pages >= 3) ways.push({ name: 'hole', start: middle, end: middle + PAGESIZE });
  const last = len - PAGESIZE;
  ways.push({ name: 'spanning two mappings', start: last, end: len + PAGESIZE, spanning: true });
  if (boundary !== undefined) {
    if (boundary % PAGESIZE !== 0 || boundary <= 0 || boundary >= len) throw new RangeError(`unmapMatrix: boundary ${boundary} is not inside the mapping`);
    ways.push({ name: 'up to the handle boundary', start: 0, end: boundary });
    ways.push({ name: 'from the handle boundary on', start: boundary, end: len });
    ways.push({ name: 'across the handle boundary', start: boundary - PAGESIZE, end: boundary + PAGESIZE });
  }
  return ways;
}

function runSituation(kit: DriverKit, plan: UnmapPlan, way: Way, fork: Fork): void {
  const parent = kit.process('parent');
  const file = parent.open();
  const mappings = [file.mmap({ len: plan.len, off: plan.off ?? 0 })];
  if (way.spanning === true) mappings.push(file.mmap({ len: plan.len, off: plan.off ?? 0, addr: (mappings[0]?.addr ?? 0) + plan.len }));
  file.close();
  const all: Range = { start: 0, end: plan.len * mappings.length };
  checkPages(parent, mappings, all, undefined);

  const handles = [...kit.recorder.ledger.described.values()].map(({ off, len }) => ({ start: off, end: off + len }));
  const child = fork.includes('after fork') ? parent.fork() : undefined;
  const actor = fork === 'in the child after fork' ? child ?? parent : parent;
  const told = kit.calls(() => actor.unmap((mappings[0]?.addr ?? 0) + way.start, way.end - way.start), ['unmap']);
  // A driver that was told neither of the mapping nor of its end has no callbacks: only its pages can be checked.
  if (told.length > 0 || kit.liveHandles > 0) same(`${way.name}, ${fork}: devmap_unmap(9E)`, expectedCalls(handles, mappings, plan.off ?? 0, way), told);

  checkPages(actor, mappings, all, way);
  if (child !== undefined) checkPages(actor === child ? parent : child, mappings, all, undefined);
  if (fork === 'before fork') checkPages(parent.fork(), mappings, all, way);
  kit.finish();
}

/**
 * The calls that an unmapping must cause, from the man page alone: each handle that the range meets is told the part it
 * loses, and which parts stay.
 */
function expectedCalls(handles: readonly Range[], mappings: readonly KitMapping[], off: number, way: Way): string[] {
  const perMapping = handles.length / mappings.length;
  return mappings.flatMap((mapping, m) => handles.slice(m * perMapping, (m + 1) * perMapping).flatMap((handle) => {
    // Device offsets of the unmapped range as this mapping sees it.
    const shift = off - m * mapping.len;
    const start = Math.max(handle.start, way.start + shift);
    const end = Math.min(handle.end, way.end + shift);
    if (start >= end) return [];
    const parts: Range[] = [{ start: handle.start, end: start }, { start: end, end: handle.end }].filter((part) => part.start < part.end);
    const gone = `unmap ${text({ start, end })}`;
    return [parts.length === 0 ? gone : `${gone} of ${text(handle)}, leaving ${parts.map(text).join(' and ')}`];
  }));
}

const text = ({ start, end }: Range): string => rangeText(start, end - start);

/** Every page of the mappings answers, except those of `gone`, which must fault. */
function checkPages(process: KitProcess, mappings: readonly KitMapping[], all: Range, gone: Range | undefined): void {
  const start = mappings[0]?.addr ?? 0;
  for (let at = all.start; at < all.end; at += PAGESIZE) {
    const unmapped = gone !== undefined && at >= gone.start && at < gone.end;
    same(`access to page ${rangeText(at, PAGESIZE)} of the mapping`, [unmapped ? 'SIGSEGV SEGV_MAPERR' : 'ok'], [process.touch(start + at, 'read')]);
  }
}

/** The order in which handles of one unmapping are told is not promised, so both lists are compared sorted. */
function same(title: string, expected: readonly string[], actual: readonly string[]): void {
  const [want, got] = [[...expected].sort(), [...actual].sort()];
  if (want.length !== got.length || want.some((line, i) => line !== got[i])) throw new ExpectationFailed(title, want, got);
}
