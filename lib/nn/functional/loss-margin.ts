/** Losses that want a margin. */
import { ShapeError, ValueError } from '../../errors.js';
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';
import { type Reduction, reductionNumber, reduceLoss, resolveReduction } from './reduction.js';

type Flag = boolean | null;
const reductionSpec = {
  sizeAverage: null as Flag,
  reduce: null as Flag,
  reduction: 'mean' as Reduction,
};
type ReductionTail = [sizeAverage: Flag, reduce: Flag, reduction: Reduction];
const resolve = (given: typeof reductionSpec): Reduction =>
  resolveReduction(given.reduction, given.sizeAverage, given.reduce);
const numberOf = (given: typeof reductionSpec): number => reductionNumber(resolve(given));

const pairSpec = { input: required<Tensor>(), target: required<Tensor>() };
const rankingSpec = {
  input1: required<Tensor>(),
  input2: required<Tensor>(),
  target: required<Tensor>(),
  margin: 0,
  ...reductionSpec,
};
type RankingArguments = Arguments<
  [input1: Tensor, input2: Tensor, target: Tensor],
  [margin: number, ...ReductionTail],
  typeof rankingSpec
>;

const rankingSignature = new Signature('marginRankingLoss', rankingSpec);
/** `max(0, -y · (x₁ - x₂) + margin)`; margin 0. Source: torch.nn.functional.margin_ranking_loss. */
export function marginRankingLoss(...args: RankingArguments): Tensor {
  const given = rankingSignature.read(args);
  const { input1, input2, target, margin } = given;
  if (input1.dim() !== input2.dim() || input1.dim() !== target.dim())
    throw new ShapeError(
      `marginRankingLoss: all inputs should have the same number of dimensions, got ${input1.dim()}, ${input2.dim()} and ${target.dim()}`,
    );
  return torch.marginRankingLoss(input1, input2, target, margin, numberOf(given));
}

const cosineSignature = new Signature('cosineEmbeddingLoss', rankingSpec);
/** `1 - cos` for targets 1, `max(0, cos - margin)` for -1; margin 0. Source: torch.nn.functional.cosine_embedding_loss. */
export function cosineEmbeddingLoss(...args: RankingArguments): Tensor {
  const given = cosineSignature.read(args);
  return torch.cosineEmbeddingLoss(given.input1, given.input2, given.target, given.margin, numberOf(given));
}

const hingeSpec = { ...pairSpec, margin: 1, ...reductionSpec };
const hingeSignature = new Signature('hingeEmbeddingLoss', hingeSpec);
/** `x` for targets 1, `max(0, margin - x)` for -1; margin 1. Source: torch.nn.functional.hinge_embedding_loss. */
export function hingeEmbeddingLoss(
  ...args: Arguments<[input: Tensor, target: Tensor], [margin: number, ...ReductionTail], typeof hingeSpec>
): Tensor {
  const given = hingeSignature.read(args);
  return torch.hingeEmbeddingLoss(given.input, given.target, given.margin, numberOf(given));
}

const plainSpec = { ...pairSpec, ...reductionSpec };
type PlainArguments = Arguments<[input: Tensor, target: Tensor], ReductionTail, typeof plainSpec>;

const multilabelSignature = new Signature('multilabelMarginLoss', plainSpec);
/** The multi-class hinge loss of several labels. Source: torch.nn.functional.multilabel_margin_loss. */
export function multilabelMarginLoss(...args: PlainArguments): Tensor {
  const given = multilabelSignature.read(args);
  return ops.multilabelMarginLoss(given.input, given.target, numberOf(given));
}

const softMarginSignature = new Signature('softMarginLoss', plainSpec);
/** `log(1 + e^(-y·x))`. Source: torch.nn.functional.soft_margin_loss. */
export function softMarginLoss(...args: PlainArguments): Tensor {
  const given = softMarginSignature.read(args);
  return ops.softMarginLoss(given.input, given.target, numberOf(given));
}

const softLabelSpec = { ...pairSpec, weight: null as Tensor | null, ...reductionSpec };
const softLabelSignature = new Signature('multilabelSoftMarginLoss', softLabelSpec);
/** The mean over the classes of the logistic loss. Source: torch.nn.functional.multilabel_soft_margin_loss. */
export function multilabelSoftMarginLoss(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [weight: Tensor | null, ...ReductionTail],
    typeof softLabelSpec
  >
): Tensor {
  const given = softLabelSignature.read(args);
  const { input, target, weight } = given;
  const positive = target.mul(ops.logSigmoid(input));
  const negative = target.neg().add(1).mul(ops.logSigmoid(input.neg()));
  let loss = positive.add(negative).neg();
  if (weight) loss = loss.mul(weight);
  return reduceLoss(loss.sum(-1).div(input.size(-1)), resolve(given));
}

const multiSpec = { ...pairSpec, p: 1, margin: 1, weight: null as Tensor | null, ...reductionSpec };
const multiSignature = new Signature('multiMarginLoss', multiSpec);
/** The multi-class hinge loss; `p` 1 or 2, margin 1. Source: torch.nn.functional.multi_margin_loss. */
export function multiMarginLoss(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [p: number, margin: number, weight: Tensor | null, ...ReductionTail],
    typeof multiSpec
  >
): Tensor {
  const given = multiSignature.read(args);
  const { input, target, p, margin, weight } = given;
  if (p !== 1 && p !== 2) throw new ValueError(`only p == 1 and p == 2 supported, got ${p}`);
  if (weight && weight.dim() !== 1)
    throw new ShapeError(`weight must be one-dimensional, got ${weight.dim()}`);
  return ops.multiMarginLoss(input, target, p, margin, weight, numberOf(given));
}

const tripletSpec = {
  anchor: required<Tensor>(),
  positive: required<Tensor>(),
  negative: required<Tensor>(),
  margin: 1,
  p: 2,
  eps: 1e-6,
  swap: false,
  ...reductionSpec,
};
const tripletSignature = new Signature('tripletMarginLoss', tripletSpec);
/** `max(0, d(a, p) - d(a, n) + margin)` with `p`-norms; margin 1. Source: torch.nn.functional.triplet_margin_loss. */
export function tripletMarginLoss(
  ...args: Arguments<
    [anchor: Tensor, positive: Tensor, negative: Tensor],
    [margin: number, p: number, eps: number, swap: boolean, ...ReductionTail],
    typeof tripletSpec
  >
): Tensor {
  const given = tripletSignature.read(args);
  const { anchor, positive, negative, margin, p, eps, swap } = given;
  checkMargin(margin);
  return torch.tripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, numberOf(given));
}

/** @internal */
export function checkMargin(margin: number): void {
  if (!(margin > 0)) throw new ValueError(`margin must be greater than 0, got ${margin}`);
}

/** A distance of two batches. */
export type DistanceFunction = (a: Tensor, b: Tensor) => Tensor;

const distanceSpec = {
  anchor: required<Tensor>(),
  positive: required<Tensor>(),
  negative: required<Tensor>(),
  distanceFunction: null as DistanceFunction | null,
  margin: 1,
  swap: false,
  reduction: 'mean' as Reduction,
};
const distanceSignature = new Signature('tripletMarginWithDistanceLoss', distanceSpec, 3);
/** The triplet loss with any distance. Source: torch.nn.functional.triplet_margin_with_distance_loss. */
export function tripletMarginWithDistanceLoss(
  ...args: Arguments<[anchor: Tensor, positive: Tensor, negative: Tensor], [], typeof distanceSpec>
): Tensor {
  const { anchor, positive, negative, margin, swap, reduction, distanceFunction } =
    distanceSignature.read(args);
  checkMargin(margin);
  const distance = distanceFunction ?? ((a, b) => torch.pairwiseDistance(a, b));
  let apart = distance(anchor, negative);
  if (swap) apart = torch.minimum(apart, distance(positive, negative));
  return reduceLoss(distance(anchor, positive).sub(apart).add(margin).clampMin(0), reduction);
}
