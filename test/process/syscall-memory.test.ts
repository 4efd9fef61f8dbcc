import { describe, expect, it } from 'vitest';
import { Guest, LINUX } from './guest-program.js';

const RW = 3;
const PRIVATE = 0x22;
const SHARED = 0x21;

/** Maps anonymous memory into a register. */
const anon = (g: Guest, into: string, len: number, prot = RW, flags = PRIVATE): Guest => g.sys('mmap', 0, len, prot, flags, -1, 0).asm(`mv ${into}, a0\nsltz a0, a0`).expect(0);

describe('mmap', () => {
  it('gives zeroed, page-aligned memory that keeps what is stored', () => {
    const g = anon(new Guest(), 's0', 0x3000).asm('ld t0, 0(s0)').expect(0, 't0').asm('li t1, 0x2ff8\nadd t1, s0, t1\nsd s0, 0(t1)\nld t0, 0(t1)').expect('s0', 't0');
    g.asm('li t1, 4095\nand t0, s0, t1').expect(0, 't0').passes();
  });

  it('refuses what Linux refuses', () => {
    const g = new Guest().data('null: .asciz "/dev/null"');
    g.sys('mmap', 0, 0, RW, PRIVATE, -1, 0).expect(LINUX.EINVAL).sys('mmap', 0, 4096, RW, 0x20, -1, 0).expect(LINUX.EINVAL);
    g.sys('mmap', 0, 4096, 0x80, PRIVATE, -1, 0).expect(LINUX.EINVAL).sys('mmap', 0, 4096, RW, 2, 55, 0).expect(LINUX.EBADF);
    g.sys('mmap', 0x1001, 4096, RW, PRIVATE | 0x10, -1, 0).expect(LINUX.EINVAL).sys('mmap', 0, 4096, RW, PRIVATE | 0x10, -1, 0).expect(LINUX.ENOMEM);
    g.sys('mmap', -4096, 8192, RW, PRIVATE | 0x10, -1, 0).expect(LINUX.ENOMEM).sys('mmap', 0x3f_ffff_f000, 8192, RW, PRIVATE | 0x10, -1, 0).expect(LINUX.ENOMEM);
    g.sys('openat', -100, '&null', 2, 0).expect(3).sys('mmap', 0, 4096, RW, 1, 3, 0).expect(LINUX.ENODEV).sys('mmap', 0, 4096, RW, 1, 3, 12).expect(LINUX.EINVAL);
    g.sys('mmap', 0, 4096, RW, 1, 3, -4096).expect(LINUX.EINVAL).passes();
  });

  it.each([-1, 0x7fff_ffff_ffff_ffffn, 0x4000_0000_00, -4096])('answers ENOMEM for %s bytes', (len) => {
    new Guest().sys('mmap', 0, len, RW, PRIVATE, -1, 0).expect(LINUX.ENOMEM).passes();
  });

  it('maps over with MAP_FIXED, not with MAP_FIXED_NOREPLACE, and takes a free hint', () => {
    const g = anon(new Guest(), 's0', 0x2000).asm('li t0, 7\nsd t0, 0(s0)');
    g.sys('mmap', 's0', 4096, RW, PRIVATE | 0x100000, -1, 0).expect(LINUX.EEXIST).asm('ld t0, 0(s0)').expect(7, 't0');
    g.sys('mmap', 's0', 4096, RW, PRIVATE | 0x10, -1, 0).expect('s0').asm('ld t0, 0(s0)').expect(0, 't0');
    g.sys('mmap', 0x2000_0000, 4096, RW, PRIVATE, -1, 0).expect(0x2000_0000).sys('mmap', 0x2000_0000, 4096, RW, PRIVATE, -1, 0).asm('li t0, 0x20000000\nsub a0, a0, t0\nsnez a0, a0').expect(1);
    g.passes();
  });
});

describe('munmap and mprotect', () => {
  it('refuse unaligned addresses, empty and impossible ranges', () => {
    const g = anon(new Guest(), 's0', 0x2000).asm('addi s1, s0, 1');
    g.sys('munmap', 's1', 4096).expect(LINUX.EINVAL).sys('munmap', 's0', 0).expect(LINUX.EINVAL).sys('munmap', 's0', -1).expect(LINUX.EINVAL);
    g.sys('munmap', -4096, 4096).expect(LINUX.EINVAL).sys('mprotect', 's1', 4096, RW).expect(LINUX.EINVAL).sys('mprotect', 's0', 4096, 0x40).expect(LINUX.EINVAL);
    g.sys('mprotect', 's0', -1, RW).expect(LINUX.ENOMEM).sys('mprotect', 's0', 0, RW).expect(0).sys('mprotect', 's0', 0x3000, RW).expect(LINUX.ENOMEM);
    g.sys('mprotect', 0x3000_0000, 4096, RW).expect(LINUX.ENOMEM).sys('munmap', 0x3000_0000, 4096).expect(0).sys('munmap', 's0', 0x2000).expect(0).passes();
  });

  it('leave the pages on both sides of a hole alone', () => {
    const g = anon(new Guest(), 's0', 0x3000).asm('li t0, 0x1000\nadd s1, s0, t0\nadd s2, s1, t0\nsd s0, 0(s0)\nsd s2, 0(s2)');
    g.sys('munmap', 's1', 0x1000).expect(0).asm('ld t0, 0(s0)').expect('s0', 't0').asm('ld t0, 0(s2)').expect('s2', 't0').sys('write', 1, 's1', 1).expect(LINUX.EFAULT).passes();
  });

  it('take the right to write away and give it back', () => {
    const g = anon(new Guest(), 's0', 0x1000).asm('li t0, 9\nsd t0, 0(s0)').sys('mprotect', 's0', 4096, 1).expect(0);
    g.sys('read', 0, 's0', 8).expect(LINUX.EFAULT).sys('mprotect', 's0', 4096, RW).expect(0).asm('ld t0, 0(s0)').expect(9, 't0').asm('sd zero, 0(s0)');
    g.passes({ stdin: () => Uint8Array.of(1) });
  });
});

describe('brk', () => {
  it('grows and shrinks the heap, which begins empty behind the program', () => {
    const g = new Guest().sys('brk', 0).asm('mv s0, a0\nli t0, 0x12345\nadd s1, s0, t0').sys('brk', 's1').expect('s1').asm('sd s1, -8(s1)\nld t0, -8(s1)').expect('s1', 't0');
    g.sys('brk', 's0').expect('s0').sys('brk', 's1').expect('s1').asm('ld t0, -8(s1)').expect(0, 't0').passes();
  });

  it('stays where it is when the new end is impossible', () => {
    const g = new Guest().sys('brk', 0).asm('mv s0, a0\naddi s1, s0, -1');
    for (const end of ['s1', 0, 1, -1, 0x3f_ffff_0000, 0x7fff_ffff_ffff_ffffn]) g.sys('brk', end).expect('s0');
    g.asm('li t0, 0x10000\nadd s2, s0, t0').sys('mmap', 's2', 4096, RW, PRIVATE | 0x10, -1, 0).expect('s2').asm('li t0, 0x20000\nadd s3, s0, t0').sys('brk', 's3').expect('s0');
    g.passes();
  });

  it('grown a page at a time stays one mapping', () => {
    const g = new Guest().sys('brk', 0).asm('mv s0, a0\nli s1, 100\nmore: li t0, 0x1000\nadd s0, s0, t0').sys('brk', 's0').asm('sd s0, -8(s0)\naddi s1, s1, -1\nbnez s1, more').sys('write', 1, 's0', 0);
    g.asm('stop: j stop');
    const { machine } = g.run({}, 100_000);
    expect(machine.processes()[0]?.maps().split('\n').filter((line) => line.endsWith('[heap]')).length).toBe(1);
  });
});

describe('shared anonymous memory', () => {
  it('is one memory for parent and child, private memory is not', () => {
    const g = anon(anon(new Guest(), 's0', 4096, RW, SHARED), 's1', 4096).asm('li t0, 5\nsd t0, 0(s0)\nsd t0, 0(s1)');
    g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent\nld t0, 0(s0)\nld t1, 0(s1)\nadd a0, t0, t1\nli t0, 6\nsd t0, 0(s0)\nsd t0, 0(s1)\nli a7, 94\necall\nparent:');
    g.sys('wait4', -1, '&status', 0, 0).expectAt('status', 10 << 8, 4).asm('ld t0, 0(s0)').expect(6, 't0').asm('ld t0, 0(s1)').expect(5, 't0').data('status: .word -1').passes();
  });
});
