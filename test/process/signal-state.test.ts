import { describe, expect, it } from 'vitest';
import { SIGQUEUE_MAX, SignalQueue } from '../../src/process/signal-queue.js';
import { SIG_DFL, SIG_IGN, SignalState } from '../../src/process/signal-state.js';
import * as S from '../../src/process/signals.js';
import { ThreadSignals } from '../../src/process/thread-signals.js';

const info = (signal: number, pid = 7): S.SigInfo => ({ signal, code: 0, errno: 0, pid });
const handler = { handler: 0x1000n, flags: 0, mask: 0n };
const ALL = ~0n;

describe('pending signals', () => {
  it('are taken lowest number first, but SIGKILL before everything', () => {
    const queue = new SignalQueue();
    for (const signal of [S.SIGTERM, S.SIGINT, S.SIGKILL]) queue.add(info(signal));
    expect(Array.from({ length: 4 }, () => queue.take(ALL)?.signal)).toEqual([S.SIGKILL, S.SIGINT, S.SIGTERM, undefined]);
  });

  it('keep one of several equal ordinary signals, and all real-time signals in order', () => {
    const queue = new SignalQueue();
    queue.add(info(S.SIGUSR1, 1));
    queue.add(info(S.SIGUSR1, 2));
    queue.add(info(S.SIGRTMIN, 3));
    queue.add(info(S.SIGRTMIN, 4));
    expect(Array.from({ length: 4 }, () => queue.take(ALL)?.pid)).toEqual([1, 3, 4, undefined]);
    expect(queue.set).toBe(0n);
  });

  it('do not pile up without a bound', () => {
    const queue = new SignalQueue();
    for (let i = 0; i < 2 * SIGQUEUE_MAX; i++) queue.add(info(S.SIGRTMIN, i));
    expect(queue.full).toBe(true);
    let taken = 0;
    while (queue.take(ALL) !== undefined) taken++;
    expect(taken).toBe(SIGQUEUE_MAX);
  });
});

describe('a thread', () => {
  const make = (): { state: SignalState; one: ThreadSignals; two: ThreadSignals } => {
    const state = new SignalState();
    return { state, one: new ThreadSignals(state), two: new ThreadSignals(state) };
  };

  it('takes what was sent to it before what was sent to the process, and nothing of another thread', () => {
    const { state, one, two } = make();
    state.shared.add(info(S.SIGINT));
    one.own.add(info(S.SIGTERM));
    expect(two.pending).toBe(S.sigbit(S.SIGINT));
    expect([one.take()?.signal, one.take()?.signal, two.take()?.signal]).toEqual([S.SIGTERM, S.SIGINT, undefined]);
  });

  it('holds back what it blocks, except what cannot be blocked; another thread takes it', () => {
    const { state, one, two } = make();
    one.mask = S.sigbit(S.SIGTERM) | S.sigbit(S.SIGKILL);
    state.shared.add(info(S.SIGTERM));
    expect([one.deliverable, two.deliverable]).toEqual([false, true]);
    expect(two.take()?.signal).toBe(S.SIGTERM);
    state.shared.add(info(S.SIGKILL));
    expect(one.take()?.signal).toBe(S.SIGKILL);
  });

  it('wakes for a blocked signal it waits for, and takes it by asking', () => {
    const { one } = make();
    one.mask = S.sigbit(S.SIGUSR1);
    one.own.add(info(S.SIGUSR1));
    expect([one.deliverable, one.wakes]).toEqual([false, false]);
    one.awaited = S.sigbit(S.SIGUSR1);
    expect([one.deliverable, one.wakes]).toEqual([false, true]);
    expect([one.take(), one.takeFrom(S.sigbit(S.SIGUSR1))?.signal]).toEqual([undefined, S.SIGUSR1]);
  });
});

describe('actions', () => {
  it('that become "ignore" drop what is pending, in every queue', () => {
    const state = new SignalState();
    const thread = new ThreadSignals(state);
    thread.own.add(info(S.SIGUSR1));
    state.shared.add(info(S.SIGUSR1));
    state.setAction(S.SIGUSR1, { handler: BigInt(SIG_IGN), flags: 0, mask: 0n });
    expect(thread.pending).toBe(0n);
    expect(state.ignores(S.SIGCHLD)).toBe(true);
    state.setAction(S.SIGCHLD, handler);
    expect(state.ignores(S.SIGCHLD)).toBe(false);
  });

  it('let SIGCONT and the stops take each other back', () => {
    const state = new SignalState();
    state.shared.add(info(S.SIGTSTP));
    state.cancelOpposite(S.SIGCONT);
    expect(state.shared.set).toBe(0n);
    state.shared.add(info(S.SIGCONT));
    state.cancelOpposite(S.SIGSTOP);
    expect(state.shared.set).toBe(0n);
  });

  it('are handed down to a child, with nothing pending', () => {
    const state = new SignalState();
    state.setAction(S.SIGUSR1, handler);
    state.shared.add(info(S.SIGTERM));
    const child = state.fork();
    expect(child.action(S.SIGUSR1)).toEqual(handler);
    expect(child.shared.set).toBe(0n);
    child.setAction(S.SIGUSR1, { handler: BigInt(SIG_DFL), flags: 0, mask: 0n });
    expect(state.action(S.SIGUSR1)).toEqual(handler);
  });

  it('survive execve(2) only where they are "ignore"', () => {
    const state = new SignalState();
    state.setAction(S.SIGUSR1, handler);
    state.setAction(S.SIGINT, { handler: BigInt(SIG_IGN), flags: 0, mask: 0n });
    state.exec();
    expect(state.action(S.SIGUSR1).handler).toBe(0n);
    expect(state.ignores(S.SIGINT)).toBe(true);
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
