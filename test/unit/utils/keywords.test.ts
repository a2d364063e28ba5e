import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';

const { nn, optim, utils } = torch;

type Untyped = (...args: unknown[]) => unknown;
const data = new utils.data.TensorDataset(torch.arange(10));
const parameters = () => [new nn.Parameter(torch.ones(1))];

describe('the first argument by keyword, as all the others', () => {
  it('optimizers and schedulers', () => {
    const adam = new optim.Adam({ params: parameters(), lr: 0.25 });
    const sgd = new optim.SGD({ params: parameters(), lr: 0.5 });
    expect([adam.paramGroups[0]!.lr, sgd.paramGroups[0]!.lr]).to.deep.equal([0.25, 0.5]);
    const schedule = new optim.lrScheduler.StepLR({ optimizer: sgd, stepSize: 1, gamma: 0.5 });
    sgd.step();
    schedule.step();
    expect(schedule.getLastLr()).to.deep.equal([0.25]);
  });
  it('data sets, loaders and splits', () => {
    expect(new utils.data.DataLoader({ dataset: data, batchSize: 4 }).length).to.equal(3);
    const subset = new utils.data.Subset({ dataset: data, indices: [3, 1] });
    expect(subset.length).to.equal(2);
    const parts = utils.data.randomSplit({ dataset: data, lengths: [7, 3] });
    expect(parts.map((part) => part.length)).to.deep.equal([7, 3]);
  });
  it('samplers', () => {
    const { BatchSampler, RandomSampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } =
      utils.data;
    expect([...new SequentialSampler({ dataSource: data })]).to.have.length(10);
    expect([...new RandomSampler({ dataSource: data, replacement: true, numSamples: 3 })]).to.have.length(3);
    expect([...new SubsetRandomSampler({ indices: [7] })]).to.deep.equal([7]);
    expect([...new WeightedRandomSampler({ weights: [0, 1], numSamples: 2 })]).to.deep.equal([1, 1]);
    expect([...new BatchSampler({ sampler: [1, 2, 3], batchSize: 2, dropLast: true })]).to.deep.equal([
      [1, 2],
    ]);
  });
  it('schedulers in turn', () => {
    const optimizer = new optim.SGD(parameters(), { lr: 1 });
    const { ConstantLR, SequentialLR, StepLR } = optim.lrScheduler;
    const schedulers = [new ConstantLR(optimizer, { factor: 0.5 }), new StepLR(optimizer, 1)];
    const schedule = new SequentialLR({ optimizer, schedulers, milestones: [2] });
    expect(schedule.getLastLr()).to.deep.equal([0.5]);
  });
  it('grids of images, by place too', () => {
    const images = torch.rand(5, 3, 4, 4);
    const grid = utils.makeGrid({ tensor: images, nrow: 3, padding: 1 });
    expect(grid.shape).to.deep.equal([3, 11, 16]);
    expect(utils.makeGrid(images, 3, 1).shape).to.deep.equal([3, 11, 16]);
  });
});

describe('unknown and doubled keywords', () => {
  const cases: [string, () => unknown][] = [
    ['bogus', () => (utils.makeGrid as Untyped)(torch.rand(1, 3, 2, 2), { bogus: 1 })],
    ['bogus', () => (utils.data.randomSplit as Untyped)(data, [10], { bogus: 1 })],
    ['lr', () => new optim.Adam(parameters(), 0.1, [0.9, 0.99], 1e-8, 0, false, { lr: 1 })],
    [
      'dataset',
      () =>
        new (utils.data.DataLoader as unknown as new (...args: unknown[]) => unknown)(data, {
          dataset: data,
        }),
    ],
  ];
  for (const [key, call] of cases)
    it(`'${key}' is named`, () => {
      expect(call).to.throw(TypeError, `'${key}'`);
    });
  it('of functions that write files', async () => {
    for (const call of [
      () =>
        (utils.imshow as (...args: unknown[]) => Promise<void>)(torch.rand(3, 2, 2), {
          file: 'x.png',
          bogus: 1,
        }),
      () =>
        (utils.saveImage as (...args: unknown[]) => Promise<void>)(torch.rand(3, 2, 2), 'x.png', {
          bogus: 1,
        }),
    ]) {
      const error = await call().then(
        () => null,
        (reason: unknown) => reason,
      );
      expect(error).to.be.instanceOf(TypeError);
      expect((error as Error).message).to.include("'bogus'");
    }
    expect(existsSync('x.png')).to.equal(false);
  });
});

describe('saveImage', () => {
  it('writes the format that is asked for, whatever the file is called', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'torchts-')), 'picture.tmp');
    await utils.saveImage(torch.rand(3, 4, 4), file, { format: 'png' });
    expect(readFileSync(file).subarray(1, 4).toString()).to.equal('PNG');
  });
});

describe('what is no data set, list or function', () => {
  const construct = (maker: unknown, ...args: unknown[]) =>
    new (maker as new (...rest: unknown[]) => unknown)(...args);
  for (const value of [undefined, null, {}, 3, 'x', Symbol('s')]) {
    it(`is refused: ${String(value)}`, () => {
      for (const call of [
        () => construct(utils.data.Subset, value, [0]),
        () => construct(utils.data.Subset, data, value),
        () => construct(utils.data.DataLoader, value),
        () => construct(utils.data.ConcatDataset, value),
        () => (utils.data.randomSplit as Untyped)(data, value),
        () => (utils.data.randomSplit as Untyped)(value, [1]),
        () => construct(optim.Adam, value),
        () => construct(optim.SGD, parameters(), { lr: Symbol('lr') }),
        () => construct(utils.data.RandomSampler, value),
        () => construct(utils.data.BatchSampler, value, 2, true),
        () => construct(optim.lrScheduler.SequentialLR, value),
        () => construct(optim.lrScheduler.LambdaLR, value, () => 1),
        () => (nn.Embedding.fromPretrained as Untyped)(value),
        () => (torch.scope as Untyped)(value),
        () => (torch.forkRng as Untyped)(value),
      ])
        expect(call).to.throw(torch.TorchError);
    });
  }
});
