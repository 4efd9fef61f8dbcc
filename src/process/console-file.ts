/** Standard input, output and error as callbacks of the host. */
import { EAGAIN } from '../base/index.js';
import { UIO_READ, UIO_WRITE, uiomove } from '../ddi/index.js';
import type { Uio } from '../ddi/index.js';
import { Kcondvar, Kmutex, cv_broadcast, cv_wait_sig, mutex_enter, mutex_exit } from '../kernel/index.js';
import type { Kgen } from '../kernel/index.js';
import type { FileOps } from './file-ops.js';
import { POLLIN, POLLOUT, Pollhead } from './fs/pollhead.js';
import { ERESTART } from './linux-abi.js';
import { O_NONBLOCK } from './linux-flags.js';
import { nullFile } from './null-file.js';
import type { Terminal } from './terminal.js';

/** Bytes moved at a time, so that a guest's absurd length costs no host memory. */
const CHUNK = 65536;

/** Where standard input comes from: at most `max` bytes, none = end of file, undefined = nothing to read now. */
export type InputSource = (max: number) => Uint8Array | undefined;

/** Standard input. Who reads while there is nothing sleeps until the host says that there is. */
export class ConsoleInput {
  readonly file: FileOps;
  readonly #source: InputSource;
  readonly #lock = new Kmutex('standard input');
  readonly #arrived = new Kcondvar('standard input');
  readonly #pollhead = new Pollhead();
  /** Taken from the source by somebody who only wanted to know whether there is anything. */
  #held: Uint8Array | undefined;

  /** @param terminal answers ioctl(2) where the stream is a terminal */
  constructor(source: InputSource, terminal?: Terminal) {
    this.#source = source;
    this.file = {
      ...nullFile, stream: true,
      read: (uio, flags) => this.#read(uio, flags),
      ready: () => ((this.#held ??= this.#source(CHUNK)) === undefined ? 0 : POLLIN),
      pollhead: this.#pollhead,
      ...(terminal === undefined ? {} : { ioctl: (cmd, arg, rvalp) => terminal.ioctl(cmd, arg, rvalp) }),
    };
  }

  /** Whether somebody sleeps because there was nothing to read; a poller that could read waits for something else. */
  get awaited(): boolean {
    return this.#arrived.waiters.length > 0 || (this.#pollhead.awaited && this.#held === undefined);
  }

  /** Lets the sleepers look again. */
  arrived(): void {
    cv_broadcast(this.#arrived);
    this.#pollhead.wakeup();
  }

  /** At most `max` bytes, none at the end, undefined where there is nothing now. */
  #take(max: number): Uint8Array | undefined {
    const held = this.#held;
    if (held === undefined) return this.#source(max);
    this.#held = held.length > max ? held.subarray(max) : undefined;
    return held;
  }

  *#read(uio: Uio, flags: number): Kgen<number> {
    if (uio.resid === 0) return 0;
    const max = Math.min(uio.resid, CHUNK);
    yield* mutex_enter(this.#lock);
    let bytes = this.#take(max);
    if (bytes === undefined && (flags & O_NONBLOCK) !== 0) {
      mutex_exit(this.#lock);
      return EAGAIN;
    }
    while (bytes === undefined && (yield* cv_wait_sig(this.#arrived, this.#lock)) !== 0) bytes = this.#take(max);
    mutex_exit(this.#lock);
    return bytes === undefined ? ERESTART : yield* uiomove(bytes.subarray(0, max), UIO_READ, uio);
  }
}

/** Bytes to the host, which gets an array of its own. What was taken before a bad address stays taken. */
export const outputFile = (sink: (bytes: Uint8Array) => void, terminal?: Terminal): FileOps => ({
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
  ready: () => POLLOUT,
  ...(terminal === undefined ? {} : { ioctl: (cmd, arg, rvalp) => terminal.ioctl(cmd, arg, rvalp) }),
});
