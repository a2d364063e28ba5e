import { expect } from 'chai';
import * as torch from 'torchts';
import { datasets, type Tensor, transforms, utils } from 'torchts';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { DataLoader, Dataset, Subset } = utils.data;

const side = 12;
const count = 10;
const bytes = Uint8Array.from({ length: count * side * side * 3 }, (_, i) => (i * 89 + (i >> 5) * 7) % 256);

type Chain = transforms.Compose;

/** The library's kind of data set, whose batches are made natively. */
function images(transform: Chain | null): datasets.CIFAR10<Tensor> {
  const content = {
    images: { data: bytes, width: side, height: side, channels: 3 as const },
    targets: Array.from({ length: count }, (_, i) => i % 4),
    classes: ['a', 'b', 'c', 'd'],
  };
  return new datasets.CIFAR10(content, { root: '.', transform } as never) as datasets.CIFAR10<Tensor>;
}

/** The same samples one by one through `get`, as any data set of a user's. */
class Plain extends Dataset<[Tensor, number]> {
  constructor(private readonly inner: { length: number; get(i: number): unknown }) {
    super();
  }
  get length(): number {
    return this.inner.length;
  }
  get(index: number): [Tensor, number] {
    return this.inner.get(index) as [Tensor, number];
  }
}

const normalize = new transforms.Normalize({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] });

const chains: Record<string, () => Chain> = {
  'ToTensor alone': () => new transforms.Compose([new transforms.ToTensor()]),
  'bytes as they are': () => new transforms.Compose([new transforms.PILToTensor()]),
  'the tutorial': () =>
    new transforms.Compose([new transforms.Resize(30), new transforms.ToTensor(), normalize]),
  'smaller, gray': () =>
    new transforms.Compose([
      new transforms.Grayscale(),
      new transforms.Resize([5, 7]),
      new transforms.ToTensor(),
      new transforms.Normalize([0.5], [0.25]),
    ]),
  augmentation: () =>
    new transforms.Compose([
      new transforms.RandomCrop(side, { padding: 2, paddingMode: 'reflect' }),
      new transforms.RandomHorizontalFlip(),
      new transforms.Compose([
        new transforms.RandomResizedCrop(8),
        new transforms.RandomVerticalFlip(0.3),
      ]) as never,
      new transforms.ToTensor(),
      normalize,
    ]),
  'steps after a resize': () =>
    new transforms.Compose([
      new transforms.Resize([37, 41]),
      new transforms.CenterCrop([21, 45]),
      new transforms.Pad([3, 1, 2, 4], 7, 'symmetric'),
      new transforms.RandomHorizontalFlip(),
      new transforms.RandomVerticalFlip(),
      new transforms.RandomApply([new transforms.Grayscale(3)], 0.5),
      new transforms.Resize([19, 50], 'bicubic'),
      new transforms.ToTensor(),
      normalize,
    ]),
  'nearest and back': () =>
    new transforms.Compose([
      new transforms.Resize(17),
      new transforms.Resize([40, 33], 'nearest'),
      new transforms.Grayscale(3),
      new transforms.PILToTensor(),
    ]),
  'a function in between': () =>
    new transforms.Compose([
      new transforms.Resize(9),
      new transforms.Lambda((image: transforms.Image) => image.convert('L')),
      new transforms.RandomHorizontalFlip(),
      new transforms.ToTensor(),
      (x: Tensor) => x.mul(2),
    ]),
};

async function batchesOf(loader: AsyncIterable<Tensor[]>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const [x, y] of loader) {
    // The model's own draws come between the batches.
    all.push([x!.dtype, x!.shape, x!.tolist(), y!.dtype, y!.tolist(), torch.rand(1).item()]);
  }
  return all;
}

describe('native batches', () => {
  for (const [name, make] of Object.entries(chains)) {
    for (const numWorkers of [0, 2]) {
      it(`${name}: the values and draws of a loop over the samples, ${numWorkers} workers`, async () => {
        const options = { batchSize: 4, shuffle: true, numWorkers };
        torch.manualSeed(5);
        const native = await batchesOf(new DataLoader(images(make()), options));
        torch.manualSeed(5);
        const plain = await batchesOf(new DataLoader(new Plain(images(make())), options));
        expect(native).to.deep.equal(plain);
      });
    }
  }

  it('call no transform: the whole batch is native', async () => {
    const chain = chains.augmentation!();
    (chain as { forward: unknown }).forward = () => expect.fail('the chain was called');
    const [x] = await new DataLoader(images(chain), { batchSize: 4 }).first();
    expect(x.shape).to.deep.equal([4, 3, 8, 8]);
    // A class of the user's own may do anything, so it is called.
    class Mine extends transforms.Resize {
      override forward(): never {
        throw new Error('called');
      }
    }
    const mine = new transforms.Compose([new Mine(4), new transforms.ToTensor()]);
    let error: unknown;
    await new DataLoader(images(mine)).first().catch((e: unknown) => {
      error = e;
    });
    expect((error as Error).message).to.contain('called');
  });

  it('go through subsets', async () => {
    const subset = new Subset(images(chains['the tutorial']!()), [9, 2, 2]);
    const [x, y] = await new DataLoader(subset, { batchSize: 3 }).first();
    const [a, b] = await new DataLoader(new Plain(subset), { batchSize: 3 }).first();
    expect(x.equal(a)).to.equal(true);
    expect(y.tolist()).to.deep.equal(b.tolist());
    expect(y.tolist()).to.deep.equal([1, 2, 2]);
  });

  for (const [name, make] of Object.entries(chains))
    it(`${name}: can lie channels-last`, async () => {
      const options = { batchSize: 4, memoryFormat: 'channelsLast' } as const;
      torch.manualSeed(8);
      const [x] = await new DataLoader(images(make()), options).first();
      expect(x.isContiguous({ memoryFormat: 'channelsLast' })).to.equal(true);
      torch.manualSeed(8);
      const [a] = await new DataLoader(new Plain(images(make())), options).first();
      expect(a.isContiguous({ memoryFormat: 'channelsLast' })).to.equal(true);
      expect(x.equal(a)).to.equal(true);
    });

  it('normalise as the operators do, to the bit, for any means and deviations', async () => {
    torch.manualSeed(0);
    for (let i = 0; i < 40; i++) {
      const [mean, std] = [
        torch.rand(3).tolist(),
        torch
          .rand(3)
          .mul(10 ** (i % 5))
          .tolist(),
      ] as number[][];
      const chain = new transforms.Compose([
        new transforms.Resize([3, 85]),
        new transforms.ToTensor(),
        new transforms.Normalize(i % 7 === 0 ? [0.5] : mean!, i % 7 === 0 ? [0.5] : std!),
      ]);
      for (const memoryFormat of [null, 'channelsLast'] as const) {
        const options = { batchSize: count, memoryFormat };
        const [x] = await new DataLoader(images(chain), options).first();
        const [a] = await new DataLoader(new Plain(images(chain)), options).first();
        expect(x.equal(a), `${mean} ${std}`).to.equal(true);
      }
    }
  });

  // Past some MiB a batch is written in another way, which depends on where in memory an image begins.
  const large: Record<string, transforms.Resize[]> = {
    planes: [new transforms.Resize([331, 403])],
    'pixels side by side': [new transforms.Resize([331, 403]), new transforms.Pad([1, 0]) as never],
    'a part of a larger image': [
      new transforms.Resize([347, 420]),
      new transforms.CenterCrop([331, 403]) as never,
    ],
    'one channel': [new transforms.Grayscale() as never, new transforms.Resize([533, 751])],
  };
  for (const [name, steps] of Object.entries(large))
    it(`large ones are equal to the bit: ${name}`, async () => {
      const gray = name === 'one channel';
      const norm = gray ? new transforms.Normalize([0.485], [0.229]) : normalize;
      for (const last of [[new transforms.ToTensor(), norm], [new transforms.ToTensor()]]) {
        const chain = new transforms.Compose([...steps, ...last]);
        for (const memoryFormat of [null, 'channelsLast'] as const) {
          const options = { batchSize: 3, memoryFormat };
          const [x] = await new DataLoader(images(chain), options).first();
          expect(x.nbytes).to.be.greaterThan(2 ** 22);
          const samples = [0, 1, 2].map((i) => new Plain(images(chain)).get(i)[0]);
          expect(x.equal(torch.stack(samples)), `${memoryFormat}`).to.equal(true);
        }
      }
    });

  it('take the memory of earlier batches, but never of one that is in use', async () => {
    const chain = new transforms.Compose([new transforms.Resize(300), new transforms.ToTensor()]);
    const dataset = images(chain);
    const loader = new DataLoader(dataset, { batchSize: 2 });
    const kept: Tensor[] = [];
    for (let pass = 0; pass < 4; pass++) for await (const [x] of loader) kept.push(x);
    for (const [i, x] of kept.entries()) {
      const [first] = dataset.get((i * 2) % count);
      const [second] = dataset.get((i * 2 + 1) % count);
      expect(x.equal(torch.stack([first, second])), `batch ${i}`).to.equal(true);
    }
    expect(new Set(kept.map((x) => x.dataPtr())).size).to.equal(kept.length);
    const before = kept.map((x) => x.dataPtr());
    for (const x of kept.splice(0)) x.dispose();
    const again: Tensor[] = [];
    for await (const [x] of loader) again.push(x);
    expect(before).to.include.members(again.map((x) => x.dataPtr()));
  });

  it('are counted once, and given back', async () => {
    const loader = new DataLoader(
      images(new transforms.Compose([new transforms.Resize(300), new transforms.ToTensor()])),
      {
        batchSize: 2,
      },
    );
    const [x] = await loader.first();
    const held = torch.memoryStats().bytes;
    const view = x.view(-1);
    x.dispose();
    expect(torch.memoryStats().bytes).to.be.closeTo(held, 2000);
    view.dispose();
    expect(torch.memoryStats().bytes).to.be.at.most(held - 2 * 3 * 300 * 300 * 4 + 2000);
  });

  it("a user's own get is called", async () => {
    class Mine extends datasets.CIFAR10<Tensor> {
      override get(): [Tensor, number] {
        return [torch.ones(1), 7];
      }
    }
    const mine = Object.setPrototypeOf(images(chains['the tutorial']!()), Mine.prototype) as Mine;
    const [x, y] = await new DataLoader(mine, { batchSize: 2 }).first();
    expect([x.tolist(), y.tolist()]).to.deep.equal([
      [[1], [1]],
      [7, 7],
    ]);
  });

  it('a transform that fails names the sample, and a missing one says what to do', async () => {
    const big = new transforms.Compose([new transforms.RandomCrop(50), new transforms.ToTensor()]);
    for (const [dataset, message] of [
      [images(big), /larger than input image size \(12, 12\) \(sample 0 of the data set\)/],
      [images(null), /found Image \(end the transform with ToTensor\)/],
    ] as const) {
      let error: unknown;
      await new DataLoader(dataset).first().catch((e: unknown) => {
        error = e;
      });
      expect(error).to.be.instanceOf(Error);
      expect((error as Error).message).to.match(message);
    }
  });

  it('bytes that change afterwards do not change a batch under way', async () => {
    const dataset = images(chains['ToTensor alone']!());
    const pass = new DataLoader(dataset, { batchSize: 5 })[Symbol.asyncIterator]();
    const expected = [5, 6, 7, 8, 9].map((i) => dataset.get(i)[0].tolist());
    await pass.next();
    const before = bytes.slice();
    bytes.fill(0);
    const second = await pass.next();
    bytes.set(before);
    expect((second.value as Tensor[])[0]!.tolist()).to.deep.equal(expected);
  });
});

describe('batches of files', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'torchts-loader-'));
    for (const [k, name] of ['cat', 'dog'].entries()) {
      await mkdir(join(folder, name));
      for (let i = 0; i < 5; i++) {
        const [w, h] = [9 + i, 14 - i];
        const header = Buffer.from(`P6\n${w} ${h}\n255\n`);
        const pixels = Buffer.from(
          Uint8Array.from({ length: w * h * 3 }, (_, p) => (p * 31 + i * 50 + k * 9) % 256),
        );
        await writeFile(join(folder, name, `${i}.ppm`), Buffer.concat([header, pixels]));
      }
    }
  });
  after(() => rm(folder, { recursive: true }));

  const transformsOfFiles: Record<string, () => Chain> = {
    'built-in steps': () =>
      new transforms.Compose([
        new transforms.RandomResizedCrop(6),
        new transforms.RandomHorizontalFlip(),
        new transforms.ToTensor(),
        normalize,
      ]),
    'a function': () =>
      new transforms.Compose([
        new transforms.RandomResizedCrop(6),
        new transforms.ToTensor(),
        (x: Tensor) => x.add(torch.rand(1)),
      ]),
  };
  for (const [name, make] of Object.entries(transformsOfFiles)) {
    it(`${name}: read several at a time, with the draws of a loop over the samples`, async () => {
      const options = { batchSize: 4, shuffle: true };
      const load = () =>
        datasets.ImageFolder.load<transforms.Image, Tensor>({ root: folder, transform: make() });
      torch.manualSeed(2);
      const fast = await batchesOf(new DataLoader(await load(), options));
      torch.manualSeed(2);
      const plain = await batchesOf(new DataLoader(new Plain(await load()), options));
      expect(fast).to.deep.equal(plain);
    });
  }

  it('a broken file is named', async () => {
    await writeFile(join(folder, 'cat', '9.ppm'), 'P6\n4 4\n255\nshort');
    const transform = transformsOfFiles['built-in steps']!();
    const dataset = await datasets.ImageFolder.load<transforms.Image, Tensor>({ root: folder, transform });
    let error: unknown;
    await new DataLoader(dataset, { batchSize: 6 }).first().catch((e: unknown) => {
      error = e;
    });
    expect((error as Error).message).to.match(/9\.ppm.*sample 5 of the data set/s);
  });
});
