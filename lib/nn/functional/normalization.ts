/** Normalisation functions. */
import { ValueError } from '../../errors.js';
import * as torch from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';

export { localResponseNorm, normalize } from './normalize.js';

/** @internal @throws ValueError where each channel has one value only, which has no variance. */
export function checkBatchStatistics(input: Tensor): void {
  const { shape } = input;
  const count = shape.slice(2).reduce((a, b) => a * b, shape[0]!);
  if (count === 1)
    throw new ValueError(
      `Expected more than 1 value per channel when training, got input size torch.Size([${shape.join(', ')}])`,
    );
}

const batchSpec = {
  input: required<Tensor>(),
  runningMean: required<Tensor | null>(),
  runningVar: required<Tensor | null>(),
  weight: null as Tensor | null,
  bias: null as Tensor | null,
  training: false,
  momentum: 0.1,
  eps: 1e-5,
};
const batchSignature = new Signature('batchNorm', batchSpec);

/**
 * Batch normalisation of each channel. Defaults: not training, `momentum` 0.1, `eps` 1e-5.
 * Source: torch.nn.functional.batch_norm.
 */
export function batchNorm(
  ...args: Arguments<
    [input: Tensor, runningMean: Tensor | null, runningVar: Tensor | null],
    [weight: Tensor | null, bias: Tensor | null, training: boolean, momentum: number, eps: number],
    typeof batchSpec
  >
): Tensor {
  const { input, runningMean, runningVar, weight, bias, training, momentum, eps } = batchSignature.read(args);
  if (training) checkBatchStatistics(input);
  if (training ? eps <= 0 : eps < 0)
    throw new ValueError(
      `batchNorm: eps must be ${training ? 'positive during training' : 'non-negative'}, but got ${eps}`,
    );
  return torch.batchNorm(input, weight, bias, runningMean, runningVar, training, momentum, eps, true);
}

const instanceSpec = {
  input: required<Tensor>(),
  runningMean: null as Tensor | null,
  runningVar: null as Tensor | null,
  weight: null as Tensor | null,
  bias: null as Tensor | null,
  useInputStats: true,
  momentum: 0.1,
  eps: 1e-5,
};
const instanceSignature = new Signature('instanceNorm', instanceSpec);

/** Normalises each channel of each sample. Source: torch.nn.functional.instance_norm. */
export function instanceNorm(
  ...args: Arguments<
    [input: Tensor],
    [
      runningMean: Tensor | null,
      runningVar: Tensor | null,
      weight: Tensor | null,
      bias: Tensor | null,
      useInputStats: boolean,
      momentum: number,
      eps: number,
    ],
    typeof instanceSpec
  >
): Tensor {
  const given = instanceSignature.read(args);
  const { input, weight, bias, runningMean, runningVar, useInputStats, momentum, eps } = given;
  if (useInputStats) checkSpatial(input);
  return torch.instanceNorm(input, weight, bias, runningMean, runningVar, useInputStats, momentum, eps, true);
}

/** @internal @throws ValueError where each channel of a sample has one value only. */
export function checkSpatial(input: Tensor): void {
  const { shape } = input;
  if (shape.slice(2).reduce((a, b) => a * b, 1) === 1)
    throw new ValueError(
      `Expected more than 1 spatial element when training, got input size torch.Size([${shape.join(', ')}])`,
    );
}

const layerSpec = {
  input: required<Tensor>(),
  normalizedShape: required<readonly number[]>(),
  weight: null as Tensor | null,
  bias: null as Tensor | null,
  eps: 1e-5,
};
const layerSignature = new Signature('layerNorm', layerSpec);

/** Normalises over the last dimensions. Default: `eps` 1e-5. Source: torch.nn.functional.layer_norm. */
export function layerNorm(
  ...args: Arguments<
    [input: Tensor, normalizedShape: readonly number[]],
    [weight: Tensor | null, bias: Tensor | null, eps: number],
    typeof layerSpec
  >
): Tensor {
  const { input, normalizedShape, weight, bias, eps } = layerSignature.read(args);
  return torch.layerNorm(input, normalizedShape, weight, bias, eps);
}

const groupSpec = {
  input: required<Tensor>(),
  numGroups: required<number>(),
  weight: null as Tensor | null,
  bias: null as Tensor | null,
  eps: 1e-5,
};
const groupSignature = new Signature('groupNorm', groupSpec);

/** Normalises groups of channels. Default: `eps` 1e-5. Source: torch.nn.functional.group_norm. */
export function groupNorm(
  ...args: Arguments<
    [input: Tensor, numGroups: number],
    [weight: Tensor | null, bias: Tensor | null, eps: number],
    typeof groupSpec
  >
): Tensor {
  const { input, numGroups, weight, bias, eps } = groupSignature.read(args);
  return torch.groupNorm(input, numGroups, weight, bias, eps);
}

const rmsSpec = {
  input: required<Tensor>(),
  normalizedShape: required<readonly number[]>(),
  weight: null as Tensor | null,
  eps: null as number | null,
};
const rmsSignature = new Signature('rmsNorm', rmsSpec);

/** Divides by the root of the mean square over the last dimensions. Source: torch.nn.functional.rms_norm. */
export function rmsNorm(
  ...args: Arguments<
    [input: Tensor, normalizedShape: readonly number[]],
    [weight: Tensor | null, eps: number | null],
    typeof rmsSpec
  >
): Tensor {
  const { input, normalizedShape, weight, eps } = rmsSignature.read(args);
  return torch.rmsNorm(input, normalizedShape, weight, eps);
}
