import { describe, expect, it } from 'vitest';
import { Guest, LINUX } from './guest-program.js';

const WRONG_POINTERS = [0, 8, -1, -4096, 0x3f_ffff_ffff, 0x4000_0000_00, 0x7fff_ffff_ffff_ffffn, -0x8000_0000_0000_0000n];

describe('write and read', () => {
  it('write standard output and standard error, nothing of length 0', () => {
    const g = new Guest().data('text: .ascii "outerr"');
    g.sys('write', 1, '&text', 3).expect(3).sys('write', 1, '&text', 0).expect(0);
    const { stdout, stderr } = g.asm('la s0, text\naddi s0, s0, 3').sys('write', 2, 's0', 3).expect(3).passes();
    expect([stdout, stderr]).toEqual(['out', 'err']);
  });

  it('read what the host gives, in the pieces it gives, then end of file', () => {
    const pieces = ['he', 'llo'];
    const stdin = (max: number): Uint8Array => new TextEncoder().encode((pieces.shift() ?? '').slice(0, max));
    const g = new Guest().data('buffer: .zero 16');
    g.sys('read', 0, '&buffer', 16).expect(2).asm('la s0, buffer').sys('read', 0, 's0', 16).expect(3).sys('read', 0, 's0', 16).expect(0);
    g.expectAt('buffer', 'l'.charCodeAt(0), 1).passes({ stdin });
  });

  it('never take more than the host gave leave for: a host that gives too much is cut', () => {
    new Guest().data('buffer: .zero 8').sys('read', 0, '&buffer', 4).expect(4).expectAt('buffer', 0x78787878, 8).passes({ stdin: () => new Uint8Array(100).fill(0x78) });
  });

  it('refuse descriptors that are not open, or not open for that', () => {
    const g = new Guest().data('b: .zero 8');
    for (const fd of [3, -1, 1024, 0x7fff_ffff, -0x8000_0000]) g.sys('write', fd, '&b', 1).expect(LINUX.EBADF).sys('read', fd, '&b', 1).expect(LINUX.EBADF);
    g.sys('read', 1, '&b', 1).expect(LINUX.EBADF).sys('write', 0, '&b', 1).expect(LINUX.EBADF).passes();
  });

  it('answer EFAULT for every wrong pointer, and touch nothing', () => {
    const g = new Guest();
    for (const pointer of WRONG_POINTERS) g.sys('write', 1, pointer, 4).expect(LINUX.EFAULT).sys('read', 0, pointer, 4).expect(LINUX.EFAULT);
    const { stdout } = g.passes({ stdin: () => Uint8Array.of(1, 2, 3, 4) });
    expect(stdout).toBe('');
  });

  it('survive huge and negative lengths', () => {
    const g = new Guest().data('b: .ascii "x"');
    for (const length of [-1, 0x7fff_ffff_ffff_ffffn, -0x8000_0000_0000_0000n]) g.sys('write', 1, '&b', length).asm('sltz a0, a0').expect(1);
    g.passes();
  });

  it('count what was written before the buffer ran into nothing', () => {
    const g = new Guest();
    g.sys('mmap', 0, 0x30000, 3, 0x22, -1, 0).asm('mv s0, a0\nli t0, 0x20000\nadd s1, s0, t0').sys('munmap', 's1', 0x10000).expect(0);
    const { stdout } = g.sys('write', 1, 's0', 0x30000).expect(0x20000).passes();
    expect(stdout.length).toBe(0x20000);
  });

  it('move several buffers in one call; a bad one ends it, the ones before count', () => {
    const g = new Guest().data('hello: .ascii "hello"\nworld: .ascii "world"\n.balign 8\niov: .dword hello, 5, 0, 0, world, 5\nbad: .dword hello, 5, 16, 5\nnegative: .dword hello, 5, world, -1');
    g.sys('writev', 1, '&iov', 3).expect(10).sys('writev', 1, '&bad', 2).expect(5).sys('writev', 1, '&negative', 2).expect(LINUX.EINVAL);
    g.sys('writev', 1, 16, 1).expect(LINUX.EFAULT).sys('writev', 1, '&iov', -1).expect(LINUX.EINVAL).sys('writev', 1, '&iov', 1025).expect(LINUX.EINVAL);
    g.sys('writev', 1, '&iov', 0).expect(0).sys('readv', 1, '&iov', 1).expect(LINUX.EBADF);
    expect(g.passes().stdout).toBe('helloworldhello');
  });
});

describe('open and close', () => {
  it('open /dev/null and /dev/zero with the lowest free descriptor', () => {
    const g = new Guest().data('null: .asciz "/dev/null"\nzeros: .asciz "/dev/../dev//zero"\nb: .dword -1');
    g.sys('openat', -100, '&null', 2, 0).expect(3).sys('openat', -100, '&zeros', 0, 0).expect(4).sys('read', 4, '&b', 8).expect(8).expectAt('b', 0);
    g.sys('read', 3, '&b', 8).expect(0).sys('write', 3, '&b', 8).expect(8).sys('write', 4, '&b', 8).expect(LINUX.EBADF);
    g.sys('close', 3).expect(0).sys('close', 3).expect(LINUX.EBADF).sys('openat', -100, '&zeros', 0, 0).expect(3).passes();
  });

  it('answer what Linux answers for names that are wrong', () => {
    const g = new Guest().data(`none: .asciz "/dev/fb7"\nempty: .asciz ""\nslash: .asciz "/dev/null/"\nnull: .asciz "/dev/null"\nlong: .fill 5000, 1, 0x61\n.byte 0`);
    g.sys('openat', -100, '&none', 0, 0).expect(LINUX.ENOENT).sys('openat', -100, '&empty', 0, 0).expect(LINUX.ENOENT);
    g.sys('openat', -100, '&slash', 0, 0).expect(LINUX.ENOTDIR).sys('openat', -100, '&null', 3, 0).expect(LINUX.EINVAL);
    g.sys('openat', -100, '&null', 0o200000, 0).expect(LINUX.ENOTDIR).sys('openat', -100, '&null', 0o300, 0).expect(LINUX.EEXIST);
    g.sys('openat', -100, '&none', 0o100, 0).expect(LINUX.EACCES).sys('openat', -100, '&long', 0, 0).expect(LINUX.ENAMETOOLONG);
    // The last byte of user memory is mapped and zero: as a name it is "".
    for (const pointer of WRONG_POINTERS) g.sys('openat', -100, pointer, 0, 0).expect(pointer === 0x3f_ffff_ffff ? LINUX.ENOENT : LINUX.EFAULT);
    g.passes();
  });

  it('read a name that ends on the last byte before nothing', () => {
    const g = new Guest().sys('mmap', 0, 0x1000, 3, 0x22, -1, 0).asm('li t0, 0x0ff6\nadd s0, a0, t0\nla t1, null\nli t2, 10');
    g.asm('copy: lb t3, 0(t1)\nsb t3, 0(s0)\naddi t1, t1, 1\naddi s0, s0, 1\naddi t2, t2, -1\nbnez t2, copy\naddi s0, s0, -10').data('null: .asciz "/dev/null"');
    g.sys('openat', -100, 's0', 0, 0).expect(3).asm('addi s0, s0, 1\nli t0, 0x2f2f2f2f2f2f2f2f\nsd t0, 0(s0)\nsb t0, 8(s0)');
    g.sys('openat', -100, 's0', 0, 0).expect(LINUX.EFAULT).passes();
  });

  it('run out of descriptors at 1024, and go on when one is closed', () => {
    const g = new Guest().data('null: .asciz "/dev/null"').asm('li s1, 1021\nmore:').sys('openat', -100, '&null', 0, 0).asm('addi s1, s1, -1\nbnez s1, more').expect(1023);
    g.sys('openat', -100, '&null', 0, 0).expect(LINUX.EMFILE).sys('dup', 0).expect(LINUX.EMFILE).sys('close', 500).expect(0).sys('dup', 0).expect(500).passes();
  });

  it('share one open file between duplicates and refuse what a stream cannot do', () => {
    const g = new Guest().data('t: .ascii "x"');
    g.sys('dup', 1).expect(3).sys('close', 1).expect(0).sys('write', 3, '&t', 1).expect(1).sys('write', 1, '&t', 1).expect(LINUX.EBADF);
    g.sys('lseek', 3, 0, 0).expect(LINUX.ESPIPE).sys('ioctl', 3, 0x5401, 0).expect(LINUX.ENOTTY).sys('ioctl', 99, 0x5401, 0).expect(LINUX.EBADF);
    g.sys('fcntl', 3, 3, 0).expect(1).sys('fcntl', 99, 3, 0).expect(LINUX.EBADF).sys('fcntl', 3, 77, 0).expect(LINUX.EINVAL);
    expect(g.passes().stdout).toBe('x');
  });
});

describe('fcntl(F_DUPFD)', () => {
  it('gives the lowest free descriptor that is not below the bound', () => {
    const g = new Guest().data('t: .ascii "x"');
    for (const [command, min, fd] of [[0, 100, 100], [1030, 100, 101], [0, 0, 3], [0, 99, 99], [0, 99, 102], [0, 1023, 1023]] as const) g.sys('fcntl', 1, command, min).expect(fd);
    expect(g.sys('write', 101, '&t', 1).expect(1).sys('write', 1023, '&t', 1).expect(1).passes().stdout).toBe('xx');
  });

  it('refuses a bound no descriptor can reach, a table that is full above the bound, and a descriptor that is not open', () => {
    const g = new Guest();
    for (const min of [-1, 1024, 0x7fff_ffff, -0x8000_0000]) g.sys('fcntl', 1, 0, min).expect(LINUX.EINVAL);
    g.sys('fcntl', 1, 0, 1023).expect(1023).sys('fcntl', 1, 0, 1023).expect(LINUX.EMFILE).sys('fcntl', 1, 0, 0).expect(3);
    g.sys('fcntl', 77, 0, 5).expect(LINUX.EBADF).passes();
  });
});

describe('unknown system calls', () => {
  it('answer ENOSYS, are counted by number, and the program goes on', () => {
    const { machine, trace } = new Guest().sys(1234).expect(LINUX.ENOSYS).sys(-1).expect(LINUX.ENOSYS).sys(1234).expect(LINUX.ENOSYS).passes();
    expect(machine.statistics().syscalls).toEqual({ exit_group: 1, 'unknown:-1': 1, 'unknown:1234': 2 });
    expect(trace.filter((line) => line.startsWith('guest.syscall pid=1 name=unknown:1234')).length).toBe(2);
  });

  it('are counted under 17 names at most, whatever numbers a guest invents', () => {
    const g = new Guest().asm('li s0, 5000\nli s1, 1100\nmore: li t0, 5000\nmv a7, s0\necall\naddi s0, s0, 1\naddi s1, s1, -1\nbnez s1, more').sys(5003).expect(LINUX.ENOSYS);
    const { syscalls } = g.passes().machine.statistics();
    const unknown = Object.entries(syscalls).filter(([name]) => name.startsWith('unknown'));
    expect(unknown.length).toBe(17);
    expect(unknown.reduce((sum, [, count]) => sum + count, 0)).toBe(1101);
    expect([syscalls['unknown:5003'], syscalls['unknown:5015'], syscalls['unknown']]).toEqual([2, 1, 1084]);
  });
});
