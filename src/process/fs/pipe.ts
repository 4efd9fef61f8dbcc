/** Pipes: bytes in order between writers and readers (pipe(7)). */
import { EAGAIN, EFAULT, ENODEV, ENOTTY, EPIPE } from '../../base/index.js';
import { UIO_READ, UIO_WRITE, ddi_copyout, uiomove } from '../../ddi/index.js';
import type { Uio } from '../../ddi/index.js';
import { Kcondvar, Kmutex, cv_broadcast, cv_wait_sig, mutex_enter, mutex_exit } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { FileOps } from '../file-ops.js';
import { ERESTART } from '../linux-abi.js';
import { O_NONBLOCK } from '../linux-flags.js';
import { MOUNTS, madeUp } from './attributes.js';
import type { Attributes } from './attributes.js';
import { POLLERR, POLLHUP, POLLIN, POLLOUT, Pollhead } from './pollhead.js';
import type { OpenHow, Place, Vnode } from './vnode.js';

/** Bytes a pipe holds. */
export const PIPE_SIZE = 65536;
/** Bytes that are written in one piece or not at all (PIPE_BUF). */
const PIPE_BUF = 4096;
const FIONREAD = 0x541b;

/** One pipe; also the vnode of both its ends. */
export class Pipe implements Vnode {
  readonly type = 'fifo';
  readonly place: Place;
  readonly #ino: number;
  readonly #lock: Kmutex;
  readonly #changed: Kcondvar;
  readonly #pollhead = new Pollhead();
  readonly #gone: () => void;
  #buffer: Uint8Array = new Uint8Array(0);
  /** Where the oldest byte is, and how many there are. */
  #first = 0;
  #count = 0;
  #readers = 0;
  #writers = 0;

  /** @param gone called when the last end is closed */
  constructor(ino: number, gone: () => void) {
    const name = `pipe:[${ino}]`;
    this.#ino = ino;
    this.#gone = gone;
    this.#lock = new Kmutex(name);
    this.#changed = new Kcondvar(name);
    this.place = { vnode: this, parent: undefined, name };
  }

  attributes(): Attributes {
    return madeUp({ type: 'fifo', mode: 0o600, dev: MOUNTS.pipe, ino: this.#ino });
  }

  /** Opens an end, or both. */
  open(how: OpenHow): FileOps {
    const { readable, writable } = how;
    this.#readers += readable ? 1 : 0;
    this.#writers += writable ? 1 : 0;
    return {
      stream: true,
      read: (uio, flags) => this.#read(uio, flags),
      write: (uio, flags) => this.#write(uio, flags),
      ioctl: (cmd, arg) => (cmd === FIONREAD ? this.#tellCount(arg) : ENOTTY),
      mmap: () => -ENODEV,
      close: () => this.#close(readable, writable),
      ready: () => (readable ? this.#readReady() : 0) | (writable ? this.#writeReady() : 0),
      pollhead: this.#pollhead,
    };
  }

  #readReady(): number {
    return (this.#count > 0 ? POLLIN : 0) | (this.#writers === 0 ? POLLHUP : 0);
  }

  #writeReady(): number {
    return (PIPE_SIZE - this.#count >= PIPE_BUF ? POLLOUT : 0) | (this.#readers === 0 ? POLLERR : 0);
  }

  *#tellCount(to: number): Kgen<number> {
    const count = new Uint8Array(new Int32Array([this.#count]).buffer);
    return (yield* ddi_copyout(count, to, 4, 0)) === 0 ? 0 : EFAULT;
  }

  #close(readable: boolean, writable: boolean): number {
    this.#readers -= readable ? 1 : 0;
    this.#writers -= writable ? 1 : 0;
    if (this.#readers + this.#writers === 0) this.#gone();
    this.#wake();
    return 0;
  }

  #wake(): void {
    cv_broadcast(this.#changed);
    this.#pollhead.wakeup();
  }

  *#read(uio: Uio, flags: number): Kgen<number> {
    if (uio.resid === 0) return 0;
    yield* mutex_enter(this.#lock);
    const error = yield* this.#readLocked(uio, flags);
    mutex_exit(this.#lock);
    return error;
  }

  *#readLocked(uio: Uio, flags: number): Kgen<number> {
    while (this.#count === 0) {
      if (this.#writers === 0) return 0;
      if ((flags & O_NONBLOCK) !== 0) return EAGAIN;
      if ((yield* cv_wait_sig(this.#changed, this.#lock)) === 0 && this.#count === 0) return ERESTART;
    }
    let error = 0;
    while (error === 0 && this.#count > 0 && uio.resid > 0) {
      const part = this.#buffer.subarray(this.#first, this.#first + Math.min(this.#count, uio.resid));
      error = yield* uiomove(part, UIO_READ, uio);
      if (error !== 0) break;
      this.#first = (this.#first + part.length) % PIPE_SIZE;
      this.#count -= part.length;
    }
    this.#wake();
    return error;
  }

  *#write(uio: Uio, flags: number): Kgen<number> {
    if (uio.resid === 0) return 0;
    yield* mutex_enter(this.#lock);
    const error = yield* this.#writeLocked(uio, flags);
    mutex_exit(this.#lock);
    return error;
  }

  *#writeLocked(uio: Uio, flags: number): Kgen<number> {
    const needed = uio.resid <= PIPE_BUF ? uio.resid : 1;
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(PIPE_SIZE);
    while (uio.resid > 0) {
      if (this.#readers === 0) return EPIPE;
      const room = PIPE_SIZE - this.#count;
      if (room < needed) {
        if ((flags & O_NONBLOCK) !== 0) return EAGAIN;
        if ((yield* cv_wait_sig(this.#changed, this.#lock)) === 0 && PIPE_SIZE - this.#count < needed) return ERESTART;
        continue;
      }
      const error = yield* this.#put(uio, room);
      if (error !== 0) return error;
    }
    return 0;
  }

  /** Takes up to `room` bytes, all or none of them. */
  *#put(uio: Uio, room: number): Kgen<number> {
    const bytes = new Uint8Array(Math.min(room, uio.resid));
    const error = yield* uiomove(bytes, UIO_WRITE, uio);
    if (error !== 0) return error;
    const at = (this.#first + this.#count) % PIPE_SIZE;
    const tail = Math.min(bytes.length, PIPE_SIZE - at);
    this.#buffer.set(bytes.subarray(0, tail), at);
    this.#buffer.set(bytes.subarray(tail), 0);
    this.#count += bytes.length;
    this.#wake();
    return 0;
  }
}
