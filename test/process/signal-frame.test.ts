import { describe, expect, it } from 'vitest';
import { FRAME_SIZE, UCONTEXT_AT, buildFrame, parseFrame } from '../../src/process/signal-frame.js';
import * as S from '../../src/process/signals.js';

// Offsets as a C compiler gives them for struct rt_sigframe { siginfo_t info; struct ucontext uc; } with the Linux RV64 headers.
const SI = { signo: 0, errno: 4, code: 8, addr: 16, pid: 16, status: 24 };
const UC = { flags: 128, link: 136, stackSp: 144, stackFlags: 152, stackSize: 160, sigmask: 168, mcontext: 304 };

const x = BigInt64Array.from({ length: 32 }, (_, n) => (n === 0 ? 0n : -(2n ** 63n) + BigInt(n) * 0x0123_4567_89abn));
const f = BigInt64Array.from({ length: 32 }, (_, n) => 0x3ff0_0000_0000_0000n + BigInt(n));
const state = { pc: 0x10_0000n, x, f, fcsr: 0xa3, mask: S.sigbit(S.SIGBUS) | S.sigbit(S.SIGCHLD) };
const fault: S.SigInfo = { signal: S.SIGBUS, code: S.BUS_OBJERR, errno: 48, addr: 0xffff_ffff_ffff_f123n };

describe('the frame a signal handler gets', () => {
  it('has the layout of Linux RV64', () => {
    const bytes = buildFrame(fault, state, { base: 0x7000, size: 0x2000 }, true);
    const view = new DataView(bytes.buffer);
    expect(bytes.length).toBe(1088);
    expect(FRAME_SIZE % 16).toBe(0);
    expect(UCONTEXT_AT).toBe(UC.flags);
    expect(view.getInt32(SI.signo, true)).toBe(7);
    expect(view.getInt32(SI.errno, true)).toBe(95);
    expect(view.getInt32(SI.code, true)).toBe(3);
    expect(view.getBigUint64(SI.addr, true)).toBe(0xffff_ffff_ffff_f123n);
    expect([view.getBigUint64(UC.flags, true), view.getBigUint64(UC.link, true)]).toEqual([0n, 0n]);
    expect([view.getBigUint64(UC.stackSp, true), view.getInt32(UC.stackFlags, true), view.getBigUint64(UC.stackSize, true)]).toEqual([0x7000n, 1, 0x2000n]);
    expect(view.getBigUint64(UC.sigmask, true)).toBe((1n << 6n) | (1n << 16n));
    expect(view.getBigUint64(UC.mcontext, true)).toBe(0x10_0000n);
    for (let n = 1; n < 32; n++) expect(view.getBigInt64(UC.mcontext + 8 * n, true)).toBe(x[n]);
    for (let n = 0; n < 32; n++) expect(view.getBigInt64(UC.mcontext + 256 + 8 * n, true)).toBe(f[n]);
    expect(view.getUint32(UC.mcontext + 512, true)).toBe(0xa3);
  });

  it('says SS_DISABLE where there is no alternate stack', () => {
    const view = new DataView(buildFrame(fault, state, { base: 0, size: 0 }, false).buffer);
    expect(view.getInt32(UC.stackFlags, true)).toBe(2);
  });

  it('gives sender and status of a child, signals by their Linux numbers', () => {
    const killed = { signal: S.SIGCHLD, code: S.CLD_KILLED, errno: 0, pid: 42, status: S.SIGBUS };
    const view = new DataView(buildFrame(killed, state, { base: 0, size: 0 }, false).buffer);
    expect([view.getInt32(SI.signo, true), view.getInt32(SI.code, true), view.getInt32(SI.pid, true), view.getInt32(SI.status, true)]).toEqual([17, 2, 42, 7]);
    const exited = new DataView(buildFrame({ ...killed, code: S.CLD_EXITED, status: 10 }, state, { base: 0, size: 0 }, false).buffer);
    expect(exited.getInt32(SI.status, true)).toBe(10);
  });

  it('is read back by rt_sigreturn bit for bit', () => {
    const back = parseFrame(buildFrame(fault, state, { base: 0, size: 0 }, false));
    expect(back.pc).toBe(state.pc);
    expect([...back.x]).toEqual([...x]);
    expect([...back.f]).toEqual([...f]);
    expect([back.fcsr, back.mask]).toEqual([0xa3, state.mask]);
  });

  it('accepts any bytes: a guest may write what it likes into its own frame', () => {
    const back = parseFrame(new Uint8Array(FRAME_SIZE).fill(0xff));
    expect(back.pc).toBe(2n ** 64n - 1n);
    expect([back.x[31], back.fcsr]).toEqual([-1n, 0xff]);
  });
});
