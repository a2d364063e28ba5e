import { expect } from 'chai';
import * as torch from 'torchts';
import { datasets, transforms, utils } from 'torchts';
import { camelKeys, expectTensor, type FixtureTensor, loadFixtures } from '../support/fixtures.js';

const { data } = utils;

interface SamplerRow {
  kind: 'random' | 'sequential' | 'subset' | 'weighted';
  n: number;
  seed: number;
  own: number | null;
  options: SamplerOptions;
  length: number;
  passes: number[][];
  next: number[];
}

interface SamplerOptions {
  indices?: number[];
  weights?: number[];
  num_samples?: number;
  replacement?: boolean;
}

interface LoaderRow {
  n: number;
  seed: number;
  own: number | null;
  sampler: [kind: SamplerRow['kind'], options: SamplerOptions] | null;
  options: { batch_size?: number; shuffle?: boolean; drop_last?: boolean; num_workers: number };
  length: number;
  epochs: number[][][];
  between: number[][];
  ownNext: number[] | null;
}

interface BatchSamplerRow {
  n: number;
  seed: number;
  batchSize: number;
  dropLast: boolean;
  length: number;
  visited: number[][];
  next: number[];
}

interface SplitRow {
  n: number;
  lengths: number[];
  seed: number;
  own: number | null;
  subsets: number[][];
  next: number[];
}

interface ImageRow {
  chain: 'flip' | 'crop' | 'both';
  workers: number;
  seed: number;
  shuffle: boolean;
  epochs: [images: FixtureTensor, labels: number[]][][];
  next: number[];
}

interface LoaderFixtures {
  samplers: SamplerRow[];
  loaders: LoaderRow[];
  batchSamplers: BatchSamplerRow[];
  splits: SplitRow[];
  images: ImageRow[];
}

const fixtures = loadFixtures<LoaderFixtures>('loader');

const numbers = (n: number) => new data.TensorDataset(torch.arange(n));
const generatorOf = (seed: number | null) =>
  seed === null ? {} : { generator: new torch.Generator().manualSeed(seed) };

function samplerOf(kind: SamplerRow['kind'], n: number, own: number | null, options: SamplerOptions) {
  const { indices, weights, num_samples: numSamples, replacement } = options;
  const generator = generatorOf(own);
  switch (kind) {
    case 'sequential':
      return new data.SequentialSampler(numbers(n));
    case 'random':
      return new data.RandomSampler(numbers(n), { replacement, numSamples, ...generator });
    case 'subset':
      return new data.SubsetRandomSampler(indices!, generator);
    case 'weighted':
      return new data.WeightedRandomSampler(weights!, numSamples!, { replacement, ...generator });
  }
}

async function visit(loader: AsyncIterable<torch.Tensor[]>): Promise<number[][]> {
  const batches: number[][] = [];
  for await (const [batch] of loader) batches.push(batch!.tolist() as number[]);
  return batches;
}

describe('parity: samplers', () => {
  for (const { kind, n, seed, own, options, length, passes, next } of fixtures.samplers) {
    const title = `${kind} of ${n}, ${JSON.stringify(options)}, seed ${seed}, generator ${own ?? 'default'}`;
    it(title, () => {
      torch.manualSeed(seed);
      const sampler = samplerOf(kind, n, own, options);
      expect(sampler.length).to.equal(length);
      for (const expected of passes) expect([...sampler]).to.deep.equal(expected);
      expect(torch.rand(2).tolist(), 'the next random numbers').to.deep.equal(next);
    });
  }
});

describe('parity: DataLoader', () => {
  for (const row of fixtures.loaders) {
    const { n, seed, own, sampler, options, length, epochs, between, ownNext } = row;
    const title = `${n} samples, ${JSON.stringify(options)}, sampler ${JSON.stringify(sampler)}, seed ${seed}`;
    it(`${title}, generator ${own ?? 'default'}`, async () => {
      torch.manualSeed(seed);
      const generator = generatorOf(own);
      const chosen = sampler ? { sampler: samplerOf(sampler[0], n, null, sampler[1]) } : {};
      const loader = new data.DataLoader(numbers(n), { ...camelKeys(options), ...chosen, ...generator });
      expect(loader.length).to.equal(length);
      for (const [epoch, expected] of epochs.entries()) {
        expect(await visit(loader), `epoch ${epoch}`).to.deep.equal(expected);
        expect(torch.rand(2).tolist(), `random numbers after epoch ${epoch}`).to.deep.equal(between[epoch]);
      }
      if (ownNext)
        expect(torch.rand(2, generator).tolist(), 'the generator afterwards').to.deep.equal(ownNext);
    });
  }

  for (const { n, seed, batchSize, dropLast, length, visited, next } of fixtures.batchSamplers) {
    it(`with a batch sampler of ${batchSize}, dropLast ${dropLast}`, async () => {
      torch.manualSeed(seed);
      const batchSampler = new data.BatchSampler(new data.RandomSampler(numbers(n)), batchSize, dropLast);
      const loader = new data.DataLoader(numbers(n), { batchSampler });
      expect(loader.length).to.equal(length);
      expect(await visit(loader)).to.deep.equal(visited);
      expect(torch.rand(2).tolist()).to.deep.equal(next);
    });
  }
});

describe('parity: randomSplit', () => {
  for (const { n, lengths, seed, own, subsets, next } of fixtures.splits) {
    it(`${n} samples into ${lengths}, seed ${seed}, generator ${own ?? 'default'}`, () => {
      torch.manualSeed(seed);
      const parts = data.randomSplit(numbers(n), lengths, generatorOf(own));
      expect(parts.map((part) => [...part.indices])).to.deep.equal(subsets);
      expect(torch.rand(2).tolist()).to.deep.equal(next);
    });
  }
});

/** The images of loader.py: 10 of 6×5 RGB pixels. */
class Images extends data.Dataset<[torch.Tensor, number]> {
  constructor(private readonly transform: (image: datasets.Image) => torch.Tensor) {
    super();
  }

  get length(): number {
    return 10;
  }

  get(index: number): [torch.Tensor, number] {
    const bytes = Uint8Array.from({ length: 5 * 6 * 3 }, (_, i) => (index * 37 + i * 11 + i * i) % 256);
    return [this.transform(new datasets.Image(bytes, { width: 6, height: 5, channels: 3 })), index];
  }
}

const chains = {
  flip: () => [new transforms.RandomHorizontalFlip(), new transforms.ToTensor()],
  crop: () => [new transforms.RandomCrop(4, { padding: 1 }), new transforms.ToTensor()],
  both: () => [
    new transforms.RandomCrop(4, { padding: 2 }),
    new transforms.RandomHorizontalFlip(0.25),
    new transforms.ToTensor(),
  ],
};

describe('parity: random transforms in a DataLoader', () => {
  for (const { chain, workers, seed, shuffle, epochs, next } of fixtures.images) {
    it(`${chain}, numWorkers ${workers}, shuffle ${shuffle}`, async () => {
      torch.manualSeed(seed);
      const images = new Images(
        new transforms.Compose(chains[chain]()) as (image: datasets.Image) => torch.Tensor,
      );
      const loader = new data.DataLoader(images, { batchSize: 3, shuffle, numWorkers: workers });
      for (const [epoch, batches] of epochs.entries()) {
        let i = 0;
        for await (const [pixels, labels] of loader) {
          const [expected, numbers] = batches[i]!;
          expect(labels.tolist(), `labels of batch ${i}, epoch ${epoch}`).to.deep.equal(numbers);
          expectTensor(pixels.mul(255).round().to('uint8'), expected, `images of batch ${i}, epoch ${epoch}`);
          i++;
        }
        expect(i, `batches of epoch ${epoch}`).to.equal(batches.length);
      }
      expect(torch.rand(2).tolist(), 'the next random numbers').to.deep.equal(next);
    });
  }
});
