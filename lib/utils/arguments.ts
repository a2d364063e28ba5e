/** Python's way of calling: positional arguments, then one options object by keyword. */
import { ArgumentError } from '../errors.js';
import { isOptions } from '../ops/unwrap.js';

/**
 * Binds the arguments of a call to parameter names.
 *
 * @param name How errors name the function.
 * @param positional Parameters that may come by position, in order; each may come by keyword too.
 * @param keywordOnly Parameters that come by keyword only.
 * @throws ArgumentError for an unknown or doubled keyword or too many positional arguments.
 */
export function bindArguments<T extends object>(
  name: string,
  args: readonly unknown[],
  positional: readonly (keyof T & string)[],
  keywordOnly: readonly (keyof T & string)[] = [],
): Partial<T> {
  const last = args.length - 1;
  const options = last >= 0 && isOptions(args[last]) ? args[last] : undefined;
  const given = options ? args.slice(0, last) : args;
  if (given.length > positional.length)
    throw new ArgumentError(
      `${name}() takes at most ${positional.length} positional arguments (${positional.join(', ')}), got ${given.length}`,
    );
  const bound: Record<string, unknown> = {};
  given.forEach((value, i) => {
    if (value !== undefined) bound[positional[i]!] = noSymbol(name, positional[i]!, value);
  });
  for (const [key, value] of Object.entries(options ?? {})) {
    if (!(positional as readonly string[]).includes(key) && !(keywordOnly as readonly string[]).includes(key))
      throw new ArgumentError(
        `${name}() got an unexpected keyword argument '${key}'; known: ${[...positional, ...keywordOnly].join(', ')}`,
      );
    if (value === undefined) continue;
    if (key in bound) throw new ArgumentError(`${name}() got multiple values for argument '${key}'`);
    bound[key] = noSymbol(name, key, value);
  }
  return bound as Partial<T>;
}

/** Fails unless every named parameter was given. */
export function requireArguments(name: string, bound: object, required: readonly string[]): void {
  const missing = required.filter((key) => !(key in bound));
  if (missing.length > 0)
    throw new ArgumentError(
      `${name}() missing ${missing.length} required argument${missing.length > 1 ? 's' : ''}: ${missing.join(', ')}`,
    );
}

/** No parameter takes a symbol, and none can be shown in a message. */
function noSymbol(name: string, key: string, value: unknown): unknown {
  if (typeof value === 'symbol') throw new ArgumentError(`${name}(): argument '${key}' must not be a symbol`);
  return value;
}

/**
 * The arguments of a call whose first one may come by keyword too, as all the others:
 * `f(x, { a })` and `f({ x, a })` both give `[x, { a }]`.
 */
export function firstByKeyword(key: string, args: readonly unknown[]): unknown[] {
  const [only] = args;
  if (args.length !== 1 || !isOptions(only) || !Object.hasOwn(only, key)) return [...args];
  const { [key]: first, ...others } = only;
  return [first, others];
}
