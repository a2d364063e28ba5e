import { ArgumentError } from '../../errors.js';

/**
 * Arguments that may be given by position or, as in Python, by name in an object at the end.
 *
 * @param given the arguments from the first that may be named on
 * @throws ArgumentError for an unknown name or one given twice
 */
export function named<T extends object>(
  call: string,
  names: readonly (keyof T & string)[],
  given: readonly unknown[],
): T {
  const positional = [...given];
  while (positional.length > 0 && positional[positional.length - 1] === undefined) positional.pop();
  const last = positional[positional.length - 1];
  const options =
    typeof last === 'object' && last !== null && !Array.isArray(last)
      ? (positional.pop() as Record<string, unknown>)
      : {};
  const result: Record<string, unknown> = {};
  if (positional.length > names.length) {
    throw new ArgumentError(`${call}: too many arguments; it takes ${names.join(', ')}`);
  }
  for (const [i, value] of positional.entries()) {
    if (value !== undefined && value !== null) result[names[i]!] = value;
  }
  for (const [name, value] of Object.entries(options)) {
    if (!(names as readonly string[]).includes(name)) {
      throw new ArgumentError(`${call}: unknown option '${name}'; it takes ${names.join(', ')}`);
    }
    if (name in result) throw new ArgumentError(`${call}: ${name} is given twice`);
    if (value !== undefined && value !== null) result[name] = value;
  }
  return result as T;
}
