/** A directory of the host that exists in memory only, for tests: simple, and written without a look at the real one. */
import { EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, ENOTEMPTY, ENXIO } from '../../src/base/index.js';
import type { HostFile, HostFiles, HostOpen, HostPath, HostStat } from '../../src/process/index.js';

interface Node {
  readonly id: number;
  readonly kind: HostStat['type'];
  mode: number;
  nlink: number;
  mtime: bigint;
  bytes: Uint8Array;
  target: string;
  readonly entries: Map<string, Node>;
}

/** What a directory is made from: a text is a file, a link begins with "->", an object is a directory. */
export interface Layout { readonly [name: string]: string | Uint8Array | Layout }

let ids = 0;

/** The directory. */
export class MemoryFiles implements HostFiles {
  readonly writable: boolean;
  readonly root: Node;
  /** Files that are open. */
  open_ = 0;

  constructor(layout: Layout = {}, writable = true) {
    this.writable = writable;
    this.root = this.#directory(layout);
  }

  #node(kind: Node['kind'], mode: number): Node {
    return { id: ++ids, kind, mode, nlink: 1, mtime: 1_600_000_000_123_456_789n, bytes: new Uint8Array(0), target: '', entries: new Map() };
  }

  #directory(layout: Layout): Node {
    const node = this.#node('directory', 0o755);
    for (const [name, content] of Object.entries(layout)) {
      if (typeof content === 'string' && content.startsWith('->')) node.entries.set(name, { ...this.#node('link', 0o777), target: content.slice(2) });
      else if (typeof content === 'string' || content instanceof Uint8Array) {
        const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        node.entries.set(name, { ...this.#node('regular', 0o755), bytes });
      } else node.entries.set(name, this.#directory(content));
    }
    return node;
  }

  #find(path: HostPath): Node | number {
    let at = this.root;
    for (const name of path) {
      if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return -EINVAL;
      if (at.kind !== 'directory') return -ENOTDIR;
      const next = at.entries.get(name);
      if (next === undefined) return -ENOENT;
      at = next;
    }
    return at;
  }

  /** The text of a file; throws where there is none. */
  text(...path: string[]): string {
    const node = this.#find(path);
    if (typeof node === 'number' || node.kind !== 'regular') throw new Error(`no file ${path.join('/')}`);
    return new TextDecoder().decode(node.bytes);
  }

  /** The names in a directory, sorted. */
  names(...path: string[]): string[] {
    const names = this.list(path);
    return typeof names === 'number' ? [] : [...names].sort();
  }

  #stat(node: Node): HostStat {
    const { kind, mode, nlink, mtime, id } = node;
    const size = kind === 'link' ? node.target.length : node.bytes.length;
    return { type: kind, identity: `id ${id}`, mode, nlink, size, mtime, ctime: mtime };
  }

  lstat(path: HostPath): HostStat | number {
    const node = this.#find(path);
    return typeof node === 'number' ? node : this.#stat(node);
  }

  list(path: HostPath): readonly string[] | number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    return node.kind === 'directory' ? [...node.entries.keys()].reverse() : -ENOTDIR;
  }

  readlink(path: HostPath): string | number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    return node.kind === 'link' ? node.target : -EINVAL;
  }

  #parent(path: HostPath): Node | number {
    const node = this.#find(path.slice(0, -1));
    return typeof node === 'number' || node.kind === 'directory' ? node : -ENOTDIR;
  }

  /** Puts a new node at `path`; 0 or a negated errno. */
  #put(path: HostPath, node: Node): number {
    const parent = this.#parent(path);
    if (typeof parent === 'number') return parent;
    if (parent.entries.has(path.at(-1) ?? '')) return -EEXIST;
    parent.entries.set(path.at(-1) ?? '', node);
    return 0;
  }

  open(path: HostPath, how: HostOpen): HostFile | number {
    if (how.create !== undefined) {
      const error = this.#put(path, this.#node('regular', how.create));
      if (error !== 0) return error;
    }
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    if (node.kind !== 'regular') return node.kind === 'directory' ? -EISDIR : node.kind === 'link' ? -ELOOP : -ENXIO;
    this.open_++;
    return this.#file(node);
  }

  #file(node: Node): HostFile {
    const resize = (size: number): number => {
      const bytes = new Uint8Array(size);
      bytes.set(node.bytes.subarray(0, size));
      node.bytes = bytes;
      return 0;
    };
    return {
      stat: () => this.#stat(node),
      read: (offset, bytes) => {
        const part = node.bytes.subarray(offset, offset + bytes.length);
        bytes.set(part);
        return part.length;
      },
      write: (offset, bytes) => {
        if (offset + bytes.length > node.bytes.length) resize(offset + bytes.length);
        node.bytes.set(bytes, offset);
        return bytes.length;
      },
      truncate: resize,
      chmod: (mode) => {
        node.mode = mode;
        return 0;
      },
      utimes: (mtime) => {
        node.mtime = mtime;
        return 0;
      },
      sync: () => 0,
      close: () => void this.open_--,
    };
  }

  mkdir(path: HostPath, mode: number): number {
    return this.#put(path, this.#node('directory', mode));
  }

  symlink(target: string, path: HostPath): number {
    return this.#put(path, { ...this.#node('link', 0o777), target });
  }

  link(from: HostPath, to: HostPath): number {
    const node = this.#find(from);
    if (typeof node === 'number') return node;
    const error = this.#put(to, node);
    if (error === 0) node.nlink++;
    return error;
  }

  rmdir(path: HostPath): number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    if (node.kind !== 'directory') return -ENOTDIR;
    return node.entries.size > 0 ? -ENOTEMPTY : this.#drop(path, node);
  }

  unlink(path: HostPath): number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    return node.kind === 'directory' ? -EISDIR : this.#drop(path, node);
  }

  #drop(path: HostPath, node: Node): number {
    const parent = this.#parent(path);
    if (typeof parent === 'number') return parent;
    parent.entries.delete(path.at(-1) ?? '');
    node.nlink--;
    return 0;
  }

  rename(from: HostPath, to: HostPath): number {
    const node = this.#find(from);
    const target = this.#parent(to);
    if (typeof node === 'number' || typeof target === 'number') return typeof node === 'number' ? node : (target as number);
    if (from.every((name, i) => name === to[i])) return from.length === to.length ? 0 : -EINVAL;
    const over = target.entries.get(to.at(-1) ?? '');
    if (over?.kind === 'directory' && over.entries.size > 0) return -ENOTEMPTY;
    if (over === node) return 0;
    if (over !== undefined) over.nlink--;
    this.#drop(from, node);
    node.nlink++;
    target.entries.set(to.at(-1) ?? '', node);
    return 0;
  }

  chmod(path: HostPath, mode: number): number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    node.mode = mode;
    return 0;
  }

  utimes(path: HostPath, mtime: bigint): number {
    const node = this.#find(path);
    if (typeof node === 'number') return node;
    node.mtime = mtime;
    return 0;
  }
}
