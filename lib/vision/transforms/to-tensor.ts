/** Images to tensors, and what is done with these. */
import type { DType } from '../../bindings.js';
import { ArgumentError, ValueError } from '../../errors.js';
import { native } from '../../native.js';
import { dtypeBytes, getDefaultDtype } from '../../tensor/dtype.js';
import { Tensor } from '../../tensor/tensor.js';
import { bindArguments, requireArguments } from '../../utils/arguments.js';
import { aten } from '../../utils/aten.js';
import { pythonFloat, pythonNumber } from '../../utils/python-text.js';
import { Image } from '../image.js';
import { Callable } from './callable.js';
import { convertImageDtype, normalize } from './functional-tensor.js';

const div = aten<Tensor>('div', 'Scalar');
const permute = aten<Tensor>('permute');
const unsqueeze = aten<Tensor>('unsqueeze');
const noSteps = new Int32Array(0);

function bytesOf(image: Image): Tensor {
  const size = Int32Array.of(image.width, image.height, image.channels);
  return new Tensor(native.imageTensor(image.data, size, noSteps, null, false));
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? ((value as object).constructor?.name ?? 'object') : typeof value;
}

export interface ToTensor {
  (image: Image | Tensor): Tensor;
}

/**
 * An image (height × width × channels, 0…255) to a tensor C × H × W of the default dtype, 0…1. A
 * tensor H × W × C (or H × W) stands for Python's ndarray: uint8 is scaled, other dtypes are not.
 * Source: torchvision.transforms.ToTensor.
 */
export class ToTensor extends Callable {
  forward(input: Image | Tensor): Tensor {
    if (input instanceof Image) return div([bytesOf(input).to(getDefaultDtype()), 255]);
    if (!(input instanceof Tensor))
      throw new ArgumentError(`pic should be an Image or a Tensor (H, W, C). Got ${describe(input)}`);
    if (input.dim() !== 2 && input.dim() !== 3)
      throw new ValueError(`pic should be 2/3 dimensional. Got ${input.dim()} dimensions.`);
    const rows = input.dim() === 2 ? unsqueeze([input, 2]) : input;
    const planes = permute([rows, [2, 0, 1]]).contiguous();
    return planes.dtype === 'uint8' ? div([planes.to(getDefaultDtype()), 255]) : planes;
  }
}

export interface PILToTensor {
  (image: Image): Tensor;
}

/** An image to a uint8 tensor C × H × W, unscaled. Source: torchvision.transforms.PILToTensor. */
export class PILToTensor extends Callable {
  forward(input: Image): Tensor {
    if (!(input instanceof Image)) throw new ArgumentError(`pic should be an Image. Got ${describe(input)}`);
    return bytesOf(input);
  }
}

export interface ConvertImageDtype {
  (image: Tensor): Tensor;
}

/** Another dtype, scaled to its range. Source: torchvision.transforms.ConvertImageDtype. */
export class ConvertImageDtype extends Callable {
  readonly dtype: DType;

  constructor(dtype: DType | { dtype: DType }) {
    super();
    const bound = bindArguments<{ dtype: DType }>('ConvertImageDtype', [dtype], ['dtype']);
    requireArguments('ConvertImageDtype', bound, ['dtype']);
    dtypeBytes(bound.dtype!);
    this.dtype = bound.dtype!;
  }
  forward(image: Tensor): Tensor {
    return convertImageDtype(image, this.dtype);
  }
}

export interface Normalize {
  (image: Tensor): Tensor;
}

export interface NormalizeOptions {
  /** One number for each channel, or one for all. */
  mean: readonly number[];
  std: readonly number[];
  /** Change the tensor itself. Default: false. */
  inplace?: boolean;
}

/**
 * `(x − mean) / std` for each channel of a float tensor (…, C, H, W). Source: torchvision.transforms.Normalize.
 *
 * @throws ValueError where `std` is zero.
 */
export class Normalize extends Callable {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly inplace: boolean;

  constructor(options: NormalizeOptions);
  constructor(mean: readonly number[], std: readonly number[], inplace?: boolean | { inplace?: boolean });
  constructor(...args: unknown[]) {
    super();
    const bound = bindArguments<NormalizeOptions>('Normalize', args, ['mean', 'std', 'inplace']);
    requireArguments('Normalize', bound, ['mean', 'std']);
    for (const key of ['mean', 'std'] as const)
      if (!Array.isArray(bound[key]) || bound[key].some((n) => typeof n !== 'number'))
        throw new ArgumentError(`Normalize: ${key} must be an array of numbers, one for each channel`);
    this.mean = bound.mean!;
    this.std = bound.std!;
    this.inplace = bound.inplace ?? false;
  }
  forward(x: Tensor): Tensor {
    return normalize(x, this.mean, this.std, this.inplace);
  }
  override toString(): string {
    const text = (values: readonly number[]): string =>
      `[${values.map((v) => (values.every(Number.isInteger) ? pythonNumber(v) : pythonFloat(v))).join(', ')}]`;
    return `Normalize(mean=${text(this.mean)}, std=${text(this.std)})`;
  }
}
