import { describe, expect, it } from 'vitest';
import { Guest, LINUX } from './guest-program.js';

describe('who a process is', () => {
  it('has a number, no parent, and is root', () => {
    const g = new Guest().sys('getpid').expect(1).sys('getppid').expect(0).sys('gettid').expect(1).sys('getuid').expect(0);
    g.sys('set_tid_address', '&tid').expect(1).data('tid: .word 77').passes();
  });

  it('runs on a riscv64 Linux, as uname says', () => {
    const g = new Guest().data('u: .zero 400').sys('uname', '&u').expect(0).sys('write', 1, '&u', 390).expect(390).sys('uname', 8).expect(LINUX.EFAULT);
    const fields = g.passes().stdout.match(/.{65}/gs)?.map((field) => field.replace(/\0.*$/s, '')) ?? [];
    expect([fields[0], fields[4]]).toEqual(['Linux', 'riscv64']);
    expect(Number(fields[2]?.split('.')[0])).toBeGreaterThanOrEqual(4);
  });
});

describe('time', () => {
  it('is virtual: one instruction is one nanosecond', () => {
    const g = new Guest().data('a: .dword -1, -1\nb: .dword -1, -1').sys('clock_gettime', 1, '&a').expect(0);
    g.asm('li t0, 1000\nloop: addi t0, t0, -1\nbnez t0, loop').sys('clock_gettime', 1, '&b').expect(0);
    // 2001 instructions of the loop, 4 of the check before it, 4 of the second call's set-up and the call itself.
    g.asm('la t0, a\nld t1, 8(t0)\nla t0, b\nld t2, 8(t0)\nsub s0, t2, t1').expectAt('a', 0).expectAt('b', 0).asm('li t0, 2000\nsltu a0, t0, s0').expect(1).asm('li t0, 2020\nsltu a0, s0, t0').expect(1);
    const { machine } = g.passes();
    const { instructions, virtualNs } = machine.statistics();
    expect(virtualNs).toBe(instructions);
  });

  it('has eight clocks of 1 ns and no others, and refuses wrong pointers', () => {
    const g = new Guest().data('a: .dword -1, -1');
    for (let clock = 0; clock < 8; clock++) g.sys('clock_getres', clock, '&a').expect(0).expectAt('a', 0);
    for (const clock of [8, -1, 100]) g.sys('clock_gettime', clock, '&a').expect(LINUX.EINVAL).sys('clock_getres', clock, '&a').expect(LINUX.EINVAL);
    g.sys('clock_gettime', 0, 8).expect(LINUX.EFAULT).sys('clock_getres', 0, 0).expect(0).sys('sched_yield').expect(0).passes();
  });
});
