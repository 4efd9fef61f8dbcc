/**
 * A directory of the host as the kernel sees it: the interface its maker implements. Paths are lists of names below that directory, the
 * empty list is the directory itself. No name is "", "." or ".." or has a slash or a zero byte; no symbolic link is ever followed, neither
 * at the end nor on the way: who implements this must hold to that even while somebody else changes the directory.
 * Negative results are negated illumos errnos; nothing throws.
 */

/** Names from the directory down. */
export type HostPath = readonly string[];

/** What the host tells of a file. */
export interface HostStat {
  /** 'other' is a device, a FIFO or a socket, which a guest may see but not open. */
  readonly type: 'regular' | 'directory' | 'link' | 'other';
  /** The same text for the same file, however it is called. */
  readonly identity: string;
  /** Permission bits, 0..07777. */
  readonly mode: number;
  readonly nlink: number;
  /** Bytes. */
  readonly size: number;
  /** ns since 1970. */
  readonly mtime: bigint;
  /** ns since 1970. */
  readonly ctime: bigint;
}

/** An open regular file of the host. Changes answer 0 or a negated errno. */
export interface HostFile {
  /** What the host tells of the open file now. */
  stat(): HostStat | number;
  /** Reads bytes from `offset` on; the number read, 0 at the end. */
  read(offset: number, bytes: Uint8Array): number;
  /** Writes bytes from `offset` on; the number written. */
  write(offset: number, bytes: Uint8Array): number;
  /** Sets the size in bytes; what is added reads as zero. */
  truncate(size: number): number;
  /** Permission bits. */
  chmod(mode: number): number;
  /** Time of the last change, ns since 1970. */
  utimes(mtime: bigint): number;
  /** Puts what was written where it lasts (fsync(2)). */
  sync(): number;
  /** Gives up the file; nothing is called on it afterwards. */
  close(): void;
}

/** How a regular file is opened: as it is, or made, which is -EEXIST where there is something. */
export interface HostOpen {
  /** Whether it is opened for writing too; reading is always possible. */
  readonly write: boolean;
  /** Permission bits of the file to make; absent: it must be there. */
  readonly create?: number;
}

/** A directory of the host. Changes answer 0 or a negated errno. */
export interface HostFiles {
  /** Whether anything may be changed. Where it may not, the kernel calls none of the operations behind `open`. */
  readonly writable: boolean;
  /** What the host tells of a file, of a symbolic link itself; -ENOENT where there is none. */
  lstat(path: HostPath): HostStat | number;
  /** The names in a directory in any order, without "." and "..". */
  list(path: HostPath): readonly string[] | number;
  /** What a symbolic link says; -EINVAL where it is none. */
  readlink(path: HostPath): string | number;
  /** Opens a regular file; anything else is -ENXIO, -EISDIR or -ELOOP. */
  open(path: HostPath, how: HostOpen): HostFile | number;
  /** Makes a directory with these permission bits; -EEXIST where there is something. */
  mkdir(path: HostPath, mode: number): number;
  /** Removes an empty directory. */
  rmdir(path: HostPath): number;
  /** Removes the name of what is not a directory. */
  unlink(path: HostPath): number;
  /** Moves a file or directory, over what is there as rename(2) does. */
  rename(from: HostPath, to: HostPath): number;
  /** Gives a file a second name; -EEXIST where there is something. */
  link(from: HostPath, to: HostPath): number;
  /** Makes a symbolic link that says `target`, whatever that is; -EEXIST where there is something. */
  symlink(target: string, path: HostPath): number;
  /** Permission bits of a directory or file, not of what a link leads to. */
  chmod(path: HostPath, mode: number): number;
  /** Time of the last change, ns since 1970, also of a link itself. */
  utimes(path: HostPath, mtime: bigint): number;
}
