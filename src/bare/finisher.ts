/** The SiFive test finisher: a register whose value ends the run. [Linux: Documentation/devicetree/bindings, sifive,test0] */
import { RegisterBank } from '../bus/index.js';
import type { BareEnd } from './result.js';

/** What is written to the low half of the finisher. */
export const FINISHER_FAIL = 0x3333;
/** Exit code 0. */
export const FINISHER_PASS = 0x5555;
/** The machine shall begin anew. */
export const FINISHER_RESET = 0x7777;

/** Makes the finisher. Other values than the three are ignored. `end` is called when the guest writes one of them. */
export function createFinisher(end: (how: BareEnd) => void): RegisterBank {
  const finish = (value: bigint): void => {
    const status = Number(value & 0xffffn);
    if (status === FINISHER_FAIL) end({ status: 'exited', code: Number((value >> 16n) & 0xffffn) });
    if (status === FINISHER_PASS) end({ status: 'exited', code: 0 });
    if (status === FINISHER_RESET) end({ status: 'reset' });
  };
  return new RegisterBank({
    device: 'finisher',
    registers: [{ name: 'FINISH', offset: 0, size: 4, access: 'rw', reset: 0n, reserved: 0n, doc: '0x5555 pass, 0x3333 fail with the exit code in bits 31:16, 0x7777 reset' }],
    hooks: { FINISH: { onRead: () => 0n, onWrite: finish } },
  });
}
