import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';
import { batches, fresh, made, type Pair, plainLoop, shuffled } from './support.js';

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
