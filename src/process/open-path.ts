/** Opening a file by its name. There are devices, the standard streams, /proc and nothing else. */
import { EACCES, EEXIST, EINVAL, ENOENT, ENOTDIR } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { nullFile, zeroFile } from './console-file.js';
import { openDevice } from './device-file.js';
import { O_ACCMODE, O_CREAT, O_DIRECTORY, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } from './linux-flags.js';
import { OpenFile } from './open-file.js';
import type { FileOps } from './open-file.js';
import type { Proc } from './proc.js';
import { procFile } from './proc-file.js';
import type { System } from './system.js';

/** "/dev//fb0/../fb0" -> "/dev/fb0"; a relative name counts from the root, which is where every process is. */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function builtin(system: System, proc: Proc, path: string): FileOps | undefined {
  switch (path) {
    case '/dev/null': return nullFile;
    case '/dev/zero': return zeroFile;
    case '/dev/stdin': return system.stdin;
    case '/dev/stdout': return system.stdout;
    case '/dev/stderr': return system.stderr;
    default: return procFile(system, proc, path);
  }
}

/**
 * Opens `name` with O_ flags.
 * @returns the lowest free descriptor; -ENOENT (no such file, or ""), -ENOTDIR (O_DIRECTORY, or a device with something behind it),
 *     -EEXIST (O_CREAT|O_EXCL), -EINVAL (no access mode), -EACCES (O_CREAT of what does not exist), -EMFILE, or the negated errno of the
 *     driver's open(9E).
 */
export function* openPath(system: System, proc: Proc, name: string, flags: number): Kgen<number> {
  if (name === '') return -ENOENT;
  const mode = flags & O_ACCMODE;
  if (mode !== O_RDONLY && mode !== O_WRONLY && mode !== O_RDWR) return -EINVAL;
  const path = normalize(name);
  const ops = builtin(system, proc, path);
  const dev = path.startsWith('/dev/') ? system.devices.get(path.slice('/dev/'.length)) : undefined;
  if (ops === undefined && dev === undefined) return missing(system, path, flags);
  if (name.endsWith('/') || (flags & O_DIRECTORY) !== 0) return -ENOTDIR;
  if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) return -EEXIST;
  const fd = proc.files.lowest();
  if (fd < 0) return fd;
  const access = { path, readable: mode !== O_WRONLY, writable: mode !== O_RDONLY };
  if (ops !== undefined) return proc.files.add(new OpenFile({ ...access, ops }));
  const file = dev === undefined ? -ENOENT : yield* openDevice(dev, access);
  return typeof file === 'number' ? file : proc.files.add(file);
}

function missing(system: System, path: string, flags: number): number {
  const inside = [...system.devices.keys()].some((name) => path.startsWith(`/dev/${name}/`));
  if (inside) return -ENOTDIR;
  return (flags & O_CREAT) !== 0 ? -EACCES : -ENOENT;
}
