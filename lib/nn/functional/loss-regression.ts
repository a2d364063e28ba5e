/** Losses of numbers against numbers. */
import { ShapeError } from '../../errors.js';

import * as ops from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';
import { broadcastPair } from './broadcast.js';
import { type Reduction, reductionNumber, reduceLoss, resolveReduction } from './reduction.js';

/** @internal Both in one shape; a warning where they had two, as it is mostly a mistake. */
function together(name: string, input: Tensor, target: Tensor): [Tensor, Tensor] {
  const [from, to] = [input.shape.join(', '), target.shape.join(', ')];
  if (from === to) return [input, target];
  process.emitWarning(
    `${name}: Using a target size (torch.Size([${to}])) that is different to the input size (torch.Size([${from}])). This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.`,
  );
  return broadcastPair(input, target);
}

function sameSize(weight: Tensor, input: Tensor): void {
  if (weight.shape.join() !== input.shape.join())
    throw new ShapeError(
      `Weights and input must have the same size, got [${weight.shape.join(', ')}] and [${input.shape.join(', ')}]`,
    );
}

/** Errors times their weights, and the mean by the sum of the weights. */
function weighted(errors: Tensor, weight: Tensor, reduction: Reduction): Tensor {
  const each = errors.mul(weight);
  return reduction === 'mean' ? each.sum().div(weight.sum()) : reduceLoss(each, reduction);
}

const pairSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  sizeAverage: null as boolean | null,
  reduce: null as boolean | null,
  reduction: 'mean' as Reduction,
};
const errorSpec = { ...pairSpec, weight: null as Tensor | null };
type ErrorArguments = Arguments<
  [input: Tensor, target: Tensor],
  [sizeAverage: boolean | null, reduce: boolean | null, reduction: Reduction, weight: Tensor | null],
  typeof errorSpec
>;

const mseSignature = new Signature('mseLoss', errorSpec);
/** `(input - target)²`, reduced by `'mean'`. Source: torch.nn.functional.mse_loss. */
export function mseLoss(...args: ErrorArguments): Tensor {
  const { input, target, weight, ...given } = mseSignature.read(args);
  const reduction = resolveReduction(given.reduction, given.sizeAverage, given.reduce);
  const [x, y] = together('mseLoss', input, target);
  if (weight === null) return ops.mseLoss(x, y, reductionNumber(reduction));
  sameSize(weight, input);
  return weighted(x.sub(y).pow(2), weight, reduction);
}

const l1Signature = new Signature('l1Loss', errorSpec);
/** `|input - target|`, reduced by `'mean'`. Source: torch.nn.functional.l1_loss. */
export function l1Loss(...args: ErrorArguments): Tensor {
  const { input, target, weight, ...given } = l1Signature.read(args);
  const reduction = resolveReduction(given.reduction, given.sizeAverage, given.reduce);
  const [x, y] = together('l1Loss', input, target);
  if (weight === null) return ops.l1Loss(x, y, reductionNumber(reduction));
  sameSize(weight, input);
  return weighted(x.sub(y).abs(), weight, reduction);
}

const smoothSpec = { ...pairSpec, beta: 1 };
const smoothSignature = new Signature('smoothL1Loss', smoothSpec);
/** Squared below `beta` (1), absolute above. Source: torch.nn.functional.smooth_l1_loss. */
export function smoothL1Loss(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [sizeAverage: boolean | null, reduce: boolean | null, reduction: Reduction, beta: number],
    typeof smoothSpec
  >
): Tensor {
  const { input, target, beta, ...given } = smoothSignature.read(args);
  const reduction = reductionNumber(resolveReduction(given.reduction, given.sizeAverage, given.reduce));
  const [x, y] = together('smoothL1Loss', input, target);
  return beta === 0 ? ops.l1Loss(x, y, reduction) : ops.smoothL1Loss(x, y, reduction, beta);
}

const huberSpec = {
  input: required<Tensor>(),
  target: required<Tensor>(),
  reduction: 'mean' as Reduction,
  delta: 1,
  weight: null as Tensor | null,
};
const huberSignature = new Signature('huberLoss', huberSpec);
/** Squared below `delta` (1), linear above. Source: torch.nn.functional.huber_loss. */
export function huberLoss(
  ...args: Arguments<
    [input: Tensor, target: Tensor],
    [reduction: Reduction, delta: number, weight: Tensor | null],
    typeof huberSpec
  >
): Tensor {
  const { input, target, reduction, delta, weight } = huberSignature.read(args);
  const [x, y] = together('huberLoss', input, target);
  if (weight === null) return ops.huberLoss(x, y, reductionNumber(reduction), delta);
  sameSize(weight, input);
  return reduceLoss(ops.huberLoss(x, y, reductionNumber('none'), delta).mul(weight), reduction);
}
