/** /proc: the memory and the mappings of a process as files, /proc/PID/mem and /proc/PID/maps. */
import { EIO } from '../base/index.js';
import { UIO_READ, UIO_WRITE, uiomove } from '../ddi/index.js';
import type { Uio } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { nullFile } from './console-file.js';
import { mapsText } from './mappings.js';
import type { FileOps } from './open-file.js';
import type { Proc } from './proc.js';
import { uread, uwrite } from './proc-memory.js';
import type { System } from './system.js';

/** Bytes moved at a time. */
const CHUNK = 65536;

/** The file `path` below /proc; undefined when there is none of that name, or no such process any more. */
export function procFile(system: System, proc: Proc, path: string): FileOps | undefined {
  const [, pid, name] = /^\/proc\/(self|[0-9]+)\/(mem|maps)$/.exec(path) ?? [];
  if (pid === undefined) return undefined;
  const target = pid === 'self' ? proc : system.procs.get(Number(pid));
  if (target === undefined || target.status !== undefined) return undefined;
  return name === 'mem' ? memFile(target) : mapsFile(target);
}

/** The offset in the file is the address. A process that has ended has no memory: reads and writes end at once. */
const memFile = (target: Proc): FileOps => ({
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

/** The text as it is at each read. */
const mapsFile = (target: Proc): FileOps => ({
  ...nullFile,
  seekable: true,
  *read(uio: Uio): Kgen<number> {
    if (target.status !== undefined) return 0;
    const text = mapsText(target);
    const bytes = new TextEncoder().encode(text === '' ? '' : `${text}\n`);
    return yield* uiomove(bytes.subarray(uio.loffset), UIO_READ, uio);
  },
  write: () => EIO,
});
