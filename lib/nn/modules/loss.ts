/** Losses of classification. */
import { crossEntropyLoss, nllLossNd } from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Reduction, reductionNumber } from '../functional/reduction.js';
import { type Arguments, Signature } from '../signature.js';
import { lossDefaults, WeightedLoss } from './loss-base.js';

const nllSpec = {
  weight: null as Tensor | null,
  sizeAverage: lossDefaults.sizeAverage,
  ignoreIndex: -100,
  reduce: lossDefaults.reduce,
  reduction: 'mean' as Reduction,
};
const nllSignature = new Signature('NLLLoss', nllSpec);

/**
 * The negative log likelihood of class indices `[N]` under log probabilities `[N, C]` (or with further
 * dimensions behind). Defaults: no `weight`, `ignoreIndex` -100, `reduction` `'mean'`.
 * Source: torch.nn.NLLLoss.
 */
export class NLLLoss extends WeightedLoss {
  ignoreIndex: number;

  constructor(
    ...args: Arguments<
      [],
      [
        weight: Tensor | null,
        sizeAverage: boolean | null,
        ignoreIndex: number,
        reduce: boolean | null,
        reduction: Reduction,
      ],
      typeof nllSpec
    >
  ) {
    const given = nllSignature.read(args);
    super(given);
    this.ignoreIndex = given.ignoreIndex;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return nllLossNd(input, target, this.weight, reductionNumber(this.reduction), this.ignoreIndex);
  }
}

const crossEntropySpec = { ...nllSpec, labelSmoothing: 0 };
const crossEntropySignature = new Signature('CrossEntropyLoss', crossEntropySpec);

/**
 * The cross entropy of logits `[N, C, …]` and class indices `[N, …]` (int64) or probabilities
 * `[N, C, …]`.
 *
 * Defaults: no class `weight` (`[C]`), `ignoreIndex` -100, `reduction` `'mean'`, `labelSmoothing` 0.
 * Source: torch.nn.CrossEntropyLoss.
 */
export class CrossEntropyLoss extends WeightedLoss {
  ignoreIndex: number;
  labelSmoothing: number;

  constructor(
    ...args: Arguments<
      [],
      [
        weight: Tensor | null,
        sizeAverage: boolean | null,
        ignoreIndex: number,
        reduce: boolean | null,
        reduction: Reduction,
        labelSmoothing: number,
      ],
      typeof crossEntropySpec
    >
  ) {
    const given = crossEntropySignature.read(args);
    super(given);
    this.ignoreIndex = given.ignoreIndex;
    this.labelSmoothing = given.labelSmoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, reduction, ignoreIndex, labelSmoothing } = this;
    return crossEntropyLoss(input, target, weight, reductionNumber(reduction), ignoreIndex, labelSmoothing);
  }
}
