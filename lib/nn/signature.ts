/**
 * Python's way of calling: positional arguments in order, closed by an object of keyword arguments.
 *
 * The one place that reads the arguments of modules and of `nn.functional`.
 */
import { ArgumentError } from '../errors.js';
import { isOptions } from '../ops/unwrap.js';
import { HandleOwner } from '../tensor/handle-owner.js';

const requiredMark = Symbol('required');

/** Parameters without a default that are Tensors wherever they occur. */
const tensorNames = new Set([
  ...['input', 'input1', 'input2', 'target', 'tensor', 'weight', 'x1', 'x2'],
  ...['anchor', 'positive', 'negative', 'logProbs', 'log_probs'],
]);

/** Marks a parameter without a default. */
export function required<T>(): T {
  return requiredMark as unknown as T;
}

/** The optional forms of a type's members. */
type Keywords<P> = { [K in keyof P]?: P[K] | undefined };

/** Every way to cut the optional arguments short. */
type Optional<R extends unknown[], O extends unknown[], P> =
  | [...R, ...O, options?: Keywords<P>]
  | (O extends [...infer Init, unknown] ? Optional<R, Init, P> : never);

/** Required arguments may go into the options too: `new nn.Conv2d(3, 64, { kernelSize: 7 })`. */
type Cut<R extends unknown[], P> = R extends [...infer Init, unknown]
  ? [...Init, options: Keywords<P>] | Cut<Init, P>
  : never;

/**
 * Arguments of a call: `R` are the required ones in order, `O` the optional ones, `P` all of them by
 * name. At any place an options object may follow, and is the last.
 */
export type Arguments<R extends unknown[], O extends unknown[], P> = Optional<R, O, P> | Cut<R, P>;

/** Reads the arguments of one callable. */
export class Signature<P extends object> {
  readonly #name: string;
  readonly #defaults: P;
  readonly #keys: readonly string[];
  readonly #positional: number;
  /** The required parameters that must be Tensors. */
  readonly #tensors: readonly string[];

  /**
   * @param name The callable, for messages.
   * @param defaults Every parameter in Python's order with its default, or `required()`.
   * @param positional How many may be given by position; the rest is keyword-only. Default: all.
   */
  constructor(name: string, defaults: P, positional?: number) {
    this.#name = name;
    this.#defaults = defaults;
    this.#keys = Object.keys(defaults);
    this.#positional = positional ?? this.#keys.length;
    this.#tensors = this.#keys.filter(
      (key) => tensorNames.has(key) && (defaults as Record<string, unknown>)[key] === requiredMark,
    );
  }

  /**
   * The parameters by name.
   *
   * @throws ArgumentError for too many, missing, unknown or doubled arguments.
   */
  read(args: readonly unknown[]): P {
    const given = args.length;
    const last = given > 0 ? args[given - 1] : undefined;
    const options = isOptions(last) ? last : undefined;
    const count = options ? given - 1 : given;
    if (count > this.#positional) this.#tooMany(count);
    const parsed: Record<string, unknown> = { ...(this.#defaults as Record<string, unknown>) };
    for (let i = 0; i < count; i++) if (args[i] !== undefined) parsed[this.#keys[i]!] = args[i];
    if (options) this.#readOptions(options, args, count, parsed);
    const missing = this.#keys.filter((key) => parsed[key] === requiredMark);
    if (missing.length > 0) this.#missing(missing);
    for (const key of this.#tensors)
      if (!(parsed[key] instanceof HandleOwner)) this.#noTensor(key, parsed[key]);
    return parsed as P;
  }

  #readOptions(
    options: Record<string, unknown>,
    args: readonly unknown[],
    count: number,
    parsed: Record<string, unknown>,
  ): void {
    for (const key of Object.keys(options)) {
      const at = this.#keys.indexOf(key);
      if (at < 0)
        throw new ArgumentError(
          `${this.#name}() got an unexpected keyword argument '${key}'; known: ${this.#keys.join(', ')}`,
        );
      if (at < count && args[at] !== undefined)
        throw new ArgumentError(`${this.#name}() got multiple values for argument '${key}'`);
      if (options[key] !== undefined) parsed[key] = options[key];
    }
  }

  #tooMany(count: number): never {
    throw new ArgumentError(
      `${this.#name}() takes at most ${this.#positional} positional arguments (${this.#keys
        .slice(0, this.#positional)
        .join(', ')}), got ${count}`,
    );
  }

  #noTensor(key: string, value: unknown): never {
    const given = value === null ? 'null' : Array.isArray(value) ? 'an array' : typeof value;
    throw new ArgumentError(`${this.#name}(): argument '${key}' must be Tensor, got ${given}`);
  }

  #missing(names: readonly string[]): never {
    const listed = names.map((name) => `'${name}'`).join(', ');
    throw new ArgumentError(
      `${this.#name}() missing ${names.length} required argument${names.length > 1 ? 's' : ''}: ${listed}`,
    );
  }
}
