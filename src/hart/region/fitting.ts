/** Which plans can be one region. */
import type { Bounds, Plan } from './plan.js';

/** What counts of a plan. */
type Size = Pick<Plan, 'instructions' | 'pages'>;

/** Those of `all`, the first ones first, that fit within the bounds of a region together, and with `plan` where there is one already. */
export function fitting<T extends { readonly plan: Size }>(all: readonly T[], bounds: Bounds, plan?: Size): T[] {
  let size = plan?.instructions ?? 0;
  let together = new Set(plan?.pages.values());
  return all.filter(({ plan: { instructions, pages } }) => {
    const more = new Set([...together, ...pages.values()]);
    if (size + instructions > bounds.instructions || more.size > bounds.pages) return false;
    size += instructions;
    together = more;
    return true;
  });
}
