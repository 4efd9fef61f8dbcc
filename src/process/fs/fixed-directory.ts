/** A directory the kernel makes up. */
import { EISDIR, ENOENT, EROFS } from '../../base/index.js';
import type { DirectoryEntry, FileOps } from '../file-ops.js';
import { madeUp } from './attributes.js';
import type { Attributes } from './attributes.js';
import { directoryFile } from './directory-file.js';
import { byName } from './order.js';
import type { DirectoryOps, OpenHow, Vnode } from './vnode.js';

/** What is in a directory now: names and files. It may differ from call to call. */
export interface Contents {
  /** The file of that name, undefined where there is none. */
  lookup(name: string): Vnode | undefined;
  /** All names, in any order. */
  names(): Iterable<string>;
}

/** The contents of a directory that never changes. */
export const fixedContents = (files: ReadonlyMap<string, Vnode>): Contents => ({ lookup: (name) => files.get(name), names: () => files.keys() });

/** A directory nobody can change. */
export class FixedDirectory implements Vnode, DirectoryOps {
  readonly type = 'directory';
  readonly refusal: number;
  readonly #contents: Contents;
  readonly #at: { readonly dev: number; readonly ino: number };

  /** @param refusal what an attempt to change it answers */
  constructor(at: { readonly dev: number; readonly ino: number }, contents: Contents, refusal: number = EROFS) {
    this.#at = at;
    this.#contents = contents;
    this.refusal = refusal;
  }

  get directory(): this {
    return this;
  }

  attributes(): Attributes {
    return madeUp({ type: 'directory', mode: 0o555, ...this.#at });
  }

  open(how: OpenHow): FileOps | number {
    return how.writable ? -EISDIR : directoryFile(this);
  }

  lookup(name: string): Vnode | number {
    return this.#contents.lookup(name) ?? -ENOENT;
  }

  list(): readonly DirectoryEntry[] {
    const entries: DirectoryEntry[] = [];
    for (const name of this.#contents.names()) {
      const attributes = this.#contents.lookup(name)?.attributes();
      if (attributes !== undefined && typeof attributes !== 'number') entries.push({ name, ino: attributes.ino, type: attributes.type });
    }
    return entries.sort(byName);
  }
}
