import { expect } from 'chai';
import * as torch from 'torchts';
import { utils } from 'torchts';

const { data } = utils;

/** The numbers 0 … n − 1 as a data set. */
class Numbers extends data.Dataset<number> {
  constructor(private readonly n: number) {
    super();
  }
  get length(): number {
    return this.n;
  }
  get(index: number): number {
    return index;
  }
}

describe('samplers', () => {
  it('RandomSampler visits every index once, in a new order each time', () => {
    torch.manualSeed(3);
    const sampler = new data.RandomSampler(new Numbers(50));
    const [first, second] = [[...sampler], [...sampler]];
    expect([...first].sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, i) => i));
    expect(second).not.to.deep.equal(first);
  });

  it('BatchSampler cuts lists, with or without the rest', () => {
    const numbers = new data.SequentialSampler(new Numbers(5));
    const all = new data.BatchSampler(numbers, 2, false);
    expect([...all]).to.deep.equal([[0, 1], [2, 3], [4]]);
    expect(all.length).to.equal(3);
    const full = new data.BatchSampler(numbers, { batchSize: 2, dropLast: true });
    expect([...full]).to.deep.equal([
      [0, 1],
      [2, 3],
    ]);
    expect(full.length).to.equal(2);
  });

  it('refuse numbers and flags that are none', () => {
    const three = new Numbers(3);
    expect(() => new data.RandomSampler(three, { numSamples: 0 })).to.throw(torch.ValueError, 'num_samples');
    expect(() => new data.RandomSampler(new Numbers(0))).to.throw(torch.ValueError, 'num_samples');
    expect(() => new data.RandomSampler(three, { replacement: 1 as never })).to.throw(TypeError, 'boolean');
    expect(() => new data.BatchSampler([1], 0, false)).to.throw(torch.ValueError, 'batch_size');
    expect(() => new data.WeightedRandomSampler(torch.ones(2, 2), 3)).to.throw(torch.ValueError, '1d');
    expect(() => new data.SubsetRandomSampler([1], { generator: {} as never })).to.throw(
      TypeError,
      'Generator',
    );
  });
});

describe('data sets made of others', () => {
  it('Subset, ConcatDataset and TensorDataset give their samples', () => {
    const subset = new data.Subset(new Numbers(10), [7, 3]);
    expect([subset.length, subset.get(0), subset.get(-1)]).to.deep.equal([2, 7, 3]);
    const both = new data.ConcatDataset([subset, new Numbers(3)]);
    expect([both.length, both.get(1), both.get(2), both.get(-1)]).to.deep.equal([5, 3, 0, 2]);
    expect(() => both.get(5)).to.throw(torch.TorchIndexError, 'out of range');
    const rows = new data.TensorDataset(torch.arange(4), torch.ones(4, 2));
    expect(rows.get(2).map((t) => t.tolist())).to.deep.equal([2, [1, 1]]);
    expect(() => new data.TensorDataset(torch.ones(2), torch.ones(3))).to.throw(torch.ShapeError, '2, 3');
  });

  it('randomSplit refuses lengths that do not add up', () => {
    expect(() => data.randomSplit(new Numbers(5), [2, 2])).to.throw(torch.ValueError, 'Sum of input lengths');
    expect(() => data.randomSplit(new Numbers(5), [1.5, -0.5])).to.throw(torch.ValueError, 'index 0');
  });
});
