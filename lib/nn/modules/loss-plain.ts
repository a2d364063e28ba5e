/** Losses of numbers, probabilities and distributions. */
import type { Tensor } from '../../tensor/index.js';
import * as F from '../functional/loss.js';
import { huberLoss, l1Loss, mseLoss, smoothL1Loss } from '../functional/loss-regression.js';
import type { Reduction } from '../functional/reduction.js';
import { Module } from '../module.js';
import { type Arguments, Signature } from '../signature.js';
import { Loss, type LossParameters, lossDefaults, WeightedLoss } from './loss-base.js';

type Flag = boolean | null;
/** `(sizeAverage, reduce, reduction = 'mean')`. */
export type LossArguments = Arguments<
  [],
  [sizeAverage: Flag, reduce: Flag, reduction: Reduction],
  LossParameters
>;
const read = (name: string, args: readonly unknown[]): LossParameters =>
  new Signature(name, lossDefaults).read(args);

/** `(x - y)²`. Default: `reduction` `'mean'`. Source: torch.nn.MSELoss. */
export class MSELoss extends Loss {
  constructor(...args: LossArguments) {
    super(read('MSELoss', args));
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, null, null, this.reduction);
  }
}

/** `|x - y|`. Default: `reduction` `'mean'`. Source: torch.nn.L1Loss. */
export class L1Loss extends Loss {
  constructor(...args: LossArguments) {
    super(read('L1Loss', args));
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, null, null, this.reduction);
  }
}

const smoothSpec = { ...lossDefaults, beta: 1 };

/** Squared below `beta` (1), absolute above. Source: torch.nn.SmoothL1Loss. */
export class SmoothL1Loss extends Loss {
  beta: number;

  constructor(
    ...args: Arguments<
      [],
      [sizeAverage: Flag, reduce: Flag, reduction: Reduction, beta: number],
      typeof smoothSpec
    >
  ) {
    const given = new Signature('SmoothL1Loss', smoothSpec).read(args);
    super(given);
    this.beta = given.beta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, null, null, this.reduction, this.beta);
  }
}

const huberSpec = { reduction: 'mean' as Reduction, delta: 1 };

/** Squared below `delta` (1), linear above. Source: torch.nn.HuberLoss. */
export class HuberLoss extends Loss {
  delta: number;

  constructor(...args: Arguments<[], [reduction: Reduction, delta: number], typeof huberSpec>) {
    const given = new Signature('HuberLoss', huberSpec).read(args);
    super(given);
    this.delta = given.delta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, this.reduction, this.delta);
  }
}

const weightedSpec = { weight: null as Tensor | null, ...lossDefaults };

/** Cross entropy of probabilities and targets between 0 and 1. Source: torch.nn.BCELoss. */
export class BCELoss extends WeightedLoss {
  constructor(
    ...args: Arguments<
      [],
      [weight: Tensor | null, sizeAverage: Flag, reduce: Flag, reduction: Reduction],
      typeof weightedSpec
    >
  ) {
    super(new Signature('BCELoss', weightedSpec).read(args));
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropy(input, target, this.weight, null, null, this.reduction);
  }
}

const logitsSpec = { ...weightedSpec, posWeight: null as Tensor | null };

/** Cross entropy of logits and targets between 0 and 1; `posWeight` weighs the positives. Source: torch.nn.BCEWithLogitsLoss. */
export class BCEWithLogitsLoss extends WeightedLoss {
  /** `posWeight`, under the name of the state dict. */
  declare pos_weight: Tensor | null;

  constructor(
    ...args: Arguments<
      [],
      [
        weight: Tensor | null,
        sizeAverage: Flag,
        reduce: Flag,
        reduction: Reduction,
        posWeight: Tensor | null,
      ],
      typeof logitsSpec
    >
  ) {
    const given = new Signature('BCEWithLogitsLoss', logitsSpec).read(args);
    super(given);
    this.registerBuffer('pos_weight', given.posWeight);
  }

  /** The weight of the positives; `pos_weight` in the state dict. */
  get posWeight(): Tensor | null {
    return this.pos_weight;
  }
  set posWeight(value: Tensor | null) {
    this.pos_weight = value;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.binaryCrossEntropyWithLogits(
      input,
      target,
      this.weight,
      null,
      null,
      this.reduction,
      this.pos_weight,
    );
  }
}

const klSpec = {
  sizeAverage: lossDefaults.sizeAverage,
  reduce: lossDefaults.reduce,
  reduction: 'mean' as Reduction | 'batchmean',
  logTarget: false,
};

/** Kullback-Leibler divergence from log probabilities; `'batchmean'` is the mathematical one. Source: torch.nn.KLDivLoss. */
export class KLDivLoss extends Module<[Tensor, Tensor], Tensor> {
  reduction: Reduction | 'batchmean';
  logTarget: boolean;
  readonly #older: [sizeAverage: Flag, reduce: Flag];

  constructor(
    ...args: Arguments<
      [],
      [sizeAverage: Flag, reduce: Flag, reduction: Reduction | 'batchmean', logTarget: boolean],
      typeof klSpec
    >
  ) {
    super();
    const given = new Signature('KLDivLoss', klSpec).read(args);
    this.reduction = given.reduction;
    this.logTarget = given.logTarget;
    this.#older = [given.sizeAverage, given.reduce];
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.klDiv(input, target, ...this.#older, this.reduction, this.logTarget);
  }
}

const poissonSpec = {
  logInput: true,
  full: false,
  sizeAverage: lossDefaults.sizeAverage,
  eps: 1e-8,
  reduce: lossDefaults.reduce,
  reduction: 'mean' as Reduction,
};

/** Negative log likelihood of counts. Source: torch.nn.PoissonNLLLoss. */
export class PoissonNLLLoss extends Loss {
  logInput: boolean;
  full: boolean;
  eps: number;

  constructor(
    ...args: Arguments<
      [],
      [logInput: boolean, full: boolean, sizeAverage: Flag, eps: number, reduce: Flag, reduction: Reduction],
      typeof poissonSpec
    >
  ) {
    const given = new Signature('PoissonNLLLoss', poissonSpec).read(args);
    super(given);
    this.logInput = given.logInput;
    this.full = given.full;
    this.eps = given.eps;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return F.poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

const gaussianSpec = { full: false, eps: 1e-6, reduction: 'mean' as Reduction };

/** Negative log likelihood under normal distributions of given variance. Source: torch.nn.GaussianNLLLoss. */
export class GaussianNLLLoss extends Loss<[Tensor, Tensor, Tensor | number]> {
  full: boolean;
  eps: number;

  constructor(...args: Arguments<[], [], typeof gaussianSpec>) {
    const given = new Signature('GaussianNLLLoss', gaussianSpec, 0).read(args);
    super(given);
    this.full = given.full;
    this.eps = given.eps;
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor | number): Tensor {
    return F.gaussianNllLoss(input, target, variance, this.full, this.eps, this.reduction);
  }
}

const ctcSpec = { blank: 0, reduction: 'mean' as Reduction, zeroInfinity: false };
type Lengths = Tensor | readonly number[];

/** Connectionist temporal classification. Source: torch.nn.CTCLoss. */
export class CTCLoss extends Loss<[Tensor, Tensor, Lengths, Lengths]> {
  blank: number;
  zeroInfinity: boolean;

  constructor(
    ...args: Arguments<[], [blank: number, reduction: Reduction, zeroInfinity: boolean], typeof ctcSpec>
  ) {
    const given = new Signature('CTCLoss', ctcSpec).read(args);
    super(given);
    this.blank = given.blank;
    this.zeroInfinity = given.zeroInfinity;
  }

  override forward(logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths): Tensor {
    const { blank, reduction, zeroInfinity } = this;
    return F.ctcLoss(logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
  }
}
