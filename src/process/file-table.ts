/** The file descriptors of one process. */
import { EBADF, EMFILE } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import type { OpenFile } from './open-file.js';

/** Descriptors a process may have (RLIMIT_NOFILE). */
export const OPEN_MAX = 1024;

/** Descriptors by number. */
export class FileTable {
  /** Processes that have this table (CLONE_FILES). */
  users = 1;
  #files: (OpenFile | undefined)[] = [];
  /** Descriptors that execve(2) closes (FD_CLOEXEC). */
  #cloexec: Set<number> = new Set();

  /** The file behind `fd`, or undefined (EBADF). */
  get(fd: number): OpenFile | undefined {
    return Number.isInteger(fd) && fd >= 0 ? this.#files[fd] : undefined;
  }

  /** The descriptors in use, ascending. */
  numbers(): number[] {
    return [...this.#files.keys()].filter((fd) => this.#files[fd] !== undefined);
  }

  /** The lowest free descriptor not below `min`, or -EMFILE. */
  lowest(min = 0): number {
    let fd = min;
    while (this.#files[fd] !== undefined) fd++;
    return fd < OPEN_MAX ? fd : -EMFILE;
  }

  /** Gives `file` the lowest free descriptor not below `min`; returns it, or -EMFILE. */
  add(file: OpenFile, min = 0, cloexec = false): number {
    const fd = this.lowest(min);
    if (fd >= 0) this.#put(fd, file, cloexec);
    return fd;
  }

  /** Puts `file` in the place of what `fd` stands for, which is closed. Returns what closing said. */
  *replace(fd: number, file: OpenFile, cloexec: boolean): Kgen<number> {
    const old = this.get(fd);
    this.#put(fd, file, cloexec);
    return old === undefined ? 0 : yield* old.release();
  }

  #put(fd: number, file: OpenFile, cloexec: boolean): void {
    this.#files[fd] = file;
    this.setCloexec(fd, cloexec);
  }

  /** Whether execve(2) closes `fd`. */
  cloexec(fd: number): boolean {
    return this.#cloexec.has(fd);
  }

  /** Says whether execve(2) closes `fd` (FD_CLOEXEC). */
  setCloexec(fd: number, cloexec: boolean): void {
    if (cloexec) this.#cloexec.add(fd);
    else this.#cloexec.delete(fd);
  }

  /** Gives up one descriptor. Returns 0, EBADF, or what closing the file said. */
  *close(fd: number): Kgen<number> {
    const file = this.get(fd);
    if (file === undefined) return EBADF;
    this.#files[fd] = undefined;
    this.#cloexec.delete(fd);
    return yield* file.release();
  }

  /** Gives up every descriptor, lowest first. */
  *closeAll(): Kgen<void> {
    for (const fd of this.numbers()) yield* this.close(fd);
  }

  /** Gives up the descriptors that a new program does not get, lowest first (execve(2)). */
  *closeOnExec(): Kgen<void> {
    for (const fd of this.numbers()) if (this.#cloexec.has(fd)) yield* this.close(fd);
  }

  /** The table of a child of fork(2): the same open files. */
  fork(): FileTable {
    const child = new FileTable();
    child.#files = this.#files.map((file) => file?.hold());
    child.#cloexec = new Set(this.#cloexec);
    return child;
  }
}
