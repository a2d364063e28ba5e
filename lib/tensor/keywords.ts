/** Options objects of hand-written members, held to the keys that they know. */
import { ArgumentError } from '../errors.js';

/**
 * The options of a call; none for `undefined` and `null`.
 *
 * @throws ArgumentError for an unknown key, and for anything that is no options object.
 */
export function checkedOptions<T extends object>(
  name: string,
  options: T | null | undefined,
  known: readonly (keyof T & string)[],
): Partial<T> {
  if (options === undefined || options === null) return {};
  if (typeof options !== 'object' || Array.isArray(options))
    throw new ArgumentError(
      `${name}() expects an options object ({ ${known.join(', ')} }), got ${Array.isArray(options) ? 'an array' : typeof options}`,
    );
  for (const key of Object.keys(options))
    if (!(known as readonly string[]).includes(key))
      throw new ArgumentError(
        `${name}() got an unexpected keyword argument '${key}'; known: ${known.join(', ')}`,
      );
  return options;
}

/** The value where it can be iterated. @throws ArgumentError for anything else. */
export function iterableOf<T>(name: string, value: Iterable<T>): Iterable<T> {
  // A list of modules is a function that can be iterated.
  if (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    Symbol.iterator in value
  )
    return value;
  throw new ArgumentError(
    `${name} expects an array or another iterable, got ${value === null ? 'null' : typeof value}`,
  );
}
