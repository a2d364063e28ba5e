import { ArgumentError } from '../../errors.js';

function isOptions(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === null;
}

/**
 * Python's way of giving arguments: by position, then by name in one trailing object.
 *
 * @param call name for messages
 * @param names all parameters, in PyTorch's order; those after `positional` are given by name only
 * @throws ArgumentError for an unknown or doubled name, too many arguments, or no `root`
 */
export function bindArguments<T>(
  call: string,
  names: readonly (keyof T & string)[],
  args: readonly unknown[],
  positional = names.length,
): T {
  const given = [...args];
  const options = isOptions(given.at(-1)) ? (given.pop() as Record<string, unknown>) : {};
  if (given.length > positional) {
    throw new ArgumentError(
      `${call}: at most ${positional} arguments by position, ${given.length} were given`,
    );
  }
  const bound: Record<string, unknown> = {};
  given.forEach((value, i) => {
    bound[names[i]!] = value;
  });
  for (const [name, value] of Object.entries(options)) {
    if (!(names as readonly string[]).includes(name)) {
      throw new ArgumentError(
        `${call}: unknown option ${JSON.stringify(name)}; known are ${names.join(', ')}`,
      );
    }
    if (bound[name] !== undefined) throw new ArgumentError(`${call}: ${name} was given twice`);
    bound[name] = value;
  }
  if (typeof bound.root !== 'string' || bound.root === '') {
    throw new ArgumentError(`${call}: root must be the path of a folder, ${String(bound.root)} was given`);
  }
  for (const name of ['transform', 'targetTransform', 'loader', 'isValidFile']) {
    const value = bound[name];
    if (value !== undefined && value !== null && typeof value !== 'function') {
      throw new ArgumentError(`${call}: ${name} must be callable, ${typeof value} was given`);
    }
  }
  return bound as T;
}
