/** Writing to files and descriptors from synchronous code: whole buffers, in order, surviving full pipes. */
import { fs } from './host.js';
import { fileReason } from './program-file.js';

const errorCode = (error: unknown): string | undefined => (error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined);

/** Sleeps without an event loop: a full pipe drains while we wait. */
const pause = (milliseconds: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/**
 * Writes all bytes to a descriptor.
 * @returns false when the reader has gone away (EPIPE): nobody listens, which is not an error.
 */
export function writeAll(fd: number, bytes: Uint8Array): boolean {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      if (errorCode(error) === 'EPIPE') return false;
      if (errorCode(error) !== 'EAGAIN') throw error;
      pause(1);
    }
  }
  return true;
}

/** The first input or output that failed; it ends the run, because nothing may be lost silently. */
export class StreamFailure {
  /** One line that names what failed and the reason; undefined while all is well. */
  text: string | undefined = undefined;

  /** Does `action`, which writes to `what`; after the first failure nothing is written any more. */
  guard(what: string, action: () => void): void {
    this.attempt(`cannot write ${what}`, action, undefined);
  }

  /** Answers what `action` answers, or `otherwise` where it fails or something has failed before. `complaint` begins the line. */
  attempt<T>(complaint: string, action: () => T, otherwise: T): T {
    if (this.text !== undefined) return otherwise;
    try {
      return action();
    } catch (error) {
      this.text = `${complaint}: ${fileReason(error)}`;
      return otherwise;
    }
  }
}

/** Collects text and writes it in blocks; used for traces, where a line is short and lines are many. */
export class BlockWriter {
  readonly #fd: number;
  #pending: string[] = [];
  #length = 0;

  /** @throws what `openSync` throws when the file cannot be created. */
  constructor(path: string) {
    this.#fd = fs.openSync(path, 'w');
  }

  /** Adds a line; it may be written later. @throws what writing throws, also for lines before */
  line(text: string): void {
    this.#pending.push(text);
    this.#length += text.length;
    if (this.#length > 1 << 16) this.flush();
  }

  /** Writes what is collected. @throws what writing throws */
  flush(): void {
    if (this.#pending.length === 0) return;
    writeAll(this.#fd, Buffer.from(`${this.#pending.join('\n')}\n`));
    this.#pending = [];
    this.#length = 0;
  }

  /** Writes the rest and closes the file; nothing may follow. */
  close(): void {
    this.flush();
    fs.closeSync(this.#fd);
  }
}
