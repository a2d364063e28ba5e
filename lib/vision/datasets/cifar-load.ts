import { join } from 'node:path';
import { TorchError } from '../../errors.js';
import { download, expandUser, extractArchive, fileNameOf, withLock } from '../../hub/index.js';
import type { ArchiveDatasetOptions, ImageArrayData } from './array-dataset.js';
import { type CifarSource, cifarPlaces, findCifar, readCifar } from './cifar-files.js';
import { makeRoot, notFound } from './missing.js';

/** Finds, downloads where that is asked for, and reads a split. */
export async function loadCifar<S, T>(
  source: CifarSource,
  options: ArchiveDatasetOptions<S, T>,
): Promise<ImageArrayData> {
  const { train = true } = options;
  const root = expandUser(options.root);
  if (options.download && !(await findCifar(root, source, train, true)))
    await fetchCifar(root, source, options);
  const found = (await findCifar(root, source, train, true)) ?? (await findCifar(root, source, train, false));
  if (!found) {
    throw notFound(
      'Dataset not found or corrupted. You can use download=True to download it (here: download: true)',
      cifarPlaces(root, source).map(
        ({ folder, layout }) => `${folder} (${layout[train ? 'train' : 'test'].join(', ')})`,
      ),
    );
  }
  return readCifar(found, source, train);
}

/** Downloads and unpacks. Looks again under the lock: another process may have brought the files meanwhile. */
async function fetchCifar<S, T>(
  root: string,
  source: CifarSource,
  options: ArchiveDatasetOptions<S, T>,
): Promise<void> {
  const { train = true, progress, mirror, signal } = options;
  const archive = join(root, fileNameOf(source.url));
  await makeRoot(root);
  await withLock(`${archive}.unpack.lock`, { signal }, async () => {
    if (await findCifar(root, source, train, true)) return;
    const settings = {
      md5: source.md5,
      progress,
      mirror,
      signal,
      remedies: [
        `unpack the archive yourself into ${join(root, source.layouts[0]!.folder)}, and leave download out`,
      ],
    };
    await extractArchive(await download(source.url, archive, settings), root);
    if (!(await findCifar(root, source, train, true))) {
      throw new TorchError(
        `${archive} was unpacked, but ${source.layouts[0]!.folder} is not in it`,
        'ERR_FILE',
      );
    }
  });
}
