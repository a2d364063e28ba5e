import type { Callback, FitContext, StepEvent } from './callbacks.js';
import { SummaryWriter } from './tensorboard/index.js';
import type { EpochRecord, Measured } from './types.js';

/** Writes the losses and learning rates of the steps and the metrics of the epochs for TensorBoard. */
export class TensorBoardLog implements Callback {
  private writer: SummaryWriter | null;
  private readonly folder: string | null;

  /** @param target A folder, or a writer that stays open for its owner. */
  constructor(target: string | SummaryWriter) {
    this.folder = typeof target === 'string' ? target : null;
    this.writer = typeof target === 'string' ? null : target;
  }

  onFitStart({ globalStep }: FitContext): void {
    if (this.folder === null) return;
    // What an interrupted run wrote after its checkpoint is taken back.
    const purgeStep = globalStep > 0 ? globalStep + 1 : undefined;
    this.writer = new SummaryWriter({ logDir: this.folder, purgeStep });
  }

  onStepEnd({ globalStep }: FitContext, { loss, lr }: StepEvent): void {
    const { writer } = this;
    if (writer === null) return;
    writer.addScalar('loss/step', loss, globalStep);
    lr.forEach((rate, i) => {
      writer.addScalar(lr.length === 1 ? 'lr' : `lr/group${i}`, rate, globalStep);
    });
  }

  onEpochEnd({ globalStep }: FitContext, record: EpochRecord): void {
    this.epoch('train', record.train, globalStep);
    if (record.validation !== null) this.epoch('validation', record.validation, globalStep);
  }

  private epoch(part: string, measured: Measured, globalStep: number): void {
    this.writer?.addScalar(`loss/${part}`, measured.loss, globalStep);
    for (const [name, value] of Object.entries(measured.metrics))
      if (typeof value === 'number') this.writer?.addScalar(`${name}/${part}`, value, globalStep);
  }

  async onFitEnd(): Promise<void> {
    if (this.folder === null) await this.writer?.flush();
    else {
      await this.writer?.close();
      this.writer = null;
    }
  }
}
