/** A regular file of the host, open. */
import { EFBIG, ENOSPC, ENOTTY, EROFS } from '../../base/index.js';
import { UIO_READ, UIO_WRITE, uiomove } from '../../ddi/index.js';
import type { Uio } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import { MAP_SHARED, MAP_TYPE, PROT_WRITE } from '../../vm/index.js';
import type { AttributeChange, FileOps, MapRequest } from '../file-ops.js';
import { O_APPEND } from '../linux-flags.js';
import { mapPages } from '../map-anonymous.js';
import type { Attributes } from './attributes.js';
import { HostHandle } from './host-handle.js';
import { filePages } from './host-pages.js';
import type { HostFile } from './host-files.js';
import { MAX_FILE_SIZE } from './host-tree.js';
import type { HostInode, HostTree } from './host-tree.js';

/** Bytes moved at a time, so that a guest's absurd length costs no host memory. */
const CHUNK = 131072;

/** The operations of an open file. */
export class HostRegular implements FileOps {
  readonly seekable = true;
  readonly #handle: HostHandle;
  readonly #tree: HostTree;
  readonly #file: HostFile;
  readonly #inode: HostInode;
  readonly #path: string;

  /** @param path what mappings of it are called */
  constructor(tree: HostTree, file: HostFile, inode: HostInode, path: string) {
    this.#handle = new HostHandle(tree, file, inode);
    this.#tree = tree;
    this.#file = file;
    this.#inode = inode;
    this.#path = path;
  }

  get #size(): number {
    return this.#handle.size;
  }

  attributes(): Attributes | number {
    const stat = this.#file.stat();
    return typeof stat === 'number' ? stat : this.#tree.attributes(stat);
  }

  *read(uio: Uio): Kgen<number> {
    this.#inode.pages?.flush();
    while (uio.resid > 0) {
      const bytes = new Uint8Array(Math.min(uio.resid, CHUNK));
      const count = uio.loffset > MAX_FILE_SIZE ? 0 : this.#file.read(uio.loffset, bytes);
      if (count <= 0) return -count;
      const error = yield* uiomove(bytes.subarray(0, count), UIO_READ, uio);
      if (error !== 0 || count < bytes.length) return error;
    }
    return 0;
  }

  *write(uio: Uio, flags: number): Kgen<number> {
    while (uio.resid > 0) {
      const bytes = new Uint8Array(Math.min(uio.resid, CHUNK));
      const { base, resid, loffset } = uio;
      const error = yield* uiomove(bytes, UIO_WRITE, uio);
      if (error !== 0) return error;
      const at = (flags & O_APPEND) !== 0 ? this.#size : loffset;
      const written = this.#put(at, bytes);
      // What was taken from the caller but not written is still to be written.
      const moved = Math.max(0, written);
      [uio.base, uio.resid, uio.loffset] = [base + moved, resid - moved, at + moved];
      if (written <= 0) return written === 0 ? ENOSPC : -written;
    }
    return 0;
  }

  /** Writes as many bytes as there is room for; their number, 0 for none, or a negated errno. */
  #put(at: number, bytes: Uint8Array): number {
    const fitting = Math.min(bytes.length, MAX_FILE_SIZE - at);
    if (fitting <= 0) return -EFBIG;
    const size = this.#size;
    const growth = Math.max(0, at + fitting - size);
    const taken = this.#tree.take(growth);
    const count = fitting - (growth - taken);
    const written = count <= 0 ? 0 : this.#file.write(at, bytes.subarray(0, count));
    this.#tree.give(taken - (written > 0 ? Math.max(0, at + written - size) : 0));
    if (written > 0) this.#tree.changed(this.#inode);
    this.#inode.pages?.update(at, bytes.subarray(0, Math.max(0, written)));
    return written;
  }

  ioctl(): number {
    return ENOTTY;
  }

  *mmap(request: MapRequest): Kgen<number> {
    const writable = (request.flags & MAP_TYPE) === MAP_SHARED && (request.maxprot & PROT_WRITE) !== 0;
    const pages = filePages(request.as.vm, this.#handle, this.#path, writable);
    const addr = yield* mapPages(request, pages);
    pages.release();
    return addr;
  }

  truncate(size: number): number {
    if (size > MAX_FILE_SIZE) return EFBIG;
    const before = this.#size;
    const growth = Math.max(0, size - before);
    if (growth > this.#tree.free) return ENOSPC;
    const error = this.#file.truncate(size);
    if (error !== 0) return -error;
    if (growth > 0) this.#tree.take(growth);
    else this.#tree.give(before - size);
    if (size < before) this.#inode.pages?.cut(size);
    this.#tree.changed(this.#inode);
    return 0;
  }

  allocate(size: number, keepSize: boolean): number {
    if (size > MAX_FILE_SIZE) return EFBIG;
    const before = this.#size;
    if (size - before > this.#tree.free) return ENOSPC;
    return keepSize || size <= before ? 0 : this.truncate(size);
  }

  change(change: AttributeChange): number {
    return -applyChange(this.#tree, this.#inode, change, this.#file);
  }

  sync(): number {
    this.#inode.pages?.flush();
    return -this.#file.sync();
  }

  close(): number {
    this.#handle.release();
    return 0;
  }
}

/** Changes attributes of a file by what can change them on the host; 0 or a negated errno. */
export function applyChange(tree: HostTree, inode: HostInode, change: AttributeChange, to: Pick<HostFile, 'chmod' | 'utimes'>): number {
  if (!tree.host.writable) return -EROFS;
  if (change.mode !== undefined) {
    const error = to.chmod(change.mode);
    if (error !== 0) return error;
  }
  if (change.mtime !== undefined) {
    const error = to.utimes(change.mtime);
    if (error !== 0) return error;
    inode.mtime = change.mtime;
  }
  tree.changed(inode, true);
  return 0;
}
