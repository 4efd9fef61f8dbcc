import { describe, expect, it } from 'vitest';
import { createMachine } from '../../src/machine/index.js';
import { assemble } from '../../guest/index.js';
import { Guest, LINUX } from './guest-program.js';
import { MemoryFiles } from './memory-files.js';

const [WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAIT_BITSET, WAKE_BITSET, PRIVATE] = [0, 1, 3, 4, 9, 10, 128];
/** CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID: what pthread_create asks for. */
const THREAD = 0x3d_0f00;
const EXIT_THREAD = 'li a0, 0\nli a7, 93\necall';

let [stacks, joins] = [0, 0];
/** Starts a thread that runs `body` on a stack of its own; its number is in s11. */
const thread = (g: Guest, body: string, flags = THREAD): Guest => {
  const label = `stack${++stacks}`;
  return g.data(`.balign 16\n.zero 1024\n${label}: .zero 64\ntid${stacks}: .word -1\n.balign 8`)
    .sys('clone', flags, `&${label}`, `&tid${stacks}`, `&${label}`, `&tid${stacks}`).asm(`bnez a0, 1f\n${body}\n${EXIT_THREAD}\n1: mv s11, a0`);
};
/** Waits until thread number `n` of this test has cleared its number. */
const join = (g: Guest, n: number): Guest => {
  const again = `join${++joins}`;
  return g.asm(`${again}: la a0, tid${n}\nlw a2, 0(a0)\nbeqz a2, ${again}done\nli a1, 0\nli a3, 0\nli a7, 98\necall\nj ${again}\n${again}done:`);
};
const fresh = (): Guest => {
  stacks = 0;
  return new Guest().data('word: .word 5\nother: .word 7\ndone: .dword 0\n.balign 8\nnow: .dword 0, 0\nshort: .dword 0, 1000000\nbad: .dword 0, 1000000000');
};

describe('futex', () => {
  it('does not sleep where the word has changed, and refuses bad addresses and times', () => {
    const g = fresh().sys('futex', '&word', WAIT, 6, 0).expect(LINUX.EAGAIN).sys('futex', 8, WAIT, 0, 0).expect(LINUX.EFAULT).sys('futex', '&word', WAIT, 5, '&bad').expect(LINUX.EINVAL);
    g.asm('la s0, word\naddi s0, s0, 1').sys('futex', 's0', WAIT, 5, 0).expect(LINUX.EINVAL).sys('futex', 's0', WAKE, 1).expect(LINUX.EINVAL).sys('futex', -4, WAKE, 1).expect(LINUX.EFAULT);
    g.sys('futex', '&word', WAIT_BITSET, 5, 0, 0, 0).expect(LINUX.EINVAL).sys('futex', '&word', WAKE_BITSET, 1, 0, 0, 0).expect(LINUX.EINVAL).sys('futex', '&word', 6, 1, 0).expect(LINUX.ENOSYS).sys('futex', '&word', 99, 1, 0).expect(LINUX.ENOSYS);
    g.sys('futex', '&word', WAKE, 1).expect(0).sys('futex', '&word', CMP_REQUEUE, 1, 1, '&other', 6).expect(LINUX.EAGAIN).sys('futex', '&word', REQUEUE, -1, 1, '&other', 0).expect(LINUX.EINVAL).passes();
  });

  it('ends a sleep when its time is over, relative or at a moment', () => {
    const g = fresh().sys('futex', '&word', WAIT, 5, '&short').expect(LINUX.ETIMEDOUT).sys('clock_gettime', 1, '&now').expect(0).asm('la t0, now\nld t0, 8(t0)\nli t1, 1000000\nsltu a0, t0, t1').expect(0);
    g.sys('futex', '&word', WAIT_BITSET | PRIVATE, 5, '&short', 0, -1).expect(LINUX.ETIMEDOUT);
    const { machine } = g.passes();
    expect(machine.statistics().virtualNs).toBeLessThan(1_100_000);
  });

  it('wakes as many as it is told, in the order they came', () => {
    let g = fresh();
    for (let i = 0; i < 3; i++) g = thread(g, `la a0, word\nli a1, ${WAIT}\nli a2, 5\nli a3, 0\nli a7, 98\necall\nla t0, done\nli t1, 1\namoadd.d zero, t1, (t0)`);
    for (let i = 0; i < 8; i++) g.sys('sched_yield');
    g.sys('futex', '&word', WAKE, 2).expect(2);
    for (let i = 0; i < 8; i++) g.sys('sched_yield');
    g.expectAt('done', 2).sys('futex', '&word', WAKE | PRIVATE, 0x7fff_ffff).expect(1);
    join(g, 3).expectAt('done', 3).sys('futex', '&word', WAKE, 1).expect(0).passes();
  });

  it('moves sleepers to another word, and wakes only those whose bits are asked for', () => {
    let g = fresh();
    for (const bits of [1, 2]) g = thread(g, `la a0, word\nli a1, ${WAIT_BITSET}\nli a2, 5\nli a3, 0\nli a5, ${bits}\nli a7, 98\necall\nla t0, done\nli t1, ${bits}\namoadd.d zero, t1, (t0)`);
    for (let i = 0; i < 8; i++) g.sys('sched_yield');
    g.sys('futex', '&word', WAKE_BITSET, 9, 0, 0, 4).expect(0).sys('futex', '&word', WAKE_BITSET, 9, 0, 0, 2).expect(1);
    join(g, 2).expectAt('done', 2).sys('futex', '&word', CMP_REQUEUE, 0, 9, '&other', 5).expect(1).sys('futex', '&word', WAKE, 9).expect(0).sys('futex', '&other', WAKE, 9).expect(1);
    join(g, 1).expectAt('done', 3).passes();
  });

  it('brings processes together on shared memory, at whatever address, and not on private', () => {
    const g = fresh().data('status: .word 0').sys('mmap', 0, 4096, 3, 0x21, -1, 0).asm('mv s0, a0').sys('clone', 17, 0, 0, 0, 0).asm(`bnez a0, parent\nmv a0, s0\nli a1, 0\nli a2, 0\nli a3, 0\nli a7, 98\necall\nli a7, 93\necall\nparent:`);
    for (let i = 0; i < 6; i++) g.sys('sched_yield');
    g.sys('futex', '&word', WAKE, 9).expect(0).sys('futex', 's0', WAKE, 9).expect(1).sys('wait4', -1, '&status', 0, 0).expectAt('status', 0, 4).passes();
  });

  it('a signal ends a sleep: EINTR without SA_RESTART, again with it', () => {
    const g = fresh().data('.balign 8\naction: .dword handler, 0, 0\nhits: .dword 0').sys('rt_sigaction', 10, '&action', 0, 8).asm('mv s1, a0');
    thread(g, 'li a0, 1\nli a1, 1\nli a2, 10\nli a7, 131\necall').sys('futex', '&word', WAIT, 5, 0).expect(LINUX.EINTR).expectAt('hits', 1);
    g.sub('handler: la t0, hits\nld t1, 0(t0)\naddi t1, t1, 1\nsd t1, 0(t0)\nret').passes();
  });
});

describe('threads', () => {
  it('share memory and process number, have numbers and blocked signals of their own, and clear their number at the end', () => {
    const g = fresh().data('pid: .dword 0\ntid: .dword 0');
    thread(g, 'li a7, 172\necall\nla t0, pid\nsd a0, 0(t0)\nli a7, 178\necall\nla t0, tid\nsd a0, 0(t0)').expect(2, 's11');
    join(g, 1).expectAt('pid', 1).expectAt('tid', 2).sys('gettid').expect(1).sys('wait4', -1, 0, 0, 0).expect(LINUX.ECHILD).passes();
  });

  it('the process ends with exit_group of any, or with its last', () => {
    const group = thread(fresh(), 'li a0, 41\nli a7, 94\necall').asm('spin: j spin');
    expect(group.run().result).toEqual({ status: 'exited', code: 41 });
    const last = thread(fresh(), 'li t0, 20000\n9: addi t0, t0, -1\nbnez t0, 9b').asm('li a0, 7\nli a7, 93\necall');
    expect(last.run().result).toEqual({ status: 'exited', code: 7 });
  });

  it('a fault in one ends all; a signal to the process is taken by one that does not block it', () => {
    expect(thread(fresh(), 'ld t0, 0(zero)').asm('spin: j spin').run().result).toMatchObject({ status: 'signaled', signal: 11 });
    const g = fresh().data('.balign 8\naction: .dword handler, 0, 0\nset: .dword 0x200\nhits: .dword 0, 0').sys('rt_sigaction', 10, '&action', 0, 8);
    thread(g, 'wait: la t0, hits\nld t1, 0(t0)\nbeqz t1, wait').sys('rt_sigprocmask', 0, '&set', 0, 8).sys('kill', 1, 10).expect(0);
    join(g, 1).sub('handler: li a7, 178\necall\nla t0, hits\nsd a0, 0(t0)\nret').expectAt('hits', 2).passes();
  });

  it('execve ends the others and keeps the number of the process, whichever thread asks', () => {
    const tell = assemble('_start: li a7, 178\necall\nmv s0, a0\nli a7, 172\necall\nslli a0, a0, 4\nadd a0, a0, s0\nli a7, 94\necall').elf;
    const g = thread(fresh().data('path: .asciz "/tell"'), 'la a0, path\nli a1, 0\nli a2, 0\nli a7, 221\necall').asm('spin: j spin');
    const { result, machine } = g.run({ root: { files: new MemoryFiles({ tell }) } });
    expect([result, machine.system.lwps.size]).toEqual([{ status: 'exited', code: 0x11 }, 0]);
  });

  it('two that execute a program at once leave one process', () => {
    const seven = assemble('_start: li a0, 7\nli a7, 93\necall').elf;
    const exec = 'la a0, path\nli a1, 0\nli a2, 0\nli a7, 221\necall';
    for (const quantum of [1, 2, 3, 5, 50]) {
      const g = thread(thread(fresh().data('path: .asciz "/seven"'), exec), exec).asm(exec).asm('spin: j spin');
      expect(g.run({ root: { files: new MemoryFiles({ seven }) }, quantum, harts: 2 }).result).toEqual({ status: 'exited', code: 7 });
    }
  });

  it('a lock on a dead thread\'s robust list is marked, and its waiter woken', () => {
    const g = fresh().data('.balign 8\nhead: .dword entry, 8, 0\nentry: .dword head\nlock: .word 0\n.balign 8');
    thread(g, 'la a0, head\nli a1, 24\nli a7, 99\necall\nli a7, 178\necall\nli t1, 0x80000000\nor a0, a0, t1\nla t0, lock\nsw a0, 0(t0)\nla t0, done\nli t1, 1\nsd t1, 0(t0)');
    g.asm('ready: la t0, done\nld t1, 0(t0)\nbeqz t1, ready\nagain: la t0, lock\nlw s2, 0(t0)\nli t1, 0x40000000\nand t1, t1, s2\nbnez t1, marked').sys('futex', '&lock', WAIT, 's2', 0).asm('j again\nmarked:');
    g.expect(-0x4000_0000, 's2').sys('set_robust_list', '&head', 23).expect(LINUX.EINVAL).passes();
  });

  it('come and go without leaving anything behind', () => {
    const source = new Guest().data('.balign 16\n.zero 512\nstack: .zero 16\ntid: .word 0').asm('again: la a1, stack').sys('clone', THREAD, '&stack', '&tid', 0, '&tid').asm(`bnez a0, 1f\n${EXIT_THREAD}\n1: la a0, tid\nlw a2, 0(a0)\nbeqz a2, again\nli a1, 0\nli a3, 0\nli a7, 98\necall\nj 1b`).source;
    const machine = createMachine({ ramSize: 2 ** 22, poolSize: 2 ** 20 });
    machine.spawn(assemble(source).elf, ['t']);
    machine.run({ maxInstructions: 6000 });
    expect([machine.system.lwps.size <= 2, machine.kernel.threads.length <= 3, machine.statistics().syscalls['clone']! > 150]).toEqual([true, true, true]);
  });

  it('are refused beyond the bound with EAGAIN', () => {
    const g = new Guest().data('.balign 16\n.zero 64\nstack: .zero 16').asm('li s1, 5000\nmore:').sys('clone', 0x1_0f00, '&stack', 0, 0, 0).asm('bnez a0, 1f\nspin: li a7, 124\necall\nj spin\n1: bltz a0, full\naddi s1, s1, -1\nbnez s1, more\nfull:').expect(LINUX.EAGAIN);
    const { machine } = g.passes({ quantum: 100_000 });
    expect(machine.statistics().syscalls['clone']).toBe(4096);
  });
});
