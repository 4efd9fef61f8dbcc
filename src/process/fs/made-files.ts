/** Files and links the kernel makes up: character files, texts, symbolic links. */
import { EACCES, EINVAL, EIO } from '../../base/index.js';
import { UIO_READ, uiomove } from '../../ddi/index.js';
import type { Uio } from '../../ddi/index.js';
import type { Kgen, MaybeKgen } from '../../kernel/index.js';
import { nullFile } from '../null-file.js';
import type { FileOps } from '../file-ops.js';
import { madeUp } from './attributes.js';
import type { Attributes } from './attributes.js';
import type { Caller, OpenHow, Place, Vnode } from './vnode.js';

/** What a made-up file is called by stat(2). */
export interface Identity {
  readonly dev: number;
  readonly ino: number;
}

/** A character file: what opens it is up to its maker. */
export const characterFile = (
  at: Identity, rdev: readonly [major: number, minor: number], open: (how: OpenHow) => MaybeKgen<FileOps | number>, mode = 0o666,
): Vnode => ({
  type: 'character',
  attributes: () => madeUp({ type: 'character', mode, dev: at.dev, ino: at.ino, rdev: rdev[0] * 256 + rdev[1] }),
  open,
  change: () => 0,
});

/** A file whose bytes are computed at each read; undefined: there is nothing to read any more. */
export const textFile = (at: Identity, text: () => string | Uint8Array | undefined): Vnode => ({
  type: 'regular',
  attributes: () => madeUp({ type: 'regular', mode: 0o444, ...at }),
  open: (how) => (how.truncate ? -EACCES : textOps(text)),
});

const encoder = new TextEncoder();

const textOps = (text: () => string | Uint8Array | undefined): FileOps => ({
  ...nullFile,
  seekable: true,
  *read(uio: Uio): Kgen<number> {
    const now = text() ?? '';
    const bytes = typeof now === 'string' ? encoder.encode(now) : now;
    return yield* uiomove(bytes.subarray(uio.loffset), UIO_READ, uio);
  },
  write: () => EIO,
});

/** A regular file with operations of its own. */
export const madeFile = (at: Identity, mode: number, open: (how: OpenHow) => FileOps | number): Vnode => ({
  type: 'regular',
  attributes: () => madeUp({ type: 'regular', mode, ...at }),
  open,
});

/** A symbolic link. `jump` says where it leads where that has no name. */
export function madeLink(at: Identity, target: (caller: Caller) => string | number, jump?: () => Place | number): Vnode {
  const attributes = (): Attributes => madeUp({ type: 'link', mode: 0o777, ...at });
  return { type: 'link', attributes, readlink: target, open: () => -EINVAL, ...(jump === undefined ? {} : { jump }) };
}
