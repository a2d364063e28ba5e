import { ValueError } from '../errors.js';

/** A loss that is NaN or infinite; the run ended there, and the last checkpoint is sound. */
export class NonFiniteLossError extends ValueError {
  readonly loss: number;
  /** Counted from 0. */
  readonly epoch: number;
  /** Counted from 1 in the epoch. */
  readonly step: number;

  constructor(loss: number, epoch: number, step: number) {
    super(
      `the loss is ${loss} at step ${step} of epoch ${epoch + 1}; lower the learning rate, clip the gradients ` +
        "(clipGradNorm: 1), look for NaN in the data, or let it pass with onNonFinite: 'warn' or 'ignore'",
    );
    this.name = 'NonFiniteLossError';
    this.loss = loss;
    this.epoch = epoch;
    this.step = step;
  }
}
