/** Times as a guest passes them, and moments of the virtual clock. */
import { EFAULT, EINVAL } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import { LAST_MOMENT } from '../interval-timer.js';
import type { Call } from './call.js';

/** A struct timespec of a number of nanoseconds. */
export function timespec(ns: number): DataView {
  const view = new DataView(new ArrayBuffer(16));
  putTimespec(view, 0, ns);
  return view;
}

/** Writes a struct timespec. */
export function putTimespec(view: DataView, at: number, ns: number): void {
  view.setBigInt64(at, BigInt(Math.floor(ns / 1e9)), true);
  view.setBigInt64(at + 8, BigInt(Math.floor(ns % 1e9)), true);
}

/** Writes a struct timeval. */
export function putTimeval(view: DataView, at: number, ns: number): void {
  view.setBigInt64(at, BigInt(Math.floor(ns / 1e9)), true);
  view.setBigInt64(at + 8, BigInt(Math.floor((ns % 1e9) / 1e3)), true);
}

/** The nanoseconds of a struct timespec in `view`; undefined for a negative time or nanoseconds that are none. */
export function getTimespec(view: DataView, at: number): number | undefined {
  return time(view.getBigInt64(at, true), view.getBigInt64(at + 8, true), 1_000_000_000n, 1);
}

/** The nanoseconds of a struct timeval in `view`; undefined for a negative time or microseconds that are none. */
export function getTimeval(view: DataView, at: number): number | undefined {
  return time(view.getBigInt64(at, true), view.getBigInt64(at + 8, true), 1_000_000n, 1000);
}

const time = (seconds: bigint, parts: bigint, limit: bigint, ns: number): number | undefined =>
  (seconds < 0n || parts < 0n || parts >= limit ? undefined : Number(seconds) * 1e9 + Number(parts) * ns);

/** Reads the struct timespec at user address `from`: its nanoseconds, or -EFAULT, -EINVAL. */
export function* readTimespec(call: Call, from: number): Kgen<number> {
  const view = yield* call.copyin(from, 16);
  return view === undefined ? -EFAULT : getTimespec(view, 0) ?? -EINVAL;
}

/** A moment of the virtual clock one may wait for; what lies too far away never comes. */
export const moment = (ns: number): number => (ns < LAST_MOMENT ? ns : Infinity);
