import { expect } from 'chai';
import * as torch from 'torchts';
import { type Tensor, utils } from 'torchts';

const { data } = utils;
const { DataLoader, Dataset } = data;

/** Counts what is asked of it. */
class Counted extends Dataset<number> {
  readonly asked: number[] = [];
  constructor(
    private readonly n: number,
    private readonly bad = -1,
  ) {
    super();
  }
  get length(): number {
    return this.n;
  }
  get(index: number): number {
    this.asked.push(index);
    if (index === this.bad) throw new RangeError('the disk is on fire');
    return index;
  }
}

/** The same, later. */
class Late extends Dataset<number> {
  open = 0;
  most = 0;
  get length(): number {
    return 8;
  }
  async get(index: number): Promise<number> {
    this.most = Math.max(this.most, ++this.open);
    await new Promise((resolve) => setImmediate(resolve));
    this.open--;
    return index;
  }
}

async function visit(loader: AsyncIterable<Tensor>): Promise<unknown[]> {
  const batches: unknown[] = [];
  for await (const batch of loader) batches.push(batch.tolist());
  return batches;
}

/** What a call that must fail fails with. */
async function failure(work: () => Promise<unknown>): Promise<Error> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  return expect.fail('it did not fail');
}

describe('DataLoader: options', () => {
  const five = new Counted(5);

  it('that exclude each other are refused', () => {
    const sampler = new data.SequentialSampler(five);
    const batchSampler = new data.BatchSampler(sampler, 2, false);
    expect(() => new DataLoader(five, { sampler, shuffle: true })).to.throw(
      torch.ValueError,
      'mutually exclusive',
    );
    expect(() => new DataLoader(five, { batchSampler, batchSize: 2 })).to.throw(
      torch.ValueError,
      'batch_sampler',
    );
    expect(() => new DataLoader(five, { batchSampler, shuffle: true })).to.throw(torch.ValueError);
    expect(() => new DataLoader(five, { batchSize: null, dropLast: true })).to.throw(torch.ValueError);
    expect(() => new DataLoader(five, { prefetchFactor: 2 })).to.throw(torch.ValueError, 'prefetch_factor');
    expect(() => new DataLoader(five, { persistentWorkers: true })).to.throw(
      torch.ValueError,
      'persistent_workers',
    );
    expect(() => new DataLoader(five, { numWorkers: -1 })).to.throw(torch.ValueError, 'num_workers');
    expect(() => new DataLoader(five, { timeout: -1 })).to.throw(torch.ValueError, 'timeout');
    expect(() => new DataLoader(five, { batchSize: 0 })).to.throw(torch.ValueError, 'batch_size');
  });

  it('that are none are named', () => {
    expect(() => new DataLoader(five, { batch_size: 2 } as never)).to.throw(TypeError, "'batch_size'");
    expect(() => new DataLoader(five, 2, { batchSize: 2 })).to.throw(TypeError, 'multiple values');
    expect(() => new DataLoader(five, { generator: 1 as never })).to.throw(TypeError, 'Generator');
    expect(() => new DataLoader({} as never)).to.throw(TypeError, 'get(index)');
  });

  it('an array is a data set too', async () => {
    expect(await visit(new DataLoader([3, 4, 5], { batchSize: 2 }))).to.deep.equal([[3, 4], [5]]);
  });

  it('without a batch size samples come one by one', async () => {
    const seen: number[] = [];
    for await (const sample of new DataLoader<number, number>([3, 4], { batchSize: null })) seen.push(sample);
    expect(seen).to.deep.equal([3, 4]);
  });

  it('collateFn makes the batch, at once or later', async () => {
    const loader = new DataLoader([1, 2, 3], { batchSize: 2, collateFn: (samples) => samples.join('+') });
    const seen: string[] = [];
    for await (const batch of loader) seen.push(batch);
    expect(seen).to.deep.equal(['1+2', '3']);
    const later = new DataLoader([1], { collateFn: async (samples) => samples.length });
    expect(await later.first()).to.equal(1);
  });
});

describe('DataLoader: passes', () => {
  for (const numWorkers of [0, 2]) {
    it(`gives every sample once and can be passed again, ${numWorkers} workers`, async () => {
      const loader = new DataLoader(new Counted(5), { batchSize: 2, numWorkers });
      expect(loader.length).to.equal(3);
      for (let pass = 0; pass < 2; pass++) expect(await visit(loader)).to.deep.equal([[0, 1], [2, 3], [4]]);
    });

    it(`stops reading when the loop is left, ${numWorkers} workers`, async () => {
      const dataset = new Counted(100);
      for await (const batch of new DataLoader(dataset, { batchSize: 2, numWorkers })) if (batch) break;
      const asked = dataset.asked.length;
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(dataset.asked.length).to.equal(asked);
      expect(asked).to.be.lessThanOrEqual(2 + 2 * numWorkers * 2);
    });

    it(`says which sample an error is about, ${numWorkers} workers`, async () => {
      const error = await failure(() =>
        visit(new DataLoader(new Counted(6, 3), { batchSize: 2, numWorkers })),
      );
      expect(error).to.be.instanceOf(RangeError);
      expect(error.message).to.equal('the disk is on fire (sample 3 of the data set)');
    });

    it(`an asynchronous data set keeps its order, ${numWorkers} workers`, async () => {
      const dataset = new Late();
      const loader = new DataLoader(dataset, { batchSize: 4, numWorkers });
      expect(await visit(loader)).to.deep.equal([
        [0, 1, 2, 3],
        [4, 5, 6, 7],
      ]);
      expect(dataset.most).to.be.lessThanOrEqual(Math.max(1, numWorkers));
    });
  }

  it('an error of an asynchronous data set names the sample', async () => {
    class Broken extends Late {
      override async get(index: number): Promise<number> {
        if (index === 5) throw new Error('gone');
        return super.get(index);
      }
    }
    const error = await failure(() => visit(new DataLoader(new Broken(), { batchSize: 4 })));
    expect(error.message).to.equal('gone (sample 5 of the data set)');
  });

  it('lets a macrotask run between batches', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 0);
    for await (const batch of new DataLoader(new Counted(50))) {
      const until = performance.now() + 2;
      while (performance.now() < until) expect(batch.numel()).to.equal(1);
    }
    clearInterval(timer);
    expect(ticks).to.be.greaterThan(5);
  });

  it('first() gives the first batch and stops', async () => {
    const dataset = new Counted(10);
    expect((await new DataLoader(dataset, { batchSize: 3 }).first()).tolist()).to.deep.equal([0, 1, 2]);
    expect(dataset.asked).to.deep.equal([0, 1, 2]);
    const error = await failure(() => new DataLoader([] as number[]).first());
    expect(error).to.be.instanceOf(torch.ValueError);
  });

  it('overlapping next() calls come in order', async () => {
    const pass = new DataLoader(new Counted(3))[Symbol.asyncIterator]();
    const results = await Promise.all([pass.next(), pass.next(), pass.next(), pass.next()]);
    expect(results.map(({ done, value }) => (done ? null : (value as Tensor).item()))).to.deep.equal([
      0,
      1,
      2,
      null,
    ]);
  });

  it('a worker that takes too long is an error', async () => {
    class Slow extends Counted {
      override get(): never {
        return new Promise((resolve) => setTimeout(() => resolve(0), 500).unref()) as never;
      }
    }
    const loader = new DataLoader(new Slow(2), { numWorkers: 1, timeout: 0.02 });
    expect((await failure(() => visit(loader))).message).to.contain('timed out after 0.02 seconds');
    expect(() => new DataLoader([1], { timeout: 1 })[Symbol.asyncIterator]()).to.throw(
      torch.ValueError,
      'timeout',
    );
  });
});

describe('DataLoader: workers', () => {
  class Draws extends Dataset<number> {
    get length(): number {
      return 4;
    }
    get(): number {
      return torch.rand(1).item() as number;
    }
  }

  it('draw from streams of their own and leave the main one alone', async () => {
    const run = async (): Promise<{ drawn: unknown[]; main: number }> => {
      torch.manualSeed(11);
      const drawn = await visit(new DataLoader(new Draws(), { numWorkers: 2 }));
      return { drawn, main: torch.rand(1).item() as number };
    };
    const [first, second] = [await run(), await run()];
    expect(second).to.deep.equal(first);
    expect(new Set(first.drawn.flat()).size).to.equal(4);
    torch.manualSeed(11);
    torch.empty([], { dtype: 'int64' }).random_();
    expect(torch.rand(1).item()).to.equal(first.main);
  });

  it('know themselves while they work', async () => {
    const seen: (number | undefined)[] = [];
    class Asks extends Draws {
      override get(): number {
        seen.push(data.getWorkerInfo()?.id);
        return 0;
      }
    }
    const started: number[] = [];
    const workerInitFn = (id: number): void => void started.push(id);
    await visit(new DataLoader(new Asks(), { numWorkers: 2, workerInitFn }));
    expect(seen).to.deep.equal([0, 1, 0, 1]);
    expect(started).to.deep.equal([0, 1]);
    expect(data.getWorkerInfo()).to.equal(null);
  });
});
