/** One overload of an operator by its schema name, for library code below the typed functions. */
import { callOverload } from '../ops/invoke.js';

/** Positional arguments in the schema's order; keyword-only ones under their schema names. */
export type AtenCall<R> = (args: readonly unknown[], options?: Record<string, unknown>) => R;

/** Looks up `aten::<name>.<overload>` at its first call. */
export function aten<R = unknown>(name: string, overload = ''): AtenCall<R> {
  return (args, options) => callOverload(name, overload, args, options) as R;
}
