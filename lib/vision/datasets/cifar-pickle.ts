import { readFile } from 'node:fs/promises';
import { FileFormatError } from '../../errors.js';
import { type CifarBatch, cifarImageBytes } from './cifar-records.js';
import { ByteArray, readNumpyPickle } from './numpy-pickle.js';

async function readDict(path: string): Promise<Record<string, unknown>> {
  const value = readNumpyPickle(await readFile(path), path);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) {
    throw new FileFormatError(`${path}: a dict with string keys was expected`);
  }
  return value as Record<string, unknown>;
}

/** Reads a batch as Python left it: a pickled dict with `data` (N × 3072, uint8) and labels. */
export async function readPickledBatch(path: string, labelKeys: readonly string[]): Promise<CifarBatch> {
  const dict = await readDict(path);
  const { data } = dict;
  const labels = labelKeys.map((key) => dict[key]).find((value) => value !== undefined);
  if (!(data instanceof ByteArray) || data.shape.length !== 2 || data.shape[1] !== cifarImageBytes) {
    throw new FileFormatError(`${path}: 'data' must be an array of N × ${cifarImageBytes} bytes`);
  }
  if (!Array.isArray(labels) || labels.length !== data.shape[0]) {
    throw new FileFormatError(`${path}: ${labelKeys[0]} must be a list of ${data.shape[0]} numbers`);
  }
  return { planes: data.data, labels: labels as number[] };
}

/** Reads the class names of a pickled meta file. */
export async function readPickledNames(path: string, key: string): Promise<string[]> {
  const names = (await readDict(path))[key];
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string')) {
    throw new FileFormatError(`${path}: ${key} must be a list of names`);
  }
  return names as string[];
}
