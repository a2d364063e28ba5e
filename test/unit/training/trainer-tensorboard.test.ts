import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { utils } from 'torchts';
import * as torch from 'torchts';
import { batches, inFolder, made } from './support.js';

/** Notes what would be written. */
class Notes extends utils.tensorboard.SummaryWriter {
  readonly scalars: [tag: string, value: number, step: number][] = [];
  closed = false;

  override addScalar(...[tag, value, step]: Parameters<utils.tensorboard.SummaryWriter['addScalar']>): void {
    this.scalars.push([tag, value as number, step as number]);
  }

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}

describe('Trainer: TensorBoard', () => {
  it('writes losses, rates and metrics by step into a writer that stays open', () =>
    inFolder(async (logDir) => {
      const writer = new Notes({ logDir });
      const { trainer } = made({
        tensorboard: writer,
        metrics: { accuracy: torch.metrics.accuracy(), confusion: torch.metrics.confusionMatrix(3) },
      });
      const data = batches(2);
      const { history } = await trainer.fit(data, { validation: data });
      const { train, validation } = history.epochs[0]!;
      expect(writer.scalars).to.deep.equal([
        ['loss/step', history.losses[0], 1],
        ['lr', 0.01, 1],
        ['loss/step', history.losses[1], 2],
        ['lr', 0.01, 2],
        ['loss/train', train.loss, 2],
        ['accuracy/train', train.metrics.accuracy, 2],
        ['loss/validation', validation!.loss, 2],
        ['accuracy/validation', validation!.metrics.accuracy, 2],
      ]);
      expect(writer.closed).to.equal(false);
      await writer.close();
    }));

  it('opens a file in a folder and closes it at the end', () =>
    inFolder(async (folder) => {
      const logDir = join(folder, 'runs');
      await made({ tensorboard: logDir }).trainer.fit(batches(2));
      const files = readdirSync(logDir);
      expect(files).to.have.length(1);
      expect(files[0]).to.match(/^events\.out\.tfevents\./);
      expect(statSync(join(logDir, files[0]!)).size).to.be.above(100);
    }));
});
