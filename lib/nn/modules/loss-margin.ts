/** Losses that want a margin. */
import { ShapeError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/index.js';
import * as F from '../functional/loss-margin.js';
import type { Reduction } from '../functional/reduction.js';
import { type Arguments, Signature } from '../signature.js';
import { PairwiseDistance } from './distance.js';
import { Loss, type LossParameters, lossDefaults, WeightedLoss } from './loss-base.js';
import type { LossArguments } from './loss-plain.js';

type Flag = boolean | null;
type Tail = [sizeAverage: Flag, reduce: Flag, reduction: Reduction];

const plain = (name: string, args: readonly unknown[]): LossParameters =>
  new Signature(name, lossDefaults).read(args);

/** The multi-class hinge loss of several labels. Source: torch.nn.MultiLabelMarginLoss. */
export class MultiLabelMarginLoss extends Loss {
  constructor(...args: LossArguments) {
    super(plain('MultiLabelMarginLoss', args));
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelMarginLoss(input, target, null, null, this.reduction);
  }
}

/** `log(1 + e^(-y·x))`. Source: torch.nn.SoftMarginLoss. */
export class SoftMarginLoss extends Loss {
  constructor(...args: LossArguments) {
    super(plain('SoftMarginLoss', args));
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.softMarginLoss(input, target, null, null, this.reduction);
  }
}

const marginSpec = { margin: 0, ...lossDefaults };
type MarginArguments = Arguments<[], [margin: number, ...Tail], typeof marginSpec>;

/** `max(0, -y · (x₁ - x₂) + margin)`; margin 0. Source: torch.nn.MarginRankingLoss. */
export class MarginRankingLoss extends Loss<[Tensor, Tensor, Tensor]> {
  margin: number;

  constructor(...args: MarginArguments) {
    const given = new Signature('MarginRankingLoss', marginSpec).read(args);
    super(given);
    this.margin = given.margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.marginRankingLoss(input1, input2, target, this.margin, null, null, this.reduction);
  }
}

/** `1 - cos` for targets 1, `max(0, cos - margin)` for -1; margin 0. Source: torch.nn.CosineEmbeddingLoss. */
export class CosineEmbeddingLoss extends Loss<[Tensor, Tensor, Tensor]> {
  margin: number;

  constructor(...args: MarginArguments) {
    const given = new Signature('CosineEmbeddingLoss', marginSpec).read(args);
    super(given);
    this.margin = given.margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return F.cosineEmbeddingLoss(input1, input2, target, this.margin, null, null, this.reduction);
  }
}

const hingeSpec = { ...marginSpec, margin: 1 };

/** `x` for targets 1, `max(0, margin - x)` for -1; margin 1. Source: torch.nn.HingeEmbeddingLoss. */
export class HingeEmbeddingLoss extends Loss {
  margin: number;

  constructor(...args: MarginArguments) {
    const given = new Signature('HingeEmbeddingLoss', hingeSpec).read(args);
    super(given);
    this.margin = given.margin;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.hingeEmbeddingLoss(input, target, this.margin, null, null, this.reduction);
  }
}

const softLabelSpec = { weight: null as Tensor | null, ...lossDefaults };

/** The mean over the classes of the logistic loss. Source: torch.nn.MultiLabelSoftMarginLoss. */
export class MultiLabelSoftMarginLoss extends WeightedLoss {
  constructor(...args: Arguments<[], [weight: Tensor | null, ...Tail], typeof softLabelSpec>) {
    super(new Signature('MultiLabelSoftMarginLoss', softLabelSpec).read(args));
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multilabelSoftMarginLoss(input, target, this.weight, null, null, this.reduction);
  }
}

const multiSpec = { p: 1, margin: 1, ...softLabelSpec };

/** The multi-class hinge loss; `p` 1 or 2, margin 1. Source: torch.nn.MultiMarginLoss. */
export class MultiMarginLoss extends WeightedLoss {
  p: number;
  margin: number;

  constructor(
    ...args: Arguments<[], [p: number, margin: number, weight: Tensor | null, ...Tail], typeof multiSpec>
  ) {
    const given = new Signature('MultiMarginLoss', multiSpec).read(args);
    super(given);
    if (given.p !== 1 && given.p !== 2)
      throw new ValueError(`only p == 1 and p == 2 supported, got ${given.p}`);
    if (given.weight && given.weight.dim() !== 1)
      throw new ShapeError(
        `MultiMarginLoss: expected weight to be null or 1D, got ${given.weight.dim()}D instead`,
      );
    this.p = given.p;
    this.margin = given.margin;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return F.multiMarginLoss(input, target, this.p, this.margin, this.weight, null, null, this.reduction);
  }
}

const tripletSpec = { margin: 1, p: 2, eps: 1e-6, swap: false, ...lossDefaults };

/** `max(0, d(a, p) - d(a, n) + margin)` with `p`-norms (2); margin 1. Source: torch.nn.TripletMarginLoss. */
export class TripletMarginLoss extends Loss<[Tensor, Tensor, Tensor]> {
  margin: number;
  p: number;
  eps: number;
  swap: boolean;

  constructor(
    ...args: Arguments<
      [],
      [margin: number, p: number, eps: number, swap: boolean, ...Tail],
      typeof tripletSpec
    >
  ) {
    const given = new Signature('TripletMarginLoss', tripletSpec).read(args);
    super(given);
    F.checkMargin(given.margin);
    this.margin = given.margin;
    this.p = given.p;
    this.eps = given.eps;
    this.swap = given.swap;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return F.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, null, null, reduction);
  }
}

const distanceSpec = {
  distanceFunction: null as F.DistanceFunction | null,
  margin: 1,
  swap: false,
  reduction: 'mean' as Reduction,
};

/** The triplet loss with any distance. Source: torch.nn.TripletMarginWithDistanceLoss. */
export class TripletMarginWithDistanceLoss extends Loss<[Tensor, Tensor, Tensor]> {
  /** `distanceFunction`, under the name that is printed. */
  distance_function: F.DistanceFunction;
  margin: number;
  swap: boolean;

  constructor(...args: Arguments<[], [], typeof distanceSpec>) {
    const given = new Signature('TripletMarginWithDistanceLoss', distanceSpec, 0).read(args);
    super(given);
    F.checkMargin(given.margin);
    this.distance_function = given.distanceFunction ?? new PairwiseDistance();
    this.margin = given.margin;
    this.swap = given.swap;
  }

  /** The distance; a module where none was given. */
  get distanceFunction(): F.DistanceFunction {
    return this.distance_function;
  }
  set distanceFunction(value: F.DistanceFunction) {
    this.distance_function = value;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { distanceFunction, margin, swap, reduction } = this;
    return F.tripletMarginWithDistanceLoss(anchor, positive, negative, {
      distanceFunction,
      margin,
      swap,
      reduction,
    });
  }
}
