/** `torch.load`. */
import { ArgumentError, FileFormatError } from '../errors.js';
import { loadLegacy } from './load-legacy.js';
import { loadZip } from './load-zip.js';
import { LocationMapper, type MapLocation } from './map-location.js';
import { naming } from './naming.js';
import type { PickleOptions } from './read-pickle.js';
import { type ByteSource, type FileLike, openSource } from './source.js';

/** Options of {@link load}. */
export interface LoadOptions {
  /** Where tensors go. Default: the devices that they were saved on. */
  mapLocation?: MapLocation | null;
  /**
   * Refuse what Python's reader refuses with `weights_only=True`, down to pickle protocols that it
   * does not know. Default: true. With `false` those protocols are read; classes and functions of
   * Python never are.
   */
  weightsOnly?: boolean;
  /** Tensors lie in a private mapping of the file and are read when they are touched. Default: false. */
  mmap?: boolean;
}

const known = new Set(['mapLocation', 'weightsOnly', 'mmap']);

function checkOptions(options: unknown): LoadOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new ArgumentError(
      "torch.load(file, options) expects an object of options, such as { mapLocation: 'cpu' }",
    );
  for (const key of Object.keys(options))
    if (!known.has(key))
      throw new ArgumentError(
        `torch.load() got an unexpected option '${key}'; known: ${[...known].join(', ')}`,
      );
  return options;
}

async function loadSource(source: ByteSource, options: LoadOptions): Promise<unknown> {
  const mapper = new LocationMapper(options.mapLocation);
  const pickling: PickleOptions = { name: source.name, weightsOnly: options.weightsOnly ?? true };
  const map = options.mmap ?? false;
  if (source.size === 0) throw new FileFormatError(`${source.name} is empty`);
  const start = await source.read(0, Math.min(4, source.size));
  const isZip = Buffer.from(start).toString('latin1') === 'PK\x03\x04';
  return isZip ? loadZip(source, mapper, pickling, map) : loadLegacy(source, mapper, pickling, map);
}

/**
 * Reads what `torch.save` wrote, in Python or here: the zip format and the one before it.
 *
 * A dict whose keys are all strings becomes an object without prototype, another dict a `Map`; lists
 * and tuples arrays; an `int` a number, beyond 2^53 a bigint; `bytes` a `Uint8Array`. Tensors that
 * shared memory share it again. Only plain data and tensors are read; nothing of Python runs.
 *
 * @param file A path, a file URL, or the bytes of a file.
 * @throws FileFormatError where the file is missing, broken or truncated; UnsafeFileError where it asks
 *   for more than data; DeviceError for a device that is not there.
 * Source: torch.load.
 */
// biome-ignore lint/suspicious/noExplicitAny: only the file knows what it holds
export async function load(file: FileLike, options: LoadOptions = {}): Promise<any> {
  const checked = checkOptions(options);
  const source = await openSource(file, 'torch.load');
  try {
    return await naming(source.name, () => loadSource(source, checked));
  } finally {
    await source.close();
  }
}
