/** Waiting for files: ppoll(2), pselect6(2). Time is the virtual clock. */
import { EBADF, EFAULT, EINVAL } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { OPEN_MAX } from '../file-table.js';
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT, POLLPRI } from '../fs/pollhead.js';
import { ERESTARTNOHAND, illumosSigset } from '../linux-abi.js';
import { awaitReady, readyFor } from '../poll.js';
import type { PollTarget } from '../poll.js';
import { CANTMASK } from '../signals.js';
import type { Call, SyscallFamily } from './call.js';
import { getTimespec, moment, timespec } from './timespec.js';

/** Bytes of struct pollfd, and of the kernel's sigset_t. */
const POLLFD_SIZE = 8;
const SIGSET_SIZE = 8;
/** Bits poll(2) knows by another name: POLLRDNORM, POLLWRNORM. */
const [POLLRDNORM, POLLWRNORM] = [0x40, 0x100];

/** When the struct timespec at `pointer` is over; no pointer: never. Or a negated errno. */
function* deadlineOf(call: Call, pointer: number): Kgen<number> {
  if (pointer === 0) return Infinity;
  const view = yield* call.copyin(pointer, 16);
  if (view === undefined) return -EFAULT;
  const ns = getTimespec(view, 0);
  return ns === undefined ? -EINVAL : moment(call.system.kernel.clock.now + ns);
}

/** Reads the signal set at `pointer`; -EFAULT, or -EINVAL for another size than the kernel's. */
function* signalMask(call: Call, pointer: number, size: number): Kgen<bigint | number> {
  if (size !== SIGSET_SIZE) return -EINVAL;
  const view = yield* call.copyin(pointer, SIGSET_SIZE);
  return view === undefined ? -EFAULT : illumosSigset(view.getBigUint64(0, true)) & ~CANTMASK;
}

/**
 * Waits with the signals of `mask` blocked instead of the thread's own, and says how much time is left.
 * @returns 0, or -ERESTARTNOHAND after a signal, which is then delivered with that mask
 */
function* wait(call: Call, targets: readonly PollTarget[], deadline: number, mask: bigint | undefined): Kgen<number> {
  const { signals } = call.lwp;
  const before = signals.mask;
  if (mask !== undefined) [signals.savedMask, signals.mask] = [before, mask];
  const outcome = yield* awaitReady(targets, deadline);
  if (outcome === 'signal') return -ERESTARTNOHAND;
  if (mask !== undefined) [signals.savedMask, signals.mask] = [undefined, before];
  return 0;
}

/** Writes the time that is left, as Linux does; an address that cannot be written changes nothing. */
function* tellRest(call: Call, pointer: number, deadline: number): Kgen<void> {
  if (pointer !== 0 && deadline < Infinity) yield* call.copyout(timespec(Math.max(0, deadline - call.system.kernel.clock.now)), pointer);
}

function* ppoll(call: Call): Kgen<number> {
  const [fds, count] = [call.number(0), call.size(1)];
  if (count > OPEN_MAX) return -EINVAL;
  const deadline = yield* deadlineOf(call, call.number(2));
  if (deadline < 0) return deadline;
  const mask = call.number(3) === 0 ? undefined : yield* signalMask(call, call.number(3), call.size(4));
  if (typeof mask === 'number') return mask;
  const view = yield* call.copyin(fds, POLLFD_SIZE * count);
  if (view === undefined) return -EFAULT;
  const entries = Array.from({ length: count }, (_, i) => {
    const fd = view.getInt32(POLLFD_SIZE * i, true);
    return { fd, events: view.getInt16(POLLFD_SIZE * i + 4, true), file: call.proc.files.get(fd) };
  });
  const targets = entries.flatMap(({ file, events }) => (file === undefined ? [] : [{ file, events: plainEvents(events) }]));
  const bad = entries.some(({ fd, file }) => fd >= 0 && file === undefined);
  const error = yield* wait(call, targets, bad ? 0 : deadline, mask);
  yield* tellRest(call, call.number(2), deadline);
  if (error !== 0) return error;
  let ready = 0;
  entries.forEach(({ fd, file, events }, i) => {
    const told = file !== undefined ? askedEvents(readyFor({ file, events: plainEvents(events) }), events) : fd < 0 ? 0 : POLLNVAL;
    view.setInt16(POLLFD_SIZE * i + 6, told, true);
    if (told !== 0) ready++;
  });
  return (yield* call.copyout(view, fds)) === 0 ? ready : -EFAULT;
}

const plainEvents = (events: number): number =>
  events | ((events & POLLRDNORM) !== 0 ? POLLIN : 0) | ((events & POLLWRNORM) !== 0 ? POLLOUT : 0);
/** What is ready by the names it was asked by. */
const askedEvents = (ready: number, events: number): number =>
  (ready & (events | POLLERR | POLLHUP)) | ((ready & POLLIN) !== 0 ? events & POLLRDNORM : 0) | ((ready & POLLOUT) !== 0 ? events & POLLWRNORM : 0);

/** What the three sets of select(2) ask for, and what in an answer puts a descriptor into each. */
const SETS = [
  { events: POLLIN, told: POLLIN | POLLHUP | POLLERR }, { events: POLLOUT, told: POLLOUT | POLLERR }, { events: POLLPRI, told: POLLPRI },
] as const;

/** Reads the three sets; -EFAULT. A set without an address is undefined. */
function* readSets(call: Call, bytes: number): Kgen<readonly (DataView | undefined)[] | number> {
  const sets: (DataView | undefined)[] = [];
  for (let n = 1; n <= 3; n++) {
    const set = call.number(n) === 0 ? undefined : yield* call.copyin(call.number(n), bytes);
    if (set === undefined && call.number(n) !== 0) return -EFAULT;
    sets.push(set);
  }
  return sets;
}

const has = (set: DataView | undefined, fd: number): boolean => set !== undefined && ((set.getUint8(fd >> 3) >> (fd & 7)) & 1) === 1;

/** Argument 5 of pselect6: the address of a set of signals and its size; undefined for none. Or a negated errno. */
function* pselectMask(call: Call): Kgen<bigint | undefined | number> {
  if (call.number(5) === 0) return undefined;
  const pair = yield* call.copyin(call.number(5), 16);
  if (pair === undefined) return -EFAULT;
  const pointer = Number(pair.getBigInt64(0, true));
  return pointer === 0 ? undefined : yield* signalMask(call, pointer, Number(pair.getBigUint64(8, true)));
}

function* pselect6(call: Call): Kgen<number> {
  const deadline = yield* deadlineOf(call, call.number(4));
  if (deadline < 0) return deadline;
  const mask = yield* pselectMask(call);
  if (typeof mask === 'number') return mask;
  if (call.int(0) < 0) return -EINVAL;
  const count = Math.min(call.int(0), OPEN_MAX);
  const sets = yield* readSets(call, Math.ceil(count / 64) * 8);
  if (typeof sets === 'number') return sets;
  const targets: (PollTarget & { readonly fd: number })[] = [];
  for (let fd = 0; fd < count; fd++) {
    const events = SETS.reduce((bits, set, n) => (has(sets[n], fd) ? bits | set.events : bits), 0);
    const file = events === 0 ? undefined : call.proc.files.get(fd);
    if (events !== 0 && file === undefined) return -EBADF;
    if (file !== undefined) targets.push({ fd, file, events });
  }
  const error = yield* wait(call, targets, deadline, mask);
  yield* tellRest(call, call.number(4), deadline);
  return error !== 0 ? error : yield* tellSets(call, sets, targets);
}

function* tellSets(call: Call, sets: readonly (DataView | undefined)[], targets: readonly (PollTarget & { readonly fd: number })[]): Kgen<number> {
  let ready = 0;
  for (const [n, set] of sets.entries()) {
    if (set === undefined) continue;
    const out = new DataView(new ArrayBuffer(set.byteLength));
    for (const target of targets) {
      if (!has(set, target.fd) || (readyFor(target) & (SETS[n]?.told ?? 0)) === 0) continue;
      out.setUint8(target.fd >> 3, out.getUint8(target.fd >> 3) | (1 << (target.fd & 7)));
      ready++;
    }
    if ((yield* call.copyout(out, call.number(n + 1))) !== 0) return -EFAULT;
  }
  return ready;
}

/** Calls that wait for files, by their Linux RV64 numbers. */
export const pollCalls: SyscallFamily = {
  72: { name: 'pselect6', args: 6, handler: pselect6 },
  73: { name: 'ppoll', args: 5, handler: ppoll },
};
