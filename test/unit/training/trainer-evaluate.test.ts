import { expect } from 'chai';
import * as torch from 'torchts';
import { nn } from 'torchts';
import { batches, fresh, type Pair } from './support.js';

/** Outputs are the inputs: what metrics must find can be written down. */
class Echo extends nn.Module {
  override forward(x: torch.Tensor): torch.Tensor {
    return x;
  }
}

const scores: Pair[] = [
  [
    torch.tensor([
      [3, 2, 1],
      [1, 2, 3],
      [2, 3, 1],
    ]),
    torch.tensor([0n, 1n, 1n]),
  ],
  [torch.tensor([[1, 3, 2]]), torch.tensor([0n])],
];

describe('Trainer.evaluate', () => {
  it('weights loss and metrics by the size of the batches', async () => {
    const trainer = new torch.Trainer(new Echo(), {
      criterion: (_, labels) => torch.tensor(labels.size(0)),
      progress: false,
      metrics: {
        accuracy: torch.metrics.accuracy(),
        top2: torch.metrics.accuracy({ topk: 2 }),
        confusion: torch.metrics.confusionMatrix(3),
        size: (output: torch.Tensor) => output.size(0),
        sum: torch.metrics.mean((output) => output.sum()),
      },
    });
    const { loss, metrics, samples, batches: count, stopped } = await trainer.evaluate(scores);
    expect(loss).to.equal((3 * 3 + 1) / 4);
    expect({ samples, count, stopped }).to.deep.equal({ samples: 4, count: 2, stopped: false });
    const accuracy: number = metrics.accuracy;
    const confusion: number[][] = metrics.confusion;
    expect(accuracy).to.equal(0.5);
    expect(metrics.top2).to.equal(0.75);
    expect(confusion).to.deep.equal([
      [1, 1, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]);
    expect(metrics.size).to.equal(2.5);
    expect(metrics.sum).to.equal((3 * 18 + 6) / 4);
  });

  it('leaves labels out that do not count, and takes scores as labels', async () => {
    const ignoring = torch.metrics.accuracy({ ignoreIndex: 1 });
    for (const [output, labels] of scores) ignoring.update(output, labels, labels.size(0));
    expect(ignoring.compute()).to.equal(0.5);
    const soft = torch.metrics.accuracy();
    soft.update(
      scores[0]![0],
      torch.tensor([
        [1, 0, 0],
        [0, 0, 1],
        [1, 0, 0],
      ]),
      3,
    );
    expect(soft.compute()).to.be.closeTo(2 / 3, 1e-12);
    soft.reset();
    expect(soft.compute()).to.be.NaN;
  });

  it('goes on from the state of a metric', () => {
    for (const make of [
      () => torch.metrics.accuracy(),
      () => torch.metrics.accuracy({ ignoreIndex: 1 }),
      () => torch.metrics.confusionMatrix(3),
      () => torch.metrics.mean((output) => output.sum()),
    ]) {
      const whole: torch.Metric<torch.Tensor, unknown> = make();
      const half: torch.Metric<torch.Tensor, unknown> = make();
      const rest: torch.Metric<torch.Tensor, unknown> = make();
      whole.update(...scores[0]!, 3);
      whole.update(...scores[1]!, 1);
      half.update(...scores[0]!, 3);
      rest.loadStateDict!(half.stateDict!());
      rest.update(...scores[1]!, 1);
      expect(rest.compute()).to.deep.equal(whole.compute());
    }
  });

  it('says what a metric cannot measure', () => {
    expect(() => torch.metrics.accuracy({ topk: 0 })).to.throw(torch.ValueError, /topk/);
    expect(() => torch.metrics.accuracy().update(torch.zeros(3), torch.tensor([0n]), 3)).to.throw(
      torch.ShapeError,
      /\(N, classes, …\), got \(3\)/,
    );
    expect(() => torch.metrics.accuracy().update(torch.zeros(3, 2), torch.tensor([0n]), 3)).to.throw(
      torch.ShapeError,
      /labels of shape \(3\), got \(1\)/,
    );
    expect(() => torch.metrics.accuracy({ topk: 5 }).update(...scores[0]!, 3)).to.throw(/only 3 classes/);
    expect(() => torch.metrics.confusionMatrix(4).update(...scores[0]!, 3)).to.throw(/4 classes/);
    expect(() => torch.metrics.confusionMatrix(3).update(scores[1]![0], torch.tensor([5n]), 1)).to.throw(
      torch.ValueError,
      /outside 0 … 2/,
    );
  });

  it('records no graph, evaluates in evaluation mode and restores the modes', async () => {
    const { model, criterion } = fresh();
    const seen: boolean[] = [];
    model.registerForwardHook((net, _, output: torch.Tensor) => {
      seen.push(net.training, output.requiresGrad);
    });
    model.fc1.eval();
    const trainer = new torch.Trainer(model, { criterion, progress: false });
    await trainer.evaluate(batches(1));
    await trainer.predict(batches(1));
    expect(seen).to.deep.equal([false, false, false, false]);
    expect([model.training, model.fc1.training, model.drop.training]).to.deep.equal([true, false, true]);
    expect(torch.isGradEnabled()).to.equal(true);
  });

  it('restores the modes after an error', async () => {
    const { model } = fresh();
    const trainer = new torch.Trainer(model, {
      criterion: () => {
        throw new Error('mine');
      },
      progress: false,
    });
    await trainer.evaluate(batches(1)).catch(() => undefined);
    expect(model.training).to.equal(true);
  });

  it('ends at limitBatches or when its signal aborts', async () => {
    const { model, criterion } = fresh();
    const trainer = new torch.Trainer(model, { criterion, progress: false });
    expect((await trainer.evaluate(batches(5), { limitBatches: 2 })).batches).to.equal(2);
    const abort = new AbortController();
    let given = 0;
    const loader = {
      *[Symbol.iterator](): Generator<Pair> {
        for (const batch of batches(5)) {
          if (++given === 2) abort.abort();
          yield batch;
        }
      },
    };
    const result = await trainer.evaluate(loader, { signal: abort.signal });
    expect([result.batches, result.stopped]).to.deep.equal([2, true]);
  });
});

describe('Trainer.predict', () => {
  it('gives the output of every batch, with labels in it or without', async () => {
    const { model, criterion } = fresh();
    const trainer = new torch.Trainer(model, { criterion, progress: false });
    const data = batches(3);
    const outputs: torch.Tensor[] = await trainer.predict(data);
    const plain = await trainer.predict(data.map(([x]) => [x]));
    model.eval();
    data.forEach(([x], i) => {
      expect(torch.equal(outputs[i]!, model(x))).to.equal(true);
      expect(torch.equal(plain[i]!, outputs[i]!)).to.equal(true);
      expect(outputs[i]!.requiresGrad).to.equal(false);
    });
  });

  it('keeps what map makes of it', async () => {
    const trainer = new torch.Trainer(new Echo(), { progress: false });
    const classes: number[][] = await trainer.predict(scores, {
      map: (output) => output.argmax(1).tolist() as number[],
    });
    expect(classes).to.deep.equal([[0, 2, 1], [1]]);
  });

  it('takes a forward pass of the user and prepares batches', async () => {
    const trainer = new torch.Trainer(new Echo(), {
      progress: false,
      forward: (model, batch: { x: torch.Tensor }) => model(batch.x),
      prepareBatch: ({ x }) => ({ x: x.mul(2) }),
    });
    const [output] = await trainer.predict([{ x: torch.tensor([1, 2]) }]);
    expect(output!.tolist()).to.deep.equal([2, 4]);
  });
});
