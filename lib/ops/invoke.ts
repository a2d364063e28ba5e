/**
 * The call path: a packet (all overloads of an operator) invoked with JavaScript values.
 *
 * This file stands on no class of `lib/tensor`; how a handle becomes a `Tensor` is told to it once by
 * `lib/tensor/tensor.ts` ({@link setWrapper}), so that imports go one way.
 */
import type { Handle } from '../bindings.js';
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { HandleOwner } from '../tensor/handle-owner.js';
import { prepareDevice } from './cuda-loader.js';
import { syncMode } from './mode.js';
import { namedTuple } from './named-tuple.js';
import { isOptions, unwrap } from './unwrap.js';

let wrap: (handle: Handle) => object = () => {
  throw new Error('the tensor room is not loaded');
};

/** @internal Tells how a handle becomes a Tensor. */
export function setWrapper(wrapper: (handle: Handle) => object): void {
  wrap = wrapper;
}

export interface PacketOptions {
  /** One overload by its name; all of them where it is left out. */
  overload?: string;
  /** How errors name the operator. */
  shown?: string;
  /** Keys of the options object in camelCase (the typed door) or as in the schema. Default: true. */
  camelKeys?: boolean;
  /** Argument 0 is `self`. Default: false. */
  method?: boolean;
}

/** Operators whose tensor operands may be numbers, as Python's argument parser has it. */
const numberOperands =
  /^aten::(add|sub|subtract|mul|multiply|div|divide|true_divide|floor_divide|bitwise_(and|or|xor))_?$/;
/** Comparisons: they have overloads for numbers, which are slower where both would do. */
const comparisons = /^aten::(eq|ne|not_equal|gt|greater|ge|greater_equal|lt|less|le|less_equal)$/;

/** What a number stands for where a schema has a tensor (native/dispatch/plan.h). */
function numbersOf(name: string): number {
  if (numberOperands.test(name)) return 1;
  return comparisons.test(name) ? 2 : 0;
}

// The addon's object has too many properties for V8 to see through; a constant it calls directly.
const invokeNative = native.invoke;

/** Looks up an operator; undefined where the registry has none of that name. */
export function findPacket(name: string, options: PacketOptions = {}): number | undefined {
  const { overload = null, shown = name.replace(/^aten::/, ''), camelKeys = true, method = false } = options;
  const id = native.packet(name, overload, shown, camelKeys, method, camelKeys ? numbersOf(name) : 0);
  return id < 0 ? undefined : id;
}

/** A dict, from its keys and values in turn behind the kind. */
function toDict(flat: readonly unknown[]): Record<string, unknown> | Map<unknown, unknown> {
  const entries: [unknown, unknown][] = [];
  for (let i = 1; i < flat.length; i += 2) entries.push([fromNative(flat[i]), fromNative(flat[i + 1])]);
  if (!entries.every(([key]) => typeof key === 'string')) return new Map(entries);
  const dict = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of entries) dict[key as string] = value;
  return dict;
}

/** The JavaScript form of what the native side gives (native/dispatch/convert.h). */
export const fromNative = (value: unknown): unknown => wrapResult(value, undefined, undefined);

/** A result of an operator in its JavaScript form; `given` are the values that in-place forms give back. */
function wrapResult(result: unknown, first: unknown, out: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  if (Array.isArray(result)) {
    const kind: unknown = result[0];
    if (kind === 'dict') return toDict(result);
    if (kind === undefined) return { re: result[1] as number, im: result[2] as number };
    const outs = Array.isArray(out) ? out : undefined;
    const values: unknown[] = [];
    for (let i = 1; i < result.length; i++)
      values.push(wrapResult(result[i], first, outs ? outs[i - 1] : out));
    return kind === null ? values : namedTuple(kind as string[], values);
  }
  if (first instanceof HandleOwner && first.handle === result) return first;
  if (out instanceof HandleOwner && out.handle === result) return out;
  return wrap(result as Handle);
}

const keyNumbers = new Map<string, number>();

function keyNumber(key: string): number {
  let number = keyNumbers.get(key);
  if (number === undefined) {
    number = native.key(key);
    keyNumbers.set(key, number);
  }
  return number;
}

/** `[key, value, …]`, keys by their numbers. */
function flatten(options: Record<string, unknown>): unknown[] {
  const keys = Object.keys(options);
  if (keys.length === 1) {
    const value = options[keys[0]!];
    return value === undefined ? [] : [keyNumber(keys[0]!), unwrap(value)];
  }
  const flat: unknown[] = [];
  for (const key of keys) {
    const value = options[key];
    if (value !== undefined) flat.push(keyNumber(key), unwrap(value));
  }
  return flat;
}

/** Invokes with positional arguments and an options object (or undefined). */
export function invokeWith(
  packet: number,
  args: readonly unknown[],
  options?: Record<string, unknown>,
): unknown {
  syncMode();
  // Trailing undefined arguments stand for defaults.
  if (args.length > 0 && args[args.length - 1] === undefined) {
    let count = args.length;
    while (count > 0 && args[count - 1] === undefined) count--;
    return invokeWith(packet, args.slice(0, count), options);
  }
  let keywords: unknown[] | undefined;
  let out: unknown;
  if (options !== undefined) {
    if (options.device != null) prepareDevice(options.device);
    keywords = flatten(options);
    out = options.out;
    // Several outputs come as one array (Python: `out=(values, indices)`) and go down by their names.
  }
  let result: unknown;
  switch (args.length) {
    case 1:
      result = invokeNative(packet, keywords, unwrap(args[0]));
      break;
    case 2:
      result = invokeNative(packet, keywords, unwrap(args[0]), unwrap(args[1]));
      break;
    case 3:
      result = invokeNative(packet, keywords, unwrap(args[0]), unwrap(args[1]), unwrap(args[2]));
      break;
    case 4:
      result = invokeNative(
        packet,
        keywords,
        unwrap(args[0]),
        unwrap(args[1]),
        unwrap(args[2]),
        unwrap(args[3]),
      );
      break;
    case 5:
      result = invokeNative(
        packet,
        keywords,
        unwrap(args[0]),
        unwrap(args[1]),
        unwrap(args[2]),
        unwrap(args[3]),
        unwrap(args[4]),
      );
      break;
    default:
      result = invokeNative(packet, keywords, ...args.map(unwrap));
  }
  return wrapResult(result, args[0], out);
}

/** A value as the native side takes it; undefined for one that is absent, or means more than itself. */
function operand(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object') return value;
  if (value instanceof HandleOwner) return value.handle;
  return value === null || Array.isArray(value) ? unwrap(value) : undefined;
}

/**
 * The usual call, of at most four operands without options: it is spared the arrays that `invoke` goes through.
 * Operands that are left out are undefined.
 */
export function invokeFew(packet: number, a?: unknown, b?: unknown, c?: unknown, d?: unknown): unknown {
  const count = d !== undefined ? 4 : c !== undefined ? 3 : b !== undefined ? 2 : 1;
  const first = operand(a);
  const second = operand(b);
  const third = operand(c);
  const fourth = operand(d);
  if (
    first === undefined ||
    (count >= 2 && second === undefined) ||
    (count >= 3 && third === undefined) ||
    (count >= 4 && fourth === undefined)
  )
    return invoke(packet, [a, b, c, d].slice(0, count));
  syncMode();
  let result: unknown;
  switch (count) {
    case 1:
      result = invokeNative(packet, undefined, first);
      break;
    case 2:
      result = invokeNative(packet, undefined, first, second);
      break;
    case 3:
      result = invokeNative(packet, undefined, first, second, third);
      break;
    default:
      result = invokeNative(packet, undefined, first, second, third, fourth);
  }
  // In-place forms give back the very tensor that they were called on.
  return result === first ? a : wrapResult(result, a, undefined);
}

/** Invokes with a trailing options object where the last argument is one. */
export function invoke(packet: number, args: readonly unknown[]): unknown {
  const last = args.length - 1;
  if (last >= 0 && isOptions(args[last])) {
    return invokeWith(packet, args.slice(0, last), args[last] as Record<string, unknown>);
  }
  return invokeWith(packet, args);
}

/** A packet that is looked up at its first use: start-up pays for no operator. */
export function lazyPacket(name: string, options: PacketOptions): () => number {
  let id: number | undefined;
  return () => {
    if (id === undefined) {
      id = findPacket(name, options);
      if (id === undefined) {
        const { overload } = options;
        throw new ArgumentError(`LibTorch has no operator '${name}${overload ? `.${overload}` : ''}'`);
      }
    }
    return id;
  };
}

/** One overload of `aten::<name>` (all of them where it is left out) by its schema, as in {@link callOverload}. */
export function lazyOverload(name: string, overload: string | undefined): () => number {
  return lazyPacket(`aten::${name}`, { overload, shown: name, camelKeys: false });
}

const overloads = new Map<string, Map<string | undefined, () => number>>();

/**
 * Calls one overload of `aten::<name>` (all of them where it is left out) by its schema, for library
 * code below the typed functions: keyword-only arguments go under their schema names.
 */
export function callOverload(
  name: string,
  overload: string | undefined,
  args: readonly unknown[],
  keywords?: Record<string, unknown>,
): unknown {
  let known = overloads.get(name);
  if (known === undefined) {
    known = new Map();
    overloads.set(name, known);
  }
  let packet = known.get(overload);
  if (packet === undefined) {
    packet = lazyOverload(name, overload);
    known.set(overload, packet);
  }
  return invokeWith(packet(), args, keywords);
}
