/** What files are: newfstatat(2), fstat(2), statx(2), statfs(2), fstatfs(2), faccessat(2), faccessat2(2), readlinkat(2). */
import { EACCES, EBADF, EFAULT, EINVAL, EROFS } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { Attributes } from '../fs/attributes.js';
import { MOUNTS } from '../fs/attributes.js';
import { AT_EACCESS, AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_STATX_SYNC_TYPE, AT_SYMLINK_NOFOLLOW } from '../linux-flags.js';
import type { Call, SyscallFamily } from './call.js';
import { findAt, findHere } from './paths.js';
import { STATX_ALL, statBytes, statfsBytes, statxBytes } from './stat-bytes.js';

const [R_OK, W_OK, X_OK] = [4, 2, 1];
/** Bits of a statx(2) mask nobody may set. */
const STATX_RESERVED = 0x8000_0000;

/** The attributes of what arguments `n` and `n + 1` name, by AT_ flags; or a negated errno. */
function* attributesAt(call: Call, n: number, flags: number): Kgen<Attributes | number> {
  const place = yield* findAt(call, n, (flags & AT_SYMLINK_NOFOLLOW) === 0, (flags & AT_EMPTY_PATH) !== 0);
  if (typeof place === 'number') return place;
  const file = call.proc.files.get(call.int(n));
  // The file itself, which may have no name any more.
  return file?.place === place ? file.attributes() : place.vnode.attributes();
}

function* newfstatat(call: Call): Kgen<number> {
  const flags = call.uint(3);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT)) !== 0) return -EINVAL;
  const attributes = yield* attributesAt(call, 0, flags);
  return typeof attributes === 'number' ? attributes : yield* call.copyout(statBytes(attributes), call.number(2));
}

function* fstat(call: Call): Kgen<number> {
  const attributes = call.proc.files.get(call.int(0))?.attributes() ?? -EBADF;
  return typeof attributes === 'number' ? attributes : yield* call.copyout(statBytes(attributes), call.number(1));
}

function* statx(call: Call): Kgen<number> {
  const [flags, mask] = [call.uint(2), call.uint(3)];
  const known = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
  if ((flags & ~known) !== 0 || (flags & AT_STATX_SYNC_TYPE) === AT_STATX_SYNC_TYPE || (mask & STATX_RESERVED) !== 0) return -EINVAL;
  const attributes = yield* attributesAt(call, 0, flags);
  return typeof attributes === 'number' ? attributes : yield* call.copyout(statxBytes(attributes, STATX_ALL), call.number(4));
}

/** The file system `dev` is on. Room is told in the host's place: what the guest may still add. */
function* giveStatfs(call: Call, attributes: Attributes | number, to: number): Kgen<number> {
  if (typeof attributes === 'number') return attributes;
  const tree = attributes.dev === MOUNTS.root ? call.system.files.hostTree : undefined;
  const readOnly = tree?.host.writable !== true;
  return yield* call.copyout(statfsBytes(attributes.dev, { total: tree?.space ?? 0, free: readOnly ? 0 : tree.free }, readOnly), to);
}

function* statfs(call: Call): Kgen<number> {
  const place = yield* findHere(call, 0);
  return yield* giveStatfs(call, typeof place === 'number' ? place : place.vnode.attributes(), call.number(1));
}

function* fstatfs(call: Call): Kgen<number> {
  return yield* giveStatfs(call, call.proc.files.get(call.int(0))?.attributes() ?? -EBADF, call.number(1));
}

/** The one user is root, who may read and write everything, and execute what anybody may. */
function* access(call: Call, flags: number): Kgen<number> {
  const mode = call.uint(2);
  if ((mode & ~(R_OK | W_OK | X_OK)) !== 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL;
  const attributes = yield* attributesAt(call, 0, flags);
  if (typeof attributes === 'number') return attributes;
  const readOnly = attributes.dev === MOUNTS.root && call.system.files.hostTree?.host.writable !== true;
  if ((mode & W_OK) !== 0 && readOnly && (attributes.type === 'regular' || attributes.type === 'directory' || attributes.type === 'link')) return -EROFS;
  return (mode & X_OK) !== 0 && attributes.type !== 'directory' && (attributes.mode & 0o111) === 0 ? -EACCES : 0;
}

function* readlinkat(call: Call): Kgen<number> {
  const size = call.int(3);
  if (size <= 0) return -EINVAL;
  const place = yield* findAt(call, 0, false, true);
  if (typeof place === 'number') return place;
  const target = place.vnode.readlink?.({ pid: call.proc.pid }) ?? -EINVAL;
  if (typeof target === 'number') return target;
  const bytes = new TextEncoder().encode(target).subarray(0, size);
  return (yield* call.copyout(new DataView(bytes.buffer, 0, bytes.length), call.number(2))) === 0 ? bytes.length : -EFAULT;
}

/** Calls that say what files are, by their Linux RV64 numbers. */
export const statCalls: SyscallFamily = {
  43: { name: 'statfs', args: 2, handler: statfs },
  44: { name: 'fstatfs', args: 2, handler: fstatfs },
  48: { name: 'faccessat', args: 3, handler: (call) => access(call, 0) },
  78: { name: 'readlinkat', args: 4, handler: readlinkat },
  79: { name: 'newfstatat', args: 4, handler: newfstatat },
  80: { name: 'fstat', args: 2, handler: fstat },
  291: { name: 'statx', args: 5, handler: statx },
  439: { name: 'faccessat2', args: 4, handler: (call) => access(call, call.uint(3)) },
};
