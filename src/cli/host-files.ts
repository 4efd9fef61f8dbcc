/**
 * A directory of this computer as the root of a guest's names. No name and no link leads out of it: every directory on the way is opened
 * on its own, without following links, and what is done is done to an entry of the directory that was opened, so that nobody who moves
 * things meanwhile changes where it happens. Linux gives the means (O_PATH and /proc/self/fd); elsewhere each directory is looked at
 * before it is used, and what was opened is compared with what was looked at.
 */
import type * as NodeFs from 'node:fs';
import * as errnos from '../base/index.js';
import type { HostFile, HostFiles, HostOpen, HostPath, HostStat } from '../process/index.js';
import { fs } from './host.js';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = fs.constants;
/** Flags not every system has; 0 where it has not. */
const optional: Partial<typeof fs.constants> = fs.constants;
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_NOCTTY = 0, O_DIRECTORY = 0 } = optional;
/** Names a file without opening it; only Linux has it, and Node has no name for it. */
const O_PATH = 0o10000000;
/** Where a process finds its own descriptors as links. */
const DESCRIPTORS = '/proc/self/fd';
/** Permission bits a guest may give: none that lend its powers to others on this computer. */
const GIVEN_MODES = 0o777;

/** A negated errno for what Node threw. */
function errnoOf(error: unknown): number {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') throw error;
  const aliases: Readonly<Record<string, number>> = { ENOTSUP: errnos.ENOTSUP, EOPNOTSUPP: errnos.ENOTSUP, EMFILE: errnos.ENFILE, EDQUOT: errnos.ENOSPC };
  const named: unknown = aliases[code] ?? (errnos as Readonly<Record<string, unknown>>)[code];
  return -(typeof named === 'number' ? named : errnos.EIO);
}

/** What `action` gives, or a negated errno. */
function attempt<T>(action: () => T): T | number {
  try {
    return action();
  } catch (error) {
    return errnoOf(error);
  }
}

/** As attempt, for an action without a result: 0 or a negated errno. */
function perform(action: () => void): number {
  try {
    action();
    return 0;
  } catch (error) {
    return errnoOf(error);
  }
}

function statOf(stat: NodeFs.BigIntStats): HostStat {
  const type = stat.isFile() ? 'regular' : stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'other';
  return {
    type, identity: `${stat.dev}:${stat.ino}`, mode: Number(stat.mode & 0o7777n), nlink: Number(stat.nlink), size: Number(stat.size),
    mtime: stat.mtimeNs, ctime: stat.ctimeNs,
  };
}

const seconds = (ns: bigint): number => Number(ns) / 1e9;

/** An open regular file. */
class NodeFile implements HostFile {
  readonly #fd: number;
  readonly #writable: boolean;

  /** @param writable whether its attributes may be changed */
  constructor(fd: number, writable: boolean) {
    this.#fd = fd;
    this.#writable = writable;
  }

  stat(): HostStat | number {
    return attempt(() => statOf(fs.fstatSync(this.#fd, { bigint: true })));
  }

  read(offset: number, bytes: Uint8Array): number {
    return attempt(() => fs.readSync(this.#fd, bytes, 0, bytes.length, offset));
  }

  write(offset: number, bytes: Uint8Array): number {
    return attempt(() => fs.writeSync(this.#fd, bytes, 0, bytes.length, offset));
  }

  truncate(size: number): number {
    return perform(() => fs.ftruncateSync(this.#fd, size));
  }

  chmod(mode: number): number {
    return this.#writable ? perform(() => fs.fchmodSync(this.#fd, mode & GIVEN_MODES)) : -errnos.EROFS;
  }

  utimes(mtime: bigint): number {
    return !this.#writable ? -errnos.EROFS : perform(() => fs.futimesSync(this.#fd, seconds(mtime), seconds(mtime)));
  }

  sync(): number {
    return perform(() => fs.fsyncSync(this.#fd));
  }

  close(): void {
    perform(() => fs.closeSync(this.#fd));
  }
}

/** How the directory an entry is in is held while something is done to the entry. */
interface Anchor {
  /** A path of this computer for the entry; its last component is not a link that has been followed. */
  readonly path: string;
  close(): void;
}

/** A root given as a path of this computer. */
export class NodeHostFiles implements HostFiles {
  readonly writable: boolean;
  readonly #root: string;
  readonly #anchored: boolean;

  /** @throws Error from Node when `root` cannot be looked at. */
  constructor(root: string, writable: boolean) {
    this.#root = fs.realpathSync(root);
    this.writable = writable;
    this.#anchored = process.platform === 'linux' && fs.existsSync(DESCRIPTORS);
  }

  lstat(path: HostPath): HostStat | number {
    return this.#at(path, (at) => attempt(() => statOf(fs.lstatSync(at, { bigint: true }))));
  }

  list(path: HostPath): readonly string[] | number {
    return this.#inside(path, (directory) => attempt(() => fs.readdirSync(directory)));
  }

  readlink(path: HostPath): string | number {
    return this.#at(path, (at) => attempt(() => fs.readlinkSync(at)));
  }

  open(path: HostPath, how: HostOpen): HostFile | number {
    if (path.length === 0) return -errnos.EISDIR;
    if ((how.write || how.create !== undefined) && !this.writable) return -errnos.EROFS;
    return this.#at(path, (at) => {
      const before = how.create === undefined ? attempt(() => fs.lstatSync(at)) : undefined;
      if (typeof before === 'number') return before;
      if (before !== undefined && !before.isFile()) return before.isDirectory() ? -errnos.EISDIR : before.isSymbolicLink() ? -errnos.ELOOP : -errnos.ENXIO;
      // Should a FIFO or a terminal have come in its place, opening it neither waits nor changes anything.
      const flags = (how.write ? O_RDWR : O_RDONLY) | (how.create === undefined ? 0 : O_CREAT | O_EXCL) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
      const fd = attempt(() => fs.openSync(at, flags, (how.create ?? 0) & GIVEN_MODES));
      return fd < 0 ? fd : this.#opened(fd, before, how);
    });
  }

  /** What was opened, when it is what was meant. */
  #opened(fd: number, before: NodeFs.Stats | undefined, how: HostOpen): HostFile | number {
    const file = new NodeFile(fd, this.writable);
    const now = attempt(() => fs.fstatSync(fd));
    const same = typeof now !== 'number' && now.isFile() && (this.#anchored || before === undefined || (now.dev === before.dev && now.ino === before.ino));
    // This computer's umask has no say in what the guest asks for.
    const error = same && how.create !== undefined ? file.chmod(how.create) : 0;
    if (same && error === 0) return file;
    file.close();
    return same ? error : -errnos.ENXIO;
  }

  mkdir(path: HostPath, mode: number): number {
    return this.#change(path, (at) => perform(() => fs.mkdirSync(at, mode & GIVEN_MODES))) || this.chmod(path, mode);
  }

  rmdir(path: HostPath): number {
    return this.#change(path, (at) => perform(() => fs.rmdirSync(at)));
  }

  unlink(path: HostPath): number {
    return this.#change(path, (at) => perform(() => fs.unlinkSync(at)));
  }

  rename(from: HostPath, to: HostPath): number {
    return this.#change(from, (source) => this.#at(to, (target) => perform(() => fs.renameSync(source, target))));
  }

  link(from: HostPath, to: HostPath): number {
    return this.#change(from, (source) => this.#at(to, (target) => perform(() => fs.linkSync(source, target))));
  }

  symlink(target: string, path: HostPath): number {
    return this.#change(path, (at) => perform(() => fs.symlinkSync(target, at)));
  }

  chmod(path: HostPath, mode: number): number {
    return this.#change(path, (at) => {
      const fd = attempt(() => fs.openSync(at, O_NOFOLLOW | (this.#anchored ? O_PATH : O_RDONLY | O_NONBLOCK | O_NOCTTY)));
      if (fd < 0) return fd;
      const error = perform(() => (this.#anchored ? fs.chmodSync(`${DESCRIPTORS}/${fd}`, mode & GIVEN_MODES) : fs.fchmodSync(fd, mode & GIVEN_MODES)));
      perform(() => fs.closeSync(fd));
      return error;
    });
  }

  utimes(path: HostPath, mtime: bigint): number {
    return this.#change(path, (at) => perform(() => fs.lutimesSync(at, seconds(mtime), seconds(mtime))));
  }

  /** As #at, for what changes something, which only a writable root allows. */
  #change(path: HostPath, action: (at: string) => number): number {
    return this.writable ? this.#at(path, action) : -errnos.EROFS;
  }

  /** Does something to the entry `path` while the directory it is in is held. */
  #at<T>(path: HostPath, action: (at: string) => T | number): T | number {
    const name = path.at(-1);
    if (name === undefined) return this.#inside(path, (root) => action(`${root}/.`));
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) return -errnos.EINVAL;
    return this.#inside(path.slice(0, -1), (directory) => action(`${directory}/${name}`));
  }

  /** Does something with the directory `path`, given as a path of this computer that stays that directory meanwhile. */
  #inside<T>(path: HostPath, action: (directory: string) => T | number): T | number {
    const anchor = this.#anchored ? openAnchor(this.#root, path) : checkAnchor(this.#root, path);
    if (typeof anchor === 'number') return anchor;
    try {
      return action(anchor.path);
    } finally {
      anchor.close();
    }
  }
}

/** Opens one directory after the other, each as an entry of the one before. */
function openAnchor(root: string, path: HostPath): Anchor | number {
  const flags = O_PATH | O_DIRECTORY | O_NOFOLLOW;
  let fd = attempt(() => fs.openSync(root, flags));
  for (const name of path) {
    if (fd < 0) return fd;
    const above = fd;
    fd = attempt(() => fs.openSync(`${DESCRIPTORS}/${above}/${name}`, flags));
    perform(() => fs.closeSync(above));
  }
  return fd < 0 ? fd : { path: `${DESCRIPTORS}/${fd}`, close: () => void perform(() => fs.closeSync(fd)) };
}

/** Looks at one directory after the other: each must be one, and no link. */
function checkAnchor(root: string, path: HostPath): Anchor | number {
  let at = root;
  for (const name of path) {
    at = `${at}/${name}`;
    const stat = attempt(() => fs.lstatSync(at));
    if (typeof stat === 'number') return stat;
    if (!stat.isDirectory()) return -errnos.ENOTDIR;
  }
  return { path: at, close: () => {} };
}
