/** Batch normalisation. */
import { ShapeError } from '../../errors.js';
import { batchNorm } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { checkBatchStatistics } from '../functional/normalization.js';
import { type Arguments, required, Signature } from '../signature.js';
import { factory } from './common.js';
import { NormBase, type NormParameters } from './norm-base.js';

const spec = {
  numFeatures: required<number>(),
  eps: 1e-5,
  momentum: 0.1 as number | null,
  affine: true,
  trackRunningStats: true,
  ...factory,
  bias: true,
};
const positional = 7;

/** Arguments of the batch normalisations. */
export type BatchNormArguments = Arguments<
  [numFeatures: number],
  [eps: number, momentum: number | null, affine: boolean, trackRunningStats: boolean],
  typeof spec
>;

/** The common part of the batch normalisations. */
export abstract class BatchNorm extends NormBase {
  readonly #dims: readonly number[];

  constructor(dims: readonly number[], given: NormParameters) {
    super(given);
    this.#dims = dims;
  }

  override forward(input: Tensor): Tensor {
    const { training, momentum } = this;
    this.#checkInput(input);
    const batches = this.num_batches_tracked;
    let factor = momentum ?? 0;
    if (training && this.trackRunningStats && batches !== null) {
      batches.add_(1);
      if (momentum === null) factor = 1 / Number(batches.item());
    }
    const useBuffers = !training || this.trackRunningStats;
    const mean = useBuffers ? this.running_mean : null;
    const variance = useBuffers ? this.running_var : null;
    const fromBatch = training || (this.running_mean === null && this.running_var === null);
    if (fromBatch) checkBatchStatistics(input);
    return batchNorm(input, this.weight, this.bias, mean, variance, fromBatch, factor, this.eps, true);
  }

  #checkInput(input: Tensor): void {
    const dim = expectTensor('batch norm', input).dim();
    if (!this.#dims.includes(dim))
      throw new ShapeError(`expected ${this.#dims.join('D or ')}D input (got ${dim}D input)`);
  }
}

const signature1d = new Signature('BatchNorm1d', spec, positional);

/** Batch normalisation of `[N, C]` or `[N, C, L]`; defaults as {@link BatchNorm2d}. Source: torch.nn.BatchNorm1d. */
export class BatchNorm1d extends BatchNorm {
  constructor(...args: BatchNormArguments) {
    super([2, 3], signature1d.read(args));
  }
}

const signature2d = new Signature('BatchNorm2d', spec, positional);

/**
 * Batch normalisation of `[N, C, H, W]`, each of `numFeatures` channels on its own.
 *
 * Defaults: `eps` 1e-5, `momentum` 0.1 (null: cumulative average), `affine` and `trackRunningStats`
 * true. Source: torch.nn.BatchNorm2d.
 */
export class BatchNorm2d extends BatchNorm {
  constructor(...args: BatchNormArguments) {
    super([4], signature2d.read(args));
  }
}

const signature3d = new Signature('BatchNorm3d', spec, positional);

/** Batch normalisation of `[N, C, D, H, W]`; defaults as {@link BatchNorm2d}. Source: torch.nn.BatchNorm3d. */
export class BatchNorm3d extends BatchNorm {
  constructor(...args: BatchNormArguments) {
    super([5], signature3d.read(args));
  }
}
