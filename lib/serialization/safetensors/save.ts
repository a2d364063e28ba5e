/** Writes safetensors files. */
import { ArgumentError, DTypeError, ValueError } from '../../errors.js';
import { native } from '../../native.js';
import { dtypeBytes, Tensor } from '../../tensor/index.js';
import { targetPath, writeAtomically, writeFully } from '../atomic-file.js';
import { formatName } from './header.js';

const alignment = 8;

function checkTensors(tensors: unknown): [string, Tensor][] {
  if (typeof tensors !== 'object' || tensors === null || tensors instanceof Tensor || Array.isArray(tensors))
    throw new ArgumentError('safetensors.saveFile expects an object or a Map of tensors by name');
  const entries = tensors instanceof Map ? [...(tensors as Map<unknown, unknown>)] : Object.entries(tensors);
  for (const [name, value] of entries) {
    if (typeof name !== 'string' || name === '__metadata__')
      throw new ArgumentError(`safetensors.saveFile: ${String(name)} is no name for a tensor`);
    if (!(value instanceof Tensor))
      throw new ArgumentError(`safetensors.saveFile: '${name}' is no tensor; the format holds tensors only`);
    if (value.layout !== 'strided')
      throw new ValueError(`safetensors.saveFile: '${name}' is sparse; save toDense() of it`);
    if (value.isMeta)
      throw new ValueError(`safetensors.saveFile: '${name}' is on the meta device and has no values`);
    if (formatName(value.dtype) === undefined)
      throw new DTypeError(
        `safetensors.saveFile: '${name}' is ${value.dtype}, which the format does not have`,
      );
  }
  return entries as [string, Tensor][];
}

/** The format has no shared memory: a file would hold the values twice, and loading would part them. */
function checkSharing(entries: readonly [string, Tensor][]): void {
  const spans = entries
    .filter(([, tensor]) => tensor.numel() > 0)
    .map(([name, tensor]) => {
      const strides = tensor.stride();
      const last = tensor.shape.reduce((sum, size, d) => sum + (size - 1) * strides[d]!, 0);
      const width = tensor.elementSize();
      const begin = tensor.storageOffset() * width;
      return { name, storage: native.storageId(tensor.handle), begin, end: begin + (last + 1) * width };
    });
  spans.sort((a, b) => (a.storage < b.storage ? -1 : a.storage > b.storage ? 1 : a.begin - b.begin));
  for (let i = 1; i < spans.length; i++) {
    const [before, after] = [spans[i - 1]!, spans[i]!];
    if (before.storage === after.storage && after.begin < before.end)
      throw new ValueError(
        `safetensors.saveFile: '${before.name}' and '${after.name}' share memory, which the format cannot hold; ` +
          'save clone() of one of them, leave one out, or use torch.save',
      );
  }
}

function checkMetadata(metadata: unknown): Record<string, string> | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  if (typeof metadata !== 'object' || Array.isArray(metadata))
    throw new ArgumentError('safetensors.saveFile expects metadata as an object of strings');
  for (const [key, value] of Object.entries(metadata))
    if (typeof value !== 'string')
      throw new ArgumentError(
        `safetensors.saveFile: the metadata '${key}' must be a string, got ${typeof value}`,
      );
  return metadata as Record<string, string>;
}

/** The tensor alone in its storage, row-major, in host memory. */
function bare(tensor: Tensor): Tensor {
  const host = tensor.detach().to('cpu').resolveConj().resolveNeg().contiguous();
  return native.storageBytes(host.handle) === host.nbytes ? host : host.clone();
}

/**
 * Writes tensors by name into a safetensors file. They are stored row-major, without history.
 *
 * The file takes its place when it is complete; do not change the tensors before the promise is settled.
 *
 * @param metadata Strings by name. Default: none.
 * @throws ValueError where tensors share memory, DTypeError for a dtype that the format lacks,
 *   FileFormatError where the file cannot be written. Source: safetensors.torch.save_file.
 */
export async function saveFile(
  tensors: Readonly<Record<string, Tensor>> | ReadonlyMap<string, Tensor>,
  file: string | URL,
  metadata?: Readonly<Record<string, string>> | null,
): Promise<void> {
  const path = targetPath(file, 'safetensors.saveFile(tensors, file)');
  const entries = checkTensors(tensors);
  checkSharing(entries);
  const strings = checkMetadata(metadata);
  // Wide dtypes first: every tensor is then aligned to its elements.
  entries.sort(([a, x], [b, y]) => dtypeBytes(y.dtype) - dtypeBytes(x.dtype) || (a < b ? -1 : a > b ? 1 : 0));

  const header: Record<string, unknown> = Object.create(null);
  if (strings !== undefined) header.__metadata__ = strings;
  const offsets: number[] = [];
  let end = 0;
  for (const [name, tensor] of entries) {
    offsets.push(end);
    header[name] = {
      dtype: formatName(tensor.dtype),
      shape: tensor.shape,
      data_offsets: [end, end + tensor.nbytes],
    };
    end += tensor.nbytes;
  }
  const json = Buffer.from(JSON.stringify(header), 'utf8');
  const padded = Math.ceil(json.length / alignment) * alignment;
  const head = Buffer.alloc(8 + padded, ' ');
  head.writeBigUInt64LE(BigInt(padded), 0);
  json.copy(head, 8);
  const sources = entries.map(([, tensor]) => bare(tensor));
  await writeAtomically(path, async (handle) => {
    await writeFully(handle, head, 0);
    await native.writeStorages(
      handle.fd,
      Float64Array.from(offsets, (offset) => head.length + offset),
      sources.map((tensor) => tensor.handle),
      head.length + end,
    );
  });
}
