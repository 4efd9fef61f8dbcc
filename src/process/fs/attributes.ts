/** What stat(2) tells of a file. */

/** What a file is; the mode bits of S_IFMT stand for it at the edge. */
export type FileType = 'regular' | 'directory' | 'link' | 'character' | 'fifo' | 'socket' | 'block';

/** Attributes of a file. There is one user, root, so nobody is named as the owner. */
export interface Attributes {
  readonly type: FileType;
  /** Permission bits, 0..07777. */
  readonly mode: number;
  /** Which mount it is on; see MOUNTS. */
  readonly dev: number;
  readonly ino: number;
  readonly nlink: number;
  /** Bytes. */
  readonly size: number;
  /** Which device it is, (major << 8) | minor below 256 each; 0 unless it is one. */
  readonly rdev: number;
  /** Moment of the last change of its bytes, ns since 1970. It stands for the last access too, which nobody keeps. */
  readonly mtime: bigint;
  /** Moment of the last change of its attributes, ns since 1970. */
  readonly ctime: bigint;
}

/** st_dev of what there is: the same in every run. */
export const MOUNTS = { root: 1, dev: 2, proc: 3, pipe: 4 } as const;

/** The attributes of a file the kernel makes up. */
export const madeUp = (a: Pick<Attributes, 'type' | 'mode' | 'dev' | 'ino'> & Partial<Attributes>): Attributes =>
  ({ nlink: 1, size: 0, rdev: 0, mtime: 0n, ctime: 0n, ...a });

/** The terminal, by whatever name or descriptor: who asks for its name compares. */
export const TTY: Attributes = madeUp({ type: 'character', mode: 0o666, dev: MOUNTS.dev, ino: 7, rdev: 5 * 256 });
