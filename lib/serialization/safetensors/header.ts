/** The header of a safetensors file: a length, then JSON that says where each tensor lies. */
import type { DType } from '../../bindings.js';
import { FileFormatError } from '../../errors.js';
import { dtypeBytes } from '../../tensor/index.js';

/** The format's own limit. */
export const maxHeaderBytes = 100_000_000;

const dtypes: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
  C64: 'complex64',
  F8_E4M3: 'float8_e4m3fn',
  F8_E5M2: 'float8_e5m2',
};

const names = new Map(Object.entries(dtypes).map(([name, dtype]) => [dtype, name]));

/** The format's name of a dtype, or undefined where it has none. */
export function formatName(dtype: DType): string | undefined {
  return names.get(dtype);
}

/** A tensor of a file; offsets count from the end of the header. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

export interface Header {
  readonly entries: TensorEntry[];
  readonly metadata: Record<string, string>;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readMetadata(value: unknown, broken: (reason: string) => FileFormatError): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null);
  if (!isPlain(value)) throw broken('its metadata are no object');
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw broken(`its metadata '${key}' is no string`);
    metadata[key] = text;
  }
  return metadata;
}

function readEntry(name: string, value: unknown, broken: (reason: string) => FileFormatError): TensorEntry {
  if (!isPlain(value)) throw broken(`the tensor '${name}' is not described by an object`);
  const { dtype: dtypeName, shape, data_offsets: offsets } = value;
  if (typeof dtypeName !== 'string' || !Object.hasOwn(dtypes, dtypeName))
    throw broken(
      `the tensor '${name}' has the dtype ${JSON.stringify(dtypeName)}; known are ${Object.keys(dtypes).join(', ')}`,
    );
  if (!Array.isArray(shape) || !shape.every(isSize) || shape.length > 64)
    throw broken(`the shape of the tensor '${name}' is none`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw broken(`the data_offsets of the tensor '${name}' are none`);
  const [begin, end] = offsets as [number, number];
  const dtype = dtypes[dtypeName]!;
  const bytes = (shape as number[]).reduce(
    (product, size) => product * BigInt(size),
    BigInt(dtypeBytes(dtype)),
  );
  if (BigInt(end) - BigInt(begin) !== bytes)
    throw broken(
      `the tensor '${name}' of shape [${shape.join(', ')}] needs ${bytes} bytes, its data_offsets [${begin}, ${end}] have ${end - begin}`,
    );
  return { name, dtype, shape: shape as number[], begin, end };
}

/**
 * Reads and checks a header. `dataBytes` is what follows it in the file: the tensors must fill it
 * from end to end, without gap and without overlap.
 */
export function parseHeader(bytes: Uint8Array, dataBytes: number, name: string): Header {
  const broken = (reason: string): FileFormatError =>
    new FileFormatError(`${name} is not a valid safetensors file: ${reason}`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FileFormatError(`${name} is not a valid safetensors file: its header is no JSON`, { cause });
  }
  if (!isPlain(json) || bytes[0] !== 0x7b) throw broken('its header is no JSON object');
  let metadata: Record<string, string> = Object.create(null);
  const entries: TensorEntry[] = [];
  for (const [key, value] of Object.entries(json)) {
    if (key === '__metadata__') metadata = readMetadata(value, broken);
    else entries.push(readEntry(key, value, broken));
  }
  let end = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== end)
      throw broken(
        `the data of the tensor '${entry.name}' begin at ${entry.begin}, not at ${end}, where those before end`,
      );
    end = entry.end;
  }
  if (end !== dataBytes)
    throw broken(`its tensors have ${end} bytes, it holds ${dataBytes}: it is truncated or damaged`);
  return { entries, metadata };
}
