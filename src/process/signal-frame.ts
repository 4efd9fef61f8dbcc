/**
 * What a signal handler finds on its stack: `struct rt_sigframe` of Linux RV64 (arch/riscv/kernel/signal.c, uapi/asm/ucontext.h,
 * uapi/asm/sigcontext.h, uapi/asm-generic/siginfo.h).
 *
 *     offset  0    siginfo_t: si_signo si_errno si_code (i32 each), fields from 16; 128 bytes
 *           128    ucontext: uc_flags, uc_link (8 each), uc_stack {sp, flags, size} (24), uc_sigmask (8), 120 bytes reserved, 8 of padding
 *           304    uc_mcontext: pc, x1..x31 (256 bytes), f0..f31 (256 bytes), fcsr (4 bytes), room up to the Q extension's 528 bytes
 *          1088    end
 */
import { CLD_EXITED, SIGCHLD } from './signals.js';
import type { SigInfo } from './signals.js';
import { SS_DISABLE, SS_ONSTACK } from './linux-flags.js';
import { linuxErrno, linuxSignal, linuxSigset, illumosSigset } from './linux-abi.js';
import type { AltStack } from './thread-signals.js';

/** Bytes of a frame; the stack pointer stays 16-byte aligned. */
export const FRAME_SIZE = 1088;
/** Offset of the ucontext in a frame. */
export const UCONTEXT_AT = 128;
const STACK_AT: number = UCONTEXT_AT + 16;
const SIGMASK_AT: number = UCONTEXT_AT + 40;
/** Offset of the saved registers in a frame. */
export const MCONTEXT_AT: number = UCONTEXT_AT + 176;
/** Offset of f0..f31, then fcsr. */
const FLOAT_AT: number = MCONTEXT_AT + 256;
const FCSR_AT: number = FLOAT_AT + 256;
/** Bytes of siginfo_t. */
export const SIGINFO_SIZE = 128;

/** si_signo, si_errno, si_code and the fields that belong to them, as siginfo_t. */
export function writeSigInfo(view: DataView, at: number, info: SigInfo): void {
  view.setInt32(at, linuxSignal(info.signal), true);
  view.setInt32(at + 4, info.errno === 0 ? 0 : linuxErrno(info.errno), true);
  view.setInt32(at + 8, info.code, true);
  if (info.addr !== undefined) view.setBigUint64(at + 16, BigInt.asUintN(64, info.addr), true);
  if (info.pid !== undefined) view.setInt32(at + 16, info.pid, true);
  if (info.status !== undefined) {
    const isSignal = info.signal === SIGCHLD && info.code !== CLD_EXITED;
    view.setInt32(at + 24, isSignal ? linuxSignal(info.status) : info.status, true);
  }
  if (info.timer !== undefined) {
    view.setInt32(at + 16, info.timer.id, true);
    view.setInt32(at + 20, info.timer.overrun, true);
  }
  if (info.value !== undefined) view.setBigUint64(at + 24, BigInt.asUintN(64, info.value), true);
}

/** The machine state a frame holds. */
export interface FrameState {
  readonly pc: bigint;
  /** x0..x31; x0 is not stored. */
  readonly x: BigInt64Array;
  /** f0..f31. */
  readonly f: BigInt64Array;
  readonly fcsr: number;
  /** Blocked signals to go back to, an illumos set. */
  readonly mask: bigint;
}

/** The bytes of a frame. `onStack` says whether the interrupted code ran on the alternate stack. */
export function buildFrame(info: SigInfo, state: FrameState, altstack: AltStack, onStack: boolean): Uint8Array {
  const bytes = new Uint8Array(FRAME_SIZE);
  const view = new DataView(bytes.buffer);
  writeSigInfo(view, 0, info);
  view.setBigUint64(STACK_AT, BigInt(altstack.base), true);
  view.setInt32(STACK_AT + 8, altstack.size === 0 ? SS_DISABLE : onStack ? SS_ONSTACK : 0, true);
  view.setBigUint64(STACK_AT + 16, BigInt(altstack.size), true);
  view.setBigUint64(SIGMASK_AT, linuxSigset(state.mask), true);
  view.setBigUint64(MCONTEXT_AT, BigInt.asUintN(64, state.pc), true);
  for (let n = 1; n < 32; n++) view.setBigInt64(MCONTEXT_AT + 8 * n, state.x[n] ?? 0n, true);
  for (let n = 0; n < 32; n++) view.setBigInt64(FLOAT_AT + 8 * n, state.f[n] ?? 0n, true);
  view.setUint32(FCSR_AT, state.fcsr, true);
  return bytes;
}

/** Reads back what rt_sigreturn restores. Any bytes are legal. */
export function parseFrame(bytes: Uint8Array): FrameState {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const x = new BigInt64Array(32);
  const f = new BigInt64Array(32);
  for (let n = 1; n < 32; n++) x[n] = view.getBigInt64(MCONTEXT_AT + 8 * n, true);
  for (let n = 0; n < 32; n++) f[n] = view.getBigInt64(FLOAT_AT + 8 * n, true);
  // Only flags and rounding mode exist; what a guest wrote above them is dropped.
  const fcsr = view.getUint32(FCSR_AT, true) & 0xff;
  return { pc: view.getBigUint64(MCONTEXT_AT, true), x, f, fcsr, mask: illumosSigset(view.getBigUint64(SIGMASK_AT, true)) };
}
