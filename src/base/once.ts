/** What is made when it is first asked for. A module's own tables are made while it loads, and every start of the command line waits for that. */

/** A function that calls `make` the first time and answers what came of it ever after. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
