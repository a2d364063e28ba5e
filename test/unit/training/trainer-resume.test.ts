import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, optim } from 'torchts';
import { batches, failure, fresh, inFolder, shuffled } from './support.js';

type Options = torch.TrainerOptions<
  readonly torch.Tensor[],
  torch.Tensor,
  { accuracy: torch.Metric<torch.Tensor, number> }
>;

/** A run on the small problem, with a schedule, metrics, validation, dropout and shuffling. */
async function run(options: Options, fit: torch.FitOptions<readonly torch.Tensor[]> = {}, accumulate = 1) {
  const { model, optimizer, criterion } = fresh();
  const trainer = new torch.Trainer(model, {
    criterion,
    optimizer,
    scheduler: new optim.lrScheduler.ExponentialLR(optimizer, { gamma: 0.9 }),
    metrics: { accuracy: torch.metrics.accuracy() },
    progress: false,
    accumulate,
    ...options,
  });
  const validation = shuffled(batches(2));
  const result = await trainer.fit(shuffled(batches(5)), { epochs: 3, validation, ...fit });
  return { ...result, weights: model.fc2.weight.tolist() as number[][] };
}

/** What must be the same, whatever happened between. */
function essence({ history, weights }: Awaited<ReturnType<typeof run>>) {
  return {
    losses: history.losses,
    epochs: history.epochs.map(({ seconds: _, ...rest }) => rest),
    weights,
  };
}

const stopAt = (step: number): torch.Callback => ({
  onStepEnd: ({ globalStep, stop }) => {
    if (globalStep === step) stop();
  },
});

describe('Trainer: checkpoints', () => {
  for (const step of [1, 4, 5, 7, 10, 14, 15])
    it(`a run stopped at step ${step} of 15 and resumed equals one that was not`, () =>
      inFolder(async (checkpointDir) => {
        const whole = await run({});
        const first = await run({ checkpointDir, callbacks: [stopAt(step)] });
        expect(first.stopped).to.equal(true);
        expect(first.history.losses).to.deep.equal(whole.history.losses.slice(0, step));
        torch.manualSeed(99);
        torch.rand(5);
        const second = await run({ checkpointDir }, { resume: true });
        expect(second.stopped).to.equal(false);
        expect(second.steps).to.equal(15);
        expect(essence(second)).to.deep.equal(essence(whole));
      }));

  it('resumes between accumulated steps', () =>
    inFolder(async (checkpointDir) => {
      const whole = await run({}, {}, 2);
      await run({ checkpointDir, callbacks: [stopAt(5)] }, {}, 2);
      expect(essence(await run({ checkpointDir }, { resume: true }, 2))).to.deep.equal(essence(whole));
    }));

  it('resumes from a checkpoint inside an epoch that was written on the way', () =>
    inFolder(async (checkpointDir) => {
      const whole = await run({});
      const crash: torch.Callback = {
        onStepEnd: ({ globalStep }) => {
          if (globalStep === 8) throw new Error('power cut');
        },
      };
      const options = { checkpointDir, checkpoint: { everySteps: 3 } };
      await failure(run({ ...options, callbacks: [crash] }));
      const second = await run(options, { resume: true });
      expect(essence(second)).to.deep.equal(essence(whole));
    }));

  it('more epochs go on from a run that is complete', () =>
    inFolder(async (checkpointDir) => {
      const whole = await run({});
      await run({ checkpointDir }, { epochs: 2 });
      expect(essence(await run({ checkpointDir }, { resume: true }))).to.deep.equal(essence(whole));
      const again = await run({ checkpointDir }, { resume: true });
      expect(essence(again)).to.deep.equal(essence(whole));
    }));

  it('restores the state of callbacks and of a generator of the loader', () =>
    inFolder(async (checkpointDir) => {
      const go = async (callbacks: torch.Callback[], resume: boolean) => {
        const { model, optimizer, criterion } = fresh();
        const generator = new torch.Generator().manualSeed(3);
        const data = batches(5);
        const loader = {
          generator,
          *[Symbol.iterator]() {
            for (const i of torch.randperm(5, { generator }).tolist() as number[]) yield data[i]!;
          },
        };
        const trainer = new torch.Trainer(model, {
          criterion,
          optimizer,
          progress: false,
          checkpointDir,
          callbacks,
        });
        return (await trainer.fit(loader, { epochs: 3, resume })).history.losses;
      };
      const whole = await go([], false);
      let count = 0;
      const counting: torch.Callback = {
        onStepEnd: () => void count++,
        stateDict: () => ({ count }),
        loadStateDict: (state) => {
          count = state.count as number;
        },
      };
      await go([counting, stopAt(8)], false);
      count = 0;
      expect(await go([counting], true)).to.deep.equal(whole);
      expect(count).to.equal(15);
    }));

  it('keeps the last, the best and N epochs', () =>
    inFolder(async (checkpointDir) => {
      let epoch = 0;
      const accuracies = [0.1, 0.9, 0.3, 0.4];
      const metrics = {
        accuracy: torch.metrics.mean(() => accuracies[epoch]!),
      };
      await run(
        {
          checkpointDir,
          metrics,
          checkpoint: { keep: 2, monitor: 'train.accuracy' },
          callbacks: [
            {
              onEpochStart: (context) => {
                epoch = context.epoch;
              },
            },
          ],
        },
        { epochs: 4 },
      );
      expect(readdirSync(checkpointDir).sort()).to.deep.equal([
        'best.pth',
        'epoch-0003.pth',
        'epoch-0004.pth',
        'last.pth',
      ]);
      const best = (await torch.load(join(checkpointDir, 'best.pth'))) as Record<string, unknown>;
      expect([best.epoch, best.best]).to.deep.equal([2, 0.9]);
      const { model } = fresh();
      model.loadStateDict(best.model as Record<string, torch.Tensor>);
    }));

  it('starts anew where there is no checkpoint, and resumes from a file', () =>
    inFolder(async (checkpointDir) => {
      const whole = await run({});
      expect(essence(await run({ checkpointDir }, { resume: true }))).to.deep.equal(essence(whole));
      const from = await run({}, { resume: join(checkpointDir, 'last.pth'), epochs: 3 });
      expect(essence(from)).to.deep.equal(essence(whole));
    }));

  it('refuses what does not fit', () =>
    inFolder(async (checkpointDir) => {
      const missing = await failure(run({}, { resume: join(checkpointDir, 'none.pth') }));
      expect(missing).to.be.instanceOf(torch.FileFormatError);
      expect(missing.message).to.contain('there is no checkpoint');
      expect((await failure(run({}, { resume: true }))).message).to.contain('checkpointDir');

      const other = join(checkpointDir, 'model.pth');
      await torch.save(new nn.Linear(2, 2).stateDict(), other);
      expect((await failure(run({}, { resume: other }))).message).to.contain('no checkpoint of a Trainer');
      writeFileSync(other, 'broken');
      expect(await failure(run({}, { resume: other }))).to.be.instanceOf(torch.TorchError);

      await run({ checkpointDir, callbacks: [stopAt(7)] });
      const schedulers = await failure(run({ checkpointDir, scheduler: [] }, { resume: true }));
      expect(schedulers).to.be.instanceOf(torch.StateDictError);
      expect(schedulers.message).to.contain('1 schedulers, this Trainer has 0');
      const shorter = await failure(run({ checkpointDir }, { resume: true, limitBatches: 1 }));
      expect(shorter.message).to.contain('gave only 1').and.contain('batch size');
      writeFileSync(join(checkpointDir, 'file'), '');
      const folder = await failure(run({ checkpointDir: join(checkpointDir, 'file', 'inside') }));
      expect(folder).to.be.instanceOf(torch.FileFormatError);
      expect(folder.message).to.contain('cannot be made');
    }));
});
