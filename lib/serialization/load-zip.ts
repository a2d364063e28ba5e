/** Reads the zip format of `torch.save`. */
import type { Handle } from '../bindings.js';
import { FileFormatError, UnsafeFileError } from '../errors.js';
import { dtypeBytes } from '../tensor/index.js';
import { swapBytes } from './byte-order.js';
import type { LocationMapper } from './map-location.js';
import { collectStorages, type PickleOptions, readValue } from './read-pickle.js';
import type { StorageReference } from './rebuild.js';
import type { ByteSource } from './source.js';
import { ZipArchive, type ZipRecord } from './zip/reader.js';

/** Versions of the container that this reader and Python's know. */
const versions = { least: 1, most: 10 };

class TorchArchive {
  private readonly prefix: string;

  constructor(private readonly zip: ZipArchive) {
    const first = zip.records.keys().next().value ?? '';
    const slash = first.indexOf('/');
    if (slash <= 0) throw this.broken('its records do not lie in one folder: it is no file of torch.save');
    this.prefix = first.slice(0, slash + 1);
  }

  broken(reason: string): FileFormatError {
    return new FileFormatError(`${this.zip.source.name}: ${reason}`);
  }

  record(name: string): ZipRecord | undefined {
    return this.zip.records.get(this.prefix + name);
  }

  async bytes(name: string): Promise<Uint8Array | undefined> {
    const record = this.record(name);
    return record && this.zip.read(record);
  }

  async text(name: string): Promise<string | undefined> {
    const bytes = await this.bytes(name);
    return bytes && Buffer.from(bytes).toString('latin1').trim();
  }

  /** The record of a storage, which must be as long as the pickle says. */
  storage(reference: StorageReference): ZipRecord {
    const record = this.record(`data/${reference.key}`);
    if (!record) throw this.broken(`the storage '${reference.key}' is missing`);
    const wanted = reference.length * dtypeBytes(reference.dtype);
    if (record.size < wanted)
      throw this.broken(
        `the storage '${reference.key}' has ${record.size} bytes, its tensors need ${wanted}`,
      );
    return record;
  }
}

async function checkKind(archive: TorchArchive): Promise<void> {
  if (archive.record('constants.pkl'))
    throw new UnsafeFileError(
      'it is a TorchScript archive, which torch.jit.load reads; torch.load reads files of torch.save',
    );
  const text = (await archive.text('version')) ?? (await archive.text('.data/version'));
  if (text === undefined) throw archive.broken('it has no version record: it is no file of torch.save');
  const version = Number(text);
  if (!Number.isInteger(version) || version < versions.least || version > versions.most)
    throw archive.broken(
      `its version is ${text.slice(0, 20)}; known are ${versions.least} to ${versions.most}`,
    );
}

/** The storages by key, each on its device. */
async function readStorages(
  zip: ZipArchive,
  archive: TorchArchive,
  references: readonly StorageReference[],
  mapper: LocationMapper,
  map: boolean,
): Promise<Map<string, Handle>> {
  const order = (await archive.text('byteorder')) ?? 'little';
  if (order !== 'little' && order !== 'big')
    throw archive.broken(`its byte order is '${order.slice(0, 20)}'`);
  const records = references.map((reference) => archive.storage(reference));
  const storages = new Map<string, Handle>();
  const wanted: number[] = [];
  references.forEach((reference, i) => {
    if (mapper.needsNoBytes(reference.location))
      storages.set(reference.key, mapper.withoutBytes(records[i]!.size));
    else wanted.push(i);
  });
  const handles = await zip.readTensors(
    wanted.map((i) => records[i]!),
    map,
  );
  wanted.forEach((i, k) => {
    const reference = references[i]!;
    const bytes = order === 'big' ? swapBytes(handles[k]!, reference.dtype) : handles[k]!;
    storages.set(reference.key, mapper.place(bytes, reference.location));
  });
  return storages;
}

export async function loadZip(
  source: ByteSource,
  mapper: LocationMapper,
  options: PickleOptions,
  map: boolean,
): Promise<unknown> {
  const zip = await ZipArchive.open(source);
  const archive = new TorchArchive(zip);
  await checkKind(archive);
  const pickle = await archive.bytes('data.pkl');
  if (!pickle) throw archive.broken('it has no record data.pkl: it is no file of torch.save');
  const { references } = collectStorages(pickle, options);
  const storages = await readStorages(zip, archive, [...references.values()], mapper, map);
  return readValue(pickle, options, storages);
}
