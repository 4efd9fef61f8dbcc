/** Where a process is in the tree of names (fs_struct): its root, its directory, its umask. */
import { placePath } from './place.js';
import type { Place } from './vnode.js';

/** Permission bits a process takes away from what it makes, until it asks for others. */
const DEFAULT_UMASK = 0o022;

/** The state chdir(2) and umask(2) change. */
export class FsContext {
  root: Place;
  cwd: Place;
  umask: number = DEFAULT_UMASK;

  constructor(root: Place) {
    this.root = root;
    this.cwd = root;
  }

  /** That of a child of fork(2). */
  fork(): FsContext {
    const child = new FsContext(this.root);
    child.cwd = this.cwd;
    child.umask = this.umask;
    return child;
  }

  /** The working directory's name, "/usr"; "(unreachable)" has no place where the directory was removed. */
  get cwdPath(): string {
    return placePath(this.cwd);
  }
}
