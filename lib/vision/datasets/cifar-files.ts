import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPickledBatch, readPickledNames } from './cifar-pickle.js';
import {
  type CifarBatch,
  checkLabels,
  cifarImageBytes,
  cifarSide,
  interleave,
  isWholeRecords,
  type RecordLayout,
  readRecords,
} from './cifar-records.js';
import type { ImageArrayData } from './array-dataset.js';
import { fileSize } from './missing.js';

/** Where a CIFAR variant keeps what, in one of its two layouts. */
export interface CifarLayout {
  folder: string;
  train: readonly string[];
  test: readonly string[];
  /** File of the class names. */
  meta: string;
  /** Binary records, or Python's pickles with these keys. */
  format: { records: RecordLayout } | { labelKeys: readonly string[]; namesKey: string };
}

/** A CIFAR variant. */
export interface CifarSource {
  layouts: readonly CifarLayout[];
  /** Names where the meta file is missing. */
  classes: readonly string[];
  url: string;
  md5: string;
}

/** A layout that was found, and the folder it is in. */
export interface FoundCifar {
  layout: CifarLayout;
  folder: string;
}

/** The folders that are looked into, each with the layout expected there. */
export function cifarPlaces(root: string, source: CifarSource): FoundCifar[] {
  const inRoot = source.layouts.map((layout) => ({ layout, folder: join(root, layout.folder) }));
  return [...inRoot, ...source.layouts.map((layout) => ({ layout, folder: root }))];
}

/**
 * The first layout whose files for the split are all there.
 *
 * @param whole demands also that sizes fit; else a broken file is found too, for an error that names it
 */
export async function findCifar(
  root: string,
  source: CifarSource,
  train: boolean,
  whole: boolean,
): Promise<FoundCifar | undefined> {
  for (const place of cifarPlaces(root, source)) {
    const { format } = place.layout;
    const sizes = await Promise.all(
      place.layout[train ? 'train' : 'test'].map((name) => fileSize(join(place.folder, name))),
    );
    const fits = (size: number): boolean =>
      'records' in format ? isWholeRecords(size, format.records) : size > cifarImageBytes;
    if (sizes.every((size) => size !== undefined && (!whole || fits(size)))) return place;
  }
  return undefined;
}

/** Reads a split of a layout that was found. */
export async function readCifar(
  found: FoundCifar,
  source: CifarSource,
  train: boolean,
): Promise<ImageArrayData> {
  const { layout, folder } = found;
  const classes = await readNames(found, source);
  const batches: CifarBatch[] = [];
  for (const name of layout[train ? 'train' : 'test']) {
    const path = join(folder, name);
    const batch =
      'records' in layout.format
        ? await readRecords(path, layout.format.records)
        : await readPickledBatch(path, layout.format.labelKeys);
    checkLabels(path, batch.labels, classes.length);
    batches.push(batch);
  }
  const data = new Uint8Array(batches.reduce((sum, batch) => sum + batch.planes.length, 0));
  let offset = 0;
  for (const batch of batches) {
    interleave(batch.planes, data, offset);
    offset += batch.planes.length;
  }
  return {
    images: { data, width: cifarSide, height: cifarSide, channels: 3 },
    targets: batches.flatMap((batch) => batch.labels),
    classes,
  };
}

async function readNames({ layout, folder }: FoundCifar, source: CifarSource): Promise<readonly string[]> {
  const path = join(folder, layout.meta);
  if ((await fileSize(path)) === undefined) return source.classes;
  if (!('records' in layout.format)) return readPickledNames(path, layout.format.namesKey);
  const lines = (await readFile(path, 'utf8')).split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '');
}
