/** What processes have used, getrusage(2): time is instructions, all of them user time, and nothing else is measured. */

/** Bytes of struct rusage. */
const RUSAGE_SIZE = 144;

/** A struct rusage for a number of executed instructions, each a nanosecond of user time. */
export function rusage(executed: number): DataView {
  const view = new DataView(new ArrayBuffer(RUSAGE_SIZE));
  view.setBigInt64(0, BigInt(Math.floor(executed / 1e9)), true);
  view.setBigInt64(8, BigInt(Math.floor((executed % 1e9) / 1e3)), true);
  return view;
}
