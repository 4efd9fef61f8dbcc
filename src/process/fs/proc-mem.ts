/** /proc/PID/mem: the memory of a process as a file. */
import { UIO_READ, UIO_WRITE, uiomove } from '../../ddi/index.js';
import type { Uio } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { FileOps } from '../file-ops.js';
import { nullFile } from '../null-file.js';
import type { Proc } from '../proc.js';
import { uread, uwrite } from '../proc-memory.js';

/** Bytes moved at a time. */
const CHUNK = 65536;

/** The offset in the file is the address. A process that has ended has no memory: reads and writes end at once. */
export const memFile = (target: Proc): FileOps => ({
  ...nullFile,
  seekable: true,
  *read(uio: Uio): Kgen<number> {
    while (uio.resid > 0 && target.status === undefined) {
      const bytes = new Uint8Array(Math.min(uio.resid, CHUNK));
      const { moved, error } = yield* uread(target.as, uio.loffset, bytes);
      const failed = moved > 0 ? yield* uiomove(bytes.subarray(0, moved), UIO_READ, uio) : 0;
      if (failed !== 0 || error !== 0) return failed !== 0 ? failed : error;
    }
    return 0;
  },
  *write(uio: Uio): Kgen<number> {
    while (uio.resid > 0 && target.status === undefined) {
      const bytes = new Uint8Array(Math.min(uio.resid, CHUNK));
      const { base, resid, loffset } = uio;
      const failed = yield* uiomove(bytes, UIO_WRITE, uio);
      if (failed !== 0) return failed;
      const { moved, error } = yield* uwrite(target.as, loffset, bytes);
      if (error === 0) continue;
      // What was taken from the caller but not written is still to be written.
      [uio.base, uio.resid, uio.loffset] = [base + moved, resid - moved, loffset + moved];
      return error;
    }
    return 0;
  },
});
