/** `torch.save`. */
import { basename } from 'node:path';
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Handle } from '../bindings.js';
import { native } from '../native.js';
import { Tensor } from '../tensor/index.js';
import { targetPath, writeAtomically } from './atomic-file.js';
import { type PickledValue, pickleValue, type SavedStorage } from './pickle-tensors.js';
import { alignment, type PlacedRecord, ZipLayout } from './zip/writer.js';

/** Bytes that are summed and written side by side. */
const leastShare = 2 ** 22;

/** The version of the container that LibTorch writes. */
const containerVersion = '3\n';

/** As LibTorch names the folder of an archive: the file's name without its last extension. */
function folderOf(path: string): string {
  const name = basename(path);
  const dot = name.lastIndexOf('.');
  const stem = dot < 0 ? name : name.slice(0, dot);
  return /^[\x20-\x2e\x30-\x7e]+$/.test(stem) ? stem : 'archive';
}

/** A number for the content, which LibTorch's files carry too: names, then data. */
function serializationId(records: readonly PlacedRecord[], sums: readonly number[]): string {
  const names = crc32(records.map((record) => record.name).join('\n'));
  const data = crc32(Buffer.from(Uint32Array.from(sums).buffer));
  return [names, data].map((part) => String(part).padStart(20, '0')).join('');
}

/** What an archive consists of, each record at its place. */
class ArchivePlan {
  readonly layout = new ZipLayout();
  readonly small: { record: PlacedRecord; bytes: Uint8Array }[] = [];
  readonly storages: { record: PlacedRecord; storage: SavedStorage }[] = [];
  readonly last: { version: PlacedRecord; id: PlacedRecord };

  constructor({ pickle, storages }: PickledValue, folder: string) {
    const place = (name: string, size: number): PlacedRecord => this.layout.place(`${folder}/${name}`, size);
    const text = (name: string, content: string): void => {
      this.small.push({ record: place(name, content.length), bytes: Buffer.from(content, 'latin1') });
    };
    this.small.push({ record: place('data.pkl', pickle.length), bytes: pickle });
    text('.format_version', '1');
    text('.storage_alignment', String(alignment));
    text('byteorder', 'little');
    for (const storage of storages)
      this.storages.push({ record: place(`data/${storage.key}`, storage.bytes), storage });
    this.last = {
      version: place('version', containerVersion.length),
      id: place('.data/serialization_id', 40),
    };
  }

  /** Everything but the storages' bytes, once their sums are known: pieces with their places. */
  pieces(sums: readonly number[]): { at: number; bytes: Buffer }[] {
    const records = [...this.small.map(({ record }) => record), ...this.storages.map(({ record }) => record)];
    const { version, id } = this.last;
    const contents = [...this.small, { record: version, bytes: Buffer.from(containerVersion, 'latin1') }];
    contents.push({ record: id, bytes: Buffer.from(serializationId(records, sums), 'latin1') });
    const content = new Map(contents.map(({ record, bytes }) => [record, bytes]));
    const sumOf = new Map(this.storages.map(({ record }, i) => [record, sums[i]!]));

    const pieces: { at: number; bytes: Buffer }[] = [];
    let open: Buffer[] = [];
    let at = 0;
    for (const record of [...records, version, id]) {
      const bytes = content.get(record);
      open.push(record.header);
      if (bytes) {
        open.push(Buffer.from(bytes), this.layout.trailer(record, crc32(bytes)));
        continue;
      }
      // A storage is written elsewhere; what follows it begins a new piece.
      pieces.push({ at, bytes: Buffer.concat(open) });
      at = record.dataOffset + record.size;
      open = [this.layout.trailer(record, sumOf.get(record)!)];
    }
    open.push(this.layout.directory());
    pieces.push({ at, bytes: Buffer.concat(open) });
    return pieces;
  }
}

/** The storages with their bytes in host memory. */
function onHost(storages: readonly SavedStorage[]): Handle[] {
  return storages.map(({ handle, bytes }) => {
    if (native.device(handle) === 'cpu') return handle;
    return new Tensor(native.viewStorage(handle, 'uint8', [bytes], [1], 0)).to('cpu').handle;
  });
}

async function writeStorages(file: FileHandle, plan: ArchivePlan): Promise<number[]> {
  const handles = onHost(plan.storages.map(({ storage }) => storage));
  const offsets = plan.storages.map(({ record }) => record.dataOffset);
  const total = plan.storages.reduce((sum, { record }) => sum + record.size, 0);
  const share = Math.max(leastShare, total / 4);
  const writes: Promise<number[]>[] = [];
  let from = 0;
  let filled = 0;
  plan.storages.forEach(({ record }, i) => {
    filled += record.size;
    if (filled < share && i < handles.length - 1) return;
    writes.push(
      native.writeStorages(
        file.fd,
        Float64Array.from(offsets.slice(from, i + 1)),
        handles.slice(from, i + 1),
        // The first of them takes the space for all.
        from === 0 ? plan.layout.length : 0,
      ),
    );
    from = i + 1;
    filled = 0;
  });
  // The file may be closed only when the last of them has ended, whatever became of the first.
  const ended = await Promise.allSettled(writes);
  return ended.flatMap((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

/** All the small pieces in one go: a call for each would take longer than the tensors. */
async function writePieces(
  file: FileHandle,
  pieces: readonly { at: number; bytes: Buffer }[],
): Promise<void> {
  await native.writeStorages(
    file.fd,
    Float64Array.from(pieces, ({ at }) => at),
    pieces.map(({ bytes }) => native.fromBytes(bytes, 'uint8', [bytes.length], 'uint8', null)),
  );
}

/**
 * Writes a value as Python's `torch.save` does: a file that `torch.load(path)` reads in Python and here.
 *
 * Takes tensors, parameters, numbers, bigints, strings, booleans, null, arrays, `Map`, `Set`,
 * `Uint8Array`, plain objects and devices. A whole number becomes an `int`, any other a `float`, and so
 * does a number beyond 2^53; a bigint an `int`. An object or a `Map` becomes a `dict`, an array a `list`.
 * Tensors that share memory share it in the file, where it is written once. Of a model save
 * `model.stateDict()`.
 *
 * The file takes its place when it is complete; a failure leaves what was there. Bytes are written off
 * this thread: do not change the tensors before the promise is settled.
 *
 * @throws ArgumentError for what a file cannot hold (it names where), FileFormatError where the file
 *   cannot be written. Source: torch.save.
 */
export async function save(value: unknown, file: string | URL): Promise<void> {
  const path = targetPath(file, 'torch.save(value, file)');
  const plan = new ArchivePlan(pickleValue(value), folderOf(path));
  await writeAtomically(path, async (handle) => {
    const sums = await writeStorages(handle, plan);
    await writePieces(handle, plan.pieces(sums));
  });
}

/** The bytes that {@link save} would write. */
export function toBuffer(value: unknown): Buffer {
  const plan = new ArchivePlan(pickleValue(value), 'archive');
  const handles = onHost(plan.storages.map(({ storage }) => storage));
  const pieces = plan.pieces(handles.map((handle) => native.crcOfStorage(handle)));
  const end = pieces.at(-1)!;
  const buffer = Buffer.alloc(end.at + end.bytes.length);
  plan.storages.forEach(({ record }, i) => {
    const bytes = native.viewStorage(handles[i]!, 'uint8', [record.size], [1], 0);
    buffer.set(new Uint8Array(native.toBytes(bytes)), record.dataOffset);
  });
  for (const { at, bytes } of pieces) buffer.set(bytes, at);
  return buffer;
}
