/** Open modes and ioctl modes (`<sys/file.h>`, `<sys/open.h>`). */

/** open(9E) flag: for reading. */
export const FREAD = 1;
/** open(9E) flag: for writing. */
export const FWRITE = 2;
/** ioctl(9E) mode: the argument is a kernel object, not a user address. */
export const FKIOCTL = 0x80000000;
/** open(9E) otyp: a character device. */
export const OTYP_CHR = 2;
