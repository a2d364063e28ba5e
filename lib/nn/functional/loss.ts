/** Losses of classification and of distributions. */
import { ShapeError, ValueError } from '../../errors.js';
import { noGrad } from '../../autograd/index.js';
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';
import { broadcastPair } from './broadcast.js';
import { type Reduction, reductionNumber, reduceLoss, resolveReduction } from './reduction.js';

/** The two older flags and the reduction, by position. */
const older = { sizeAverage: null as boolean | null, reduce: null as boolean | null };
type Flag = boolean | null;
type Given = { reduction: Reduction; sizeAverage: Flag; reduce: Flag };
const numberOf = ({ reduction, sizeAverage, reduce }: Given): number =>
  reductionNumber(resolveReduction(reduction, sizeAverage, reduce));

const nllSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  weight: null as Tensor | null,
  sizeAverage: older.sizeAverage,
  ignoreIndex: -100,
  reduce: older.reduce,
  reduction: 'mean' as Reduction,
};
const nllSignature = new Signature('nllLoss', nllSpec);
/**
 * Negative log likelihood of class indices under log probabilities `[N, C, …]`. Defaults: no class
 * `weight`, `ignoreIndex` -100, `reduction` `'mean'`. Source: torch.nn.functional.nll_loss.
 */
export function nllLoss(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [weight: Tensor | null, sizeAverage: Flag, ignoreIndex: number, reduce: Flag, reduction: Reduction],
    typeof nllSpec
  >
): Tensor {
  const given = nllSignature.read(args);
  return ops.nllLossNd(given.input, given.target, given.weight, numberOf(given), given.ignoreIndex);
}

const crossEntropySpec = { ...nllSpec, labelSmoothing: 0 };
const crossEntropySignature = new Signature('crossEntropy', crossEntropySpec);
/**
 * Cross entropy of logits `[N, C, …]` and class indices `[N, …]` or probabilities `[N, C, …]`. Defaults:
 * no class `weight`, `ignoreIndex` -100, `reduction` `'mean'`, `labelSmoothing` 0.
 * Source: torch.nn.functional.cross_entropy.
 */
export function crossEntropy(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [
      weight: Tensor | null,
      sizeAverage: Flag,
      ignoreIndex: number,
      reduce: Flag,
      reduction: Reduction,
      labelSmoothing: number,
    ],
    typeof crossEntropySpec
  >
): Tensor {
  const given = crossEntropySignature.read(args);
  const { input, target, weight, ignoreIndex, labelSmoothing } = given;
  return ops.crossEntropyLoss(input, target, weight, numberOf(given), ignoreIndex, labelSmoothing);
}

const bceSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  weight: null as Tensor | null,
  ...older,
  reduction: 'mean' as Reduction,
};
const sizeText = (tensor: Tensor): string => `torch.Size([${tensor.shape.join(', ')}])`;

const bceSignature = new Signature('binaryCrossEntropy', bceSpec);
/** Cross entropy of probabilities and targets between 0 and 1. Source: torch.nn.functional.binary_cross_entropy. */
export function binaryCrossEntropy(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [weight: Tensor | null, sizeAverage: Flag, reduce: Flag, reduction: Reduction],
    typeof bceSpec
  >
): Tensor {
  const given = bceSignature.read(args);
  const { input, target, weight } = given;
  if (sizeText(target) !== sizeText(input))
    throw new ShapeError(
      `Using a target size (${sizeText(target)}) that is different to the input size (${sizeText(input)}) is deprecated. Please ensure they have the same size.`,
    );
  const spread = weight && broadcastPair(target, weight)[1];
  return ops.binaryCrossEntropy(input, target, spread, numberOf(given));
}

const logitsSpec = { ...bceSpec, posWeight: null as Tensor | null };
const logitsSignature = new Signature('binaryCrossEntropyWithLogits', logitsSpec);
/**
 * Cross entropy of logits and targets between 0 and 1; `posWeight` weighs the positives.
 * Source: torch.nn.functional.binary_cross_entropy_with_logits.
 */
export function binaryCrossEntropyWithLogits(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [weight: Tensor | null, sizeAverage: Flag, reduce: Flag, reduction: Reduction, posWeight: Tensor | null],
    typeof logitsSpec
  >
): Tensor {
  const given = logitsSignature.read(args);
  const { input, target, weight, posWeight } = given;
  if (sizeText(target) !== sizeText(input))
    throw new ShapeError(
      `Target size (${sizeText(target)}) must be the same as input size (${sizeText(input)})`,
    );
  return torch.binaryCrossEntropyWithLogits(input, target, weight, posWeight, numberOf(given));
}

const klSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  ...older,
  reduction: 'mean' as Reduction | 'batchmean',
  logTarget: false,
};
const klSignature = new Signature('klDiv', klSpec);
/**
 * Kullback-Leibler divergence of `target` from the log probabilities `input`; `'batchmean'` is the
 * mathematical one. Source: torch.nn.functional.kl_div.
 */
export function klDiv(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [sizeAverage: Flag, reduce: Flag, reduction: Reduction | 'batchmean', logTarget: boolean],
    typeof klSpec
  >
): Tensor {
  const { input, target, reduction, logTarget, sizeAverage, reduce } = klSignature.read(args);
  const batch = reduction === 'batchmean' && sizeAverage === null && reduce === null;
  const plain = reduction === 'batchmean' ? 'sum' : reduction;
  const number = reductionNumber(resolveReduction(plain, sizeAverage, reduce));
  const loss = torch.klDiv(input, target, number, { logTarget });
  return batch && input.dim() !== 0 ? loss.div(input.size(0)) : loss;
}

const poissonSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  logInput: true,
  full: false,
  sizeAverage: older.sizeAverage,
  eps: 1e-8,
  reduce: older.reduce,
  reduction: 'mean' as Reduction,
};
const poissonSignature = new Signature('poissonNllLoss', poissonSpec);
/** Negative log likelihood of counts. Source: torch.nn.functional.poisson_nll_loss. */
export function poissonNllLoss(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [logInput: boolean, full: boolean, sizeAverage: Flag, eps: number, reduce: Flag, reduction: Reduction],
    typeof poissonSpec
  >
): Tensor {
  const given = poissonSignature.read(args);
  const { input, target, logInput, full, eps } = given;
  return torch.poissonNllLoss(input, target, logInput, full, eps, numberOf(given));
}

const gaussianSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  var: required<Tensor | number>(),
  full: false,
  eps: 1e-6,
  reduction: 'mean' as Reduction,
};
const gaussianSignature = new Signature('gaussianNllLoss', gaussianSpec);
/** Negative log likelihood under normal distributions of the variance `var`. Source: torch.nn.functional.gaussian_nll_loss. */
export function gaussianNllLoss(
  ...args: Arguments<
    [input: Tensor, target: Tensor, variance: Tensor | number],
    [full: boolean, eps: number, reduction: Reduction],
    typeof gaussianSpec
  >
): Tensor {
  const { input, target, full, eps, reduction, ...given } = gaussianSignature.read(args);
  let variance = given.var instanceof Tensor ? given.var : torch.onesLike(input).mul(given.var);
  if (variance.lt(0).any().item()) throw new ValueError('gaussianNllLoss: var has negative entries');
  variance = fitVariance(variance, input).clone();
  noGrad(() => variance.clampMin_(eps));
  let loss = variance.log().add(input.sub(target).pow(2).div(variance)).mul(0.5);
  if (full) loss = loss.add(0.5 * Math.log(2 * Math.PI));
  return reduceLoss(loss, reduction);
}

/** One variance for each value, or for each row of the last dimension. */
function fitVariance(variance: Tensor, input: Tensor): Tensor {
  const [have, want] = [variance.shape, input.shape];
  if (have.join() === want.join()) return variance;
  if (have.join() === want.slice(0, -1).join()) return variance.unsqueeze(-1);
  const differing = have.filter((size, i) => size !== want[i]);
  if (have.length === want.length && differing.every((size) => size === 1) && differing.length === 1)
    return variance;
  throw new ShapeError(`var is of incorrect size [${have.join(', ')}] for an input of [${want.join(', ')}]`);
}

const ctcSpec = {
  logProbs: required<Tensor>(),
  targets: required<Tensor>(),
  inputLengths: required<Tensor | readonly number[]>(),
  targetLengths: required<Tensor | readonly number[]>(),
  blank: 0,
  reduction: 'mean' as Reduction,
  zeroInfinity: false,
};
const ctcSignature = new Signature('ctcLoss', ctcSpec);
/** Connectionist temporal classification of `[T, N, C]` log probabilities. Source: torch.nn.functional.ctc_loss. */
export function ctcLoss(
  ...args: Arguments<
    [
      logProbs: Tensor,
      targets: Tensor,
      inputLengths: Tensor | readonly number[],
      targetLengths: Tensor | readonly number[],
    ],
    [blank: number, reduction: Reduction, zeroInfinity: boolean],
    typeof ctcSpec
  >
): Tensor {
  const { logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity } =
    ctcSignature.read(args);
  const lengths = [inputLengths, targetLengths] as [Tensor, Tensor];
  return torch.ctcLoss(logProbs, targets, ...lengths, blank, reductionNumber(reduction), zeroInfinity);
}
