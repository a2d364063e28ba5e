import { readFile } from 'node:fs/promises';
import { FileFormatError } from '../../errors.js';

/** CIFAR images: 32 × 32 pixels in three planes. */
export const cifarSide = 32;
export const cifarImageBytes = 3 * cifarSide * cifarSide;

/** Images of one file, still as planes, with their labels. */
export interface CifarBatch {
  /** N × 3 × 32 × 32. */
  planes: Uint8Array;
  labels: number[];
}

/** Bytes before the pixels of a binary record, and which of them is the label. */
export interface RecordLayout {
  labelBytes: number;
  labelAt: number;
}

/** Whether a binary file's size is that of one or more whole records. */
export function isWholeRecords(size: number, layout: RecordLayout): boolean {
  return size > 0 && size % (layout.labelBytes + cifarImageBytes) === 0;
}

/**
 * Reads a file of binary records: label bytes, then the red, green and blue planes.
 *
 * @throws FileFormatError naming the file where its size is that of no whole number of records
 */
export async function readRecords(path: string, layout: RecordLayout): Promise<CifarBatch> {
  const bytes = await readFile(path);
  const record = layout.labelBytes + cifarImageBytes;
  if (!isWholeRecords(bytes.length, layout)) {
    throw new FileFormatError(
      `${path} is truncated or of another format: its ${bytes.length} bytes are no whole number of ${record}-byte records`,
    );
  }
  const count = bytes.length / record;
  const planes = new Uint8Array(count * cifarImageBytes);
  const labels: number[] = new Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * record;
    labels[i] = bytes[start + layout.labelAt]!;
    planes.set(bytes.subarray(start + layout.labelBytes, start + record), i * cifarImageBytes);
  }
  return { planes, labels };
}

/** @throws FileFormatError naming the file and the record of a label that no class has */
export function checkLabels(path: string, labels: readonly number[], classes: number): void {
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new FileFormatError(
      `${path}: label ${labels[wrong]} of record ${wrong} is not one of the ${classes} classes`,
    );
  }
}

/** Planes (N × 3 × 32 × 32) to pixels (N × 32 × 32 × 3), written into `out` from byte `offset` on. */
export function interleave(planes: Uint8Array, out: Uint8Array, offset: number): void {
  const area = cifarSide * cifarSide;
  let to = offset;
  for (let image = 0; image < planes.length; image += cifarImageBytes) {
    for (let pixel = image; pixel < image + area; pixel++) {
      out[to++] = planes[pixel]!;
      out[to++] = planes[pixel + area]!;
      out[to++] = planes[pixel + 2 * area]!;
    }
  }
}
