/** Instance and local response normalisation. */
import { ShapeError, ValueError } from '../../errors.js';
import { instanceNorm } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { checkSpatial } from '../functional/normalization.js';
import { localResponseNorm } from '../functional/normalize.js';
import { Module } from '../module.js';
import { pythonFloat, pythonNumber } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { factory } from './common.js';
import { NormBase } from './norm-base.js';

const spec = {
  numFeatures: required<number>(),
  eps: 1e-5,
  momentum: 0.1 as number | null,
  affine: false,
  trackRunningStats: false,
  ...factory,
  bias: true,
};

/** Arguments of the instance normalisations. */
export type InstanceNormArguments = Arguments<
  [numFeatures: number],
  [eps: number, momentum: number | null, affine: boolean, trackRunningStats: boolean],
  typeof spec
>;

/** The common part of the instance normalisations. */
export abstract class InstanceNorm extends NormBase {
  /** The number of dimensions of one sample. */
  readonly #sampleDims: number;

  constructor(sampleDims: number, name: string, args: readonly unknown[]) {
    super(new Signature(name, spec, 7).read(args));
    this.#sampleDims = sampleDims;
  }

  override forward(input: Tensor): Tensor {
    const dims = expectTensor('instance norm', input).dim();
    const own = this.#sampleDims;
    if (dims !== own && dims !== own + 1)
      throw new ShapeError(`expected ${own}D or ${own + 1}D input (got ${dims}D input)`);
    const channels = input.size(dims - own);
    if (channels !== this.numFeatures) {
      const message = `expected input's size at dim=${dims - own} to match numFeatures (${this.numFeatures}), but got: ${channels}`;
      if (this.affine) throw new ValueError(message);
      process.emitWarning(message);
    }
    return dims === own ? this.#run(input.unsqueeze(0)).squeeze(0) : this.#run(input);
  }

  #run(input: Tensor): Tensor {
    const useInput = this.training || !this.trackRunningStats;
    if (useInput) checkSpatial(input);
    const { weight, bias, running_mean, running_var, momentum, eps } = this;
    return instanceNorm(input, weight, bias, running_mean, running_var, useInput, momentum ?? 0, eps, true);
  }
}

/** Normalises each channel of each sample of `[N, C, L]`; defaults as {@link InstanceNorm2d}. Source: torch.nn.InstanceNorm1d. */
export class InstanceNorm1d extends InstanceNorm {
  constructor(...args: InstanceNormArguments) {
    super(2, 'InstanceNorm1d', args);
  }
}

/**
 * Normalises each channel of each sample of `[N, C, H, W]`.
 *
 * Defaults: `eps` 1e-5, `momentum` 0.1, `affine` and `trackRunningStats` false.
 * Source: torch.nn.InstanceNorm2d.
 */
export class InstanceNorm2d extends InstanceNorm {
  constructor(...args: InstanceNormArguments) {
    super(3, 'InstanceNorm2d', args);
  }
}

/** Normalises each channel of each sample of `[N, C, D, H, W]`; defaults as {@link InstanceNorm2d}. Source: torch.nn.InstanceNorm3d. */
export class InstanceNorm3d extends InstanceNorm {
  constructor(...args: InstanceNormArguments) {
    super(4, 'InstanceNorm3d', args);
  }
}

const responseSpec = { size: required<number>(), alpha: 1e-4, beta: 0.75, k: 1 };
const responseSignature = new Signature('LocalResponseNorm', responseSpec);

/** Divides by the strength of `size` neighbouring channels. Source: torch.nn.LocalResponseNorm. */
export class LocalResponseNorm extends Module<[Tensor], Tensor> {
  size: number;
  alpha: number;
  beta: number;
  k: number;

  constructor(
    ...args: Arguments<[size: number], [alpha: number, beta: number, k: number], typeof responseSpec>
  ) {
    super();
    const { size, alpha, beta, k } = responseSignature.read(args);
    this.size = size;
    this.alpha = alpha;
    this.beta = beta;
    this.k = k;
  }

  override forward(input: Tensor): Tensor {
    return localResponseNorm(input, this.size, this.alpha, this.beta, this.k);
  }

  override extraRepr(): string {
    return `${this.size}, alpha=${pythonNumber(this.alpha)}, beta=${pythonNumber(this.beta)}, k=${pythonFloat(this.k)}`;
  }
}
