/**
 * An allowed global that a pickle may call or instantiate. Nothing of Python runs: the handlers
 * are all there is. They see dicts as `Map`, lists and tuples as arrays.
 */
export class PickleClass {
  constructor(
    /** Its name for messages, e.g. `collections.OrderedDict`. */
    readonly name: string,
    readonly handlers: {
      /** `f(*args)` (the opcodes REDUCE and NEWOBJ). */
      call?: (args: readonly unknown[]) => unknown;
      /** `obj.__setstate__(state)` (the opcode BUILD) on what `call` gave: changes it in place. */
      setState?: (instance: unknown, state: unknown) => void;
    },
  ) {}
}

const tuples = new WeakSet<readonly unknown[]>();
const frozenSets = new WeakSet<ReadonlySet<unknown>>();

/** Marks an array as a Python tuple. */
export function tuple(items: unknown[]): unknown[] {
  tuples.add(items);
  return items;
}

/** Whether an array that was read from a pickle was a tuple in Python. */
export function isTuple(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && tuples.has(value);
}

/** Marks a set as a Python frozenset. */
export function frozen(set: Set<unknown>): Set<unknown> {
  frozenSets.add(set);
  return set;
}

/** Whether Python would take the value as a dict's key or a set's member. */
export function isHashable(value: unknown): boolean {
  if (Array.isArray(value)) return isTuple(value);
  return !(value instanceof Map) && !(value instanceof Set && !frozenSets.has(value));
}

/** Whether an array that was read from a pickle was a list in Python. */
export function isList(value: unknown): value is unknown[] {
  return Array.isArray(value) && !tuples.has(value);
}
