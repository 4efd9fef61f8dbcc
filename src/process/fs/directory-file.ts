/** An open directory: getdents64(2) and nothing else. */
import { EISDIR, ENODEV, ENOTTY } from '../../base/index.js';
import type { FileOps } from '../file-ops.js';
import type { DirectoryOps } from './vnode.js';

/** The operations of an open directory. */
export const directoryFile = (directory: DirectoryOps): FileOps => ({
  seekable: true,
  read: () => EISDIR,
  write: () => EISDIR,
  ioctl: () => ENOTTY,
  mmap: () => -ENODEV,
  close: () => 0,
  list: () => directory.list(),
});
