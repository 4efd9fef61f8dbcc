/** An open file of the host, shared by the descriptor that opened it and the mappings made through it. */
import type { HostFile } from './host-files.js';
import type { HostInode, HostTree } from './host-tree.js';

/** Counts who uses an open file; the last one closes it. */
export class HostHandle {
  readonly tree: HostTree;
  readonly file: HostFile;
  readonly inode: HostInode;
  #holds = 1;

  constructor(tree: HostTree, file: HostFile, inode: HostInode) {
    this.tree = tree;
    this.file = file;
    this.inode = inode;
    inode.users++;
  }

  /** Bytes in the file; 0 where the host does not say. */
  get size(): number {
    const stat = this.file.stat();
    return typeof stat === 'number' ? 0 : stat.size;
  }

  /** Counts one more user of the open file. */
  hold(): this {
    this.#holds++;
    return this;
  }

  /** Counts one user less; the last one closes the file of the host, and what an unlinked file held is free again. */
  release(): void {
    this.#holds--;
    if (this.#holds > 0) return;
    this.inode.users--;
    const size = this.inode.unlinked ? this.size : 0;
    this.file.close();
    this.tree.closed(this.inode, size);
  }
}
