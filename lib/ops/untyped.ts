/** `torch.ops.<namespace>.<name>[.<overload>](…)`: every operator, in its schema's order. */
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { findPacket, invoke } from './invoke.js';

/** An operator; its overloads are properties of it. */
export interface UntypedOperator {
  (...args: unknown[]): unknown;
  readonly [overload: string]: UntypedOperator;
}

export type OperatorNamespace = Readonly<Record<string, UntypedOperator>>;

function operator(name: string): UntypedOperator | undefined {
  const packet = findPacket(name, { camelKeys: false });
  if (packet === undefined) return undefined;
  const call = (...args: unknown[]): unknown => invoke(packet, args);
  const overloads = new Map<string, unknown>();
  return new Proxy(call, {
    get(target, key, receiver) {
      if (typeof key !== 'string' || key in Function.prototype) return Reflect.get(target, key, receiver);
      if (!overloads.has(key)) {
        // Python calls the overload without a name `default`.
        const overload = key === 'default' ? '' : key;
        const id = findPacket(name, {
          overload,
          camelKeys: false,
          shown: `${name.replace('aten::', '')}.${key}`,
        });
        if (id === undefined) throw new ArgumentError(`the operator '${name}' has no overload '${key}'`);
        overloads.set(key, (...args: unknown[]) => invoke(id, args));
      }
      return overloads.get(key);
    },
  }) as unknown as UntypedOperator;
}

function namespace(space: string): OperatorNamespace {
  const operators = new Map<string, UntypedOperator>();
  return new Proxy(Object.create(null) as OperatorNamespace, {
    get(_target, key) {
      if (typeof key !== 'string' || key === 'then' || key === 'toJSON') return undefined;
      let found = operators.get(key);
      if (!found) {
        found = operator(`${space}::${key}`);
        if (!found)
          throw new ArgumentError(
            `LibTorch has no operator '${space}::${key}'; names are as in its schemas (snake_case), torch.ops.list() gives all schemas`,
          );
        operators.set(key, found);
      }
      return found;
    },
  });
}

const spaces = new Map<string, OperatorNamespace>();

/** The namespaces of operators, and `list()`: the schema of every one as text. */
export type OperatorNamespaces = Readonly<Record<string, OperatorNamespace>> & { list(): string[] };

/**
 * Every operator of LibTorch's registry: `torch.ops.aten.add.Tensor(a, b, { alpha: 2 })`.
 * Keyword-only arguments go into the trailing object under their schema names.
 */
export const ops = new Proxy(Object.create(null) as OperatorNamespaces, {
  get(_target, key) {
    if (typeof key !== 'string' || key === 'then' || key === 'toJSON') return undefined;
    if (key === 'list') return () => native.operators();
    let found = spaces.get(key);
    if (!found) {
      found = namespace(key);
      spaces.set(key, found);
    }
    return found;
  },
});
