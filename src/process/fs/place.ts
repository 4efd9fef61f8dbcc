/** Places in the tree of names. */
import type { Place, Vnode } from './vnode.js';

/** The place of `vnode`, found as `name` in `parent`; the root of a tree has no parent. */
export const placeOf = (vnode: Vnode, parent: Place | undefined, name: string): Place => vnode.place ?? { vnode, parent, name };

/** The name of a place from the root, "/dev/null"; for what has no parent, its own name, "pipe:[1]". */
export function placePath(place: Place): string {
  if (place.parent === undefined) return place.name === '' ? '/' : place.name;
  const names: string[] = [];
  for (let at: Place | undefined = place; at?.parent !== undefined; at = at.parent) names.unshift(at.name);
  return `/${names.join('/')}`;
}
