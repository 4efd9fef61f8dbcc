/** Opening a file by its name: open(2) without the descriptor. */
import { EBADF, EEXIST, EINVAL, EISDIR, ELOOP, ENOENT, ENOTDIR, ENOTSUP, EROFS } from '../../base/index.js';
import { settle } from '../../kernel/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { FileOps } from '../file-ops.js';
import {
  O_ACCMODE, O_APPEND, O_CREAT, O_DIRECT, O_DIRECTORY, O_EXCL, O_LARGEFILE, O_NOATIME, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_TMPFILE_BIT, O_TRUNC,
  O_WRONLY,
} from '../linux-flags.js';
import { OpenFile } from '../open-file.js';
import { placePath } from './place.js';
import type { OpenHow, Place } from './vnode.js';
import { walk } from './walk.js';
import type { Found, Walker } from './walk.js';

/** What F_GETFL shows of the flags a file was opened with, beside the access mode. */
const STATUS = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME | O_DIRECTORY | O_LARGEFILE | O_NOFOLLOW | O_PATH;
/** What O_PATH leaves of the flags. */
const PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW;

/** A file that was only looked up (O_PATH). */
const nothing: FileOps = { read: () => EBADF, write: () => EBADF, ioctl: () => EBADF, mmap: () => -EBADF, close: () => 0 };

/**
 * Opens `path` with O_ flags; a file it makes gets the permission bits `mode`.
 * @returns the open file; -EINVAL (no access mode, O_CREAT with O_DIRECTORY), -ENOENT, -EEXIST (O_CREAT|O_EXCL), -ENOTDIR, -EISDIR (writing or
 *     making a directory), -ELOOP (a link with O_NOFOLLOW), -EROFS, -ENOTSUP (O_TMPFILE), or what the walk, the file system or the driver's
 *     open(9E) said
 */
export function* openFile(walker: Walker, path: string, flags: number, mode: number): Kgen<OpenFile | number> {
  const wanted = (flags & O_PATH) !== 0 ? flags & PATH_FLAGS : flags;
  const access = wanted & O_ACCMODE;
  if (access !== O_RDONLY && access !== O_WRONLY && access !== O_RDWR) return -EINVAL;
  if ((wanted & O_TMPFILE_BIT) !== 0) return -ENOTSUP;
  const create = (wanted & O_CREAT) !== 0;
  if (create && (wanted & O_DIRECTORY) !== 0) return -EINVAL;
  const exclusive = create && (wanted & O_EXCL) !== 0;
  const found = walk(walker, path, (wanted & O_NOFOLLOW) === 0 && !exclusive);
  if (typeof found === 'number') return found;
  if (found.place === undefined) return create ? make(found, wanted, mode) : -ENOENT;
  const refused = exclusive ? -EEXIST : refusal(found.place, found.slash, wanted);
  return refused !== 0 ? refused : yield* open(found.place, wanted);
}

/** Why what is there may not be opened so: a negated errno, or 0. */
function refusal(place: Place, slash: boolean, flags: number): number {
  const { type } = place.vnode;
  if (type === 'link' && (flags & O_PATH) === 0) return (flags & O_DIRECTORY) !== 0 ? -ENOTDIR : -ELOOP;
  if (type !== 'directory') return slash || (flags & O_DIRECTORY) !== 0 ? -ENOTDIR : 0;
  return (flags & O_CREAT) !== 0 ? -EISDIR : 0;
}

const howOf = (path: string, flags: number): OpenHow => ({
  path, readable: (flags & O_ACCMODE) !== O_WRONLY, writable: (flags & O_ACCMODE) !== O_RDONLY, truncate: (flags & O_TRUNC) !== 0,
});

function* open(place: Place, flags: number): Kgen<OpenFile | number> {
  const how = howOf(placePath(place), flags);
  if ((flags & O_PATH) !== 0) return new OpenFile({ ...how, readable: false, writable: false, ops: nothing, place, flags: flags & STATUS });
  if (place.vnode.type === 'directory' && (how.writable || how.truncate)) return -EISDIR;
  const ops = yield* settle(place.vnode.open(how));
  return typeof ops === 'number' ? ops : new OpenFile({ ...how, ops, place, flags: flags & STATUS });
}

function make(found: Found, flags: number, mode: number): OpenFile | number {
  const { parent, name, slash } = found;
  const { directory } = parent.vnode;
  if (directory === undefined) return -ENOTDIR;
  if (slash) return -EISDIR;
  const made = directory.create?.(name, mode) ?? -(directory.refusal ?? EROFS);
  if (typeof made === 'number') return made;
  const place = { vnode: made.vnode, parent, name };
  return new OpenFile({ ...howOf(placePath(place), flags), ops: made.ops, place, flags: flags & STATUS });
}
