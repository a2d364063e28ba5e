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
import { noKeywords } from './keyword-names.js';
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
  /** Its options may say `requiresGrad`. Default: false. */
  factory?: boolean;
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

/** Factories: their options may say `requiresGrad`, which no operator knows. */
const factories = new Set<number>();

/** Looks up an operator; undefined where the registry has none of that name. */
export function findPacket(name: string, options: PacketOptions = {}): number | undefined {
  const { overload = null, shown = name.replace(/^aten::/, ''), camelKeys = true, method = false } = options;
  const id = native.packet(name, overload, shown, camelKeys, method, camelKeys ? numbersOf(name) : 0);
  if (id < 0) return undefined;
  if (options.factory) factories.add(id);
  return id;
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

/** Calls with up to six values without an array of them; `values` holds more. */
function callNative(
  packet: number,
  keywords: number,
  count: number,
  x0: unknown,
  x1: unknown,
  x2: unknown,
  x3: unknown,
  x4: unknown,
  x5: unknown,
  values?: readonly unknown[],
): unknown {
  if (values !== undefined) return invokeNative(packet, keywords, ...values);
  switch (count) {
    case 0:
      return invokeNative(packet, keywords);
    case 1:
      return invokeNative(packet, keywords, x0);
    case 2:
      return invokeNative(packet, keywords, x0, x1);
    case 3:
      return invokeNative(packet, keywords, x0, x1, x2);
    case 4:
      return invokeNative(packet, keywords, x0, x1, x2, x3);
    case 5:
      return invokeNative(packet, keywords, x0, x1, x2, x3, x4);
    default:
      return invokeNative(packet, keywords, x0, x1, x2, x3, x4, x5);
  }
}

/**
 * Calls with options behind `count` operands: `x0` to `x3` as they go down, or all of them in `values`.
 * `first` is the first one as it was given.
 */
function invokeOptions(
  packet: number,
  options: Record<string, unknown>,
  first: unknown,
  count: number,
  x0: unknown,
  x1: unknown,
  x2: unknown,
  x3: unknown,
  values?: unknown[],
): unknown {
  let x4: unknown;
  let x5: unknown;
  let names = noKeywords;
  let requiresGrad = false;
  for (const key of Object.keys(options)) {
    const value = options[key];
    if (value === undefined) continue;
    if (key === 'device') prepareDevice(value);
    else if (key === 'requiresGrad' && factories.has(packet)) {
      requiresGrad = Boolean(value);
      continue;
    }
    names = names.and(key);
    const x = unwrap(value);
    if (values !== undefined) values.push(x);
    else if (count === 0) x0 = x;
    else if (count === 1) x1 = x;
    else if (count === 2) x2 = x;
    else if (count === 3) x3 = x;
    else if (count === 4) x4 = x;
    else if (count === 5) x5 = x;
    else values = [x0, x1, x2, x3, x4, x5, x];
    count++;
  }
  const result = callNative(packet, names.number, count, x0, x1, x2, x3, x4, x5, values);
  if (requiresGrad) native.setRequiresGrad(result as Handle, true);
  // Several outputs come as one array (Python: `out=(values, indices)`) and go down by their names.
  return wrapResult(result, first, names.out ? options.out : undefined);
}

/** Invokes with positional arguments and an options object (or undefined). */
export function invokeWith(
  packet: number,
  args: readonly unknown[],
  options?: Record<string, unknown>,
): unknown {
  syncMode();
  // Trailing undefined arguments stand for defaults.
  let count = args.length;
  while (count > 0 && args[count - 1] === undefined) count--;
  const x0 = unwrap(args[0]);
  const x1 = unwrap(args[1]);
  const x2 = unwrap(args[2]);
  const x3 = unwrap(args[3]);
  const values = count > 4 ? args.slice(0, count).map(unwrap) : undefined;
  if (options !== undefined) return invokeOptions(packet, options, args[0], count, x0, x1, x2, x3, values);
  const result = callNative(packet, 0, count, x0, x1, x2, x3, undefined, undefined, values);
  return wrapResult(result, args[0], undefined);
}

/** A value as the native side takes it; undefined for one that is absent, or means more than itself. */
function operand(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object') return value;
  if (value instanceof HandleOwner) return value.handle;
  return value === null || Array.isArray(value) ? unwrap(value) : undefined;
}

/**
 * The usual call, of at most four operands, the last of which may be options: it is spared the arrays that
 * `invoke` goes through. Operands that are left out are undefined.
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
  ) {
    const last = count === 1 ? a : count === 2 ? b : count === 3 ? c : d;
    const plain = [first, second, third, fourth].indexOf(undefined);
    if (plain === count - 1 && isOptions(last)) {
      syncMode();
      return invokeOptions(packet, last, a, plain, first, second, third, undefined);
    }
    return invoke(packet, [a, b, c, d].slice(0, count));
  }
  syncMode();
  // Not `callNative`, which costs this way two per cent (measured).
  let result: unknown;
  switch (count) {
    case 1:
      result = invokeNative(packet, 0, first);
      break;
    case 2:
      result = invokeNative(packet, 0, first, second);
      break;
    case 3:
      result = invokeNative(packet, 0, first, second, third);
      break;
    default:
      result = invokeNative(packet, 0, first, second, third, fourth);
  }
  // In-place forms give back the very tensor that they were called on.
  return result === first ? a : wrapResult(result, a, undefined);
}

/** Invokes with a trailing options object where the last argument is one; `args` is the caller's own array. */
export function invoke(packet: number, args: unknown[]): unknown {
  const options = isOptions(args[args.length - 1]) ? (args.pop() as Record<string, unknown>) : undefined;
  return invokeWith(packet, args, options);
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
