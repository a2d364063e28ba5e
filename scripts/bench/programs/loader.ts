/** Passes of a DataLoader over images, from the files to float batches. */
import { join } from 'node:path';
import * as torch from 'torchts';
import { datasets, transforms, utils } from 'torchts';
import { fingerprint, torchAnswer } from './torch-side.js';

type Params = {
  dataset: 'cifar' | 'jpeg';
  /** Images of a pass. */
  limit: number;
  passes: number;
  workers: number;
};

const normalize = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

type Batch = [images: torch.Tensor, labels: torch.Tensor];

async function open(kind: Params['dataset'], root: string): Promise<utils.data.Dataset<unknown>> {
  if (kind === 'cifar') {
    const transform = new transforms.Compose([
      new transforms.Resize(224),
      new transforms.ToTensor(),
      new transforms.Normalize(normalize),
    ]);
    return datasets.CIFAR10.load({ root: join(root, 'cifar'), train: true, download: false, transform });
  }
  const transform = new transforms.Compose([
    new transforms.RandomResizedCrop(224),
    new transforms.RandomHorizontalFlip(),
    new transforms.ToTensor(),
    new transforms.Normalize(normalize),
  ]);
  return datasets.ImageFolder.load({ root: join(root, 'jpeg'), transform });
}

await torchAnswer<Params>(async ({ params, inputs }) => {
  const dataset = await open(params.dataset, inputs);
  const loader = (numWorkers: number) =>
    new utils.data.DataLoader(dataset, { batchSize: 32, shuffle: true, numWorkers });

  // One batch without workers is what both sides compare: workers have random numbers of their own.
  torch.manualSeed(0);
  const [images, labels] = (await loader(0).first()) as Batch;
  const results = {
    labels: labels.tolist() as number[],
    pixels: fingerprint(images),
    corner: images.index(':', 0, 0, 0).tolist() as number[],
  };

  const timed = loader(params.workers);
  const samples: number[] = [];
  for (let pass = -1; pass < params.passes; pass++) {
    const begin = performance.now();
    let seen = 0;
    for await (const batch of timed) {
      seen += (batch as Batch)[0].size(0);
      if (seen >= params.limit) break;
    }
    const seconds = (performance.now() - begin) / 1000;
    if (pass >= 0) samples.push(seen / seconds);
  }
  return { metrics: { images: { unit: 'images/s', samples } }, results };
});
