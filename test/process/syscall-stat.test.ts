/** What files tell of themselves: stat, statx, statfs, getdents64, readlink, /dev, /proc, mappings of files; layouts are those of Linux RV64. */
import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../src/machine/index.js';
import { Guest, LINUX } from './guest-program.js';
import { MemoryFiles } from './memory-files.js';
import type { Layout } from './memory-files.js';

const CWD = -100;
const LAYOUT: Layout = { b: 'content', a: {}, c: '->b', 'ä': '' };
const on = (layout: Layout = LAYOUT, writable = true): MachineConfig => ({ root: { files: new MemoryFiles(layout, writable) } });
const guest = (...names: string[]): Guest => new Guest().data(`${names.map((name, i) => `p${i}: .asciz "${name}"`).join('\n')}\n.balign 8\nst: .zero 256\nbuf: .zero 4096`);
/** Copies `length` bytes of a label to standard output. */
const dump = (g: Guest, label: string, length: number | string): Guest => g.sys('write', 1, `&${label}`, length);

/** Runs it and gives what it wrote as bytes. */
function bytes(g: Guest, config: MachineConfig): DataView {
  const parts: number[] = [];
  g.passes({ ...config, stdout: (part) => parts.push(...part) });
  return new DataView(Uint8Array.from(parts).buffer);
}

describe('newfstatat, fstat and statx', () => {
  it('tell kind, permissions, links, size, blocks and times of a file', () => {
    const view = bytes(dump(guest('b').sys('newfstatat', CWD, '&p0', '&st', 0).expect(0), 'st', 128), on());
    expect([view.getUint32(16, true).toString(8), view.getUint32(20, true), view.getBigInt64(48, true), view.getInt32(56, true), view.getBigInt64(64, true)]).toEqual(['100755', 1, 7n, 4096, 8n]);
    expect([0, 16, 32].map((at) => [view.getBigInt64(72 + at, true), view.getBigInt64(80 + at, true)])).toEqual(Array.from({ length: 3 }, () => [1_600_000_000n, 123_456_789n]));
    expect([view.getUint32(24, true), view.getUint32(28, true), view.getBigUint64(32, true)]).toEqual([0, 0, 0n]);
  });

  it('tell the same by name, by descriptor and in either layout', () => {
    const g = guest('b', '').sys('openat', CWD, '&p0', 0, 0).expect(3).sys('fstat', 3, '&st').expect(0);
    dump(g, 'st', 128).sys('newfstatat', 3, '&p1', '&st', 0x1000).expect(0);
    const view = bytes(dump(dump(g, 'st', 128).sys('statx', CWD, '&p0', 0, 0x7ff, '&st').expect(0), 'st', 256), on());
    const half = (at: number): Uint8Array => new Uint8Array(view.buffer, at, 128);
    expect(half(128)).toEqual(half(0));
    expect([view.getUint32(256, true), view.getUint16(256 + 28, true).toString(8), view.getBigUint64(256 + 32, true), view.getBigUint64(256 + 40, true), view.getUint32(256 + 140, true)]).toEqual([0x7ff, '100755', view.getBigUint64(8, true), 7n, 1]);
  });

  it('follow a link or not, as asked', () => {
    const mode = (flags: number): string => bytes(dump(guest('c').sys('newfstatat', CWD, '&p0', '&st', flags).expect(0), 'st', 128), on()).getUint32(16, true).toString(8);
    expect([mode(0), mode(0x100)]).toEqual(['100755', '120777']);
  });

  it('tell a guest the same in every run: inode numbers by the order of first sight, and times of the virtual clock for what it changed', () => {
    const run = (): Uint8Array => {
      const g = guest('b', 'new').sys('newfstatat', CWD, '&p0', '&st', 0).expect(0);
      dump(g, 'st', 128).sys('openat', CWD, '&p1', 0o102, 0o600).expect(3).sys('newfstatat', CWD, '&p1', '&st', 0).expect(0);
      return new Uint8Array(bytes(dump(g, 'st', 128), on()).buffer);
    };
    const first = run();
    expect(run()).toEqual(first);
    const seconds = new DataView(first.buffer).getBigInt64(128 + 88, true);
    expect(seconds).toBe(0n);
  });

  it('show standard streams as pipes, and a terminal as a terminal of the size it has', () => {
    const kind = (terminal: boolean): string => {
      const parts: number[] = [];
      dump(guest().sys('fstat', 2, '&st').expect(0), 'st', 128).passes({ stdout: (part) => parts.push(...part), ...(terminal ? { terminal: { streams: [false, false, true], rows: 25, columns: 80 } } : {}) });
      return new DataView(Uint8Array.from(parts).buffer).getUint32(16, true).toString(8);
    };
    expect([kind(false), kind(true)]).toEqual(['10600', '20666']);
    const g = guest().sys('ioctl', 2, 0x5413, '&st').expect(0).expectAt('st', 25 + (80 << 16), 4).sys('ioctl', 2, 0x5401, '&st').expect(0).sys('ioctl', 1, 0x5401, '&st').expect(LINUX.ENOTTY).sys('ioctl', 2, 0x5413, 8).expect(LINUX.EFAULT);
    g.passes({ terminal: { streams: [false, false, true], rows: 25, columns: 80 } });
  });

  it('tell the host when a guest wants bytes as they are typed, and when line by line again', () => {
    const modes: boolean[] = [];
    const g = guest('/dev/tty').sys('ioctl', 0, 0x5401, '&st').expect(0).asm('la t0, st\nlw t1, 12(t0)\nxori t1, t1, 2\nsw t1, 12(t0)').sys('ioctl', 0, 0x5402, '&st').expect(0).sys('ioctl', 0, 0x5404, '&st').expect(0);
    g.asm('la t0, st\nlw t1, 12(t0)\nxori t1, t1, 2\nsw t1, 12(t0)').sys('openat', CWD, '&p0', 2, 0).expect(3).sys('ioctl', 3, 0x5403, '&st').expect(0).sys('ioctl', 3, 0x5402, 8).expect(LINUX.EFAULT).sys('write', 3, '&p0', 8).expect(8);
    const { stdout } = g.passes({ terminal: { streams: [true, true, false], rows: 25, columns: 80, onMode: (lines) => modes.push(lines) } });
    expect([modes, stdout]).toEqual([[false, true], '/dev/tty']);
  });

  it('refuse wrong flags, descriptors, names and places', () => {
    const g = guest('b', 'none', '').sys('newfstatat', CWD, '&p0', '&st', 0x8000).expect(LINUX.EINVAL).sys('newfstatat', CWD, '&p1', '&st', 0).expect(LINUX.ENOENT).sys('newfstatat', CWD, '&p2', '&st', 0).expect(LINUX.ENOENT);
    g.sys('newfstatat', CWD, '&p0', 8, 0).expect(LINUX.EFAULT).sys('newfstatat', CWD, 8, '&st', 0).expect(LINUX.EFAULT).sys('newfstatat', 77, '&p0', '&st', 0).expect(LINUX.EBADF).sys('fstat', 77, '&st').expect(LINUX.EBADF).sys('fstat', 0, 8).expect(LINUX.EFAULT);
    g.sys('statx', CWD, '&p0', 0x6000, 0x7ff, '&st').expect(LINUX.EINVAL).sys('statx', CWD, '&p0', 0, 0x8000_0000, '&st').expect(LINUX.EINVAL).sys('statx', CWD, '&p0', 0, 0x7ff, 8).expect(LINUX.EFAULT).passes(on());
  });
});

describe('faccessat, readlinkat and statfs', () => {
  it('say what root may do', () => {
    const g = guest('b', 'a', 'none', '/dev/null').sys('faccessat', CWD, '&p0', 7).expect(0).sys('faccessat', CWD, '&p1', 7).expect(0).sys('faccessat', CWD, '&p2', 0).expect(LINUX.ENOENT);
    g.sys('faccessat', CWD, '&p3', 6).expect(0).sys('faccessat', CWD, '&p3', 1).expect(LINUX.EACCES).sys('faccessat', CWD, '&p0', 8).expect(LINUX.EINVAL).sys('fchmodat', CWD, '&p0', 0o644).expect(0).sys('faccessat', CWD, '&p0', 1).expect(LINUX.EACCES).passes(on());
  });

  it('give a link\'s text without a zero, cut to the room there is', () => {
    const g = guest('c', 'b', '/dev/stdin', '/proc/self').sys('readlinkat', CWD, '&p0', '&buf', 10).expect(1).expectAt('buf', 'b'.charCodeAt(0)).sys('readlinkat', CWD, '&p1', '&buf', 10).expect(LINUX.EINVAL).sys('readlinkat', CWD, '&p0', '&buf', 0).expect(LINUX.EINVAL);
    g.sys('readlinkat', CWD, '&p2', '&buf', 100).expect(15).sys('readlinkat', CWD, '&p2', '&buf', 4).expect(4).sys('readlinkat', CWD, '&p3', '&buf', 100).expect(1).sys('readlinkat', CWD, '&p0', 8, 10).expect(LINUX.EFAULT).passes(on());
  });

  it('tell the room there is, and whether anything may be written', () => {
    const field = (config: MachineConfig, n: number): bigint => bytes(dump(guest('b').sys('statfs', '&p0', '&st').expect(0), 'st', 120), config).getBigUint64(8 * n, true);
    expect([field(on(), 3) * 4096n, field(on(), 10), field(on(LAYOUT, false), 3), field(on(LAYOUT, false), 10), field(on(), 8)]).toEqual([2n ** 30n, 0n, 0n, 1n, 255n]);
  });
});

/** Names and d_off of the entries getdents64 wrote. */
function entries(view: DataView): [string, number, number][] {
  const list: [string, number, number][] = [];
  for (let at = 0; at < view.byteLength; at += view.getUint16(at + 16, true)) {
    const name = new Uint8Array(view.buffer, at + 19, view.getUint16(at + 16, true) - 19);
    list.push([new TextDecoder().decode(name.subarray(0, name.indexOf(0))), view.getUint8(at + 18), Number(view.getBigInt64(at + 8, true))]);
  }
  return list;
}

describe('getdents64', () => {
  it('lists names in order with their kinds, "." and ".." first', () => {
    const g = guest('/').sys('openat', CWD, '&p0', 0o200000, 0).expect(3).sys('getdents64', 3, '&buf', 4096).asm('mv s0, a0').sys('write', 1, '&buf', 's0').sys('getdents64', 3, '&buf', 4096).expect(0);
    expect(entries(bytes(g, on()))).toEqual([['.', 4, 1], ['..', 4, 2], ['a', 4, 3], ['b', 8, 4], ['c', 10, 5], ['dev', 4, 6], ['proc', 4, 7], ['ä', 8, 8]]);
  });

  it('gives the same bytes whatever order the host lists names in', () => {
    const listed = (files: MemoryFiles): number[] => {
      const g = guest('/').sys('openat', CWD, '&p0', 0o200000, 0).expect(3).sys('getdents64', 3, '&buf', 4096).asm('mv s0, a0').sys('write', 1, '&buf', 's0');
      return [...new Uint8Array(bytes(g, { root: { files } }).buffer)];
    };
    const other = new MemoryFiles(LAYOUT);
    const list = other.list.bind(other);
    other.list = (path) => {
      const names = list(path);
      return typeof names === 'number' ? names : [...names].reverse();
    };
    expect(listed(other)).toEqual(listed(new MemoryFiles(LAYOUT)));
  });

  it('goes on where it was, from where lseek puts it, and begins anew at 0', () => {
    const g = guest('/').data('more: .asciz "more"').sys('openat', CWD, '&p0', 0, 0).expect(3).sys('getdents64', 3, '&buf', 50).expect(48).sys('getdents64', 3, '&buf', 24).expect(24).sys('write', 1, '&buf', 24);
    g.sys('lseek', 3, 1, 0).expect(1).sys('getdents64', 3, '&buf', 24).expect(24).sys('write', 1, '&buf', 24).sys('mkdirat', CWD, '&more', 0o755).expect(0).sys('lseek', 3, 0, 0).sys('getdents64', 3, '&buf', 4096).expect(9 * 24);
    expect(entries(bytes(g, on())).map(([name]) => name)).toEqual(['a', '..']);
  });

  it('refuses a buffer without room for one entry, one it cannot write to, and what is no directory', () => {
    const g = guest('/', 'b').sys('openat', CWD, '&p0', 0, 0).expect(3).sys('getdents64', 3, '&buf', 20).expect(LINUX.EINVAL).sys('getdents64', 3, 8, 4096).expect(LINUX.EFAULT).sys('getdents64', 3, '&buf', 24).expect(24);
    g.sys('openat', CWD, '&p1', 0, 0).expect(4).sys('getdents64', 4, '&buf', 4096).expect(LINUX.ENOTDIR).sys('getdents64', 77, '&buf', 4096).expect(LINUX.EBADF).sys('read', 3, '&buf', 10).expect(LINUX.EISDIR).passes(on());
  });
});

describe('/dev and /proc', () => {
  it('give zeros, no room and the same random bytes in every run', () => {
    const g = guest('/dev/zero', '/dev/full', '/dev/urandom').sys('openat', CWD, '&p0', 2, 0).expect(3).sys('openat', CWD, '&p1', 2, 0).expect(4).sys('openat', CWD, '&p2', 0, 0).expect(5);
    g.sys('write', 4, '&buf', 1).expect(LINUX.ENOSPC).sys('read', 4, '&buf', 5).expect(5).sys('read', 5, '&buf', 16).expect(16);
    const random = (): Uint8Array => new Uint8Array(bytes(dump(g, 'buf', 16), {}).buffer.slice(0, 16));
    expect(random()).toEqual(random());
    expect(new Set(random()).size).toBeGreaterThan(8);
  });

  it('lead from /proc/self/fd and /dev/stdin to the open file, also when its name is gone', () => {
    const g = guest('b', '/proc/self/fd/3', '/proc/self/fd/9').sys('openat', CWD, '&p0', 0, 0).expect(3).sys('openat', CWD, '&p1', 0, 0).expect(4).sys('read', 4, '&buf', 100).expect(7).sys('readlinkat', CWD, '&p1', '&buf', 10).expect(2).expectAt('buf', '/'.charCodeAt(0), 1);
    g.sys('openat', CWD, '&p2', 0, 0).expect(LINUX.ENOENT).passes(on());
    const piped = guest('/dev/stdin').data('.balign 8\nfds: .zero 8').sys('pipe2', '&fds', 0).expect(0).sys('dup3', 3, 0, 0).expect(0).sys('write', 4, '&buf', 5).sys('openat', CWD, '&p0', 0, 0).expect(5).sys('read', 5, '&buf', 10).expect(5);
    expect(piped.passes().result.status).toBe('exited');
  });

  it('show the arguments, the directory and the state of a process', () => {
    const read = (name: string, g = guest(name)): string => {
      const text = g.sys('openat', CWD, '&p0', 0, 0).asm('mv s0, a0').sys('read', 's0', '&buf', 4096).asm('mv s1, a0');
      return new TextDecoder().decode(bytes(text.sys('write', 1, '&buf', 's1'), on()).buffer as ArrayBuffer);
    };
    expect([read('/proc/self/cmdline'), read('/proc/1/comm')]).toEqual(['test\0', 'test\n']);
    expect(read('/proc/self/stat')).toMatch(/^1 \(test\) R 0 1 1 0 -1 (\S+ ){43}0\n$/);
    expect(read('/proc/self/status')).toContain('Umask:\t0022\n');
    expect(read('/proc/meminfo')).toMatch(/^MemTotal: +6144 kB\nMemFree: +\d+ kB\n/);
    expect(read('/proc/mounts')).toBe('root / hostfs rw 0 0\ndev /dev devtmpfs ro 0 0\nproc /proc proc ro 0 0\n');
  });
});

describe('a mapped file', () => {
  const PAGE = 4096;
  const files = (): MemoryFiles => new MemoryFiles({ f: 'x'.repeat(5000) });
  const mapped = (flags: number, prot = 3): Guest => guest('f').data('y: .ascii "yz"').sys('openat', CWD, '&p0', 2, 0).expect(3).sys('mmap', 0, 3 * PAGE, prot, flags, 3, 0).asm('mv s0, a0\nsltz a0, a0').expect(0);

  it('shows the file and then zeros; what is stored stays private, or reaches the file and all who read it', () => {
    const host = files();
    const g = mapped(2).asm('lbu a0, 0(s0)').expect(120).asm('li t0, 5000\nadd t0, t0, s0\nlbu a0, -1(t0)').expect(120).asm('lbu a0, 0(t0)').expect(0).asm('li t0, 65\nsb t0, 1(s0)').sys('pread64', 3, '&buf', 1, 1).expect(1).expectAt('buf', 120, 1);
    g.passes({ root: { files: host } });
    expect([host.text('f'), host.open_]).toEqual(['x'.repeat(5000), 0]);
    const shared = mapped(1).asm('li t0, 65\nsb t0, 1(s0)').sys('pread64', 3, '&buf', 1, 1).expect(1).expectAt('buf', 65, 1).sys('pwrite64', 3, '&y', 2, 2).expect(2).asm('lbu a0, 3(s0)').expect(122).sys('close', 3).asm('li t0, 66\nsb t0, 0(s0)').passes({ root: { files: host } });
    expect([shared.result.status, host.text('f').slice(0, 6), host.text('f').length, host.open_]).toEqual(['exited', 'BAyzxx', 5000, 0]);
  });

  it('reaches the file when the host asks for it, though the process goes on', () => {
    const host = files();
    const { machine, result } = mapped(1).asm('li t0, 65\nsb t0, 1(s0)\nforever: j forever').run({ root: { files: host } }, 20_000);
    expect([result.status, host.text('f').slice(0, 3)]).toEqual(['limit', 'xxx']);
    machine.sync();
    expect(host.text('f').slice(0, 3)).toBe('xAx');
  });

  it('ends where the file does: SIGBUS behind the last page', () => {
    expect(mapped(1).asm('li t0, 8192\nadd t0, t0, s0\nlbu a0, 0(t0)').run({ root: { files: files() } }).result).toMatchObject({ status: 'signaled', signal: 7 });
  });

  it('may be written by those only who may write the file', () => {
    const g = guest('f').sys('openat', CWD, '&p0', 0, 0).expect(3).sys('mmap', 0, PAGE, 3, 1, 3, 0).expect(LINUX.EACCES).sys('mmap', 0, PAGE, 1, 1, 3, 0).asm('mv s0, a0').sys('mprotect', 's0', PAGE, 3).expect(LINUX.EACCES);
    g.sys('openat', CWD, '&p0', 1, 0).expect(4).sys('mmap', 0, PAGE, 1, 2, 4, 0).expect(LINUX.EACCES).passes({ root: { files: files() } });
  });
});

describe('sendfile and copy_file_range', () => {
  it('move bytes from file to file, at the offsets given or the files\' own', () => {
    const host = new MemoryFiles({ from: 'abcdefghij', to: '' });
    const g = guest('from', 'to').data('.balign 8\noff: .dword 2\noff2: .dword 20').sys('openat', CWD, '&p0', 0, 0).expect(3).sys('openat', CWD, '&p1', 2, 0).expect(4).sys('sendfile', 4, 3, 0, 3).expect(3).sys('sendfile', 4, 3, '&off', 100).expect(8).expectAt('off', 10);
    g.sys('lseek', 3, 0, 1).expect(3).sys('sendfile', 4, 3, 0, 100).expect(7).sys('sendfile', 4, 3, 0, 100).expect(0).asm('la t0, off\nsd zero, 0(t0)').sys('copy_file_range', 3, '&off', 4, '&off2', 2, 0).expect(2).expectAt('off2', 22);
    g.sys('sendfile', 4, 99, 0, 1).expect(LINUX.EBADF).sys('sendfile', 3, 4, 0, 1).expect(LINUX.EBADF).sys('sendfile', 4, 3, 8, 1).expect(LINUX.EFAULT).sys('copy_file_range', 3, 0, 4, 0, 1, 1).expect(LINUX.EINVAL).passes({ root: { files: host } });
    expect(host.text('to')).toBe('abccdefghijdefghij\0\0ab');
  });
});
