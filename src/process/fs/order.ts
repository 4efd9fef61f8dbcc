/** The order directories are listed in. */

/** By name, code unit by code unit: the same on every host. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
