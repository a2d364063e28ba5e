/** Reads the pickle of a file twice: for the storages that it needs, then with them. */
import type { Handle } from '../bindings.js';
import { FileFormatError } from '../errors.js';
import { syncMode } from '../ops/mode.js';
import { dtypeBytes } from '../tensor/index.js';
import { allowedGlobals } from './allowed-globals.js';
import { Op } from './pickle/opcodes.js';
import { isTuple, unpickleNext } from './pickle/unpickler.js';
import { Rebuilder, type StorageReference, StoredStorage } from './rebuild.js';
import { StorageClass } from './storage-types.js';

/** The opcodes that Python's `weights_only` reader knows; it refuses the others. */
const weightsOnlyOpcodes: ReadonlySet<number> = new Set([
  Op.PROTO,
  Op.GLOBAL,
  Op.NEWOBJ,
  Op.REDUCE,
  Op.BUILD,
  Op.APPEND,
  Op.APPENDS,
  Op.SETITEM,
  Op.SETITEMS,
  Op.MARK,
  Op.TUPLE,
  Op.TUPLE1,
  Op.TUPLE2,
  Op.TUPLE3,
  Op.NONE,
  Op.NEWFALSE,
  Op.NEWTRUE,
  Op.EMPTY_TUPLE,
  Op.EMPTY_LIST,
  Op.EMPTY_DICT,
  Op.EMPTY_SET,
  Op.BININT,
  Op.BININT1,
  Op.BININT2,
  Op.BINFLOAT,
  Op.BINUNICODE,
  Op.SHORT_BINSTRING,
  Op.BINPERSID,
  Op.BINGET,
  Op.LONG_BINGET,
  Op.BINPUT,
  Op.LONG_BINPUT,
  Op.LONG1,
  Op.STOP,
]);

export interface PickleOptions {
  name: string;
  weightsOnly: boolean;
}

/** Storages by their keys, as a pickle named them first. */
export type References = Map<string, StorageReference>;

function size(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new FileFormatError(`a storage of ${String(value)} elements`);
  return value as number;
}

/** A persistent id: `('storage', class, key, location, length)`, in old files with a part of it. */
function storageOf(id: unknown, references: References): StoredStorage {
  if (!isTuple(id) || id[0] !== 'storage')
    throw new FileFormatError('a reference to something else than a storage');
  const [, type, key, location, length, part] = id;
  if (
    !(type instanceof StorageClass) ||
    typeof location !== 'string' ||
    !['string', 'number', 'bigint'].includes(typeof key)
  )
    throw new FileFormatError('a reference to a storage that is not complete');
  const name = String(key);
  let reference = references.get(name);
  if (!reference) {
    reference = { key: name, dtype: type.dtype, location, start: 0, length: size(length) };
    if (reference.length > Number.MAX_SAFE_INTEGER / dtypeBytes(type.dtype))
      throw new FileFormatError(`a storage of ${reference.length} elements, more than memory can have`);
    references.set(name, reference);
  }
  if (part === undefined || part === null) return new StoredStorage(reference);
  if (!isTuple(part)) throw new FileFormatError('a part of a storage that is none');
  const start = size(part[1]);
  const count = size(part[2]);
  if (start + count > reference.length)
    throw new FileFormatError('a part of a storage that reaches beyond it');
  return new StoredStorage({ ...reference, start, length: count });
}

function read(
  bytes: Uint8Array,
  options: PickleOptions,
  references: References,
  rebuild: Rebuilder,
): { value: unknown; length: number } {
  return unpickleNext(bytes, {
    name: options.name,
    resolveGlobal: allowedGlobals(rebuild),
    persistentLoad: (id) => storageOf(id, references),
    opcodes: options.weightsOnly ? weightsOnlyOpcodes : undefined,
  });
}

/** The first reading: which storages there are, and how many bytes the pickle has. */
export function collectStorages(
  bytes: Uint8Array,
  options: PickleOptions,
): { references: References; length: number } {
  const references: References = new Map();
  const { length } = read(bytes, options, references, new Rebuilder(null));
  return { references, length };
}

/** The second reading: the value. */
export function readValue(
  bytes: Uint8Array,
  options: PickleOptions,
  storages: ReadonlyMap<string, Handle>,
): unknown {
  // Tensors are made in the mode of this flow, whichever ran while the file was read.
  syncMode();
  return read(bytes, options, new Map(), new Rebuilder(storages)).value;
}

/** A pickle without tensors; files before the zip format begin with some. */
export function readPlain(bytes: Uint8Array, options: PickleOptions): { value: unknown; length: number } {
  return unpickleNext(bytes, {
    name: options.name,
    resolveGlobal: allowedGlobals(new Rebuilder(null)),
    opcodes: options.weightsOnly ? weightsOnlyOpcodes : undefined,
  });
}
