/** The guest's root on a real file system: what is in it works, and nothing leads out of it. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { EEXIST, EINVAL, EISDIR, ELOOP, ENOTDIR, ENXIO, EROFS } from '../../src/base/index.js';
import { NodeHostFiles } from '../../src/cli/host-files.js';
import { Guest, LINUX } from '../process/guest-program.js';

const SECRET = 'nothing for guests';
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'segdev-root-')));
const outside = join(folder, 'outside');
const root = join(folder, 'outside', 'root');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  rmSync(outside, { recursive: true, force: true });
  mkdirSync(join(root, 'directory', 'deep'), { recursive: true });
  writeFileSync(join(outside, 'secret'), SECRET);
  writeFileSync(join(root, 'file'), 'content');
  writeFileSync(join(root, 'directory', 'file'), 'another');
});

const bytesOf = (text: string): string => [...new TextEncoder().encode(text)].join(', ');

/** A guest that opens each path in turn and copies what it can read to its standard output. */
function readAll(paths: readonly string[], writable = false): string {
  const g = new Guest().data('buffer: .zero 256');
  paths.forEach((path, i) => {
    g.data(`path${i}: .byte ${bytesOf(path)}, 0`).sys('openat', -100, `&path${i}`, 0, 0).asm(`bltz a0, next${i}\nmv s0, a0`);
    g.sys('read', 's0', '&buffer', 256).asm(`blez a0, next${i}\nmv s1, a0`).sys('write', 1, '&buffer', 's1').asm(`next${i}:`);
  });
  return g.passes({ root: { files: new NodeHostFiles(root, writable) } }).stdout;
}

describe('a guest cannot leave its root', () => {
  it('by "..", from whatever directory', () => {
    expect(readAll(['../secret', '/../secret', '/../../outside/secret', 'directory/../../secret', 'directory/deep/../../../secret', '/dev/../../secret', '/proc/self/cwd/../secret',
      '/proc/self/root/../secret', '/proc/self/root/../../outside/secret'])).toBe('');
  });

  it('by an absolute path, which begins at the root', () => {
    expect(readAll([join(outside, 'secret'), `//${join(outside, 'secret')}`, `/.${join(outside, 'secret')}`])).toBe('');
  });

  it('by a symbolic link, absolute or relative, to a file or a directory, or a chain of them', () => {
    symlinkSync(join(outside, 'secret'), join(root, 'absolute'));
    symlinkSync('../secret', join(root, 'relative'));
    symlinkSync('../../../../../../../../..', join(root, 'up'));
    symlinkSync('/', join(root, 'slash'));
    symlinkSync(outside, join(root, 'directory-link'));
    symlinkSync('directory/chain2', join(root, 'chain1'));
    symlinkSync('../absolute', join(root, 'directory', 'chain2'));
    symlinkSync('directory-link/secret', join(root, 'chain3'));
    symlinkSync('/proc/self/root/..', join(root, 'magic'));
    const paths = ['absolute', 'relative', `up${outside}/secret`, 'up/secret', `slash${outside}/secret`, 'directory-link/secret', 'directory-link/../secret', 'chain1', 'chain3', 'magic/secret', `magic${outside}/secret`];
    expect(readAll(paths)).toBe('');
    expect(readAll(['slash/file', 'up/directory/file', 'magic/file'])).toBe('contentanothercontent');
  });

  it('by a name with a zero byte, a name that is too long, or a path that is', () => {
    expect(readAll(['file\0/../../secret'])).toBe('content');
    const g = new Guest().data(`long: .fill 256, 1, 0x61\n.byte 0\nlonger: .fill 4096, 1, 0x2f\n.byte 0\nbytes: .byte 0x66, 0xff, 0xfe, 0\nslashed: .byte ${bytesOf('x/'.repeat(2000))}, 0`);
    g.sys('openat', -100, '&long', 0, 0).expect(LINUX.ENAMETOOLONG).sys('openat', -100, '&longer', 0, 0).expect(LINUX.ENAMETOOLONG).sys('openat', -100, '&bytes', 0, 0).expect(-84);
    g.sys('openat', -100, '&slashed', 0, 0).expect(LINUX.ENOENT).passes({ root: { files: new NodeHostFiles(root, true) } });
  });

  it('by making links, or renaming and linking through them, in a writable root', () => {
    symlinkSync(outside, join(root, 'out'));
    const g = new Guest().data(`target: .asciz "${outside}"\nmade: .asciz "made"\nthrough: .asciz "made/stolen"\nout: .asciz "out/stolen"\nfile: .asciz "file"\nsecret: .asciz "made/secret"\nhere: .asciz "here"\nnew: .asciz "made/new"`);
    g.sys(36, '&target', -100, '&made').expect(0);
    for (const path of ['&through', '&out']) g.sys(276, -100, '&file', -100, path, 0).expect(LINUX.ENOENT).sys(37, -100, '&file', -100, path, 0).expect(LINUX.ENOENT).sys(34, -100, path, 0o777).expect(LINUX.ENOENT);
    g.sys(37, -100, '&secret', -100, '&here', 0).expect(LINUX.ENOENT).sys('openat', -100, '&new', 0o102, 0o666).expect(LINUX.ENOENT).sys(35, -100, '&secret', 0).expect(LINUX.ENOENT);
    g.passes({ root: { files: new NodeHostFiles(root, true) } });
    expect(readdirSync(outside).sort()).toEqual(['root', 'secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe(SECRET);
  });
});

describe('the directory of the host, asked directly', () => {
  it('refuses names that are no names', () => {
    const files = new NodeHostFiles(root, true);
    for (const name of ['', '.', '..', 'a/b', '/etc', 'a\0b']) {
      expect([files.lstat([name]), files.open([name], { write: false }), files.mkdir([name], 0o777), files.unlink(['directory', name])]).toEqual([-EINVAL, -EINVAL, -EINVAL, -EINVAL]);
    }
  });

  it('follows no link, neither on the way nor at the end, whoever put it there after the name was looked up', () => {
    const files = new NodeHostFiles(root, true);
    expect(files.lstat(['directory', 'file'])).toMatchObject({ type: 'regular', size: 7 });
    renameSync(join(root, 'directory'), join(root, 'before'));
    symlinkSync(outside, join(root, 'directory'));
    expect(files.lstat(['directory'])).toMatchObject({ type: 'link' });
    for (const error of [files.lstat(['directory', 'secret']), files.open(['directory', 'secret'], { write: false }), files.unlink(['directory', 'secret']), files.chmod(['directory', 'secret'], 0),
      files.open(['directory', 'new'], { write: true, create: 0o644 }), files.rename(['file'], ['directory', 'file']), files.link(['file'], ['directory', 'file']), files.list(['directory'])]) {
      expect([-ENOTDIR, -ELOOP]).toContain(error);
    }
    renameSync(join(root, 'file'), join(root, 'was'));
    symlinkSync('../secret', join(root, 'file'));
    expect([files.open(['file'], { write: false }), files.open(['file'], { write: true, create: 0o644 })]).toEqual([-ELOOP, -EEXIST]);
    expect(files.chmod(['file'], 0o600)).toBeLessThan(0);
    expect(files.utimes(['file'], 10n ** 18n)).toBe(0);
    expect(statSync(join(outside, 'secret')).mtimeMs).toBeGreaterThan(1e12 + 1);
    expect(readdirSync(outside).sort()).toEqual(['root', 'secret']);
  });

  it('opens regular files only', () => {
    const files = new NodeHostFiles(root, true);
    expect([files.open(['directory'], { write: false }), files.open([], { write: false })]).toEqual([-EISDIR, -EISDIR]);
    const device = new NodeHostFiles('/dev', false);
    expect(device.open(['null'], { write: false })).toBe(-ENXIO);
  });

  it('changes nothing where it is not writable, whoever asks', () => {
    const files = new NodeHostFiles(root, false);
    const answers = [files.open(['file'], { write: true }), files.open(['new'], { write: false, create: 0o644 }), files.mkdir(['new'], 0o755), files.rmdir(['directory', 'deep']), files.unlink(['file']),
      files.rename(['file'], ['new']), files.link(['file'], ['new']), files.symlink('file', ['new']), files.chmod(['file'], 0), files.utimes(['file'], 0n)];
    expect(new Set(answers)).toEqual(new Set([-EROFS]));
    const g = new Guest().data('file: .asciz "file"').sys('openat', -100, '&file', 0o1000, 0).expect(LINUX.EROFS);
    g.passes({ root: { files } });
    expect([readdirSync(root).sort(), readFileSync(join(root, 'file'), 'utf8')]).toEqual([['directory', 'file'], 'content']);
  });

  it('gives no rights to others than the plain ones', () => {
    const files = new NodeHostFiles(root, true);
    const made = files.open(['made'], { write: true, create: 0o6755 });
    if (typeof made !== 'number') made.close();
    expect([files.mkdir(['dir'], 0o7700), files.chmod(['file'], 0o4711)]).toEqual([0, 0]);
    expect(['made', 'dir', 'file'].map((name) => statSync(join(root, name)).mode & 0o7777)).toEqual([0o755, 0o700, 0o711]);
  });

  it('leaves no descriptor open, whatever fails', () => {
    if (process.platform !== 'linux') return expect(process.platform).not.toBe('linux');
    const files = new NodeHostFiles(root, true);
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (const path of [[], ['file'], ['file', 'x'], ['directory', 'file'], ['none'], ['none', 'x', 'y'], ['directory', 'deep', 'none']]) {
      const file = files.open(path, { write: true });
      if (typeof file !== 'number') file.close();
      files.lstat(path);
      files.list(path);
      files.readlink(path);
      files.rmdir(path);
      files.chmod(path, 0o755);
      files.rename(path, ['directory', 'none', 'x']);
    }
    expect(open()).toBe(before);
  });
});
