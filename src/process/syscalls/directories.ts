/** Directories: getdents64(2), getcwd(2), chdir(2), fchdir(2). */
import { EBADF, EFAULT, EINVAL, ENOENT, ENOTDIR, ERANGE } from '../../base/index.js';
import type { Kgen } from '../../kernel/index.js';
import type { DirectoryEntry } from '../file-ops.js';
import type { OpenFile } from '../open-file.js';
import type { Call, SyscallFamily } from './call.js';
import { findHere } from './paths.js';
import { direntType } from './stat-bytes.js';

/** Bytes of struct linux_dirent64 before the name. */
const DIRENT_HEADER = 19;
/** Most bytes one call fills, so that an absurd size costs no host memory. */
const MAX_FILL = 65536;

/** Everything in the directory behind `file`, "." and ".." first, as it was when the reading began. */
function entriesOf(file: OpenFile): readonly DirectoryEntry[] | number {
  if (file.entries !== undefined) return file.entries;
  const list = file.ops.list?.() ?? -ENOTDIR;
  if (typeof list === 'number') return list;
  const own = file.place.vnode.attributes();
  const above = (file.place.parent ?? file.place).vnode.attributes();
  if (typeof own === 'number' || typeof above === 'number') return -ENOENT;
  const dots: DirectoryEntry[] = [{ name: '.', ino: own.ino, type: 'directory' }, { name: '..', ino: above.ino, type: 'directory' }];
  file.entries = [...dots, ...list];
  return file.entries;
}

/** The offset of a directory counts its entries. */
function* getdents64(call: Call): Kgen<number> {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined || !file.readable) return -EBADF;
  if (file.offset === 0) file.entries = undefined;
  const entries = entriesOf(file);
  if (typeof entries === 'number') return entries;
  const bytes = new Uint8Array(Math.min(call.uint(2), MAX_FILL));
  const view = new DataView(bytes.buffer);
  let [at, next] = [0, file.offset];
  for (let entry = entries[next]; entry !== undefined; entry = entries[next]) {
    const name = new TextEncoder().encode(entry.name);
    const length = Math.ceil((DIRENT_HEADER + name.length + 1) / 8) * 8;
    if (at + length > bytes.length) break;
    next++;
    view.setBigUint64(at, BigInt(entry.ino), true);
    view.setBigInt64(at + 8, BigInt(next), true);
    view.setUint16(at + 16, length, true);
    view.setUint8(at + 18, direntType(entry.type));
    bytes.set(name, at + DIRENT_HEADER);
    at += length;
  }
  if (at === 0) return next < entries.length ? -EINVAL : 0;
  if ((yield* call.copyout(new DataView(bytes.buffer, 0, at), call.number(1))) !== 0) return -EFAULT;
  file.offset = next;
  return at;
}

function* getcwd(call: Call): Kgen<number> {
  const { cwd, cwdPath } = call.proc.fs;
  if (typeof cwd.vnode.attributes() === 'number') return -ENOENT;
  const bytes = new TextEncoder().encode(`${cwdPath}\0`);
  if (bytes.length > call.size(1)) return -ERANGE;
  return (yield* call.copyout(new DataView(bytes.buffer), call.number(0))) === 0 ? bytes.length : -EFAULT;
}

function* chdir(call: Call): Kgen<number> {
  const place = yield* findHere(call, 0);
  if (typeof place === 'number') return place;
  if (place.vnode.directory === undefined) return -ENOTDIR;
  call.proc.fs.cwd = place;
  return 0;
}

function fchdir(call: Call): number {
  const file = call.proc.files.get(call.int(0));
  if (file === undefined) return -EBADF;
  if (file.place.vnode.directory === undefined) return -ENOTDIR;
  call.proc.fs.cwd = file.place;
  return 0;
}

/** Calls on the current directory and on what directories hold, by their Linux RV64 numbers. */
export const directoryCalls: SyscallFamily = {
  17: { name: 'getcwd', args: 2, handler: getcwd },
  49: { name: 'chdir', args: 1, handler: chdir },
  50: { name: 'fchdir', args: 1, handler: fchdir },
  61: { name: 'getdents64', args: 3, handler: getdents64 },
};
