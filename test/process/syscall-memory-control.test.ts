import { describe, expect, it } from 'vitest';
import { block } from './block-device.js';
import { Guest, LINUX } from './guest-program.js';

const RW = 3;
const PRIVATE = 0x22;

/** Maps anonymous memory into a register. */
const anon = (g: Guest, into: string, len: number, prot = RW, flags = PRIVATE): Guest => g.sys('mmap', 0, len, prot, flags, -1, 0).asm(`mv ${into}, a0\nsltz a0, a0`).expect(0);
/** Maps anonymous pages into s0, with a hole in the middle of three. */
const holed = (): Guest => anon(new Guest(), 's0', 0x3000).asm('li t0, 0x1000\nadd s1, s0, t0\nadd s2, s1, t0').sys('munmap', 's1', 0x1000).expect(0);
/** A program with the block device at fd 3, four pages of it mapped at s0. */
const device = (): Guest => new Guest().data('path: .asciz "/dev/block0"').sys('openat', -100, '&path', 2, 0).expect(3).sys('mmap', 0, 0x4000, RW, 1, 3, 0).asm('mv s0, a0\nsltz a0, a0').expect(0);
const vec = (g: Guest): Guest => g.data('vec: .byte 9, 9, 9, 9, 9, 9, 9, 9');

describe('mincore', () => {
  it('tells pages that were touched from those that were not', () => {
    const g = vec(anon(new Guest(), 's0', 0x4000)).asm('li t0, 0x1000\nadd t0, s0, t0\nsd zero, 0(t0)\nli t1, 0x2000\nadd t0, t0, t1\nsd zero, 0(t0)');
    g.sys('mincore', 's0', 0x4000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0100_0100n).sys('mincore', 's0', 1, '&vec').expect(0).expectAt('vec', 0, 1).passes();
  });

  it('says of device pages that they are always there', () => {
    const g = vec(device()).sys('mincore', 's0', 0x4000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0101_0101n);
    g.passes({ devices: [block().device] });
  });

  it('refuses an unaligned address, a gap, what is no user memory and a vector that cannot be written', () => {
    const g = vec(holed()).asm('addi s3, s0, 1').sys('mincore', 's3', 4096, '&vec').expect(LINUX.EINVAL).sys('mincore', 's0', 0x3000, '&vec').expect(LINUX.ENOMEM);
    g.sys('mincore', -4096, 4096, '&vec').expect(LINUX.ENOMEM).sys('mincore', 's0', -1, '&vec').expect(LINUX.ENOMEM).sys('mincore', 0x20_0000_0000, 4096, '&vec').expect(LINUX.ENOMEM);
    g.sys('mincore', 's0', 4096, 8).expect(LINUX.EFAULT).sys('mincore', 's0', 4096, -1).expect(LINUX.EFAULT).sys('mincore', 's0', 0, '&vec').expect(0).expectAt('vec', 9, 1).passes();
  });
});

describe('mlock and munlock', () => {
  it('bring pages in, whatever the alignment, and each page once', () => {
    const g = vec(anon(new Guest(), 's0', 0x4000)).asm('li t0, 0xfff\nadd s1, s0, t0').sys('mlock', 's1', 2).expect(0);
    g.sys('mincore', 's0', 0x4000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0000_0101n).sys('munlock', 's1', 2).expect(0).sys('munlock', 's0', 0x4000).expect(0);
    g.asm('ld t0, 0(s0)').expect(0, 't0').passes();
  });

  it('keep locked pages from msync(MS_INVALIDATE) and MADV_DONTNEED until they are unlocked', () => {
    const g = anon(new Guest(), 's0', 0x2000).asm('sd s0, 0(s0)').sys('mlock', 's0', 4096).expect(0).sys('msync', 's0', 0x2000, 2).expect(LINUX.EBUSY);
    g.sys('msync', 's0', 0x2000, 4).expect(0).sys('madvise', 's0', 0x2000, 4).expect(LINUX.EINVAL).asm('ld t0, 0(s0)').expect('s0', 't0');
    g.sys('munlock', 's0', 4096).expect(0).sys('msync', 's0', 0x2000, 2).expect(0).sys('madvise', 's0', 0x2000, 4).expect(0).asm('ld t0, 0(s0)').expect(0, 't0').passes();
  });

  it('answer ENOMEM for gaps and addresses that are none, EINVAL where the end wraps around', () => {
    const g = holed().sys('mlock', 's0', 0x3000).expect(LINUX.ENOMEM).sys('munlock', 's0', 0x3000).expect(LINUX.ENOMEM).sys('mlock', 0x20_0000_0000, 1).expect(LINUX.ENOMEM);
    g.sys('mlock', 's0', -1).expect(LINUX.EINVAL).sys('mlock', -4096, 8192).expect(LINUX.EINVAL).sys('mlock', 0x40_0000_0000, 4096).expect(LINUX.ENOMEM).sys('mlock', 's0', 0).expect(0).passes();
  });

  it('do nothing to device pages, which are never anywhere else', () => {
    const { trace } = device().sys('mlock', 's0', 0x4000).expect(0).sys('munlock', 's0', 0x4000).expect(0).passes({ devices: [block().device] });
    expect(trace.filter((line) => line.startsWith('segdev_fault'))).toEqual([]);
  });

  it('answer EAGAIN when memory is used up, with the pages below locked', () => {
    const noreserve = PRIVATE | 0x4000;
    const g = new Guest().sys('mmap', 0, 0x200_0000, 3, noreserve, -1, 0).asm('mv s0, a0').sys('mlock', 's0', 0x200_0000).expect(-11).asm('ld t0, 0(s0)').expect(0, 't0').sys('munmap', 's0', 0x200_0000).expect(0);
    anon(g, 's0', 0x1000).sys('mlock', 's0', 0x1000).expect(0).passes();
  });
});

describe('mlockall', () => {
  it('brings in what is mapped, guard pages and devices included', () => {
    const g = vec(device()).sys('mmap', 0, 0x2000, 0, PRIVATE, -1, 0).asm('mv s3, a0');
    anon(g, 's2', 0x2000).sys('mlockall', 1).expect(0).sys('mincore', 's2', 0x2000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0909_0101n);
    g.sys('munlockall').expect(0).sys('madvise', 's2', 0x2000, 4).expect(0).passes({ ramSize: 2 ** 24, devices: [block().device] });
  });

  it('with MCL_FUTURE brings in what is mapped from then on, until munlockall, and not in a child', () => {
    const g = vec(new Guest()).sys('mlockall', 2).expect(0);
    anon(g, 's0', 0x2000).sys('mincore', 's0', 0x2000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0909_0101n);
    g.sys('brk', 0).asm('li t0, 0x1000\nadd s3, a0, t0').sys('brk', 's3').expect('s3');
    g.sys('clone', 17, 0, 0, 0, 0).asm('bnez a0, parent');
    anon(g, 's1', 0x2000).sys('mincore', 's1', 0x2000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0909_0000n).asm('li a0, 0\nli a7, 94\necall\nparent:');
    g.data('.balign 4\nstatus: .word -1').sys('wait4', -1, '&status', 0, 0).expectAt('status', 0, 4).sys('munlockall').expect(0);
    anon(g, 's2', 0x2000).sys('mincore', 's2', 0x2000, '&vec').expect(0).expectAt('vec', 0x0909_0909_0909_0000n).passes();
  });

  it('with MCL_FUTURE maps devices as ever; a mapping that memory does not hold is undone', () => {
    const g = new Guest().data('path: .asciz "/dev/block0"').sys('mlockall', 2).expect(0).sys('openat', -100, '&path', 2, 0).expect(3).sys('mmap', 0, 0x4000, RW, 1, 3, 0).asm('mv s0, a0\nsltz a0, a0').expect(0);
    g.asm('sd s0, 0(s0)').sys('mmap', 0, 0x200_0000, RW, PRIVATE, -1, 0).expect(-11);
    const { machine } = g.asm('stop: j stop').run({ devices: [block().device] }, 200_000);
    expect(machine.maps()).not.toContain('anonymous memory');
  });

  it('refuses flags that say nothing or are none', () => {
    const g = new Guest();
    for (const flags of [0, 4, 8, -1]) g.sys('mlockall', flags).expect(LINUX.EINVAL);
    g.sys('mlockall', 5).expect(0).passes();
  });
});

describe('msync', () => {
  it('has nothing to write, of memory or of a device', () => {
    const g = device();
    for (const flags of [0, 1, 2, 3, 4, 6]) g.sys('msync', 's0', 0x4000, flags).expect(0);
    g.asm('ld t0, 0(s0)').passes({ devices: [block().device] });
  });

  it('refuses flags that contradict each other or are none, unaligned addresses and gaps', () => {
    const g = holed().asm('addi s3, s0, 1');
    for (const flags of [5, 7, 8, -1]) g.sys('msync', 's0', 4096, flags).expect(LINUX.EINVAL).sys('msync', 's0', 0, flags).expect(LINUX.EINVAL);
    g.sys('msync', 's3', 4096, 4).expect(LINUX.EINVAL).sys('msync', 's0', 0x3000, 4).expect(LINUX.ENOMEM).sys('msync', 's0', -1, 4).expect(LINUX.ENOMEM).sys('msync', 's0', 0, 4).expect(0).passes();
  });
});

describe('madvise', () => {
  it('with MADV_DONTNEED or MADV_FREE drops private memory, not shared memory', () => {
    for (const advice of [4, 8]) {
      const g = anon(anon(new Guest(), 's0', 0x2000), 's1', 0x2000, RW, 0x21).asm('sd s0, 0(s0)\nsd s0, 0(s1)');
      g.sys('madvise', 's0', 0x2000, advice).expect(0).sys('madvise', 's1', 0x2000, advice).expect(0).asm('ld t0, 0(s0)').expect(0, 't0').asm('ld t0, 0(s1)').expect('s0', 't0').passes();
    }
  });

  it('gives a program\'s own pages back as they were loaded', () => {
    const g = new Guest().data('.balign 4096\nword: .dword 77\n.balign 4096').asm('la t0, word\nli t1, 5\nsd t1, 0(t0)').sys('madvise', '&word', 4096, 4).expect(0).expectAt('word', 77);
    g.passes();
  });

  it('takes hints for what they are, of memory and of a device', () => {
    const g = device();
    for (const advice of [0, 1, 2, 3, 4, 8, 14, 15, 16, 17, 20, 21]) g.sys('madvise', 's0', 0x4000, advice).expect(0);
    g.asm('sd s0, 0(s0)').sys('madvise', 's0', 0x4000, 4).expect(0).asm('ld t0, 0(s0)').expect('s0', 't0').passes({ devices: [block().device] });
  });

  it('refuses advice nobody gives, memory that cannot be wiped on fork, unaligned addresses and gaps', () => {
    const g = holed().asm('addi s3, s0, 1');
    for (const advice of [5, 9, 10, 18, 99, -1]) g.sys('madvise', 's0', 4096, advice).expect(LINUX.EINVAL);
    for (const advice of [0, 3, 4, 8]) g.sys('madvise', 's3', 4096, advice).expect(LINUX.EINVAL).sys('madvise', 's0', 0x3000, advice).expect(LINUX.ENOMEM).sys('madvise', 's0', 0, advice).expect(0);
    g.sys('madvise', 's0', -1, 4).expect(LINUX.EINVAL).sys('madvise', -4096, 4096, 0).expect(LINUX.ENOMEM).passes();
  });
});
