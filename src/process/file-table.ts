/** The file descriptors of one process. */
import { EBADF, EMFILE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { OpenFile } from './open-file.js';

/** Descriptors a process may have (RLIMIT_NOFILE). */
export const OPEN_MAX = 1024;

/** Descriptors by number. */
export class FileTable {
  #files: (OpenFile | undefined)[] = [];

  /** The file behind `fd`, or undefined (EBADF). */
  get(fd: number): OpenFile | undefined {
    return Number.isInteger(fd) && fd >= 0 ? this.#files[fd] : undefined;
  }

  /** The lowest free descriptor not below `min`, or -EMFILE. */
  lowest(min = 0): number {
    let fd = min;
    while (this.#files[fd] !== undefined) fd++;
    return fd < OPEN_MAX ? fd : -EMFILE;
  }

  /** Gives `file` the lowest free descriptor not below `min`; returns it, or -EMFILE. */
  add(file: OpenFile, min = 0): number {
    const fd = this.lowest(min);
    if (fd >= 0) this.#files[fd] = file;
    return fd;
  }

  /** Gives up one descriptor. Returns 0, EBADF, or what closing the file said. */
  *close(fd: number): Kgen<number> {
    const file = this.get(fd);
    if (file === undefined) return EBADF;
    this.#files[fd] = undefined;
    return yield* file.release();
  }

  /** Gives up every descriptor, lowest first. */
  *closeAll(): Kgen<void> {
    for (let fd = 0; fd < this.#files.length; fd++) if (this.#files[fd] !== undefined) yield* this.close(fd);
  }

  /** The table of a child of fork(2): the same open files. */
  fork(): FileTable {
    const child = new FileTable();
    child.#files = this.#files.map((file) => file?.hold());
    return child;
  }
}
