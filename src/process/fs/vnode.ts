/** Files as the tree of names knows them. All operations answer values; a negative number is a negated illumos errno. */
import type { MaybeKgen } from '../../kernel/index.js';
import type { AttributeChange, DirectoryEntry, FileOps } from '../file-ops.js';
import type { Attributes } from './attributes.js';

/** Who asks: what /proc/self means depends on it. */
export interface Caller {
  readonly pid: number;
}

/** How a file is opened. */
export interface OpenHow {
  /** The name it is opened by, from the root. */
  readonly path: string;
  readonly readable: boolean;
  readonly writable: boolean;
  /** Its size becomes 0 (O_TRUNC). */
  readonly truncate: boolean;
}

/** Where a file is in the tree. */
export interface Place {
  readonly vnode: Vnode;
  /** The directory it was found in; undefined for the root and for what has no name. */
  readonly parent: Place | undefined;
  readonly name: string;
}

/** A file that was made and opened at once. */
export interface Created {
  readonly vnode: Vnode;
  readonly ops: FileOps;
}

/** What a directory can do besides being a file. An absent operation answers `refusal`. */
export interface DirectoryOps {
  /** The file of that name, which is not "", "." or ".."; or -ENOENT. */
  lookup(name: string): Vnode | number;
  /** All entries but "." and "..", sorted by name. */
  list(): readonly DirectoryEntry[] | number;
  /** What an attempt to change the directory answers where it has no operation for that, an errno; default EROFS. */
  readonly refusal?: number;
  /** Makes a regular file that is not there yet, and opens it whatever its mode. */
  create?(name: string, mode: number): Created | number;
  /** Makes a directory with these permission bits; 0 or a negated errno, as all that follow. */
  mkdir?(name: string, mode: number): number;
  /** Makes a symbolic link that says `target`. */
  symlink?(name: string, target: string): number;
  /** Removes what is not a directory. */
  unlink?(name: string): number;
  /** Removes an empty directory. */
  rmdir?(name: string): number;
  /** Gives `name` to a file of the same tree. */
  link?(name: string, file: Vnode): number;
  /** Moves an entry to directory `to` of the same tree, over what is there. */
  rename?(name: string, to: Vnode, newName: string): number;
}

/** A file, open or not. */
export interface Vnode {
  readonly type: Attributes['type'];
  /** Attributes now, or a negated errno. */
  attributes(): Attributes | number;
  /** Where it is now, for a vnode that knows when it is moved. */
  readonly place?: Place;
  /** Only directories have it. */
  readonly directory?: DirectoryOps;
  /** What a symbolic link says. */
  readlink?(caller: Caller): string | number;
  /** A link that leads to a file rather than to a name (/proc/PID/fd/N). */
  jump?(): Place | number;
  /** Opens it: the operations of the open file, or a negated errno. */
  open(how: OpenHow): MaybeKgen<FileOps | number>;
  /** Changes attributes: 0 or a negated errno; absent: EROFS. */
  change?(change: AttributeChange): number;
}
