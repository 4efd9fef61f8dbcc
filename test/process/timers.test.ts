import { describe, expect, it } from 'vitest';
import { Guest, LINUX } from './guest-program.js';

/** A guest with times in its data, a handler that counts in `hits`, and room for answers. */
const timed = (): Guest => new Guest()
  .data('.balign 8\naction: .dword handler, 0, 0\nrestart: .dword handler, 0x10000000, 0\nms: .dword 0, 1000000\nrest: .dword -1, -1\nbad: .dword 0, 1000000000\nnegative: .dword -1, 0\nnow: .dword 0, 0\nhits: .dword 0\nset: .dword 0x2000\nempty: .dword 0\ninfo: .zero 128')
  .data('every: .dword 0, 1000, 0, 500\nnever: .dword 0, 0, 0, 0\nold: .dword -1, -1, -1, -1\nevent: .dword 77\n.word 10, 0\n.zero 48\nid: .word -1\n.balign 8')
  .sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nret');
const clock = (g: Guest, at: number): Guest => g.sys('clock_gettime', 1, '&now').expect(0).asm('la t0, now\nld t0, 8(t0)').asm(`li t1, ${at}\nsltu a0, t0, t1`).expect(0).asm('la t0, now\nld t0, 8(t0)').asm(`li t1, ${at + 20_000}\nsltu a0, t0, t1`).expect(1);

describe('sleep', () => {
  it('takes as long as it is asked to, on the virtual clock, and nobody is kept busy by it', () => {
    const g = clock(timed().sys('nanosleep', '&ms', 0).expect(0), 1_000_000);
    clock(g.sys('clock_nanosleep', 1, 0, '&ms', 0).expect(0), 2_000_000).sys('clock_nanosleep', 0, 1, '&ms', 0).expect(0);
    const { machine } = g.passes();
    expect(machine.statistics().instructions).toBeLessThan(1000);
  });

  it('refuses times that are none and clocks nobody can sleep on', () => {
    const g = timed().sys('nanosleep', '&bad', 0).expect(LINUX.EINVAL).sys('nanosleep', '&negative', 0).expect(LINUX.EINVAL).sys('nanosleep', 8, 0).expect(LINUX.EFAULT);
    g.sys('clock_nanosleep', 3, 0, '&ms', 0).expect(LINUX.EINVAL).sys('clock_nanosleep', 99, 0, '&ms', 0).expect(LINUX.EINVAL).passes();
  });

  it('ends with EINTR when a handler runs, SA_RESTART or not, and says what was left', () => {
    for (const action of ['&action', '&restart']) {
      const g = timed().sys('rt_sigaction', 14, action, 0, 8).expect(0).sys('setitimer', 0, '&every', 0).expect(0).sys('nanosleep', '&ms', '&rest').expect(LINUX.EINTR);
      g.expectAt('hits', 1).asm('la t0, rest\nld t1, 8(t0)\nli t2, 501000\nsltu a0, t1, t2').expect(1).passes();
    }
  });
});

describe('interval timers', () => {
  it('send SIGALRM once and then again and again, until they are told to stop', () => {
    const g = timed().sys('rt_sigaction', 14, '&restart', 0, 8).expect(0).sys('setitimer', 0, '&every', '&old').expect(0).expectAt('old', 0);
    g.asm('la s0, hits\nwait: ld t0, 0(s0)\nli t1, 3\nbltu t0, t1, wait').sys('setitimer', 0, '&never', '&old').expect(0).asm('la t0, old\nld t1, 8(t0)').expect(1000, 't1');
    clock(g, 2_500_000).sys('getitimer', 0, '&old').expect(0).asm('la t0, old\nld t1, 24(t0)').expect(0, 't1').sys('getitimer', 1, '&old').expect(LINUX.EINVAL).sys('setitimer', 0, 8, 0).expect(LINUX.EFAULT).passes();
  });

  it('of timer_create carry their value, and are gone when they are deleted', () => {
    const g = timed().sys('rt_sigaction', 10, '&restart', 0, 8).sys('timer_create', 1, '&event', '&id').expect(0).expectAt('id', 0, 4).sys('timer_settime', 0, 0, '&every', 0).expect(0).sys('timer_gettime', 0, '&old').expect(0);
    g.asm('la t0, old\nld t1, 8(t0)').expect(1000, 't1').asm('la s0, hits\nwait: ld t0, 0(s0)\nli t1, 2\nbltu t0, t1, wait').sys('timer_delete', 0).expect(0).sys('timer_delete', 0).expect(LINUX.EINVAL);
    g.sys('timer_create', 2, 0, '&id').expect(LINUX.EINVAL).sys('timer_create', 1, 8, '&id').expect(LINUX.EFAULT).sys('timer_settime', 5, 0, '&every', 0).expect(LINUX.EINVAL).passes();
  });
});

describe('waiting for signals', () => {
  it('rt_sigtimedwait takes a blocked signal at once, later, or not in time', () => {
    const g = timed().sys('rt_sigprocmask', 0, '&set', 0, 8).expect(0).sys('kill', 1, 14).expect(0).sys('rt_sigtimedwait', '&set', '&info', 0, 8).expect(14).expectAt('info', 14, 4);
    g.sys('rt_sigtimedwait', '&set', 0, '&ms', 8).expect(LINUX.EAGAIN).sys('setitimer', 0, '&every', 0).expect(0).sys('rt_sigtimedwait', '&set', 0, '&ms', 8).expect(14);
    g.sys('rt_sigtimedwait', '&set', 0, '&bad', 8).expect(LINUX.EINVAL).sys('rt_sigtimedwait', 8, 0, 0, 8).expect(LINUX.EFAULT).sys('rt_sigtimedwait', '&set', 0, 0, 4).expect(LINUX.EINVAL).passes();
  });

  it('rt_sigsuspend lets a handler run with another mask and puts the old one back', () => {
    const g = timed().sys('rt_sigaction', 14, '&action', 0, 8).sys('rt_sigprocmask', 0, '&set', 0, 8).sys('setitimer', 0, '&every', 0).sys('rt_sigsuspend', '&empty', 8).expect(LINUX.EINTR).expectAt('hits', 1);
    g.sys('rt_sigprocmask', 0, 0, '&old', 8).expect(0).expectAt('old', 0x2000).sys('rt_sigsuspend', 8, 8).expect(LINUX.EFAULT).sys('rt_sigsuspend', '&empty', 16).expect(LINUX.EINVAL).passes();
  });

  it('rt_sigqueueinfo carries a value, and only the kernel may look like the kernel', () => {
    const g = timed().data('queued: .word 34, 0, -1, 0, 1, 0\n.dword 4711\n.zero 96\nkernel: .word 34, 0, 0, 0\n.zero 112\nmask: .dword 0x200000000').sys('rt_sigprocmask', 0, '&mask', 0, 8).expect(0);
    g.sys('rt_sigqueueinfo', 1, 34, '&queued').expect(0).sys('rt_sigtimedwait', '&mask', '&info', 0, 8).expect(34).asm('la t0, info\nld t1, 24(t0)').expect(4711, 't1');
    g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent').sys('rt_sigqueueinfo', 1, 34, '&kernel').expect(LINUX.EPERM).asm('li a0, 0\nli a7, 94\necall\nparent:').sys('rt_sigqueueinfo', 99, 34, '&queued').expect(LINUX.ESRCH);
    g.sys('rt_sigqueueinfo', 1, 99, '&queued').expect(LINUX.EINVAL).sys('rt_tgsigqueueinfo', 1, 1, 34, '&queued').expect(0).sys('rt_tgsigqueueinfo', 2, 1, 34, '&queued').expect(LINUX.ESRCH).passes();
  });
});

describe('groups, limits and accounts', () => {
  it('groups and sessions follow the rules of setpgid(2) and setsid(2)', () => {
    const g = new Guest().data('status: .word 0').sys('getpgid', 0).expect(1).sys('getsid', 0).expect(1).sys('setsid').expect(LINUX.EPERM).sys('setpgid', 0, 0).expect(LINUX.EPERM).sys('getpgid', 77).expect(LINUX.ESRCH).sys('setpgid', 77, 0).expect(LINUX.ESRCH).sys('setpgid', 0, -1).expect(LINUX.EINVAL);
    g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent').sys('getpgid', 0).expect(1).sys('setpgid', 0, 55).expect(LINUX.EPERM).sys('setpgid', 0, 0).expect(0).sys('getpgid', 0).expect(2).sys('setpgid', 0, 1).expect(0).sys('setsid').expect(2).sys('getsid', 0).expect(2).asm('li a0, 0\nli a7, 94\necall');
    g.asm('parent:').sys('waitid', 0, 0, 0, 4, 0).expect(0).sys('waitid', 1, 2, 0, 4, 0).expect(LINUX.ECHILD).sys('waitid', 9, 2, 0, 4, 0).expect(LINUX.EINVAL).sys('waitid', 0, 0, 0, 0, 0).expect(LINUX.EINVAL).passes();
  });

  it('limits are kept, handed down, and not raised above what there is', () => {
    const g = new Guest().data('.balign 8\nlimit: .dword 0, 0\nlow: .dword 100, 200\nwrong: .dword 300, 200\nmany: .dword 5000, 5000\nstatus: .word 0').sys('prlimit64', 0, 3, 0, '&limit').expect(0).expectAt('limit', 8 * 2 ** 20);
    g.sys('prlimit64', 0, 3, '&wrong', 0).expect(LINUX.EINVAL).sys('prlimit64', 0, 7, '&many', 0).expect(LINUX.EPERM).sys('prlimit64', 0, 7, '&low', '&limit').expect(0).expectAt('limit', 1024).sys('prlimit64', 0, 16, 0, '&limit').expect(LINUX.EINVAL).sys('prlimit64', 99, 3, 0, 0).expect(LINUX.ESRCH);
    g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent').sys('getrlimit', 7, '&limit').expect(0).expectAt('limit', 100).asm('li a0, 3\nli a7, 94\necall\nparent:').sys('wait4', -1, '&status', 0, 0).expectAt('status', 3 << 8, 4).passes();
  });

  it('processor time is instructions, of oneself and of children that were waited for', () => {
    const g = new Guest().data('.balign 8\nusage: .zero 144\ncpu: .dword 0, 0').sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nli t0, 1000000\n1: addi t0, t0, -1\nbnez t0, 1b\nli a0, 0\nli a7, 94\necall\nparent:').sys('wait4', -1, 0, 0, 0).expect(2);
    g.sys('getrusage', -1, '&usage').expect(0).expectAt('usage', 0).asm('la t0, usage\nld t1, 8(t0)').expect(2000, 't1').sys('clock_gettime', 2, '&cpu').expect(0).asm('la t0, cpu\nld t1, 8(t0)\nli t2, 1000\nsltu a0, t1, t2').expect(1).sys('getrusage', 5, '&usage').expect(LINUX.EINVAL).passes();
  });

  it('random bytes are the same for the same seed and others for another', () => {
    const bytes = (seed: number): string => new Guest().data('b: .zero 64').sys('getrandom', '&b', 64, 0).expect(64).sys('write', 1, '&b', 64).expect(64).sys('getrandom', '&b', 1, 8).expect(LINUX.EINVAL).sys('getrandom', 8, 1, 0).expect(LINUX.EFAULT).passes({ seed }).stdout;
    expect([bytes(1) === bytes(1), bytes(1) === bytes(2)]).toEqual([true, false]);
  });

  it('a call that is not there is ENOSYS and named in the statistics', () => {
    const { machine } = new Guest().sys(499, 0).expect(LINUX.ENOSYS).sys(293, 0).expect(LINUX.ENOSYS).passes();
    expect(machine.statistics().syscalls).toMatchObject({ 'unknown:499': 1, rseq: 1 });
  });
});
