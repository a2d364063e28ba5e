/** Results with several values: by name, by index, and destructured as an array. */

class NamedTuple implements Iterable<unknown> {
  readonly length: number;
  [index: number]: unknown;

  constructor(names: readonly string[], values: readonly unknown[]) {
    this.length = values.length;
    for (let i = 0; i < values.length; i++) {
      this[i] = values[i];
      const name = names[i];
      if (name) (this as unknown as Record<string, unknown>)[name] = values[i];
    }
    Object.defineProperty(this, 'length', { enumerable: false });
  }

  *[Symbol.iterator](): Iterator<unknown> {
    for (let i = 0; i < this.length; i++) yield this[i];
  }
}

/** A named tuple; where the operator names none of its results, a plain array. */
export function namedTuple(
  names: readonly string[],
  values: readonly unknown[],
): NamedTuple | readonly unknown[] {
  return names.some((name) => name !== '') ? new NamedTuple(names, values) : values;
}
