/** Objects that are called like functions, as Python's transforms are. */

/** Base of transforms: `t(x)` runs `forward(x)`. */
export abstract class Callable {
  constructor() {
    const self = ((input: unknown): unknown =>
      (self as unknown as { forward(x: unknown): unknown }).forward(input)) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype);
    // A function's own `name` and `length` would hide those of the class.
    const own = self as { name?: string; length?: number };
    delete own.name;
    delete own.length;
    // biome-ignore lint/correctness/noConstructorReturn: the transform is the function
    return self;
  }

  /** As Python prints it. */
  toString(): string {
    return `${this.constructor.name}()`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}
