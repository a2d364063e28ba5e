/** Arguments of hand-written functions, bound as Python binds them. */
import { ArgumentError } from '../errors.js';
import { HandleOwner } from '../tensor/handle-owner.js';
import { callOverload } from './invoke.js';
import { isOptions } from './unwrap.js';

/** What a hand-written function takes: names, in order; one with `*` only in the options object. */
export interface Signature {
  readonly name: string;
  readonly params: readonly string[];
  readonly keywordOnly?: readonly string[];
  /** How many of the first parameters must be given. Default: 1. */
  readonly required?: number;
}

/**
 * Values by parameter name, from positional arguments and a trailing options object.
 *
 * @throws ArgumentError for an unknown or doubled key, a missing argument, too many arguments.
 */
export function bindArguments(signature: Signature, args: readonly unknown[]): Record<string, unknown> {
  const { name, params, keywordOnly = [], required = 1 } = signature;
  const last = args.length - 1;
  const options = last >= 0 && isOptions(args[last]) ? (args[last] as Record<string, unknown>) : {};
  const positional = options === args[last] ? args.slice(0, last) : args;
  if (positional.length > params.length)
    throw new ArgumentError(
      `${name}() takes at most ${params.length} positional arguments (${params.join(', ')}), got ${positional.length}`,
    );
  const bound: Record<string, unknown> = {};
  positional.forEach((value, i) => {
    bound[params[i]!] = value;
  });
  for (const [key, value] of Object.entries(options)) {
    if (!params.includes(key) && !keywordOnly.includes(key))
      throw new ArgumentError(
        `${name}() got an unexpected keyword argument '${key}'; known: ${[...params, ...keywordOnly].map((p) => `'${p}'`).join(', ')}`,
      );
    if (bound[key] !== undefined)
      throw new ArgumentError(`${name}() got multiple values for argument '${key}'`);
    bound[key] = value;
  }
  for (const param of params.slice(0, required))
    if (bound[param] === undefined)
      throw new ArgumentError(`${name}(): missing required argument '${param}'`);
  return bound;
}

/**
 * Checks an argument that a hand-written function uses as a Tensor before ATen sees it.
 *
 * @throws ArgumentError for anything else.
 */
export function checkTensor(name: string, param: string, value: unknown): void {
  if (value instanceof HandleOwner) return;
  const given = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  throw new ArgumentError(`${name}(): argument '${param}' must be Tensor, got ${given}`);
}

/** Calls an ATen operator by its schema; `undefined` keywords are left out. */
export function callAten(
  aten: string,
  args: readonly unknown[],
  keywords?: Record<string, unknown>,
): unknown {
  const [name, overload] = aten.split('.') as [string, string?];
  return callOverload(name, overload, args, keywords);
}
