/** illumos error numbers (`<sys/errno.h>`); Linux numbers exist only at the system call edge of `src/process`. */
import { once } from './once.js';

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const E2BIG = 7;
export const ENOEXEC = 8;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ETXTBSY = 26;
export const EFBIG = 27;
export const ENOSPC = 28;
export const ESPIPE = 29;
export const EROFS = 30;
export const EMLINK = 31;
export const EPIPE = 32;
export const ERANGE = 34;
export const EDEADLK = 45;
export const ENOTSUP = 48;
export const ETIME = 62;
export const ENAMETOOLONG = 78;
export const ELIBBAD = 84;
export const EOVERFLOW = 79;
export const EILSEQ = 88;
export const ENOSYS = 89;
export const ELOOP = 90;
export const ENOTEMPTY = 93;
export const ETIMEDOUT = 145;

const names = once((): ReadonlyMap<number, string> => new Map(Object.entries({
  EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM, EACCES, EFAULT, EBUSY, EEXIST, EXDEV, ENODEV,
  ENOTDIR, EISDIR, EINVAL, ENFILE, EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE, ERANGE, EDEADLK, ENOTSUP, ETIME,
  ENAMETOOLONG, EOVERFLOW, EILSEQ, ENOSYS, ELOOP, ENOTEMPTY, ELIBBAD, ETIMEDOUT,
}).map(([name, value]) => [value, name])));

/** The symbolic name of an illumos error number; the number itself in decimal where it has no name here. */
export const errnoName = (errno: number): string => names().get(errno) ?? String(errno);
