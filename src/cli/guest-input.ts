/** Standard input for a guest: files are read at once, pipes and terminals when they have something, so that Ctrl-C is heard meanwhile. */
import type { Readable } from 'node:stream';
import { fs } from './host.js';

const NOTHING: Uint8Array = new Uint8Array(0);

const isFile = (): boolean => {
  try {
    return fs.fstatSync(0).isFile();
  } catch {
    return false;
  }
};

/** The guest's end of descriptor 0. */
export class GuestInput {
  /** Called when there is something to read, or nothing will come any more. */
  onReady: () => void = () => {};
  #stream: Readable | undefined;
  #file: boolean | undefined;
  #rest: Uint8Array = NOTHING;
  #ended = false;

  /** At most `max` bytes; none at the end of the input; undefined while there is nothing. */
  read(max: number): Uint8Array | undefined {
    this.#file ??= isFile();
    if (this.#file) return this.#readFile(max);
    this.#stream ??= this.#open();
    if (this.#rest.length === 0) this.#rest = (this.#stream.read() as Uint8Array | null) ?? NOTHING;
    if (this.#rest.length === 0) return this.#ended ? NOTHING : undefined;
    const bytes = this.#rest.subarray(0, max);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  /** Lets go of the stream, which otherwise keeps the process alive; a terminal is as it was. */
  close(): void {
    // Asking for process.stdin makes it, which costs a tenth of the start of a small program.
    if (this.#stream === undefined) return;
    if (process.stdin.isRaw) process.stdin.setRawMode(false);
    this.#stream.destroy();
  }

  #readFile(max: number): Uint8Array {
    const buffer = new Uint8Array(max);
    return buffer.subarray(0, fs.readSync(0, buffer, 0, max, null));
  }

  #open(): Readable {
    const stream = process.stdin;
    const ready = (): void => this.onReady();
    const end = (): void => {
      this.#ended = true;
      this.onReady();
    };
    stream.on('readable', ready).on('end', end).on('error', end);
    return stream;
  }
}
