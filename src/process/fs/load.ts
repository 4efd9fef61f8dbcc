/** Reading a whole file into the kernel: programs to execute. */
import { EACCES, EFBIG, EISDIR } from '../../base/index.js';
import { Uio } from '../../ddi/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { Place } from './vnode.js';
import { find } from './walk.js';
import type { Walker } from './walk.js';

/** A file in the kernel's hands. */
export interface LoadedFile {
  readonly place: Place;
  readonly bytes: Uint8Array;
}

/**
 * Reads the regular file `path` to execute it.
 * @param max most bytes
 * @returns the file; -EACCES (not a regular file, or nobody may execute it), -EISDIR, -EFBIG (above `max`), or what the walk or the file said
 */
export function* loadFile(walker: Walker, path: string, max: number): Kgen<LoadedFile | number> {
  const place = find(walker, path, true);
  return typeof place === 'number' ? place : yield* loadPlace(place, max);
}

/** As loadFile, for a file that is found already (AT_EMPTY_PATH). */
export function* loadPlace(place: Place, max: number): Kgen<LoadedFile | number> {
  const { vnode } = place;
  const attributes = vnode.attributes();
  if (typeof attributes === 'number') return attributes;
  if (attributes.type === 'directory') return -EISDIR;
  if (attributes.type !== 'regular' || (attributes.mode & 0o111) === 0) return -EACCES;
  if (attributes.size > max) return -EFBIG;
  const ops = yield* settle(vnode.open({ path: '', readable: true, writable: false, truncate: false }));
  if (typeof ops === 'number') return ops;
  const bytes = new Uint8Array(attributes.size);
  const uio = new Uio(0, bytes.length, 0, bytes);
  const error = yield* settle(ops.read(uio, 0));
  yield* settle(ops.close());
  return error === 0 ? { place, bytes: bytes.subarray(0, uio.base) } : -error;
}
