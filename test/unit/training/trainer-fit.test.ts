import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';
import { batches, failure, fresh, type Pair, plainLoop, shuffled } from './support.js';

/** A Trainer on the small problem, with its parts. */
function made<M extends torch.MetricSet<torch.Tensor> = {}>(
  options: torch.TrainerOptions<readonly torch.Tensor[], torch.Tensor, M> = {},
) {
  const { model, optimizer, criterion } = fresh();
  const trainer = new torch.Trainer(model, { criterion, optimizer, progress: false, ...options });
  return { model, optimizer, criterion, trainer };
}

describe('Trainer.fit', () => {
  it('gives the losses of the plain loop to the bit, dropout and shuffling included', async () => {
    const data = shuffled(batches(6));
    const expected = await plainLoop(fresh(), data, 3);
    const { history, stopped, reason, steps, checkpoint } = await made().trainer.fit(data, { epochs: 3 });
    expect(history.losses).to.deep.equal(expected);
    expect({ stopped, reason, steps, checkpoint }).to.deep.equal({
      stopped: false,
      reason: 'completed',
      steps: 18,
      checkpoint: null,
    });
  });

  it('validates after each epoch without touching training', async () => {
    const data = batches(6);
    const expected = await plainLoop(fresh(), data, 2);
    const { trainer, model } = made({ metrics: { accuracy: torch.metrics.accuracy() } });
    const { history } = await trainer.fit(data, { epochs: 2, validation: batches(3) });
    expect(history.losses).to.deep.equal(expected);
    expect(history.epochs.map(({ epoch, steps }) => [epoch, steps])).to.deep.equal([
      [0, 6],
      [1, 6],
    ]);
    const { train, validation, lr } = history.epochs[1]!;
    expect(lr).to.deep.equal([0.01]);
    expect(train.samples).to.equal(24);
    expect(train.loss).to.be.closeTo(expected.slice(6).reduce((a, b) => a + b) / 6, 1e-12);
    expect(train.metrics.accuracy).to.be.within(0, 1);
    const again = await trainer.evaluate(batches(3));
    expect(again.metrics.accuracy).to.equal(validation!.metrics.accuracy);
    expect(again.loss).to.equal(validation!.loss);
    expect(again.samples).to.equal(12);
    expect(model.training).to.equal(true);
  });

  it('trains in training mode and puts every module back into its own', async () => {
    const { trainer, model } = made({
      callbacks: [
        {
          onStepEnd: () => {
            modes.push([model.training, model.drop.training]);
          },
        },
      ],
    });
    const modes: boolean[][] = [];
    model.eval();
    model.fc1.train();
    await trainer.fit(batches(1));
    expect(modes).to.deep.equal([[true, true]]);
    expect([model.training, model.fc1.training, model.drop.training]).to.deep.equal([false, true, false]);
  });

  it('averages the gradients of accumulated batches, a shorter last step included', async () => {
    const data = batches(5);
    const { model, optimizer, criterion } = fresh();
    const expected: number[] = [];
    for (const group of [data.slice(0, 2), data.slice(2, 4), data.slice(4)]) {
      optimizer.zeroGrad();
      let sum = 0;
      for (const [inputs, labels] of group) {
        const loss = criterion(model(inputs), labels) as torch.Tensor;
        (group.length === 1 ? loss : loss.div(group.length)).backward();
        sum += loss.item() as number;
      }
      optimizer.step();
      expected.push(sum / group.length);
    }
    const { trainer } = made({ accumulate: 2 });
    const { history, steps } = await trainer.fit(data);
    expect(history.losses).to.deep.equal(expected);
    expect(steps).to.equal(3);
  });

  it('clips the norm of the gradients', async () => {
    const norms: number[] = [];
    const { model, trainer } = made({
      clipGradNorm: 0.01,
      callbacks: [
        {
          onStepEnd: () => {
            norms.push(nn.utils.getTotalNorm([...model.parameters()].map((p) => p.grad!)).item() as number);
          },
        },
      ],
    });
    await trainer.fit(batches(3));
    for (const norm of norms) expect(norm).to.be.closeTo(0.01, 1e-5);
  });

  it('steps schedules by epoch and by step, and a plateau by its value', async () => {
    const { model, criterion, optimizer } = fresh(1);
    const told: unknown[] = [];
    const plateau = {
      patience: 1,
      cooldown: 0,
      step: (value?: number) => void told.push(value),
      stateDict: () => ({}),
      loadStateDict: () => undefined,
    };
    const trainer = new torch.Trainer(model, {
      criterion,
      optimizer,
      progress: false,
      scheduler: [
        new optim.lrScheduler.StepLR(optimizer, { stepSize: 1, gamma: 0.5 }),
        { scheduler: new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.1 }), interval: 'step' },
        plateau,
      ],
    });
    const { history } = await trainer.fit(batches(2), { epochs: 2, validation: batches(1) });
    expect(history.epochs.map(({ lr }) => lr[0]!.toPrecision(6))).to.deep.equal([
      '0.0100000',
      '0.0000500000',
    ]);
    expect(told).to.deep.equal(history.epochs.map(({ validation }) => validation!.loss));
  });

  it('takes a step of the user, sync or async, for any batch', async () => {
    type Item = { x: torch.Tensor; y: torch.Tensor };
    const data: Item[] = batches(3).map(([x, y]) => ({ x, y }));
    const expected = await plainLoop(fresh(), batches(3), 1);
    for (const wait of [false, true]) {
      const { model, criterion, optimizer } = fresh();
      const trainer = new torch.Trainer(model, {
        optimizer,
        progress: false,
        metrics: { accuracy: torch.metrics.accuracy() },
        step: (net, { x, y }: Item) => {
          const output = net(x);
          const result = { loss: criterion(output, y) as torch.Tensor, output, labels: y };
          return wait ? Promise.resolve(result) : result;
        },
      });
      const { history } = await trainer.fit(data);
      expect(history.losses).to.deep.equal(expected);
      expect(history.epochs[0]!.train.samples).to.equal(12);
      expect(history.epochs[0]!.train.metrics.accuracy).to.be.within(0, 1);
    }
  });

  it('ends an epoch after limitBatches and closes the loader', async () => {
    let closed = 0;
    const loader = {
      async *[Symbol.asyncIterator](): AsyncGenerator<Pair> {
        try {
          for (;;) yield batches(1)[0]!;
        } finally {
          closed++;
        }
      },
    };
    const { history } = await made().trainer.fit(loader, { epochs: 2, limitBatches: 3 });
    expect(history.losses).to.have.length(6);
    expect(closed).to.equal(2);
  });

  it('calls callbacks in order, awaits them, and lets them stop the run', async () => {
    const calls: string[] = [];
    const later = async (name: string): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      calls.push(name);
    };
    const { trainer } = made({
      callbacks: [
        {
          onFitStart: () => later('fit'),
          onEpochStart: ({ epoch }) => later(`epoch ${epoch}`),
          onStepEnd: async (context) => {
            await later(`step ${context.step}/${context.stepsPerEpoch}`);
            if (context.globalStep === 3) context.stop('that will do');
          },
          onEpochEnd: (_, record) => later(`end ${record.epoch}`),
          onFitEnd: (_, result) => later(`done ${result?.detail}`),
        },
      ],
    });
    const result = await trainer.fit(batches(2), { epochs: 5 });
    expect(calls).to.deep.equal([
      'fit',
      'epoch 0',
      'step 1/2',
      'step 2/2',
      'end 0',
      'epoch 1',
      'step 1/2',
      'done that will do',
    ]);
    expect([result.stopped, result.reason, result.steps]).to.deep.equal([true, 'callback', 3]);
  });

  it('stops early where a value no longer improves, with the best weights', async () => {
    const { trainer, model, optimizer } = made({
      earlyStopping: { patience: 1, restoreBest: true, monitor: 'validation.loss' },
      callbacks: [
        {
          onEpochEnd: ({ epoch }) => {
            if (epoch === 1) {
              best = model.fc2.weight.tolist();
              // From here on it gets worse.
              for (const group of optimizer.paramGroups) group.lr = 50;
            }
          },
        },
      ],
    });
    let best: unknown;
    const data = batches(4);
    const result = await trainer.fit(data, { epochs: 30, validation: data });
    expect(result.reason).to.equal('callback');
    expect(result.detail).to.match(/^validation\.loss has not improved on .* for 2 epochs$/);
    expect(result.history.epochs).to.have.length(4);
    expect(model.fc2.weight.tolist()).to.deep.equal(best);
  });

  it('prints the mean loss as the tutorial does', async () => {
    const lines: string[] = [];
    const { trainer } = made({ logEvery: 2, log: (line) => lines.push(line) });
    const { history } = await trainer.fit(batches(5), { epochs: 1 });
    const [a, b, c, d] = history.losses as [number, number, number, number, number];
    expect(lines).to.deep.equal([
      `Epoch [1/1], Step [2/5], Loss: ${((a + b) / 2).toFixed(4)}`,
      `Epoch [1/1], Step [4/5], Loss: ${((c + d) / 2).toFixed(4)}`,
    ]);
  });

  it('computes in bfloat16 on the CPU with amp', async () => {
    const seen: string[] = [];
    const { model, criterion, optimizer } = fresh();
    const trainer = new torch.Trainer(model, {
      criterion: (output: torch.Tensor, labels) => {
        seen.push(output.dtype);
        return criterion(output, labels) as torch.Tensor;
      },
      optimizer,
      amp: true,
      progress: false,
    });
    await trainer.fit(batches(2));
    expect(seen).to.deep.equal(['bfloat16', 'bfloat16']);
    expect(model.fc1.weight.dtype).to.equal('float32');
  });

  it('trains with scaled losses', async () => {
    const expected = await plainLoop(fresh(), batches(4), 1);
    const { trainer } = made({ amp: { dtype: 'float32', scaler: { initScale: 1024 } } as torch.AmpOptions });
    const { history } = await trainer.fit(batches(4));
    history.losses.forEach((loss, i) => {
      expect(loss).to.be.closeTo(expected[i]!, 1e-4);
    });
  });

  it('shows progress on the stream it is given', async () => {
    let text = '';
    const stream = {
      isTTY: true,
      columns: 100,
      write: (chunk: string) => {
        text += chunk;
        return true;
      },
    };
    const { trainer } = made({ progress: { stream, guard: [], color: false, maxRate: 1e9 } });
    await trainer.fit(batches(3), { epochs: 2 });
    expect(text).to.contain('Epoch 2/2').and.contain('3/3').and.contain('loss ');
  });

  it('does not grow memory with its steps', async () => {
    const counts: number[] = [];
    const { trainer } = made({
      metrics: { accuracy: torch.metrics.accuracy() },
      callbacks: [
        {
          onStepEnd: ({ globalStep }) => {
            if (globalStep % 20 !== 0) return;
            globalThis.gc?.();
            counts.push(torch.memoryStats().bytes);
          },
        },
      ],
    });
    await trainer.fit(batches(20), { epochs: 12 });
    // Without a collection on demand garbage may stand at either end; it does not pile up.
    expect(Math.max(...counts.slice(6))).to.be.below(Math.max(...counts.slice(0, 6)) * 2 + 2 ** 20);
  });
});

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
