import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';
import { batches, failure, made, type Pair } from './support.js';

describe('Trainer: errors with a remedy', () => {
  const model = () => new nn.Linear(4, 3);
  const sgd = (net: nn.Module) => new optim.SGD(net.parameters(), { lr: 0.1 });

  it('says what is missing', async () => {
    const net = model();
    const noLoss = await failure(new torch.Trainer(net, { optimizer: sgd(net) }).fit(batches(1)));
    expect(noLoss).to.be.instanceOf(torch.ArgumentError);
    expect(noLoss.message).to.contain('criterion').and.contain('step');
    const noOptimizer = await failure(
      new torch.Trainer(net, { criterion: new nn.CrossEntropyLoss() }).fit(batches(1)),
    );
    expect(noOptimizer.message).to.contain('optimizer').and.contain('optim.Adam');
  });

  it('refuses options that do not exist', () => {
    expect(() => new torch.Trainer(model(), { criterium: 1 } as never)).to.throw(
      torch.ArgumentError,
      /unexpected option 'criterium'; known: .*criterion/,
    );
    expect(() => new torch.Trainer({} as never)).to.throw(torch.ArgumentError, /expects a model/);
    expect(() => new torch.Trainer(model(), { accumulate: 0 })).to.throw(torch.ValueError, /accumulate/);
    expect(() => new torch.Trainer(model(), { clipGradNorm: -1 })).to.throw(torch.ValueError, /clipGradNorm/);
    expect(() => new torch.Trainer(model(), { metrics: { loss: () => 1 } })).to.throw(/'loss' is taken/);
    expect(() => new torch.Trainer(model(), { metrics: { f1: {} as never } })).to.throw(/metric 'f1'/);
  });

  it('knows an empty loader, for training, validation and evaluation', async () => {
    const { trainer } = made();
    for (const attempt of [
      () => trainer.fit([]),
      () => trainer.fit(batches(1), { validation: [] }),
      () => trainer.evaluate([]),
    ]) {
      const error = await failure(attempt());
      expect(error).to.be.instanceOf(torch.ValueError);
      expect(error.message).to.match(/loader gave no batch; check/);
    }
  });

  it('knows batches and losses of the wrong kind', async () => {
    const { trainer } = made();
    const odd = await failure(trainer.fit([{ x: 1 }] as never));
    expect(odd.message).to.contain('[inputs, labels]').and.contain('step');
    expect((await failure(trainer.fit(5 as never))).message).to.contain('DataLoader');
    const net = model();
    const vector = new torch.Trainer(net, {
      optimizer: sgd(net),
      progress: false,
      step: (m, [x]: Pair) => m(x),
    });
    const shape = await failure(vector.fit(batches(1)));
    expect(shape).to.be.instanceOf(torch.ShapeError);
    expect(shape.message).to.contain('(4, 3)').and.contain('.mean()');
    const metric = new torch.Trainer(net, {
      optimizer: sgd(net),
      progress: false,
      metrics: { accuracy: torch.metrics.accuracy() },
      step: (m, [x]: Pair) => m(x).sum(),
    });
    expect((await failure(metric.fit(batches(1)))).message).to.contain('{ loss, output, labels }');
  });

  it('ends at a loss that is NaN before it reaches the weights, or lets it pass', async () => {
    const withNaN = batches(3);
    withNaN[1]![0].fill_(Number.NaN);
    const { trainer, model: net } = made();
    const error = (await failure(trainer.fit(withNaN))) as torch.NonFiniteLossError;
    expect(error).to.be.instanceOf(torch.NonFiniteLossError).and.instanceOf(torch.ValueError);
    expect(error.code).to.equal('ERR_VALUE');
    expect([error.epoch, error.step]).to.deep.equal([0, 2]);
    expect(error.message).to.contain('clipGradNorm');
    expect(net.fc1.weight.isfinite().all().item()).to.equal(true);

    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', listen);
    const warned = await made({ onNonFinite: 'warn' }).trainer.fit(withNaN);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warned.history.losses.map(Number.isNaN)).to.deep.equal([false, true, true]);
    expect(warnings.filter((text) => text.includes('the loss is NaN'))).to.have.length(1);
    const ignored = await made({ onNonFinite: 'ignore' }).trainer.fit(withNaN);
    expect(ignored.history.losses).to.have.length(3);
  });

  it('tells callbacks of an error and throws that one', async () => {
    const ends: unknown[] = [];
    const { trainer } = made({
      callbacks: [
        {
          onStepEnd: () => {
            throw new Error('mine');
          },
          onFitEnd: (_, result) => {
            ends.push(result);
            throw new Error('later');
          },
        },
      ],
    });
    expect((await failure(trainer.fit(batches(1)))).message).to.equal('mine');
    expect(ends).to.deep.equal([null]);
  });

  it('refuses a second fit while one is under way', async () => {
    const { trainer } = made();
    const first = trainer.fit(batches(3));
    expect((await failure(trainer.fit(batches(1)))).message).to.contain('already under way');
    await first;
  });
});
