/** Reads the format that `torch.save` had before the zip: pickles in a row, then the storages. */
import type { Handle } from '../bindings.js';
import { FileFormatError, UnsafeFileError } from '../errors.js';
import { dtypeBytes } from '../tensor/index.js';
import type { LocationMapper } from './map-location.js';
import { collectStorages, type PickleOptions, readPlain, readValue, type References } from './read-pickle.js';
import type { ByteSource, Region } from './source.js';

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
/** The pickles are short; so much of a file is looked at first. */
const firstLook = 2 ** 20;

interface Head {
  pickle: Uint8Array;
  references: References;
  keys: string[];
  /** Where the storages begin. */
  length: number;
}

function isMagic(bytes: Uint8Array, options: PickleOptions): boolean {
  try {
    return readPlain(bytes, options).value === magicNumber;
  } catch (error) {
    if (error instanceof FileFormatError || error instanceof UnsafeFileError) return false;
    throw error;
  }
}

function readHead(bytes: Uint8Array, options: PickleOptions): Head {
  let at = 0;
  const next = (): unknown => {
    const { value, length } = readPlain(bytes.subarray(at), options);
    at += length;
    return value;
  };
  next(); // the magic number, already checked
  const version = next();
  if (version !== protocolVersion)
    throw new FileFormatError(
      `${options.name}: invalid protocol version ${String(version)}, expected ${protocolVersion}`,
    );
  const system = next();
  if (
    typeof system === 'object' &&
    system !== null &&
    (system as { little_endian?: unknown }).little_endian === false
  )
    throw new FileFormatError(
      `${options.name} was written on a big-endian machine in the format before the zip, which is not read`,
    );
  const pickle = bytes.subarray(at);
  const { references, length } = collectStorages(pickle, options);
  at += length;
  const keys = next();
  if (!Array.isArray(keys)) throw new FileFormatError(`${options.name}: its list of storages is damaged`);
  return { pickle: pickle.slice(0, length), references, keys: keys.map(String), length: at };
}

/** Reads more and more of the file until its pickles are complete. */
async function findHead(source: ByteSource, options: PickleOptions): Promise<Head> {
  for (let look = Math.min(firstLook, source.size); ; look = Math.min(look * 8, source.size)) {
    const bytes = await source.read(0, look);
    if (!isMagic(bytes, options))
      throw new FileFormatError(
        `${source.name} is no file of torch.save: it is neither a zip archive nor does it begin as the format before it did`,
      );
    try {
      return readHead(bytes, options);
    } catch (error) {
      if (!(error instanceof FileFormatError) || look === source.size) throw error;
    }
  }
}

async function findRegions(source: ByteSource, head: Head): Promise<Region[]> {
  const seen = new Set<string>();
  const regions: Region[] = [];
  let at = head.length;
  for (const key of head.keys) {
    const reference = head.references.get(key);
    if (!reference || seen.has(key))
      throw new FileFormatError(`${source.name}: it has a storage '${key}' that nothing refers to`);
    seen.add(key);
    const header = await source.read(at, 8);
    const count = Buffer.from(header).readBigInt64LE(0);
    if (count !== BigInt(reference.length))
      throw new FileFormatError(
        `${source.name}: the storage '${key}' has ${count} elements, its tensors need ${reference.length}`,
      );
    const size = reference.length * dtypeBytes(reference.dtype);
    if (at + 8 + size > source.size)
      throw new FileFormatError(`${source.name} is truncated: the storage '${key}' is not complete`);
    regions.push({ offset: at + 8, size, crc: null, limit: at + 8 + size });
    at += 8 + size;
  }
  for (const key of head.references.keys())
    if (!seen.has(key)) throw new FileFormatError(`${source.name}: the storage '${key}' is missing`);
  return regions;
}

export async function loadLegacy(
  source: ByteSource,
  mapper: LocationMapper,
  options: PickleOptions,
  map: boolean,
): Promise<unknown> {
  const head = await findHead(source, options);
  const regions = await findRegions(source, head);
  const locations = head.keys.map((key) => head.references.get(key)!.location);
  // Fails before the bytes are read where a device is not there.
  const bare = locations.map((location) => mapper.needsNoBytes(location));
  const handles = await source.readTensors(
    regions.filter((_, i) => !bare[i]),
    { headers: false, map },
  );
  const storages = new Map<string, Handle>();
  let k = 0;
  head.keys.forEach((key, i) => {
    storages.set(
      key,
      bare[i] ? mapper.withoutBytes(regions[i]!.size) : mapper.place(handles[k++]!, locations[i]!),
    );
  });
  return readValue(head.pickle, options, storages);
}
