/** Standard input, output and error as callbacks of the host, and the two files every Unix has. */
import { ENODEV, ENOTTY } from '../base/index.js';
import { UIO_READ, UIO_WRITE, uiomove } from '../ddi/index.js';
import type { Uio } from '../ddi/index.js';
import { Kcondvar, Kmutex, cv_broadcast, cv_wait_sig, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import { ERESTART } from './linux-abi.js';
import { mapAnonymous } from './map-anonymous.js';
import type { FileOps } from './open-file.js';

/** Bytes moved at a time, so that a guest's absurd length costs no host memory. */
const CHUNK = 65536;

/** /dev/null: reads end at once, writes vanish. */
export const nullFile: FileOps = {
  read: () => 0,
  write: (uio) => {
    uio.resid = 0;
    return 0;
  },
  ioctl: () => ENOTTY,
  mmap: () => -ENODEV,
  close: () => 0,
};

/** Where standard input comes from: at most `max` bytes, none = end of file, undefined = nothing to read now. */
export type InputSource = (max: number) => Uint8Array | undefined;

/** Standard input. Who reads while there is nothing sleeps until the host says that there is. */
export class ConsoleInput {
  readonly file: FileOps = { ...nullFile, stream: true, read: (uio) => this.#read(uio) };
  readonly #source: InputSource;
  readonly #lock = new Kmutex('standard input');
  readonly #arrived = new Kcondvar('standard input');

  constructor(source: InputSource) {
    this.#source = source;
  }

  /** Whether somebody sleeps because there was nothing to read. */
  get awaited(): boolean {
    return this.#arrived.waiters.length > 0;
  }

  /** Lets the sleepers look again. */
  arrived(): void {
    cv_broadcast(this.#arrived);
  }

  *#read(uio: Uio): Kgen<number> {
    if (uio.resid === 0) return 0;
    const max = Math.min(uio.resid, CHUNK);
    yield* mutex_enter(this.#lock);
    let bytes = this.#source(max);
    while (bytes === undefined && (yield* cv_wait_sig(this.#arrived, this.#lock)) !== 0) bytes = this.#source(max);
    mutex_exit(this.#lock);
    return bytes === undefined ? ERESTART : yield* uiomove(bytes.subarray(0, max), UIO_READ, uio);
  }
}

/** Bytes to the host, which gets an array of its own. What was taken before a bad address stays taken. */
export const outputFile = (sink: (bytes: Uint8Array) => void): FileOps => ({
  ...nullFile,
  *write(uio: Uio): Kgen<number> {
    while (uio.resid > 0) {
      const bytes = new Uint8Array(Math.min(uio.resid, CHUNK));
      const error = yield* uiomove(bytes, UIO_WRITE, uio);
      if (error !== 0) return error;
      sink(bytes);
    }
    return 0;
  },
});

/** /dev/zero: reads give zeros, mappings are memory of one's own. */
export const zeroFile: FileOps = {
  ...nullFile,
  mmap: mapAnonymous,
  *read(uio: Uio): Kgen<number> {
    while (uio.resid > 0) {
      const error = yield* uiomove(new Uint8Array(Math.min(uio.resid, CHUNK)), UIO_READ, uio);
      if (error !== 0) return error;
    }
    return 0;
  },
};
