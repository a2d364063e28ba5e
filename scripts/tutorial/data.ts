/** The data sets of the tutorial, as `--dataset` names them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { datasets, transforms, utils } from 'torchts';
import type { TutorialOptions } from './options.js';

/** A data set whose labels have names. */
export interface NamedDataset extends utils.data.Dataset<unknown> {
  readonly classes: readonly string[];
}

/** ImageNet's statistics, which the pretrained weights expect. */
const normalize = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

function transformFor(options: TutorialOptions): transforms.Compose {
  const size = options.imageSize;
  switch (options.dataset) {
    case 'mnist':
      return new transforms.Compose([
        new transforms.Resize(size),
        new transforms.Grayscale(3),
        new transforms.ToTensor(),
        new transforms.Normalize(normalize),
      ]);
    case 'imagefolder':
      return new transforms.Compose([
        new transforms.Resize(size),
        new transforms.CenterCrop(size),
        new transforms.ToTensor(),
        new transforms.Normalize(normalize),
      ]);
    default:
      return new transforms.Compose([
        new transforms.Resize(size),
        new transforms.ToTensor(),
        new transforms.Normalize(normalize),
      ]);
  }
}

/** The training set (`train: true`) or the test set. */
export async function loadDataset(options: TutorialOptions, train: boolean): Promise<NamedDataset> {
  const transform = transformFor(options);
  const { dataRoot: root, download } = options;
  switch (options.dataset) {
    case 'mnist':
      return (await datasets.MNIST.load({ root, train, download, transform })) as NamedDataset;
    case 'imagefolder': {
      const folder = train ? 'train' : existsSync(join(root, 'test')) ? 'test' : 'val';
      return (await datasets.ImageFolder.load({ root: join(root, folder), transform })) as NamedDataset;
    }
    default:
      return (await datasets.CIFAR10.load({ root, train, download, transform })) as NamedDataset;
  }
}

/** The first `limit` samples of a set, in its order. */
export function firstOf(dataset: NamedDataset, limit: number | null): utils.data.Dataset<unknown> {
  if (limit === null || limit >= dataset.length) return dataset;
  return new utils.data.Subset(
    dataset,
    Array.from({ length: limit }, (_, i) => i),
  );
}
