/** uio(9S): the buffers of a read(2) or write(2), and copying between user memory and a driver. */
import { EFAULT } from '../base/index.js';
import type { Kgen } from '../kernel/index.js';
import { ddi_copyin, ddi_copyout } from './copy.js';

/** Direction of uiomove(9F): from the driver to the caller. */
export const UIO_READ = 0;
/** Direction of uiomove(9F): from the caller to the driver. */
export const UIO_WRITE = 1;

/** One read or write request; uiomove advances it. */
export class Uio {
  /** User address of what is left. */
  base: number;
  /** Bytes left. */
  resid: number;
  /** Position in the file. */
  loffset: number;
  /** Where the bytes are when the kernel itself asks (UIO_SYSSPACE): `base` counts from its beginning. */
  readonly kernel: Uint8Array | undefined;

  constructor(base: number, length: number, offset: number, kernel?: Uint8Array) {
    this.kernel = kernel;
    this.base = base;
    this.resid = length;
    this.loffset = offset;
  }
}

/**
 * Moves up to `bytes.length` bytes between `bytes` and the caller and advances `uio` (uiomove(9F)).
 * Returns 0, or EFAULT when the caller's memory cannot be reached.
 */
export function* uiomove(bytes: Uint8Array, rwflag: number, uio: Uio): Kgen<number> {
  const count = Math.min(bytes.length, uio.resid);
  const part = bytes.subarray(0, count);
  if (uio.kernel !== undefined) moveInside(part, rwflag, uio.kernel.subarray(uio.base, uio.base + count));
  const result = uio.kernel !== undefined ? 0 : rwflag === UIO_READ ? yield* ddi_copyout(part, uio.base, count, 0) : yield* ddi_copyin(uio.base, part, count, 0);
  if (result !== 0) return EFAULT;
  uio.base += count;
  uio.resid -= count;
  uio.loffset += count;
  return 0;
}

const moveInside = (part: Uint8Array, rwflag: number, kernel: Uint8Array): void => (rwflag === UIO_READ ? kernel.set(part) : part.set(kernel));
