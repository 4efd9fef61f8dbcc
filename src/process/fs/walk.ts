/** From a path to a file, component by component (lookuppn; path_resolution(7)). Nothing leads above the root. */
import { ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../../base/index.js';
import { placeOf } from './place.js';
import type { Caller, Place } from './vnode.js';

/** Most symbolic links one path may lead through (Linux MAXSYMLINKS). */
const MAXSYMLINKS = 40;
/** Most bytes of one component. */
export const NAME_MAX = 255;

const encoder = new TextEncoder();

/** Where a path leads. */
export interface Found {
  /** The directory the last component is in, or would be. */
  readonly parent: Place;
  /** The last component; "." where the path ends in "." or "..", or is the root. */
  readonly name: string;
  /** What is there; undefined where there is nothing. */
  readonly place: Place | undefined;
  /** Whether the path ends in a slash: what it names is to be a directory. */
  readonly slash: boolean;
}

/** From where a path is walked, and by whom. */
export interface Walker {
  /** What "/" is, and what ".." does not leave. */
  readonly root: Place;
  /** Where relative paths begin. */
  readonly start: Place;
  readonly caller: Caller;
}

/** Whether a name is too long for a directory. */
export const tooLong = (name: string): boolean => name.length > NAME_MAX || (name.length * 3 > NAME_MAX && encoder.encode(name).length > NAME_MAX);

/** The components of a path, last one first; a trailing slash says ".", which only a directory has. */
const components = (path: string): string[] => path.split('/').filter((part) => part !== '').reverse();

/**
 * Walks `path`.
 * @param follow whether a symbolic link at the end is followed; one before a slash is in any case, unless with 'never', for those who change
 *     the name itself
 * @returns what was found, also where only the last component is missing; or -ENOENT ("" or something missing on the way), -ENOTDIR,
 *     -ELOOP (more than 40 links), -ENAMETOOLONG (a component above 255 bytes), or what a directory said
 */
export function walk(walker: Walker, path: string, follow: boolean | 'never'): Found | number {
  if (path === '') return -ENOENT;
  let slash = path.endsWith('/');
  let at = path.startsWith('/') ? walker.root : walker.start;
  const rest = components(path);
  let name = '.';
  for (let links = 0; ;) {
    const part = rest.pop();
    if (part === undefined) return { parent: at.parent ?? at, name, place: at, slash };
    const { directory } = at.vnode;
    if (directory === undefined) return -ENOTDIR;
    name = '.';
    if (part === '.') continue;
    if (part === '..') {
      at = at === walker.root ? at : (at.parent ?? at);
      continue;
    }
    if (tooLong(part)) return -ENAMETOOLONG;
    name = part;
    const last = rest.length === 0;
    const vnode = directory.lookup(part);
    if (typeof vnode === 'number') return last && vnode === -ENOENT ? { parent: at, name, place: undefined, slash } : vnode;
    if (vnode.readlink === undefined || (last && (follow === 'never' || (!follow && !slash)))) {
      at = placeOf(vnode, at, part);
      continue;
    }
    if (++links > MAXSYMLINKS) return -ELOOP;
    const jumped = vnode.jump?.();
    const target = jumped === undefined ? vnode.readlink(walker.caller) : '.';
    if (typeof jumped === 'number' || typeof target === 'number') return typeof jumped === 'number' ? jumped : (target as number);
    if (target === '') return -ENOENT;
    if (jumped !== undefined) at = jumped;
    else if (target.startsWith('/')) at = walker.root;
    if (jumped === undefined) rest.push(...components(target));
    if (last && target.endsWith('/')) slash = true;
  }
}

/** Walks to what must be there: its place, or a negated errno as walk has it, -ENOTDIR for a file before a slash. */
export function find(walker: Walker, path: string, follow: boolean): Place | number {
  const found = walk(walker, path, follow);
  if (typeof found === 'number') return found;
  if (found.place === undefined) return -ENOENT;
  return found.slash && found.place.vnode.directory === undefined ? -ENOTDIR : found.place;
}
