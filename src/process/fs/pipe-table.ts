/** The pipes of a machine: how many there may be, and their numbers. */
import { ENFILE } from '../../base/index.js';
import { Pipe } from './pipe.js';

/** Pipes a machine may have at a time; each may hold 64 KiB of the host's memory. */
const MAX_PIPES = 4096;
/** Inode numbers below are the standard streams'. */
const FIRST_INODE = 16;

/** Makes pipes. */
export class PipeTable {
  #alive = 0;
  #made = 0;

  /** A new pipe without ends, or -ENFILE. */
  make(): Pipe | number {
    if (this.#alive >= MAX_PIPES) return -ENFILE;
    this.#alive++;
    return new Pipe(FIRST_INODE + this.#made++, () => void this.#alive--);
  }
}
