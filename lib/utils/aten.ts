/** One overload of an operator by its schema name, for library code below the typed functions. */
import { ArgumentError } from '../errors.js';
import { findPacket, invokeWith } from '../ops/invoke.js';

/** Positional arguments in the schema's order; keyword-only ones under their schema names. */
export type AtenCall<R> = (args: readonly unknown[], options?: Record<string, unknown>) => R;

/** Looks up `aten::<name>.<overload>` at its first call. */
export function aten<R = unknown>(name: string, overload = ''): AtenCall<R> {
  let packet: number | undefined;
  return (args, options) => {
    packet ??= findPacket(`aten::${name}`, { overload, shown: name, camelKeys: false });
    if (packet === undefined) throw new ArgumentError(`LibTorch has no operator 'aten::${name}.${overload}'`);
    return invokeWith(packet, args, options) as R;
  };
}
