/** Standard input, output and error as callbacks of the host, and the two files every Unix has. */
import { ENODEV, ENOTTY } from '../base/index.js';
import { UIO_READ, UIO_WRITE, uiomove } from '../ddi/index.js';
import type { Uio } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
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

/** Bytes from the host; an empty array is end of file. */
export const inputFile = (source: (max: number) => Uint8Array): FileOps => ({
  ...nullFile,
  *read(uio: Uio): Kgen<number> {
    if (uio.resid === 0) return 0;
    const max = Math.min(uio.resid, CHUNK);
    return yield* uiomove(source(max).subarray(0, max), UIO_READ, uio);
  },
});

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

/** /dev/zero: reads give zeros. */
export const zeroFile: FileOps = {
  ...nullFile,
  *read(uio: Uio): Kgen<number> {
    while (uio.resid > 0) {
      const error = yield* uiomove(new Uint8Array(Math.min(uio.resid, CHUNK)), UIO_READ, uio);
      if (error !== 0) return error;
    }
    return 0;
  },
};
