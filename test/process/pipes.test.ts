import { describe, expect, it } from 'vitest';
import { Guest, LINUX } from './guest-program.js';

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const [F_GETFD, F_GETFL, F_SETFL] = [1, 3, 4];
const [POLLIN, POLLOUT, POLLERR, POLLHUP, POLLNVAL] = [1, 4, 8, 16, 32];
const SIGPIPE = 13;

/** A guest with a pipe: s2 reads, s3 writes. */
const piped = (flags = 0): Guest => new Guest().data('.balign 8\nfds: .zero 8\nbuf: .zero 8192\ntext: .ascii "hello"\n.balign 8\nnil: .dword 0, 0').sys('pipe2', '&fds', flags).expect(0)
  .asm('la t0, fds\nlw s2, 0(t0)\nlw s3, 4(t0)');
/** Writes `pieces` times `size` bytes. */
const fill = (g: Guest, pieces: number, size: number): Guest => g.asm(`li s4, ${pieces}\nfill:`).sys('write', 's3', '&buf', size).expect(size).asm('addi s4, s4, -1\nbnez s4, fill');
/** A child that runs `body` and exits; the parent goes on behind it. */
const child = (g: Guest, body: (g: Guest) => Guest): Guest => body(g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent')).sys('exit_group', 0).asm('parent:');
/** struct pollfd entries at `polls`. */
const polls = (...entries: readonly (readonly [fd: string, events: number])[]): string =>
  `la t0, polls\n${entries.map(([fd, events], i) => `li t1, ${events << 0}\n${/^s\d/.test(fd) ? `mv t2, ${fd}` : `li t2, ${fd}`}\nsw t2, ${8 * i}(t0)\nsw t1, ${8 * i + 4}(t0)`).join('\n')}`;
const revents = (g: Guest, i: number, value: number): Guest => g.asm(`la t5, polls\nlhu t5, ${8 * i + 6}(t5)`).expect(value, 't5');

describe('a pipe', () => {
  it('gives bytes in order, as many as there are, and its end when no writer is left', () => {
    const g = piped().sys('write', 's3', '&text', 5).expect(5).sys('write', 's3', '&text', 2).expect(2).sys('read', 's2', '&buf', 4).expect(4);
    g.sys('write', 1, '&buf', 4).sys('read', 's2', '&buf', 100).expect(3).sys('write', 1, '&buf', 3).sys('close', 's3').expect(0).sys('read', 's2', '&buf', 1).expect(0);
    expect(g.passes().stdout).toBe('hellohe');
  });

  it('is written at one end and read at the other, has no offset, no size and no bytes to map', () => {
    const g = piped().sys('write', 's2', '&text', 1).expect(LINUX.EBADF).sys('read', 's3', '&text', 1).expect(LINUX.EBADF).sys('lseek', 's2', 0, 0).expect(LINUX.ESPIPE);
    g.sys('pread64', 's2', '&buf', 1, 0).expect(LINUX.ESPIPE).sys('ftruncate', 's3', 1).expect(LINUX.EINVAL).sys('mmap', 0, 4096, 1, 2, 's2', 0).expect(LINUX.ENODEV).passes();
  });

  it('refuses flags it does not know and a place it cannot write to, and then leaves no descriptor behind', () => {
    const g = piped().sys('pipe2', '&fds', 1).expect(LINUX.EINVAL).sys('pipe2', 8, 0).expect(LINUX.EFAULT).sys('dup', 0).expect(5).passes();
    expect(g.result.status).toBe('exited');
  });

  it('closes on exec and does not block where it was made so', () => {
    const g = piped(O_NONBLOCK | O_CLOEXEC).sys('fcntl', 's2', F_GETFD, 0).expect(1).sys('fcntl', 's3', F_GETFL, 0).expect(O_NONBLOCK | 1);
    g.sys('read', 's2', '&buf', 1).expect(LINUX.EAGAIN).sys('fcntl', 's2', F_SETFL, 0).expect(0).sys('fcntl', 's2', F_GETFL, 0).expect(0).passes();
  });

  it('holds 64 KiB; a write of up to 4096 bytes is whole or not at all', () => {
    const g = fill(piped(O_NONBLOCK), 16, 4000).sys('write', 's3', '&buf', 4096).expect(LINUX.EAGAIN).sys('write', 's3', '&buf', 8192).expect(65536 - 64000);
    g.sys('write', 's3', '&buf', 1).expect(LINUX.EAGAIN).sys('read', 's2', '&buf', 8192).expect(8192).sys('write', 's3', '&buf', 4096).expect(4096).passes();
  });

  it('sends SIGPIPE and answers EPIPE when nobody can read any more', () => {
    const g = piped().data('ignore: .dword 1, 0, 0').sys('rt_sigaction', SIGPIPE, '&ignore', 0, 8).expect(0).sys('close', 's2').sys('write', 's3', '&text', 5).expect(LINUX.EPIPE).passes();
    expect(g.result.status).toBe('exited');
    const killed = piped().sys('close', 's2').sys('write', 's3', '&text', 5).run();
    expect(killed.result).toMatchObject({ status: 'signaled', signal: SIGPIPE });
  });

  it('lets a reader sleep until a child writes, and a writer until somebody reads', () => {
    child(piped(), (g) => g.sys('close', 's2').sys('write', 's3', '&text', 5)).sys('close', 's3').sys('read', 's2', '&buf', 100).expect(5).sys('read', 's2', '&buf', 100).expect(0).passes();
    const g = child(piped(), (c) => fill(c.sys('close', 's2'), 40, 4096)).sys('close', 's3').asm('li s5, 0\nmore:').sys('read', 's2', '&buf', 1000).asm('add s5, s5, a0\nbnez a0, more');
    g.expect(40 * 4096, 's5').passes();
  });

  it('answers EFAULT for a wrong buffer and keeps its bytes', () => {
    piped().sys('write', 's3', '&text', 5).sys('read', 's2', 8, 5).expect(LINUX.EFAULT).sys('write', 's3', 8, 5).expect(LINUX.EFAULT).sys('read', 's2', '&buf', 9).expect(5).passes();
  });

  it('is a deadlock, and said to be one, when everybody waits for everybody', () => {
    const { result } = piped().sys('read', 's2', '&buf', 1).run();
    expect(result).toMatchObject({ status: 'deadlock' });
    expect(result.status === 'deadlock' && result.text).toContain('pipe:[16]');
  });
});

describe('ppoll', () => {
  const polled = (): Guest => piped().data('.balign 8\npolls: .zero 64\nsecond: .dword 1, 0');

  it('says what is ready without waiting', () => {
    const g = polled().asm(polls(['s2', POLLIN], ['s3', POLLOUT], ['-1', POLLIN], ['77', POLLIN])).sys('ppoll', '&polls', 4, '&nil', 0, 8).expect(2);
    for (const [i, value] of [0, POLLOUT, 0, POLLNVAL].entries()) revents(g, i, value);
    g.sys('write', 's3', '&text', 5).sys('ppoll', '&polls', 3, 0, 0, 8).expect(2);
    revents(revents(g, 0, POLLIN), 1, POLLOUT).sys('close', 's2').sys('ppoll', '&polls', 2, '&nil', 0, 8).expect(2);
    revents(revents(g, 0, POLLNVAL), 1, POLLOUT | POLLERR).passes();
  });

  it('tells the end of a pipe without being asked', () => {
    const g = polled().sys('close', 's3').asm(polls(['s2', 0])).sys('ppoll', '&polls', 1, 0, 0, 8).expect(1);
    revents(g, 0, POLLHUP).passes();
  });

  it('waits as long as it is told by the virtual clock, not a nanosecond less', () => {
    const g = polled().asm(polls(['s2', POLLIN])).sys('clock_gettime', 1, '&buf').sys('ppoll', '&polls', 1, '&second', 0, 8).expect(0).expectAt('second', 0).sys('clock_gettime', 1, '&fds');
    const { machine } = g.passes();
    expect(machine.kernel.clock.now).toBeGreaterThan(1e9);
    expect(machine.kernel.clock.now).toBeLessThan(1.001e9);
  });

  it('wakes when a child writes, and for a signal only when that is let through', () => {
    const g = child(polled(), (c) => c.data('.balign 8\nwhile: .dword 0, 50000000').sys('nanosleep', '&while', 0).sys('write', 's3', '&text', 1)).asm(polls(['s2', POLLIN]));
    revents(g.sys('ppoll', '&polls', 1, 0, 0, 8).expect(1), 0, POLLIN);
    expect(g.passes().machine.kernel.clock.now).toBeGreaterThan(5e7);
  });

  it('refuses what it cannot read, more entries than there may be files, and times that are none', () => {
    const g = polled().data('.balign 8\nwrong: .dword 0, -1').sys('ppoll', 8, 1, 0, 0, 8).expect(LINUX.EFAULT).sys('ppoll', '&polls', 1025, 0, 0, 8).expect(LINUX.EINVAL);
    g.sys('ppoll', '&polls', 1, '&wrong', 0, 8).expect(LINUX.EINVAL).sys('ppoll', '&polls', 1, 8, 0, 8).expect(LINUX.EFAULT).sys('ppoll', '&polls', 1, '&nil', '&nil', 4).expect(LINUX.EINVAL).passes();
  });

  it('sees what the host has for standard input, which is not lost by asking', () => {
    const g = polled().asm(polls(['0', POLLIN])).sys('ppoll', '&polls', 1, 0, 0, 8).expect(1).sys('read', 0, '&buf', 2).expect(2).sys('ppoll', '&polls', 1, 0, 0, 8).expect(1);
    g.sys('read', 0, '&buf', 9).expect(1).expectAt('buf', 'c'.charCodeAt(0), 1);
    const pieces = ['abc'];
    g.passes({ stdin: () => new TextEncoder().encode(pieces.shift() ?? '') });
  });
});

describe('pselect6', () => {
  it('keeps the descriptors that are ready and counts them', () => {
    const g = piped().data('.balign 8\nr: .zero 128\nw: .zero 128').asm('li t0, 1\nsll t1, t0, s2\nla t2, r\nsd t1, 0(t2)\nsll t1, t0, s3\nla t2, w\nsd t1, 0(t2)');
    g.sys('pselect6', 10, '&r', '&w', 0, '&nil', 0).expect(1).expectAt('r', 0).expectAt('w', 1 << 4).sys('write', 's3', '&text', 1).asm('la t2, r\nli t1, 8\nsd t1, 0(t2)');
    g.sys('pselect6', 10, '&r', '&w', 0, 0, 0).expect(2).expectAt('r', 8).sys('pselect6', -1, 0, 0, 0, 0, 0).expect(LINUX.EINVAL);
    g.asm('la t2, r\nli t1, 256\nsd t1, 0(t2)').sys('pselect6', 64, '&r', 0, 0, '&nil', 0).expect(LINUX.EBADF).sys('pselect6', 64, 8, 0, 0, 0, 0).expect(LINUX.EFAULT).passes();
  });
});
