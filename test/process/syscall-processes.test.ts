import { describe, expect, it } from 'vitest';
import { Guest, LINUX } from './guest-program.js';

const fork = (g: Guest, child: string): Guest => g.sys('clone', 17, 0, 0, 0, 0).asm(`bnez a0, 1f\n${child}\n1: mv s11, a0`);
const exit = (code: number): string => `li a0, ${code}\nli a7, 93\necall`;

describe('fork and wait', () => {
  it('give the child a copy: its stores are not seen, its exit code is', () => {
    const g = new Guest().data('x: .dword 1\nstatus: .word -1');
    fork(g, `la t0, x\nli t1, 2\nsd t1, 0(t0)\nli a7, 172\necall\nli a7, 93\necall`).expect(2, 's11');
    g.sys('wait4', -1, '&status', 0, 0).expect(2).expectAt('status', 2 << 8, 4).expectAt('x', 1);
    g.sys('wait4', -1, '&status', 0, 0).expect(LINUX.ECHILD);
    const { machine } = g.passes();
    expect(machine.statistics().forks).toBe(1);
  });

  it('hand down handlers and blocked signals, but nothing pending', () => {
    const g = new Guest().data('.balign 8\naction: .dword handler, 0, 0\nset: .dword 0x800\nhits: .dword 0\nold: .dword 0\nstatus: .word -1');
    g.sys('rt_sigaction', 10, '&action', 0, 8).expect(0).sys('rt_sigprocmask', 0, '&set', 0, 8).expect(0).sys('kill', 1, 12).expect(0);
    g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent').sys('kill', 2, 10).expect(0).expectAt('hits', 1).sys('rt_sigprocmask', 0, 0, '&old', 8).expect(0);
    g.expectAt('old', 0x800).sys('rt_sigpending', '&old', 8).expect(0).expectAt('old', 0).asm('li a0, 55\nli a7, 93\necall\nparent:');
    g.sys('wait4', -1, '&status', 0, 0).expectAt('status', 55 << 8, 4).expectAt('hits', 0).sys('rt_sigpending', '&old', 8).expectAt('old', 0x800);
    g.sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nret').passes();
  });

  it('keep the parent from seeing what the child has not stored yet, and the child from seeing later stores', () => {
    const g = new Guest().data('x: .dword 1\nstatus: .word 0');
    fork(g, `li t2, 200000\n2: addi t2, t2, -1\nbnez t2, 2b\nla t0, x\nld a0, 0(t0)\nli a7, 93\necall`);
    g.asm('la t0, x\nli t1, 99\nsd t1, 0(t0)').sys('wait4', 's11', '&status', 0, 0).expect(2).expectAt('status', 1 << 8, 4).expectAt('x', 99).passes();
  });

  it('wait for one child by number, not at all with WNOHANG, and for nobody else', () => {
    const g = new Guest().data('status: .word 0');
    fork(g, `li t2, 300000\n2: addi t2, t2, -1\nbnez t2, 2b\n${exit(1)}`).asm('mv s1, s11');
    fork(g, exit(2)).asm('mv s2, s11');
    g.sys('wait4', 's1', 0, 1, 0).expect(0).sys('wait4', 's2', '&status', 0, 0).expect('s2').expectAt('status', 2 << 8, 4);
    g.sys('wait4', 777, 0, 0, 0).expect(LINUX.ECHILD).sys('wait4', -5, 0, 0, 0).expect(LINUX.ECHILD).sys('wait4', -1, 0, 0x40, 0).expect(LINUX.EINVAL);
    g.sys('wait4', 0, '&status', 0, 0).expect('s1').expectAt('status', 1 << 8, 4).passes();
  });

  it('answer EFAULT for a wrong status pointer; the child is gone all the same', () => {
    const g = fork(new Guest(), exit(0));
    g.sys('wait4', -1, 8, 0, 0).expect(LINUX.EFAULT).sys('wait4', -1, 0, 0, 0).expect(LINUX.ECHILD).passes();
  });

  it('report a child that a signal ended', () => {
    const g = new Guest().data('status: .word 0');
    fork(g, 'ld t0, 0(zero)').sys('wait4', -1, '&status', 0, 0).expect(2).expectAt('status', 11, 4);
    fork(g, 'loop: j loop').sys('kill', 's11', 7).expect(0).sys('wait4', -1, '&status', 0, 0).expect('s11').expectAt('status', 7, 4).passes();
  });

  it('refuse nonsense, and give the child the stack, thread pointer and number asked for', () => {
    const g = new Guest().data('status: .word 0\nptid: .word 0\nctid: .word 0\nstack: .zero 64\ntop:');
    for (const flags of [0x10000, 0x10800, 0x800, 0x900, 0x14900, 0x2000_0000, 0x1000]) g.sys('clone', flags, 0, 0, 0, 0).expect(LINUX.EINVAL);
    g.sys('clone', 77, 0, 0, 0, 0).expect(LINUX.EINVAL);
    g.sys('clone', 17 | 0x80000 | 0x100000 | 0x1000000, '&top', '&ptid', 0x1234, '&ctid');
    g.asm(`bnez a0, parent\nla t0, top\nsub t0, sp, t0\nadd a0, tp, t0\nli t1, 0x1234\nsub a0, a0, t1\nla t0, ctid\nlw t0, 0(t0)\nadd a0, a0, t0\nli a7, 93\necall\nparent:`).expect(2);
    g.sys('wait4', -1, '&status', 0, 0).expect(2).expectAt('status', 2 << 8, 4).expectAt('ptid', 2, 4).expectAt('ctid', 0, 4).passes();
  });

  it('clear the child number and hand orphans to nobody: they vanish', () => {
    const g = new Guest().data('status: .word 0');
    fork(g, `li a0, 17\nli a1, 0\nli a2, 0\nli a3, 0\nli a4, 0\nli a7, 220\necall\nbnez a0, 3f\nli t2, 1000\n2: addi t2, t2, -1\nbnez t2, 2b\n${exit(9)}\n3: ${exit(4)}`);
    const { machine } = g.sys('wait4', -1, '&status', 0, 0).expect(2).expectAt('status', 4 << 8, 4).sys('wait4', -1, 0, 0, 0).expect(LINUX.ECHILD).asm('li t2, 50000\n4: addi t2, t2, -1\nbnez t2, 4b').passes();
    expect(machine.processes()).toEqual([]);
  });

  it('end a process whose children live on as soon as it ends itself', () => {
    const g = fork(new Guest(), 'loop: j loop');
    expect(g.passes().result).toEqual({ status: 'exited', code: 0 });
  });
});

describe('wait for children that stop and go on', () => {
  const spin = 'loop: j loop';
  const [STOPPED, CONTINUED] = [(signal: number): number => (signal << 8) | 0x7f, 0xffff];
  const [WNOHANG, WUNTRACED, WCONTINUED] = [1, 2, 8];
  const news = (g: Guest, options: number, status: number): Guest =>
    g.sys('wait4', 's11', '&status', options, 0).expect('s11').expectAt('status', status, 4);

  it('tells of a stop once, by its signal, then of the continuation once, then of the end', () => {
    const g = fork(new Guest().data('status: .word 0'), spin).sys('kill', 's11', 20).expect(0);
    news(g, WUNTRACED, STOPPED(20)).sys('wait4', 's11', 0, WNOHANG | WUNTRACED | WCONTINUED, 0).expect(0).sys('kill', 's11', 18).expect(0);
    news(g, WCONTINUED, CONTINUED).sys('wait4', 's11', 0, WNOHANG | WUNTRACED | WCONTINUED, 0).expect(0).sys('kill', 's11', 9).expect(0);
    news(g, WUNTRACED | WCONTINUED, 9).sys('wait4', -1, 0, WUNTRACED, 0).expect(LINUX.ECHILD).passes();
  });

  it('wakes a parent that sleeps already, whoever stops the child', () => {
    const g = fork(new Guest().data('status: .word 0'), `li t2, 300000\n2: addi t2, t2, -1\nbnez t2, 2b\nli a0, 2\nli a1, 19\nli a7, 129\necall\n${exit(6)}`);
    news(g, WUNTRACED, STOPPED(19)).sys('kill', 's11', 18).expect(0);
    news(g, 0, 6 << 8).passes();
  });

  it('does not tell who has not asked: a stop is kept for later, and gone when the child goes on', () => {
    const g = fork(new Guest().data('status: .word 0'), spin).sys('kill', 's11', 19).expect(0).sys('sched_yield').sys('sched_yield');
    g.sys('wait4', -1, 0, WNOHANG, 0).expect(0).sys('wait4', -1, 0, WNOHANG | WCONTINUED, 0).expect(0);
    news(g, WUNTRACED, STOPPED(19)).sys('kill', 's11', 18).expect(0).sys('kill', 's11', 19).expect(0).sys('sched_yield').sys('sched_yield');
    news(g, WUNTRACED | WCONTINUED, STOPPED(19)).sys('kill', 's11', 18).expect(0).sys('wait4', -1, 0, WNOHANG | WUNTRACED, 0).expect(0).sys('kill', 's11', 9).expect(0);
    news(g, WUNTRACED, 9).passes();
  });

  it.each([[0, 2], [1, 0]])('sends SIGCHLD with the reason, unless SA_NOCLDSTOP is set (flags %i: %i signals)', (noCldStop, signals) => {
    const g = new Guest().data(`.balign 8\naction: .dword handler, ${4 | noCldStop}, 0\nhits: .dword 0\ncode: .dword 0\nwhat: .dword 0\nstatus: .word 0`).sys('rt_sigaction', 17, '&action', 0, 8).expect(0);
    fork(g, spin).sys('kill', 's11', 19).expect(0);
    news(g, WUNTRACED, STOPPED(19)).expectAt('code', noCldStop ? 0 : 5).expectAt('what', noCldStop ? 0 : 19).sys('kill', 's11', 18).expect(0);
    news(g, WCONTINUED, CONTINUED).expectAt('code', noCldStop ? 0 : 6).expectAt('what', noCldStop ? 0 : 18).expectAt('hits', signals);
    g.sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nlw t1, 8(a1)\nla t0, code\nsd t1, 0(t0)\nlw t1, 24(a1)\nla t0, what\nsd t1, 0(t0)\nret').passes();
  });
});

describe('exit', () => {
  it.each([[0, 0], [255, 255], [256, 0], [-1, 255], [0x1ff, 255]])('with %s ends with %s', (asked, got) => {
    expect(new Guest().sys('exit', asked).run().result).toEqual({ status: 'exited', code: got });
  });
});
