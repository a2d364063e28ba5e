/** Reads safetensors files. */
import { FileFormatError } from '../../errors.js';
import { native } from '../../native.js';
import { syncMode } from '../../ops/mode.js';
import { type DeviceLike, device, Tensor } from '../../tensor/index.js';
import { checkedOptions } from '../../tensor/keywords.js';
import { naming } from '../naming.js';
import { type ByteSource, type FileLike, openSource } from '../source.js';
import { type Header, maxHeaderBytes, parseHeader } from './header.js';

async function readHeader(source: ByteSource): Promise<{ header: Header; start: number }> {
  if (source.size < 8)
    throw new FileFormatError(`${source.name} is not a valid safetensors file: it has ${source.size} bytes`);
  const length = Buffer.from(await source.read(0, 8)).readBigUInt64LE(0);
  if (length > BigInt(maxHeaderBytes) || length > BigInt(source.size - 8))
    throw new FileFormatError(
      `${source.name} is not a valid safetensors file: a header of ${length} bytes (the file has ${source.size}, the format allows ${maxHeaderBytes})`,
    );
  const start = 8 + Number(length);
  const bytes = await source.read(8, Number(length));
  return { header: parseHeader(bytes, source.size - start, source.name), start };
}

function rowMajor(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(1, shape[d]!);
  }
  return strides;
}

async function fromSource<T>(
  file: FileLike,
  caller: string,
  read: (source: ByteSource) => Promise<T>,
): Promise<T> {
  const source = await openSource(file, caller);
  try {
    return await naming(source.name, () => read(source));
  } finally {
    await source.close();
  }
}

/**
 * Reads all tensors of a safetensors file, by name, in the order of its header.
 *
 * @param file A path, a file URL, or the bytes of a file.
 * @param options `device`: where the tensors go. Default: `'cpu'`.
 * @throws FileFormatError where the file is missing, broken or truncated. Source: safetensors.torch.load_file.
 */
export async function loadFile(
  file: FileLike,
  options?: { device?: DeviceLike } | null,
): Promise<Record<string, Tensor>> {
  const target = device(checkedOptions('safetensors.loadFile', options, ['device']).device ?? 'cpu');
  return fromSource(file, 'safetensors.loadFile', async (source) => {
    const { header, start } = await readHeader(source);
    const regions = header.entries.map(({ begin, end }) => ({
      offset: start + begin,
      size: end - begin,
      crc: null,
      limit: start + end,
    }));
    const handles = await source.readTensors(regions, { headers: false });
    // Tensors are made in the mode of this flow, whichever ran while the file was read.
    syncMode();
    const tensors: Record<string, Tensor> = Object.create(null);
    header.entries.forEach(({ name, dtype, shape }, i) => {
      const tensor = new Tensor(native.viewStorage(handles[i]!, dtype, shape, rowMajor(shape), 0));
      tensors[name] = tensor.to(target);
    });
    return tensors;
  });
}

/** The metadata of a safetensors file, without its tensors. Source: safetensors.safe_open(…).metadata(). */
export async function loadMetadata(file: FileLike): Promise<Record<string, string>> {
  return fromSource(
    file,
    'safetensors.loadMetadata',
    async (source) => (await readHeader(source)).header.metadata,
  );
}
