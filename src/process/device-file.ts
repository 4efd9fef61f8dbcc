/** An open device: the descriptor side of specfs. */
import { FREAD, FWRITE, ref, spec_close, spec_ioctl, spec_open, spec_read, spec_write } from '../ddi/index.js';
import type { Dev } from '../ddi/index.js';
import type { Kgen } from '../kernel/index.js';
import { spec_map } from '../segdev/index.js';
import type { FileOps, MapRequest } from './file-ops.js';

/** Opens a device (open(9E)). Returns the operations of the open file, or a negated errno. */
export function* openDevice(asked: Dev, access: { readonly readable: boolean; readonly writable: boolean }): Kgen<FileOps | number> {
  const flag = (access.readable ? FREAD : 0) | (access.writable ? FWRITE : 0);
  const devp = ref(asked);
  const error = yield* spec_open(devp, flag);
  if (error !== 0) return -error;
  const dev = devp.value;
  return {
    seekable: true,
    read: (uio) => spec_read(dev, uio),
    write: (uio) => spec_write(dev, uio),
    ioctl: (cmd, arg, rvalp) => spec_ioctl(dev, cmd, arg, flag, rvalp),
    mmap: (request) => mapDevice(dev, request),
    *close(): Kgen<number> {
      yield* spec_close(dev, flag);
      return 0;
    },
  };
}

function* mapDevice(dev: Dev, r: MapRequest): Kgen<number> {
  const addrp = ref(r.addr);
  const error = yield* spec_map(dev, r.off, r.as, addrp, r.len, r.prot, r.maxprot, r.flags);
  return error === 0 ? addrp.value : -error;
}
