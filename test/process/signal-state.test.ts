import { describe, expect, it } from 'vitest';
import { SIG_DFL, SIG_IGN, SignalState } from '../../src/process/signal-state.js';
import * as S from '../../src/process/signals.js';

const info = (signal: number, pid = 7): S.SigInfo => ({ signal, code: 0, errno: 0, pid });
const handler = { handler: 0x1000n, flags: 0, mask: 0n };

describe('pending signals', () => {
  it('delivers the lowest number first, but SIGKILL before everything', () => {
    const state = new SignalState();
    for (const signal of [S.SIGTERM, S.SIGINT, S.SIGKILL]) state.post(info(signal));
    expect([state.take(), state.take(), state.take(), state.take()].map((taken) => taken?.signal)).toEqual([S.SIGKILL, S.SIGINT, S.SIGTERM, undefined]);
  });

  it('keeps one of several equal ordinary signals, and all real-time signals in order', () => {
    const state = new SignalState();
    state.post(info(S.SIGUSR1, 1));
    state.post(info(S.SIGUSR1, 2));
    state.post(info(S.SIGRTMIN, 3));
    state.post(info(S.SIGRTMIN, 4));
    const taken = [state.take(), state.take(), state.take(), state.take()];
    expect(taken.map((signal) => signal?.pid)).toEqual([1, 3, 4, undefined]);
    expect(state.pending).toBe(0n);
  });

  it('holds back what is blocked, except what cannot be blocked', () => {
    const state = new SignalState();
    state.mask = S.sigbit(S.SIGTERM) | S.sigbit(S.SIGKILL);
    state.post(info(S.SIGTERM));
    expect(state.deliverable).toBe(false);
    state.post(info(S.SIGKILL));
    expect(state.take()?.signal).toBe(S.SIGKILL);
    expect(state.take()).toBeUndefined();
    state.mask = 0n;
    expect(state.take()?.signal).toBe(S.SIGTERM);
  });

  it('forgets ignored signals unless they are blocked, and drops pending ones when the action becomes "ignore"', () => {
    const state = new SignalState();
    expect(state.post(info(S.SIGCHLD))).toBe(false);
    expect(state.pending).toBe(0n);
    state.mask = S.sigbit(S.SIGUSR1);
    state.setAction(S.SIGUSR1, { handler: BigInt(SIG_IGN), flags: 0, mask: 0n });
    expect(state.post(info(S.SIGUSR1))).toBe(true);
    state.setAction(S.SIGUSR1, { handler: BigInt(SIG_IGN), flags: 0, mask: 0n });
    expect(state.pending).toBe(0n);
    state.setAction(S.SIGCHLD, handler);
    expect(state.post(info(S.SIGCHLD))).toBe(true);
  });

  it('takes back pending stops when SIGCONT comes', () => {
    const state = new SignalState();
    state.post(info(S.SIGTSTP));
    state.post(info(S.SIGCONT));
    expect(state.pending).toBe(0n);
  });

  it('gives a child the actions, the mask and the stack, but nothing pending', () => {
    const state = new SignalState();
    state.setAction(S.SIGUSR1, handler);
    state.mask = S.sigbit(S.SIGUSR2);
    state.altstack = { base: 0x4000, size: 0x2000 };
    state.post(info(S.SIGUSR2));
    const child = state.fork();
    expect([child.action(S.SIGUSR1), child.mask, child.altstack, child.pending]).toEqual([handler, state.mask, state.altstack, 0n]);
    child.setAction(S.SIGUSR1, { ...handler, handler: BigInt(SIG_DFL) });
    expect(state.action(S.SIGUSR1)).toEqual(handler);
  });
});

describe('names', () => {
  it('name every signal and fault code a report can show', () => {
    expect(S.signalName(S.SIGSEGV)).toBe('SIGSEGV');
    expect(S.signalName(S.SIGRTMIN + 3)).toBe('SIGRTMIN+3');
    expect(S.codeName(S.SIGBUS, S.BUS_OBJERR)).toBe('BUS_OBJERR');
    expect(S.codeName(S.SIGSEGV, S.SEGV_ACCERR)).toBe('SEGV_ACCERR');
    expect(S.codeName(S.SIGTERM, 0)).toBe('0');
  });
});
