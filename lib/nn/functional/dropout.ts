/** Dropout functions. */
import { ShapeError, ValueError } from '../../errors.js';
import * as torch from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';

type Run = (input: Tensor, p: number, training: boolean) => Tensor;

const spec = { input: required<Tensor>(), p: 0.5, training: true, inplace: false };
/** `(input, p = 0.5, training = true, inplace = false)`. */
export type DropoutCall = (
  ...args: Arguments<[input: Tensor], [p: number, training: boolean, inplace: boolean], typeof spec>
) => Tensor;

const offSpec = { ...spec, training: false };

function dropoutOf(name: string, plain: Run, inPlace: Run, defaults = spec): DropoutCall {
  const signature = new Signature(name, defaults);
  return (...args) => {
    const { input, p, training, inplace } = signature.read(args);
    checkProbability(p);
    return (inplace ? inPlace : plain)(input, p, training);
  };
}

/** @internal @throws ValueError for a `p` outside of 0 to 1. */
export function checkProbability(p: number): void {
  if (!(p >= 0 && p <= 1))
    throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

/** @internal The feature dropout on samples that may come without a batch dimension of `dims`. */
export function dropChannels(
  input: Tensor,
  p: number,
  training: boolean,
  inplace: boolean,
  dims: number,
): Tensor {
  const run = inplace ? torch.featureDropout_ : torch.featureDropout;
  if (input.dim() === dims) return run(input, p, training);
  if (inplace) return run(input.unsqueeze_(0), p, training).squeeze_(0);
  return run(input.unsqueeze(0), p, training).squeeze(0);
}

/**
 * Zeroes elements with probability `p` (0.5) and scales the rest by 1 / (1 - p), while `training`
 * (true). Source: torch.nn.functional.dropout.
 */
export const dropout = dropoutOf('dropout', torch.dropout, torch.dropout_);
/** Dropout that keeps mean and variance; `training` false. Source: torch.nn.functional.alpha_dropout. */
export const alphaDropout = dropoutOf('alphaDropout', torch.alphaDropout, torch.alphaDropout_, offSpec);
/** Alpha dropout of whole channels; `training` false. Source: torch.nn.functional.feature_alpha_dropout. */
export const featureAlphaDropout = dropoutOf(
  'featureAlphaDropout',
  torch.featureAlphaDropout,
  torch.featureAlphaDropout_,
  offSpec,
);
/** Zeroes whole channels of `[N, C, H, W]`. Source: torch.nn.functional.dropout2d. */
export const dropout2d = dropoutOf('dropout2d', torch.featureDropout, torch.featureDropout_);

const dropout1dSignature = new Signature('dropout1d', spec);
/** Zeroes whole channels of `[N, C, L]` or `[C, L]`. Source: torch.nn.functional.dropout1d. */
export const dropout1d: DropoutCall = (...args) => {
  const { input, p, training, inplace } = dropout1dSignature.read(args);
  checkProbability(p);
  checkDropout1d(input);
  return dropChannels(input, p, training, inplace, 3);
};

/** @internal @throws ShapeError unless there are 2 or 3 dimensions. */
export function checkDropout1d(input: Tensor): void {
  const dims = input.dim();
  if (dims !== 2 && dims !== 3)
    throw new ShapeError(
      `dropout1d: Expected 2D or 3D input, but received a ${dims}D input; use dropout for others`,
    );
}

const dropout3dSignature = new Signature('dropout3d', spec);
/** Zeroes whole channels of `[N, C, D, H, W]` or `[C, D, H, W]`. Source: torch.nn.functional.dropout3d. */
export const dropout3d: DropoutCall = (...args) => {
  const { input, p, training, inplace } = dropout3dSignature.read(args);
  checkProbability(p);
  return dropChannels(input, p, training, inplace, 5);
};
