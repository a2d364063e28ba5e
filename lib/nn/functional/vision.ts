/** Functions over images: resampling, padding, shuffling of pixels. */
import { ArgumentError, NotImplementedError, ShapeError, ValueError } from '../../errors.js';
import { defineFunction } from '../../ops/define.js';
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { type Arguments, required, Signature } from '../signature.js';

export { channelShuffle, pad, pixelShuffle, pixelUnshuffle } from '../../ops/generated/nn-functions.js';

type Size = number | readonly number[];
/** How values between pixels are found. */
export type InterpolationMode =
  | 'nearest'
  | 'nearest-exact'
  | 'linear'
  | 'bilinear'
  | 'bicubic'
  | 'trilinear'
  | 'lanczos'
  | 'area';

type Upsample = (...args: unknown[]) => Tensor;
/** The operators, by mode and number of dimensions; the overload `vec` takes sizes or factors. */
const upsamplers: Record<string, Upsample> = {};
for (const [key, name] of Object.entries({
  nearest3: 'upsample_nearest1d',
  nearest4: 'upsample_nearest2d',
  nearest5: 'upsample_nearest3d',
  'nearest-exact3': '_upsample_nearest_exact1d',
  'nearest-exact4': '_upsample_nearest_exact2d',
  'nearest-exact5': '_upsample_nearest_exact3d',
  linear3: 'upsample_linear1d',
  bilinear4: 'upsample_bilinear2d',
  trilinear5: 'upsample_trilinear3d',
  bicubic4: 'upsample_bicubic2d',
  bilinear4aa: '_upsample_bilinear2d_aa',
  bicubic4aa: '_upsample_bicubic2d_aa',
  lanczos4aa: '_upsample_lanczos2d_aa',
}))
  upsamplers[key] = defineFunction('interpolate', `aten::${name}`) as Upsample;

const interpolateSpec = {
  input: required<Tensor>(),
  size: null as Size | null,
  scaleFactor: null as Size | null,
  mode: 'nearest' as InterpolationMode,
  alignCorners: null as boolean | null,
  recomputeScaleFactor: null as boolean | null,
  antialias: false,
};
const interpolateSignature = new Signature('interpolate', interpolateSpec);

/** One number for each spatial dimension. */
function spread(name: string, value: Size, input: Tensor): number[] {
  const dims = input.dim() - 2;
  if (typeof value === 'number') return new Array<number>(Math.max(dims, 0)).fill(value);
  if (value.length !== dims)
    throw new ValueError(
      `Input and ${name} must have the same number of spatial dimensions, but got ${dims} and ${value.length}`,
    );
  return [...value];
}

/**
 * Resamples `[N, C, …]` to `size` or by `scaleFactor`.
 *
 * Defaults: `mode` `'nearest'`, `alignCorners` false where the mode knows it, no `antialias`.
 * @throws ValueError for settings that do not go together. Source: torch.nn.functional.interpolate.
 */
export function interpolate(
  ...args: Arguments<
    [input: Tensor],
    [
      size: Size | null,
      scaleFactor: Size | null,
      mode: InterpolationMode,
      alignCorners: boolean | null,
      recomputeScaleFactor: boolean | null,
      antialias: boolean,
    ],
    typeof interpolateSpec
  >
): Tensor {
  const { input, size, scaleFactor, mode, alignCorners, antialias, ...given } =
    interpolateSignature.read(args);
  const blocky = mode === 'nearest' || mode === 'area' || mode === 'nearest-exact';
  if (blocky && alignCorners !== null)
    throw new ValueError(
      'alignCorners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear',
    );
  if (size !== null && scaleFactor !== null)
    throw new ValueError('only one of size or scaleFactor should be defined');
  if (size === null && scaleFactor === null)
    throw new ValueError('either size or scaleFactor should be defined');
  if (given.recomputeScaleFactor && size !== null)
    throw new ValueError('recomputeScaleFactor is not meaningful with an explicit size.');
  let sizes = size === null ? null : spread('size', size, input);
  let factors = scaleFactor === null ? null : spread('scaleFactor', scaleFactor, input);
  if (factors !== null && (given.recomputeScaleFactor || mode === 'area')) {
    sizes = factors.map((factor, i) => Math.trunc(input.size(i + 2) * factor));
    factors = null;
  }
  return resample(input, sizes, factors, mode, alignCorners ?? false, antialias);
}

function resample(
  input: Tensor,
  sizes: number[] | null,
  factors: number[] | null,
  mode: InterpolationMode,
  alignCorners: boolean,
  antialias: boolean,
): Tensor {
  const dims = input.dim();
  if (antialias && !(dims === 4 && ['bilinear', 'bicubic', 'lanczos'].includes(mode)))
    throw new ValueError(
      'Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input',
    );
  if (mode === 'lanczos' && !antialias) throw new ValueError('Lanczos mode requires antialias: true');
  if (mode === 'lanczos' && alignCorners)
    throw new ValueError('Lanczos mode does not support alignCorners: true');
  if (mode === 'area' && dims >= 3 && dims <= 5) {
    const average = [torch.adaptiveAvgPool1d, ops.adaptiveAvgPool2d, ops.adaptiveAvgPool3d][dims - 3]!;
    return (average as (x: Tensor, size: number[]) => Tensor)(input, sizes!);
  }
  const upsample = upsamplers[`${mode}${dims}${antialias ? 'aa' : ''}`];
  if (!upsample)
    throw new NotImplementedError(
      `interpolate(): mode '${mode}' does not take a ${dims}D input; linear takes 3D, bilinear, bicubic and lanczos 4D, trilinear 5D, nearest, nearest-exact and area all of them`,
    );
  return mode.startsWith('nearest')
    ? upsample(input, sizes, factors)
    : upsample(input, sizes, alignCorners, factors);
}

const gridSpec = {
  input: required<Tensor>(),
  grid: required<Tensor>(),
  mode: 'bilinear' as 'bilinear' | 'nearest' | 'bicubic',
  paddingMode: 'zeros' as 'zeros' | 'border' | 'reflection',
  alignCorners: null as boolean | null,
};
const gridSignature = new Signature('gridSample', gridSpec);

function place(name: string, names: readonly string[], value: string): number {
  const at = names.indexOf(value);
  if (at < 0)
    throw new ValueError(`gridSample(): expected ${name} to be ${names.join(', ')}, but got '${value}'`);
  return at;
}

/** Samples `input` at the places of `grid` (-1 to 1). Source: torch.nn.functional.grid_sample. */
export function gridSample(
  ...args: Arguments<
    [input: Tensor, grid: Tensor],
    [
      mode: 'bilinear' | 'nearest' | 'bicubic',
      paddingMode: 'zeros' | 'border' | 'reflection',
      alignCorners: boolean | null,
    ],
    typeof gridSpec
  >
): Tensor {
  const { input, grid, mode, paddingMode, alignCorners } = gridSignature.read(args);
  const modeNumber = place('mode', ['bilinear', 'nearest', 'bicubic'], mode);
  const paddingNumber = place('paddingMode', ['zeros', 'border', 'reflection'], paddingMode);
  return torch.gridSampler(input, grid, modeNumber, paddingNumber, alignCorners ?? false);
}

const affineSpec = {
  theta: required<Tensor>(),
  size: required<readonly number[]>(),
  alignCorners: null as boolean | null,
};
const affineSignature = new Signature('affineGrid', affineSpec);

/** The grid of an affine map: `theta` `[N, 2, 3]` (or `[N, 3, 4]`), `size` of the output. Source: torch.nn.functional.affine_grid. */
export function affineGrid(
  ...args: Arguments<
    [theta: Tensor, size: readonly number[]],
    [alignCorners: boolean | null],
    typeof affineSpec
  >
): Tensor {
  const { theta, size, alignCorners } = affineSignature.read(args);
  if (!Array.isArray(size)) throw new ArgumentError('affineGrid() takes a size of 4 or 5 numbers');
  expectTensor('affineGrid()', theta);
  const dims = size.length - 2;
  if (dims !== 2 && dims !== 3)
    throw new ArgumentError(`affineGrid() takes a size of 4 or 5 dimensions, got [${size.join(', ')}]`);
  const { shape } = theta;
  if (shape.length !== 3 || shape[1] !== dims || shape[2] !== dims + 1)
    throw new ShapeError(
      `Expected a batch of affine matrices of shape N×${dims}×${dims + 1} for size [${size.join(', ')}], got [${shape.join(', ')}]`,
    );
  return torch.affineGridGenerator(theta, size, alignCorners ?? false);
}

function pairOf(size: Size): number[] {
  if (typeof size === 'number') return [size, size];
  if (!Array.isArray(size))
    throw new ArgumentError(
      `a size must be a number or an array of two, got ${size === null ? 'null' : typeof size}`,
    );
  return [...size];
}
const unfoldSpec = {
  input: required<Tensor>(),
  kernelSize: required<Size>(),
  dilation: 1 as Size,
  padding: 0 as Size,
  stride: 1 as Size,
};
const unfoldSignature = new Signature('unfold', unfoldSpec);

/** The windows of `[N, C, H, W]` as columns. Source: torch.nn.functional.unfold. */
export function unfold(
  ...args: Arguments<
    [input: Tensor, kernelSize: Size],
    [dilation: Size, padding: Size, stride: Size],
    typeof unfoldSpec
  >
): Tensor {
  const { input, kernelSize, dilation, padding, stride } = unfoldSignature.read(args);
  return ops.im2col(input, pairOf(kernelSize), pairOf(dilation), pairOf(padding), pairOf(stride));
}

const foldSpec = { input: required<Tensor>(), outputSize: required<Size>(), ...unfoldWindow() };
function unfoldWindow() {
  const { kernelSize, dilation, padding, stride } = unfoldSpec;
  return { kernelSize, dilation, padding, stride };
}
const foldSignature = new Signature('fold', foldSpec);

/** Sums columns of windows into `[N, C, ...outputSize]`. Source: torch.nn.functional.fold. */
export function fold(
  ...args: Arguments<
    [input: Tensor, outputSize: Size, kernelSize: Size],
    [dilation: Size, padding: Size, stride: Size],
    typeof foldSpec
  >
): Tensor {
  const { input, outputSize, kernelSize, dilation, padding, stride } = foldSignature.read(args);
  return ops.col2im(
    input,
    pairOf(outputSize),
    pairOf(kernelSize),
    pairOf(dilation),
    pairOf(padding),
    pairOf(stride),
  );
}
