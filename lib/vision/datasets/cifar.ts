import type { Image } from '../image.js';
import { bindArguments } from './arguments.js';
import { type ArchiveDatasetOptions, archiveParameters, ImageArrayDataset } from './array-dataset.js';
import { cifar10Classes, cifar100Classes } from './cifar-classes.js';
import type { CifarSource } from './cifar-files.js';
import { loadCifar } from './cifar-load.js';
import type { Transform } from './vision-dataset.js';

const batches = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`);

const cifar10: CifarSource = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
  classes: cifar10Classes,
  layouts: [
    {
      folder: 'cifar-10-batches-bin',
      train: batches.map((name) => `${name}.bin`),
      test: ['test_batch.bin'],
      meta: 'batches.meta.txt',
      format: { records: { labelBytes: 1, labelAt: 0 } },
    },
    {
      folder: 'cifar-10-batches-py',
      train: batches,
      test: ['test_batch'],
      meta: 'batches.meta',
      format: { labelKeys: ['labels', 'fine_labels'], namesKey: 'label_names' },
    },
  ],
};

const cifar100: CifarSource = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
  md5: '03b5dce01913d631647c71ecec9e9cb8',
  classes: cifar100Classes,
  layouts: [
    {
      folder: 'cifar-100-binary',
      train: ['train.bin'],
      test: ['test.bin'],
      meta: 'fine_label_names.txt',
      format: { records: { labelBytes: 2, labelAt: 1 } },
    },
    {
      folder: 'cifar-100-python',
      train: ['train'],
      test: ['test'],
      meta: 'meta',
      format: { labelKeys: ['fine_labels', 'labels'], namesKey: 'fine_label_names' },
    },
  ],
};

/** Ways to call `load`: by options, or by position in torchvision's order. */
type LoadArguments<S, T> =
  | [options: ArchiveDatasetOptions<S, T>]
  | [root: string, options?: Omit<ArchiveDatasetOptions<S, T>, 'root'>]
  | [
      root: string,
      train: boolean,
      transform?: Transform<Image, S> | null,
      targetTransform?: Transform<number, T> | null,
      download?: boolean,
    ];

/**
 * CIFAR-10 (`torchvision.datasets.CIFAR10`): 50,000 training and 10,000 test images, 32 × 32, RGB, ten classes.
 *
 * Read from `cifar-10-batches-bin` (the binary archive, which is what it downloads) or from the
 * `cifar-10-batches-py` that Python's torchvision left. The archive's MD5 is checked when it is
 * downloaded; a folder that is there is checked by layout and sizes, so data of your own are fine.
 *
 * `data` is N × 32 × 32 × 3 bytes; `get(i)` gives `[image, label]` after the transforms.
 */
export class CIFAR10<Sample = Image, Target = number> extends ImageArrayDataset<Sample, Target> {
  /**
   * @throws TorchError where it is not there and `download` was not asked for
   * @throws FileFormatError naming a truncated or broken file
   * @throws DownloadError, ChecksumError where the archive cannot be had
   */
  static async load<S = Image, T = number>(...args: LoadArguments<S, T>): Promise<CIFAR10<S, T>> {
    const options = bindArguments<ArchiveDatasetOptions<S, T>>('CIFAR10', archiveParameters, args, 5);
    return new CIFAR10(await loadCifar(cifar10, options), options);
  }
}

/**
 * CIFAR-100 (`torchvision.datasets.CIFAR100`): as {@link CIFAR10}, with a hundred (fine) classes.
 *
 * Read from `cifar-100-binary` (which is what it downloads) or `cifar-100-python`.
 */
export class CIFAR100<Sample = Image, Target = number> extends ImageArrayDataset<Sample, Target> {
  /** See {@link CIFAR10.load}. */
  static async load<S = Image, T = number>(...args: LoadArguments<S, T>): Promise<CIFAR100<S, T>> {
    const options = bindArguments<ArchiveDatasetOptions<S, T>>('CIFAR100', archiveParameters, args, 5);
    return new CIFAR100(await loadCifar(cifar100, options), options);
  }
}

export type { LoadArguments };
