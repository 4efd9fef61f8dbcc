/** What the files of one host directory share: inode numbers, times and room that are the same in every run. */
import type { FileObject } from '../../vm/index.js';
import type { Attributes } from './attributes.js';
import { MOUNTS, madeUp } from './attributes.js';
import type { HostFile, HostFiles, HostStat } from './host-files.js';

/** Largest file, bytes: what ext4 with 4 KiB blocks allows. */
export const MAX_FILE_SIZE: number = 16 * 2 ** 40;
/** Bytes a new name counts for, whatever is in the file, so that the number of files is bounded too. */
const NAME_SPACE = 4096;

/** What the kernel keeps about a file of the host as long as it lives. */
export class HostInode {
  readonly number: number;
  readonly identity: string;
  /** Open file descriptions and mappings. */
  users = 0;
  /** Its last name is gone. */
  unlinked = false;
  /** Times since the guest changed it: of the virtual clock, for the host's would differ from run to run. */
  mtime: bigint | undefined = undefined;
  ctime: bigint | undefined = undefined;
  /** Its pages in memory while it is mapped, and what writes them back. */
  pages: FileObject | undefined = undefined;
  writer: { readonly file: Pick<HostFile, 'write'>; release(): void } | undefined = undefined;

  constructor(number: number, identity: string) {
    this.number = number;
    this.identity = identity;
  }
}

/** What a tree is made from. */
export interface HostTreeOptions {
  readonly host: HostFiles;
  /** Bytes the guest may add in all. */
  readonly space: number;
  /** Files of the host that may be open at a time. */
  readonly maxOpen: number;
  /** ns since 1970. */
  readonly now: () => bigint;
}

/** One host directory. */
export class HostTree {
  readonly host: HostFiles;
  readonly space: number;
  readonly #maxOpen: number;
  readonly #now: () => bigint;
  readonly #inodes: Map<string, HostInode> = new Map();
  #lastInode = 1;
  #used = 0;
  #open = 0;

  constructor(o: HostTreeOptions) {
    this.host = o.host;
    this.space = o.space;
    this.#maxOpen = o.maxOpen;
    this.#now = o.now;
  }

  /** The inode of a file; numbers are given in the order files are first seen. */
  inode(stat: HostStat): HostInode {
    let inode = this.#inodes.get(stat.identity);
    if (inode === undefined) this.#inodes.set(stat.identity, (inode = new HostInode(++this.#lastInode, stat.identity)));
    return inode;
  }

  /** What stat(2) tells. Sizes and links of directories are the host's own affair, and differ between hosts. */
  attributes(stat: HostStat): Attributes {
    const inode = this.inode(stat);
    const directory = stat.type === 'directory';
    const mtime = inode.mtime ?? stat.mtime;
    return madeUp({
      type: stat.type === 'other' ? 'socket' : stat.type, mode: stat.mode, dev: MOUNTS.root, ino: inode.number,
      nlink: directory ? 1 : stat.nlink, size: directory ? 4096 : stat.size, mtime, ctime: inode.ctime ?? mtime,
    });
  }

  /** The bytes, or with `attributesOnly` the attributes, of a file have been changed by the guest, now. */
  changed(inode: HostInode, attributesOnly = false): void {
    inode.ctime = this.#now();
    if (!attributesOnly) inode.mtime = inode.ctime;
  }

  /** Gives every file what shared mappings have stored so far. */
  sync(): void {
    for (const { pages } of this.#inodes.values()) pages?.flush();
  }

  /** Bytes the guest may still add. */
  get free(): number {
    return Math.max(0, this.space - this.#used);
  }

  /** Takes up to `bytes` of the room there is; the bytes taken. */
  take(bytes: number): number {
    const taken = Math.min(bytes, this.free);
    this.#used += taken;
    return taken;
  }

  /** Gives back room that was taken. */
  give(bytes: number): void {
    this.#used = Math.max(0, this.#used - bytes);
  }

  /** Takes room for a new name, which giveName gives back; false where there is none. */
  takeName(): boolean {
    if (this.free < NAME_SPACE) return false;
    this.take(NAME_SPACE);
    return true;
  }

  /** Gives back the room of a name. */
  giveName(): void {
    this.give(NAME_SPACE);
  }

  /** A name is gone, whose file has `stat`; with the last one, or what still uses the file, goes what it holds. */
  removedName(stat: HostStat): void {
    this.giveName();
    if (stat.type !== 'directory' && stat.nlink > 1) return;
    const inode = this.inode(stat);
    inode.unlinked = true;
    if (inode.users === 0) this.#forget(inode, stat.type === 'regular' ? stat.size : 0);
  }

  /** Whether one more file of the host may be opened; then it counts as open. */
  mayOpen(): boolean {
    if (this.#open >= this.#maxOpen) return false;
    this.#open++;
    return true;
  }

  /** A file has been closed that was `size` bytes long. */
  closed(inode: HostInode | undefined, size: number): void {
    this.#open--;
    if (inode?.unlinked === true && inode.users === 0) this.#forget(inode, size);
  }

  #forget(inode: HostInode, size: number): void {
    this.give(size);
    if (this.#inodes.get(inode.identity) === inode) this.#inodes.delete(inode.identity);
  }
}
