/** Pooling functions. */
import { ValueError } from '../../errors.js';
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';

export {
  adaptiveAvgPool1d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
} from '../../ops/generated/nn-functions.js';

type Size = number | readonly number[];
type AdaptiveSize = number | null | readonly (number | null)[];

/** The settings of a max pooling. */
export interface MaxPoolSettings {
  kernelSize: Size;
  stride: Size | null;
  padding: Size;
  dilation: Size;
  ceilMode: boolean;
  returnIndices: boolean;
}

const plain = [torch.maxPool1d, torch.maxPool2d, torch.maxPool3d] as unknown as (typeof torch.maxPool2d)[];
const indexed = [
  torch.maxPool1dWithIndices,
  ops.maxPool2dWithIndices,
  ops.maxPool3dWithIndices,
] as unknown as (typeof ops.maxPool2dWithIndices)[];

/** @internal A max pooling of 1 to 3 dimensions; with `returnIndices` the pair of values and places. */
// biome-ignore lint/suspicious/noExplicitAny: the setting decides at run time, as in Python
export function runMaxPool(dimensions: number, input: Tensor, settings: MaxPoolSettings): any {
  const { kernelSize, padding, dilation, ceilMode } = settings;
  const run = (settings.returnIndices ? indexed : plain)[dimensions - 1]! as typeof torch.maxPool2d;
  return run(input, kernelSize, settings.stride ?? [], padding, dilation, ceilMode);
}

const maxSpec = {
  input: required<Tensor>(),
  kernelSize: required<Size>(),
  stride: null as Size | null,
  padding: 0 as Size,
  dilation: 1 as Size,
  ceilMode: false,
  returnIndices: false,
};
type MaxArguments = Arguments<
  [input: Tensor, kernelSize: Size],
  [stride: Size | null, padding: Size, dilation: Size, ceilMode: boolean, returnIndices: boolean],
  typeof maxSpec
>;

// biome-ignore lint/suspicious/noExplicitAny: a tensor, or a pair with `returnIndices`
type PoolResult = any;

function maxPool(dimensions: number): (...args: MaxArguments) => PoolResult {
  const signature = new Signature(`maxPool${dimensions}d`, maxSpec);
  return (...args) => {
    const given = signature.read(args);
    return runMaxPool(dimensions, given.input, given);
  };
}

/** Maxima over windows of `[N, C, L]`. Source: torch.nn.functional.max_pool1d. */
export const maxPool1d = maxPool(1);
/** Maxima over windows of `[N, C, H, W]`. Source: torch.nn.functional.max_pool2d. */
export const maxPool2d = maxPool(2);
/** Maxima over windows of `[N, C, D, H, W]`. Source: torch.nn.functional.max_pool3d. */
export const maxPool3d = maxPool(3);

/** @internal The size of an adaptive pooling's output; null stands for the input's. */
export function adaptiveSize(input: Tensor, size: AdaptiveSize, dimensions: number): number[] {
  const list = Array.isArray(size)
    ? (size as (number | null)[])
    : new Array<number | null>(dimensions).fill(size as number | null);
  if (list.length !== dimensions)
    throw new ValueError(
      `outputSize must be a number or an array of ${dimensions}, got [${list.join(', ')}]`,
    );
  return list.map((value, i) => value ?? input.size(i - dimensions));
}

const adaptiveSpec = { input: required<Tensor>(), outputSize: required<AdaptiveSize>() };
type AdaptiveArguments = Arguments<[input: Tensor, outputSize: AdaptiveSize], [], typeof adaptiveSpec>;

const adaptiveAvg2dSignature = new Signature('adaptiveAvgPool2d', adaptiveSpec);
/** Means over windows that give `[N, C, ...outputSize]`. Source: torch.nn.functional.adaptive_avg_pool2d. */
export function adaptiveAvgPool2d(...args: AdaptiveArguments): Tensor {
  const { input, outputSize } = adaptiveAvg2dSignature.read(args);
  return ops.adaptiveAvgPool2d(input, adaptiveSize(input, outputSize, 2));
}

const adaptiveAvg3dSignature = new Signature('adaptiveAvgPool3d', adaptiveSpec);
/** Means over windows of three dimensions. Source: torch.nn.functional.adaptive_avg_pool3d. */
export function adaptiveAvgPool3d(...args: AdaptiveArguments): Tensor {
  const { input, outputSize } = adaptiveAvg3dSignature.read(args);
  return ops.adaptiveAvgPool3d(input, adaptiveSize(input, outputSize, 3));
}

const adaptiveMaxSpec = { ...adaptiveSpec, returnIndices: false };
type AdaptiveMaxArguments = Arguments<
  [input: Tensor, outputSize: AdaptiveSize],
  [returnIndices: boolean],
  typeof adaptiveMaxSpec
>;

function adaptiveMaxPool(dimensions: number): (...args: AdaptiveMaxArguments) => PoolResult {
  const signature = new Signature(`adaptiveMaxPool${dimensions}d`, adaptiveMaxSpec);
  const run = [torch.adaptiveMaxPool1d, ops.adaptiveMaxPool2d, ops.adaptiveMaxPool3d][dimensions - 1]!;
  return (...args) => {
    const { input, outputSize, returnIndices } = signature.read(args);
    const pair = (run as (x: Tensor, size: number[]) => Iterable<Tensor>)(
      input,
      adaptiveSize(input, outputSize, dimensions),
    );
    return returnIndices ? pair : [...pair][0];
  };
}

/** Maxima over windows that give `[N, C, outputSize]`. Source: torch.nn.functional.adaptive_max_pool1d. */
export const adaptiveMaxPool1d = adaptiveMaxPool(1);
/** Maxima over windows that give `[N, C, ...outputSize]`. Source: torch.nn.functional.adaptive_max_pool2d. */
export const adaptiveMaxPool2d = adaptiveMaxPool(2);
/** Maxima over windows of three dimensions. Source: torch.nn.functional.adaptive_max_pool3d. */
export const adaptiveMaxPool3d = adaptiveMaxPool(3);

const lpSpec = {
  input: required<Tensor>(),
  normType: required<number>(),
  kernelSize: required<Size>(),
  stride: null as Size | null,
  ceilMode: false,
};
type LPArguments = Arguments<
  [input: Tensor, normType: number, kernelSize: Size],
  [stride: Size | null, ceilMode: boolean],
  typeof lpSpec
>;

function powerMean(mean: Tensor, normType: number, windowSize: number): Tensor {
  return mean
    .sign()
    .mul(torch.relu(mean.abs()))
    .mul(windowSize)
    .pow(1 / normType);
}

const lp1dSignature = new Signature('lpPool1d', lpSpec);
/** `(Σ xᵖ)^(1/p)` over windows of `[N, C, L]`. Source: torch.nn.functional.lp_pool1d. */
export function lpPool1d(...args: LPArguments): Tensor {
  const { input, normType, kernelSize, stride, ceilMode } = lp1dSignature.read(args);
  const width = typeof kernelSize === 'number' ? kernelSize : kernelSize[0]!;
  const mean = torch.avgPool1d(input.pow(normType), kernelSize, stride ?? [], 0, ceilMode);
  return powerMean(mean, normType, width);
}

const lp2dSignature = new Signature('lpPool2d', lpSpec);
/** `(Σ xᵖ)^(1/p)` over windows of `[N, C, H, W]`. Source: torch.nn.functional.lp_pool2d. */
export function lpPool2d(...args: LPArguments): Tensor {
  const { input, normType, kernelSize, stride, ceilMode } = lp2dSignature.read(args);
  const [height, width] =
    typeof kernelSize === 'number' ? [kernelSize, kernelSize] : (kernelSize as [number, number]);
  const mean = ops.avgPool2d(input.pow(normType), kernelSize, stride ?? [], 0, ceilMode);
  return powerMean(mean, normType, height! * width!);
}
