/** Files, links and directories of the host as vnodes. */
import { EBUSY, EEXIST, EISDIR, EINVAL, ENFILE, ENOENT, ENOSPC, ENOTDIR, ENXIO, EPERM, EROFS, EXDEV } from '../../base/index.js';
import type { AttributeChange, DirectoryEntry, FileOps } from '../file-ops.js';
import type { Attributes } from './attributes.js';
import { directoryFile } from './directory-file.js';
import type { HostPath, HostStat } from './host-files.js';
import { HostRegular, applyChange } from './host-regular.js';
import type { HostTree } from './host-tree.js';
import type { Created, DirectoryOps, OpenHow, Place, Vnode } from './vnode.js';

/** What all files of the host have in common: a directory they are in and a name there. */
abstract class HostVnode implements Vnode {
  abstract readonly type: Attributes['type'];
  readonly tree: HostTree;
  /** Undefined for the root. */
  parent: HostDirectory | undefined;
  name: string;

  constructor(tree: HostTree, parent: HostDirectory | undefined, name: string) {
    this.tree = tree;
    this.parent = parent;
    this.name = name;
  }

  /** From the root of the host's directory. */
  get path(): HostPath {
    return this.parent === undefined ? [] : [...this.parent.path, this.name];
  }

  /** What the host says now, or a negated errno. */
  stat(): HostStat | number {
    return this.tree.host.lstat(this.path);
  }

  attributes(): Attributes | number {
    const stat = this.stat();
    return typeof stat === 'number' ? stat : this.tree.attributes(stat);
  }

  change(change: AttributeChange): number {
    const { tree, path } = this;
    const stat = this.stat();
    if (typeof stat === 'number') return stat;
    return applyChange(tree, tree.inode(stat), change, {
      chmod: (mode) => tree.host.chmod(path, mode), utimes: (mtime) => tree.host.utimes(path, mtime),
    });
  }

  abstract open(how: OpenHow): FileOps | number;
}

/** A regular file. */
export class HostFileVnode extends HostVnode {
  readonly type = 'regular';

  open(how: OpenHow): FileOps | number {
    const { tree } = this;
    const write = how.writable || how.truncate;
    if (write && !tree.host.writable) return -EROFS;
    const ops = openHost(tree, this.path, write);
    if (typeof ops === 'number' || !how.truncate) return ops;
    const error = ops.truncate(0);
    if (error === 0) return ops;
    ops.close();
    return -error;
  }
}

/** Opens a file of the host, made with permissions `create` where they are given. */
function openHost(tree: HostTree, path: HostPath, write: boolean, create?: number): HostRegular | number {
  if (!tree.mayOpen()) return -ENFILE;
  const file = tree.host.open(path, create === undefined ? { write } : { write, create });
  const stat = typeof file === 'number' ? file : file.stat();
  if (typeof file === 'number' || typeof stat === 'number') {
    if (typeof file !== 'number') file.close();
    tree.closed(undefined, 0);
    return typeof file === 'number' ? file : (stat as number);
  }
  return new HostRegular(tree, file, tree.inode(stat), `/${path.join('/')}`);
}

/** A symbolic link. */
class HostLink extends HostVnode {
  readonly type = 'link';

  readlink(): string | number {
    return this.tree.host.readlink(this.path);
  }

  open(): number {
    return -EINVAL;
  }
}

/** A device, FIFO or socket of the host: to be seen, not to be touched. */
class HostSpecial extends HostVnode {
  readonly type = 'socket';

  open(): number {
    return -ENXIO;
  }
}

/** A directory. */
export class HostDirectory extends HostVnode implements DirectoryOps, Place {
  readonly type = 'directory';
  /** Other trees that hide what the host has of their name. */
  readonly mounts: ReadonlyMap<string, Vnode>;
  /** Directories below, so that who is in one that is renamed stays in it. */
  readonly #below: Map<string, HostDirectory> = new Map();
  #removed = false;

  constructor(tree: HostTree, parent: HostDirectory | undefined, name: string, mounts: ReadonlyMap<string, Vnode> = new Map()) {
    super(tree, parent, name);
    this.mounts = mounts;
  }

  get directory(): this {
    return this;
  }

  get vnode(): this {
    return this;
  }

  /** Itself: its name and parent change when it is moved. */
  get place(): this {
    return this;
  }

  open(how: OpenHow): FileOps | number {
    return how.writable ? -EISDIR : directoryFile(this);
  }

  lookup(name: string): Vnode | number {
    const mounted = this.mounts.get(name);
    if (mounted !== undefined) return mounted;
    const stat = this.statOf(name);
    if (typeof stat === 'number') return stat;
    const { tree } = this;
    switch (stat.type) {
      case 'directory': return this.#subdirectory(name);
      case 'regular': return new HostFileVnode(tree, this, name);
      case 'link': return new HostLink(tree, this, name);
      case 'other': return new HostSpecial(tree, this, name);
    }
  }

  list(): readonly DirectoryEntry[] | number {
    const names = this.#removed ? -ENOENT : this.tree.host.list(this.path);
    if (typeof names === 'number') return names;
    const entries: DirectoryEntry[] = [];
    // In order, for inode numbers are given as files are seen.
    for (const name of [...new Set([...names, ...this.mounts.keys()])].sort()) {
      const attributes = this.mounts.get(name)?.attributes() ?? this.#attributesOf(name);
      if (typeof attributes !== 'number') entries.push({ name, ino: attributes.ino, type: attributes.type });
    }
    return entries;
  }

  /** What the host says of an entry, or a negated errno. */
  statOf(name: string): HostStat | number {
    return this.#removed ? -ENOENT : this.tree.host.lstat([...this.path, name]);
  }

  #attributesOf(name: string): Attributes | number {
    const stat = this.statOf(name);
    return typeof stat === 'number' ? stat : this.tree.attributes(stat);
  }

  #subdirectory(name: string): HostDirectory {
    let below = this.#below.get(name);
    if (below === undefined) this.#below.set(name, (below = new HostDirectory(this.tree, this, name)));
    return below;
  }

  /** Why an entry of that name may not be made or changed: a negated errno, or 0. */
  #refuse(name: string): number {
    if (this.mounts.has(name)) return -EBUSY;
    if (this.#removed) return -ENOENT;
    return this.tree.host.writable ? 0 : -EROFS;
  }

  /** Makes an entry by `make`, which answers 0 or a negated errno. A file that has a name already is not changed by another one. */
  #make(name: string, make: (path: HostPath) => number, fresh = true): number {
    if (this.mounts.has(name)) return -EEXIST;
    const refused = this.#refuse(name);
    if (refused !== 0) return refused;
    if (!this.tree.takeName()) return -ENOSPC;
    const error = make([...this.path, name]);
    if (error !== 0) {
      this.tree.giveName();
      return error;
    }
    this.#touch();
    this.#touchEntry(name, !fresh);
    return 0;
  }

  /** The directory has changed. */
  #touch(): void {
    const own = this.stat();
    if (typeof own !== 'number') this.tree.changed(this.tree.inode(own));
  }

  /** An entry has been made, or with `attributesOnly` has another name. */
  #touchEntry(name: string, attributesOnly: boolean): void {
    const entry = this.statOf(name);
    if (typeof entry !== 'number') this.tree.changed(this.tree.inode(entry), attributesOnly);
  }

  create(name: string, mode: number): Created | number {
    let ops: HostRegular | number = -ENOENT;
    const error = this.#make(name, (path) => {
      ops = openHost(this.tree, path, true, mode);
      return typeof ops === 'number' ? ops : 0;
    });
    return error !== 0 || typeof ops === 'number' ? error : { vnode: new HostFileVnode(this.tree, this, name), ops };
  }

  mkdir(name: string, mode: number): number {
    return this.#make(name, (path) => this.tree.host.mkdir(path, mode));
  }

  symlink(name: string, target: string): number {
    return this.#make(name, (path) => this.tree.host.symlink(target, path));
  }

  link(name: string, file: Vnode): number {
    if (!(file instanceof HostVnode) || file.tree !== this.tree) return -EXDEV;
    if (file.type === 'directory') return -EPERM;
    return this.#make(name, (path) => this.tree.host.link(file.path, path), false);
  }

  unlink(name: string): number {
    return this.#remove(name, false);
  }

  rmdir(name: string): number {
    return this.#remove(name, true);
  }

  #remove(name: string, directory: boolean): number {
    const refused = this.#refuse(name);
    if (refused !== 0) return refused;
    const stat = this.statOf(name);
    if (typeof stat === 'number') return stat;
    if ((stat.type === 'directory') !== directory) return directory ? -ENOTDIR : -EISDIR;
    const path = [...this.path, name];
    const error = directory ? this.tree.host.rmdir(path) : this.tree.host.unlink(path);
    if (error !== 0) return error;
    this.#gone(name, stat);
    this.#touch();
    return 0;
  }

  #gone(name: string, stat: HostStat): void {
    this.tree.removedName(stat);
    const below = this.#below.get(name);
    if (below === undefined || stat.type !== 'directory') return;
    below.#removed = true;
    this.#below.delete(name);
  }

  rename(name: string, to: Vnode, newName: string): number {
    if (!(to instanceof HostDirectory) || to.tree !== this.tree) return -EXDEV;
    const refused = this.#refuse(name) || to.#refuse(newName);
    if (refused !== 0) return refused;
    const stat = this.statOf(name);
    const over = to.statOf(newName);
    if (typeof stat === 'number') return stat;
    const error = this.tree.host.rename([...this.path, name], [...to.path, newName]);
    if (error !== 0 || (typeof over !== 'number' && over.identity === stat.identity)) return error;
    if (typeof over !== 'number') to.#gone(newName, over);
    const moved = this.#below.get(name);
    if (moved !== undefined) {
      this.#below.delete(name);
      to.#below.set(newName, moved);
      [moved.parent, moved.name] = [to, newName];
    }
    this.#touch();
    to.#touch();
    to.#touchEntry(newName, true);
    return 0;
  }
}
