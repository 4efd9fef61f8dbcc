/** A place a C out-parameter points to: `size_t *maplen` is a `Ref<number>`. */
export interface Ref<T> {
  value: T;
}

/** A fresh place holding `value`. */
export const ref = <T>(value: T): Ref<T> => ({ value });
