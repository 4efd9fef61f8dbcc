/** Making, moving and removing names; expected values are Linux', as the same calls give them under qemu-riscv64. */
import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../src/machine/index.js';
import { Guest, LINUX } from './guest-program.js';
import { MemoryFiles } from './memory-files.js';
import type { Layout } from './memory-files.js';

const CWD = -100;
const [O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_TMPFILE] =
  [1, 2, 0o100, 0o200, 0o1000, 0o2000, 0o200000, 0o400000, 0o10000000, 0o20200000];
const [AT_REMOVEDIR, AT_SYMLINK_FOLLOW, NOREPLACE] = [0x200, 0x400, 1];

const LAYOUT: Layout = { file: 'content', dir: { inner: 'x', sub: {} }, link: '->file', dirlink: '->dir', dangling: '->nowhere', self: '->self', empty: {} };

/** Labels of names: `n_` and the name with everything but letters as "_". */
const NAMES = ['file', 'dir', 'link', 'dirlink', 'dangling', 'self', 'empty', 'new', 'nowhere', 'dir/inner', 'dir/sub', 'dir/new', 'file/', 'file/x', 'new/', 'none/x', 'dir/.', 'dir/sub/..', '/', '.', '..',
  '/dev/null', '/dev/new', '/proc/new', '/dev', 'dirlink/inner', 'link2', 'moved', '../sub', '../inner', 'dirlink/', 'dangling/'];
const label = (name: string): string => `n_${name.replaceAll(/[^a-z0-9]/g, (c) => `${c.codePointAt(0)}_`)}`;
const n = (name: string): string => `&${label(name)}`;
const guest = (): Guest => new Guest().data(`${NAMES.map((name) => `${label(name)}: .asciz "${name}"`).join('\n')}\n.balign 8\nbuf: .zero 512\ntext: .ascii "hello"`);
const on = (files: MemoryFiles, space?: number): MachineConfig => ({ root: { files, ...(space === undefined ? {} : { space }) } });

describe('openat', () => {
  it('makes a file with the permissions asked for, less the umask, and only once with O_EXCL', () => {
    const files = new MemoryFiles(LAYOUT);
    guest().sys('openat', CWD, n('new'), O_CREAT | O_WRONLY | O_EXCL, 0o666).expect(3).sys('write', 3, '&text', 5).expect(5).sys('openat', CWD, n('new'), O_CREAT | O_EXCL, 0o666).expect(LINUX.EEXIST).passes(on(files));
    expect([files.text('new'), files.lstat(['new'])]).toEqual(['hello', expect.objectContaining({ mode: 0o644 })]);
  });

  it('makes what a dangling link names, but not with O_EXCL or O_NOFOLLOW', () => {
    const files = new MemoryFiles(LAYOUT);
    const g = guest().sys('openat', CWD, n('dangling'), O_CREAT | O_EXCL | O_RDWR, 0o600).expect(LINUX.EEXIST).sys('openat', CWD, n('dangling'), O_CREAT | O_NOFOLLOW | O_RDWR, 0o600).expect(LINUX.ELOOP);
    g.sys('openat', CWD, n('dangling'), O_CREAT | O_RDWR, 0o600).expect(3).passes(on(files));
    expect([files.text('nowhere'), files.names()]).toEqual(['', ['dangling', 'dir', 'dirlink', 'empty', 'file', 'link', 'new', 'nowhere', 'self'].filter((name) => name !== 'new')]);
  });

  it.each([
    ['new', O_RDWR, LINUX.ENOENT], ['new/', O_CREAT | O_RDWR, LINUX.EISDIR], ['dir', O_CREAT, LINUX.EISDIR], ['dir', O_WRONLY, LINUX.EISDIR], ['none/x', O_CREAT, LINUX.ENOENT], ['file/x', O_CREAT, LINUX.ENOTDIR],
    ['file/', 0, LINUX.ENOTDIR], ['file', O_DIRECTORY, LINUX.ENOTDIR], ['link', O_NOFOLLOW, LINUX.ELOOP], ['self', 0, LINUX.ELOOP], ['dir', O_TMPFILE | O_RDWR, LINUX.EOPNOTSUPP], ['file', 3, LINUX.EINVAL],
    ['/dev/new', O_CREAT | O_RDWR, LINUX.EACCES], ['dirlink/inner', 0, 3], ['dir', 0, 3], ['.', O_DIRECTORY, 3],
  ])('of %s with flags %i answers %i', (name, flags, answer) => {
    expect(guest().sys('openat', CWD, n(name), flags, 0o644).expect(answer).passes(on(new MemoryFiles(LAYOUT))).result.status).toBe('exited');
  });

  it('empties with O_TRUNC and writes at the end with O_APPEND, wherever the offset was', () => {
    const files = new MemoryFiles(LAYOUT);
    const g = guest().sys('openat', CWD, n('file'), O_RDWR | O_APPEND, 0).expect(3).sys('write', 3, '&text', 5).expect(5).sys('lseek', 3, 0, 1).expect(12).sys('lseek', 3, 2, 0).expect(2).sys('write', 3, '&text', 1).expect(1);
    g.sys('lseek', 3, 0, 1).expect(13).sys('openat', CWD, n('dir/inner'), O_WRONLY | O_TRUNC, 0).expect(4).passes(on(files));
    expect([files.text('file'), files.text('dir', 'inner')]).toEqual(['contenthelloh', '']);
  });

  it('with O_PATH only names the file: it cannot be read, but be a directory to count from', () => {
    const g = guest().sys('openat', CWD, n('dir'), O_PATH, 0).expect(3).sys('read', 3, '&buf', 1).expect(LINUX.EBADF).sys('ioctl', 3, 0x5401, 0).expect(LINUX.EBADF).sys('lseek', 3, 0, 0).expect(LINUX.EBADF);
    g.sys('getdents64', 3, '&buf', 512).expect(LINUX.EBADF).sys('fchmod', 3, 0o700).expect(LINUX.EBADF).data('inner: .asciz "inner"').sys('openat', 3, '&inner', 0, 0).expect(4);
    g.sys('openat', CWD, n('link'), O_PATH | O_NOFOLLOW, 0).expect(5).sys('openat', 4, '&inner', 0, 0).expect(LINUX.ENOTDIR).sys('openat', 99, '&inner', 0, 0).expect(LINUX.EBADF).passes(on(new MemoryFiles(LAYOUT)));
  });
});

describe('names that are made and removed', () => {
  it.each<readonly [string, readonly [name: Parameters<Guest['sys']>[0], ...args: (string | number)[]], number]>([
    ['mkdirat', ['mkdirat', CWD, n('new'), 0o777], 0], ['mkdirat with a slash', ['mkdirat', CWD, n('new/'), 0o777], 0], ['mkdirat of what is there', ['mkdirat', CWD, n('dir'), 0o777], LINUX.EEXIST],
    ['mkdirat over a dangling link', ['mkdirat', CWD, n('dangling'), 0o777], LINUX.EEXIST], ['mkdirat in nothing', ['mkdirat', CWD, n('none/x'), 0o777], LINUX.ENOENT], ['mkdirat of the root', ['mkdirat', CWD, n('/'), 0o777], LINUX.EEXIST],
    ['mkdirat in /proc', ['mkdirat', CWD, n('/proc/new'), 0o777], LINUX.EACCES],
    ['mknodat of a file', ['mknodat', CWD, n('new'), 0o100644, 0], 0], ['mknodat of a device', ['mknodat', CWD, n('new'), 0o020644, 0x103], LINUX.EPERM],
    ['unlinkat', ['unlinkat', CWD, n('file'), 0], 0], ['unlinkat of a link', ['unlinkat', CWD, n('link'), 0], 0], ['unlinkat of a directory', ['unlinkat', CWD, n('dir'), 0], LINUX.EISDIR], ['unlinkat with a slash', ['unlinkat', CWD, n('file/'), 0], LINUX.ENOTDIR],
    ['unlinkat of nothing', ['unlinkat', CWD, n('new'), 0], LINUX.ENOENT], ['unlinkat with unknown flags', ['unlinkat', CWD, n('file'), 1], LINUX.EINVAL], ['unlinkat of a device', ['unlinkat', CWD, n('/dev/null'), 0], LINUX.EACCES],
    ['rmdir', ['unlinkat', CWD, n('empty'), AT_REMOVEDIR], 0], ['rmdir of what is not empty', ['unlinkat', CWD, n('dir'), AT_REMOVEDIR], LINUX.ENOTEMPTY], ['rmdir of a file', ['unlinkat', CWD, n('file'), AT_REMOVEDIR], LINUX.ENOTDIR],
    ['rmdir of "."', ['unlinkat', CWD, n('dir/.'), AT_REMOVEDIR], LINUX.EINVAL], ['rmdir of ".."', ['unlinkat', CWD, n('dir/sub/..'), AT_REMOVEDIR], LINUX.ENOTEMPTY], ['rmdir of /dev', ['unlinkat', CWD, n('/dev'), AT_REMOVEDIR], LINUX.EBUSY],
    ['rmdir of a link with a slash', ['unlinkat', CWD, n('dirlink/'), AT_REMOVEDIR], LINUX.ENOTDIR], ['mkdirat of a dangling link with a slash', ['mkdirat', CWD, n('dangling/'), 0o700], LINUX.EEXIST],
    ['renameat2 of a link with a slash', ['renameat2', CWD, n('dirlink/'), CWD, n('moved'), 0], LINUX.ENOTDIR],
    ['symlinkat', ['symlinkat', n('file'), CWD, n('new')], 0], ['symlinkat over something', ['symlinkat', n('file'), CWD, n('link')], LINUX.EEXIST],
    ['linkat', ['linkat', CWD, n('file'), CWD, n('new'), 0], 0], ['linkat of a link itself', ['linkat', CWD, n('dangling'), CWD, n('new'), 0], 0], ['linkat through a link', ['linkat', CWD, n('dangling'), CWD, n('new'), AT_SYMLINK_FOLLOW], LINUX.ENOENT],
    ['linkat of a directory', ['linkat', CWD, n('dir'), CWD, n('new'), 0], LINUX.EPERM], ['linkat of a device', ['linkat', CWD, n('/dev/null'), CWD, n('new'), 0], LINUX.EXDEV], ['linkat over something', ['linkat', CWD, n('file'), CWD, n('dir'), 0], LINUX.EEXIST],
    ['renameat2', ['renameat2', CWD, n('file'), CWD, n('dir/new'), 0], 0], ['renameat2 over a file', ['renameat2', CWD, n('file'), CWD, n('dir/inner'), 0], 0], ['renameat2 with RENAME_NOREPLACE', ['renameat2', CWD, n('file'), CWD, n('dir/inner'), NOREPLACE], LINUX.EEXIST],
    ['renameat2 of a directory over a file', ['renameat2', CWD, n('dir'), CWD, n('file'), 0], LINUX.ENOTDIR], ['renameat2 of a file over a directory', ['renameat2', CWD, n('file'), CWD, n('empty'), 0], LINUX.EISDIR],
    ['renameat2 of a directory over an empty one', ['renameat2', CWD, n('dir'), CWD, n('empty'), 0], 0], ['renameat2 of a directory over a full one', ['renameat2', CWD, n('empty'), CWD, n('dir'), 0], LINUX.ENOTEMPTY],
    ['renameat2 of a directory into itself', ['renameat2', CWD, n('dir'), CWD, n('dir/new'), 0], LINUX.EINVAL], ['renameat2 of nothing', ['renameat2', CWD, n('new'), CWD, n('moved'), 0], LINUX.ENOENT],
    ['renameat2 of /dev', ['renameat2', CWD, n('/dev'), CWD, n('moved'), 0], LINUX.EBUSY], ['renameat2 into /dev', ['renameat2', CWD, n('file'), CWD, n('/dev/new'), 0], LINUX.EXDEV], ['renameat2 with RENAME_EXCHANGE', ['renameat2', CWD, n('file'), CWD, n('dir/inner'), 2], LINUX.EINVAL],
  ])('%s', (_what, [name, ...args], answer) => {
    expect(guest().sys(name, ...args).expect(answer).passes(on(new MemoryFiles(LAYOUT))).result.status).toBe('exited');
  });

  it('change nothing where the root is read-only', () => {
    const files = new MemoryFiles(LAYOUT, false);
    const g = guest().sys('openat', CWD, n('new'), O_CREAT | O_RDWR, 0o666).expect(LINUX.EROFS).sys('openat', CWD, n('file'), O_RDWR, 0).expect(LINUX.EROFS).sys('openat', CWD, n('file'), O_TRUNC, 0).expect(LINUX.EROFS);
    for (const call of [['mkdirat', CWD, n('new'), 0o777], ['unlinkat', CWD, n('file'), 0], ['unlinkat', CWD, n('empty'), AT_REMOVEDIR], ['symlinkat', n('file'), CWD, n('new')], ['linkat', CWD, n('file'), CWD, n('new'), 0], ['renameat2', CWD, n('file'), CWD, n('new'), 0],
      ['fchmodat', CWD, n('file'), 0], ['fchownat', CWD, n('file'), 0, 0, 0], ['utimensat', CWD, n('file'), 0, 0], ['truncate', n('file'), 0], ['faccessat', CWD, n('file'), 2]] as const) g.sys(call[0], ...call.slice(1)).expect(LINUX.EROFS);
    g.sys('openat', CWD, n('file'), 0, 0).expect(3).sys('fchmod', 3, 0).asm('sltz a0, a0').expect(1).passes(on(files));
    expect([files.names(), files.text('file')]).toEqual([['dangling', 'dir', 'dirlink', 'empty', 'file', 'link', 'self'], 'content']);
  });

  it('leave who is in a directory in it, wherever it is moved, and nowhere when it is removed', () => {
    const files = new MemoryFiles(LAYOUT);
    const g = guest().sys('chdir', n('dir/sub')).expect(0).sys('getcwd', '&buf', 512).expect(9).data('old: .asciz "../../dir"\ntarget: .asciz "../../moved"').sys('renameat2', CWD, '&old', CWD, '&target', 0).expect(0);
    g.sys('getcwd', '&buf', 512).expect(11).sys('write', 1, '&buf', 10).sys('openat', CWD, n('../inner'), 0, 0).expect(3).sys('openat', CWD, n('new'), O_CREAT | O_RDWR, 0o600).expect(4).sys('unlinkat', CWD, n('new'), 0).expect(0);
    g.sys('unlinkat', CWD, n('../sub'), AT_REMOVEDIR).expect(0).sys('getcwd', '&buf', 512).expect(LINUX.ENOENT).sys('openat', CWD, n('new'), O_CREAT | O_RDWR, 0o600).expect(LINUX.ENOENT).sys('chdir', n('..')).expect(0).sys('openat', CWD, n('../inner'), 0, 0).expect(LINUX.ENOENT);
    expect(g.passes(on(files)).stdout).toBe('/moved/sub');
  });
});

describe('the room of a writable root', () => {
  it('ends: a write takes what fits, then ENOSPC; what is removed makes room again', () => {
    const files = new MemoryFiles({ file: '' });
    const g = guest().data('.balign 8\nbig: .zero 20000').sys('openat', CWD, n('file'), O_RDWR, 0).expect(3).sys('write', 3, '&big', 20000).expect(16384).sys('write', 3, '&big', 1).expect(LINUX.ENOSPC);
    g.sys('openat', CWD, n('new'), O_CREAT, 0o600).expect(LINUX.ENOSPC).sys('mkdirat', CWD, n('new'), 0o700).expect(LINUX.ENOSPC).sys('ftruncate', 3, 20000).expect(LINUX.ENOSPC).sys('fallocate', 3, 0, 0, 17000).expect(LINUX.ENOSPC);
    g.sys('ftruncate', 3, 100).expect(0).sys('openat', CWD, n('new'), O_CREAT | O_RDWR, 0o600).expect(4).sys('unlinkat', CWD, n('new'), 0).expect(0).sys('write', 4, '&big', 20000).expect(16384 - 100).sys('write', 3, '&big', 1).expect(LINUX.ENOSPC);
    g.sys('close', 4).expect(0).sys('pwrite64', 3, '&big', 16000, 100).expect(16000).passes(on(files, 16384));
    expect(files.text('file').length).toBe(16100);
  });

  it('does not allow a file no file system could hold', () => {
    const g = guest().sys('openat', CWD, n('file'), O_RDWR, 0).expect(3).sys('pwrite64', 3, '&text', 5, 2 ** 50).expect(LINUX.EFBIG).sys('ftruncate', 3, 2 ** 50).expect(LINUX.EFBIG).sys('ftruncate', 3, 0x7fff_ffff_ffff_ffffn).expect(LINUX.EFBIG);
    g.sys('ftruncate', 3, -1).expect(LINUX.EINVAL).sys('pwrite64', 3, '&text', 5, 2 ** 40).expect(LINUX.ENOSPC).sys('pread64', 3, '&buf', 5, 2 ** 50).expect(0).sys('lseek', 3, 2 ** 50, 0).expect(2 ** 50).sys('read', 3, '&buf', 5).expect(0).passes(on(new MemoryFiles(LAYOUT)));
  });
});
