/** Comparing what took long to compute, many times: Vitest's own equality and a case's description cost more than running the case. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';

/** Expects two outcomes to be equal; `explain` says which case it was, where they are not. */
export function expectSame(actual: unknown, expected: unknown, explain: () => string): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual, explain()).toEqual(expected);
}

/** A function of an object that is computed once an object. Nobody may change the result. */
export function once<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, V>();
  return (key) => {
    const value = known.get(key) ?? compute(key);
    known.set(key, value);
    return value;
  };
}
