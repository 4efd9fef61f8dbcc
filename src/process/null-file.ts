/** /dev/null, and what other files that can do little begin with. */
import { ENODEV, ENOTTY } from '../base/index.js';
import type { FileOps } from './file-ops.js';

/** Reads end at once, writes vanish. */
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
