/** /dev: the files every Unix has, the standard streams, the devices of the machine. */
import { EACCES, ENOSPC, ENXIO } from '../../base/index.js';
import { UIO_READ, uiomove } from '../../ddi/index.js';
import type { Dev, Uio } from '../../ddi/index.js';
import type { Kgen } from '../../kernel/index.js';
import { openDevice } from '../device-file.js';
import { mapAnonymous } from '../map-anonymous.js';
import type { FileOps } from '../file-ops.js';
import { nullFile } from '../null-file.js';
import { MOUNTS, TTY } from './attributes.js';
import { FixedDirectory, fixedContents } from './fixed-directory.js';
import { characterFile, madeLink } from './made-files.js';
import type { Vnode } from './vnode.js';

/** Bytes moved at a time. */
const CHUNK = 65536;
/** Major number of the devices of the machine, a block Linux leaves for local use. */
const DEVICE_MAJOR = 240;

/** A file whose reads give what `bytes` makes. */
const source = (bytes: (length: number) => Uint8Array): FileOps => ({
  ...nullFile,
  *read(uio: Uio): Kgen<number> {
    while (uio.resid > 0) {
      const error = yield* uiomove(bytes(Math.min(uio.resid, CHUNK)), UIO_READ, uio);
      if (error !== 0) return error;
    }
    return 0;
  },
});

/** Reads give zeros, mappings are memory of one's own. */
const zeroFile: FileOps = { ...source((length) => new Uint8Array(length)), mmap: mapAnonymous };
/** As /dev/zero, but there is never room to write. */
const fullFile: FileOps = { ...source((length) => new Uint8Array(length)), write: (uio) => (uio.resid > 0 ? ENOSPC : 0) };

/** What /dev is made from. */
export interface DevTreeOptions {
  /** By their name under /dev. */
  readonly devices: ReadonlyMap<string, Dev>;
  /** Bytes that look random. */
  readonly random: (length: number) => Uint8Array;
  /** What /dev/tty opens; undefined: there is no terminal. */
  readonly terminal: FileOps | undefined;
}

/** Makes /dev. */
export function devTree(o: DevTreeOptions): FixedDirectory {
  const files = new Map<string, Vnode>();
  let ino = TTY.ino;
  const at = (): { dev: number; ino: number } => ({ dev: MOUNTS.dev, ino: ++ino });
  const randomFile = source(o.random);
  files.set('tty', characterFile(TTY, [5, 0], () => o.terminal ?? -ENXIO));
  files.set('null', characterFile(at(), [1, 3], () => nullFile));
  files.set('zero', characterFile(at(), [1, 5], () => zeroFile));
  files.set('full', characterFile(at(), [1, 7], () => fullFile));
  files.set('random', characterFile(at(), [1, 8], () => randomFile));
  files.set('urandom', characterFile(at(), [1, 9], () => randomFile));
  files.set('fd', madeLink(at(), () => '/proc/self/fd'));
  ['stdin', 'stdout', 'stderr'].forEach((name, fd) => files.set(name, madeLink(at(), () => `/proc/self/fd/${fd}`)));
  let minor = 0;
  for (const [name, dev] of o.devices) files.set(name, characterFile(at(), [DEVICE_MAJOR, minor++], (how) => openDevice(dev, how), 0o600));
  return new FixedDirectory({ dev: MOUNTS.dev, ino: 1 }, fixedContents(files), EACCES);
}
