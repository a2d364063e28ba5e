/** The common part of batch and instance normalisation. */
import { noGrad } from '../../autograd/index.js';
import { ones, zeros } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { ones_, zeros_ } from '../init.js';
import { Module } from '../module.js';
import type { Parameter } from '../parameter.js';
import { pythonText } from '../python-text.js';
import { emptyParameter, type FactoryOptions } from './common.js';

/** What normalisations are made of. */
export interface NormParameters extends FactoryOptions {
  numFeatures: number;
  eps: number;
  momentum: number | null;
  affine: boolean;
  trackRunningStats: boolean;
  bias: boolean;
}

/** Normalisation with running statistics. */
export abstract class NormBase extends Module<[Tensor], Tensor> {
  numFeatures: number;
  eps: number;
  momentum: number | null;
  affine: boolean;
  trackRunningStats: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;
  /** The buffers under the names of the state dict. */
  declare running_mean: Tensor | null;
  declare running_var: Tensor | null;
  declare num_batches_tracked: Tensor | null;

  constructor(given: NormParameters) {
    super();
    const { numFeatures, affine, trackRunningStats, device } = given;
    this.numFeatures = numFeatures;
    this.eps = given.eps;
    this.momentum = given.momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.registerParameter('weight', affine ? emptyParameter([numFeatures], given) : null);
    this.registerParameter('bias', affine && given.bias ? emptyParameter([numFeatures], given) : null);
    const options = { device, dtype: given.dtype };
    this.registerBuffer('running_mean', trackRunningStats ? zeros([numFeatures], options) : null);
    this.registerBuffer('running_var', trackRunningStats ? ones([numFeatures], options) : null);
    this.registerBuffer(
      'num_batches_tracked',
      trackRunningStats ? zeros([], { device, dtype: 'int64' }) : null,
    );
    this.resetParameters();
  }

  /** The running mean, `[numFeatures]`; `running_mean` in the state dict. */
  get runningMean(): Tensor | null {
    return this.running_mean;
  }
  set runningMean(value: Tensor | null) {
    this.running_mean = value;
  }
  /** The running variance, `[numFeatures]`; `running_var` in the state dict. */
  get runningVar(): Tensor | null {
    return this.running_var;
  }
  set runningVar(value: Tensor | null) {
    this.running_var = value;
  }
  /** How many batches were seen in training; `num_batches_tracked` in the state dict. */
  get numBatchesTracked(): Tensor | null {
    return this.num_batches_tracked;
  }
  set numBatchesTracked(value: Tensor | null) {
    this.num_batches_tracked = value;
  }

  /** Sets the running statistics back to mean 0 and variance 1. */
  resetRunningStats(): void {
    if (!this.trackRunningStats) return;
    noGrad(() => {
      this.running_mean?.zero_();
      this.running_var?.fill_(1);
      this.num_batches_tracked?.zero_();
    });
  }

  /** Sets weight 1 and bias 0, and the running statistics back. */
  resetParameters(): void {
    this.resetRunningStats();
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override extraRepr(): string {
    return (
      `${this.numFeatures}, eps=${pythonText(this.eps)}, momentum=${pythonText(this.momentum)}, ` +
      `affine=${pythonText(this.affine)}, bias=${pythonText(this.bias !== null)}, track_running_stats=${pythonText(this.trackRunningStats)}`
    );
  }
}
