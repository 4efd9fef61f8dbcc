/** The end of a checked scenario: every softlock and every space ends, every cookie is freed, and then nothing may be left. */
import { hex } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { RW_READER, rw_enter, rw_exit } from '../../kernel/index.js';
import type { DevmapHandle } from '../../segdev/index.js';
import { ddi_umem_free, devmap_load, devmap_pmem_free, DevmapPmemCookie, SegdevData } from '../../segdev/index.js';
import type { As, Seg } from '../../vm/index.js';
import { as_fault, F_SOFTUNLOCK, hat_entries, S_OTHER } from '../../vm/index.js';
import { endSpace } from './mapping-operations.js';
import { Blocked } from './scenario.js';
import type { Scenario } from './scenario.js';
import { unmapNow } from './unmap-now.js';
import type { ScenarioWorld } from './world.js';
import { Wrong } from './wrong.js';

/** Runs something and whatever it wakes; what waits for something that will never come is ended by a signal, or stays and is found below. */
function attempt(s: Scenario, body: () => Kgen<unknown>): void {
  try {
    s.run(body);
  } catch (error) {
    if (!(error instanceof Blocked)) throw error;
  }
  s.settle();
}

/**
 * Ends all that a script has left: what the processes and the driver would do when they end.
 * @throws Wrong of kind `leak` naming what is left then
 */
export function drain(s: Scenario): void {
  const { world } = s;
  endSoftlocks(s);
  s.interruptWaiters();
  // A softlock that was waited for is granted now.
  endSoftlocks(s);
  for (const as of world.everySpace()) {
    checkLocks(as);
    attempt(s, () => unmapNow(as, 0, as.userlimit));
    checkEmpty(as, !world.rawUnmapped);
    endSpace(s, as);
  }
  attempt(s, function* () {
    yield 'preempt';
    freeCookies(world);
  });
  checkNothingLeft(s);
}

function endSoftlocks(s: Scenario): void {
  const { world } = s;
  for (const [name, { as, addr, len }] of world.softlocks) {
    world.softlocks.delete(name);
    attempt(s, () => as_fault(as, addr, len, F_SOFTUNLOCK, S_OTHER));
  }
  for (const as of world.everySpace()) {
    for (const seg of as.segs.slice()) {
      if (seg.data instanceof SegdevData) endHeld(s, as, seg, seg.data);
    }
  }
}

/** Ends the softlocks of a segment that have no name, and the locks a driver took on its own, if the script had such. */
function endHeld(s: Scenario, as: As, seg: Seg, sdp: SegdevData): void {
  if (!s.world.namelessLocks) return;
  for (const { addr, len } of sdp.held.slice()) attempt(s, () => as_fault(as, addr, len, F_SOFTUNLOCK, S_OTHER));
  for (const { addr, len } of sdp.locked?.all.slice() ?? []) {
    attempt(s, () => (sdp.devmap_data === undefined ? as_fault(as, addr, len, F_SOFTUNLOCK, S_OTHER) : unlockAsDriver(seg, sdp, addr, len)));
  }
}

function* unlockAsDriver(seg: Seg, sdp: SegdevData, addr: number, len: number): Kgen<void> {
  let dhp: DevmapHandle | undefined = sdp.devmap_data;
  while (dhp !== undefined && addr >= dhp.uvaddr + dhp.len) dhp = dhp.next;
  if (dhp === undefined) return;
  yield* rw_enter(seg.as.lock, RW_READER);
  yield* devmap_load(dhp, dhp.uoff + (addr - dhp.uvaddr), len, F_SOFTUNLOCK, S_OTHER);
  rw_exit(seg.as.lock);
}

/** Frees the cookies that the script has left, and the frames of locked memory. */
function freeCookies({ allCookies, arena, lockedFrames }: ScenarioWorld): void {
  for (const cookie of allCookies) {
    if (cookie.freed) continue;
    if (cookie instanceof DevmapPmemCookie) devmap_pmem_free(cookie);
    else ddi_umem_free(cookie);
  }
  for (const pfn of lockedFrames) arena.freePage(pfn);
}

function leaked(what: string): never {
  throw new Wrong('leak', what);
}

/** No lock of any kind is held once every softlock has ended. */
function checkLocks(as: As): void {
  for (const { base, locks } of hat_entries(as.hat)) if (locks !== 0) leaked(`${as.name} ${hex(base)}: a translation that is locked ${locks} times`);
  for (const { data, base } of as.segs) {
    if (!(data instanceof SegdevData)) continue;
    if (data.softlockcnt !== 0 || data.held.length > 0) leaked(`${as.name} ${hex(base)}: a softlock of ${data.softlockcnt} pages`);
    for (const lock of [as.lock, data.lock]) if (lock.owners().length > 0) leaked(`${as.name} ${hex(base)}: a lock that is held`);
    for (let dhp = data.devmap_data; dhp !== undefined; dhp = dhp.next) if (dhp.lock?.owner !== undefined) leaked(`the lock of handle h${dhp.id}`);
  }
  if (as.contents.owner !== undefined) leaked(`${as.contents.name} is held`);
}

/** Nothing is mapped once everything has been unmapped. */
function checkEmpty(as: As, sizes: boolean): void {
  const [small, large, huge] = as.hat.resident;
  if (as.segs.length > 0) leaked(`${as.name}: a mapping at ${hex(as.segs[0]!.base)} that cannot be unmapped`);
  if (sizes && (as.size !== 0 || as.resvsize !== 0)) leaked(`${as.name}: sizes ${as.size} and ${as.resvsize} without a mapping`);
  if (small + large + huge > 0) leaked(`${as.name}: ${small + large + huge} translations without a mapping`);
}

function checkNothingLeft(s: Scenario): void {
  const { world } = s;
  const { live, slist, ctxlist } = world.segdev;
  const counts: Readonly<Record<string, number>> = {
    ...live, softlock: slist.length, ctx: ctxlist.length, 'page table frame': world.vm.pages.used - world.ownFrames, 'frame': world.arena.used,
    'locked page': world.arena.locked, 'timeout': world.kernel.clock.pending,
  };
  for (const [what, count] of Object.entries(counts)) if (count !== 0) leaked(`${what}: ${count}`);
  for (const { dev } of world.devices.values()) {
    if (dev.snode.mapcnt !== 0 || dev.snode.count !== 0) leaked(`${dev.label}: ${dev.snode.mapcnt} pages mapped, open ${dev.snode.count} times`);
  }
  for (const cookie of world.allCookies) {
    const locked = cookie instanceof DevmapPmemCookie ? 0 : cookie.locked;
    if (cookie.handles !== 0 || locked !== 0) leaked(`a cookie with ${cookie.handles} handles and ${locked} locked pages`);
  }
  for (const thread of world.kernel.threads) leaked(`a thread that waits for ${thread.waitingFor?.name ?? 'nothing'}`);
}
