/** Resize, crops, flips, padding. */
import { ArgumentError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, requireArguments } from '../../utils/arguments.js';
import { pythonValue } from '../../utils/python-text.js';
import * as onTensor from './functional-tensor.js';
import { ImageTransform } from './image-transform.js';
import {
  type ImageSize,
  type Interpolation,
  isInterpolation,
  isPaddingMode,
  type PaddingMode,
  type Program,
  step,
} from './program.js';
import {
  checkResizeSize,
  fillOf,
  heightAndWidth,
  type PaddingLike,
  resizedSize,
  roundHalfEven,
  type SizeLike,
  sides,
  tensorFill,
} from './sizes.js';

/** Source: torchvision.transforms.InterpolationMode. */
export const InterpolationMode = {
  NEAREST: 'nearest',
  NEAREST_EXACT: 'nearest-exact',
  BILINEAR: 'bilinear',
  BICUBIC: 'bicubic',
  BOX: 'box',
  HAMMING: 'hamming',
  LANCZOS: 'lanczos',
} as const satisfies Record<string, Interpolation>;

export function checkInterpolation(value: unknown): Interpolation {
  if (!isInterpolation(value))
    throw new ArgumentError(
      `interpolation should be one of ${Object.values(InterpolationMode).join(', ')}, got ${String(value)}`,
    );
  return value;
}

export interface ResizeOptions {
  /** The shorter side (a number or [n], in proportion), or [height, width]. */
  size: SizeLike;
  /** Default: 'bilinear'. */
  interpolation?: Interpolation;
  /** The longer side is at most this; with one side only. Default: null. */
  maxSize?: number | null;
  /** Smooth while shrinking; images always do. Default: true. */
  antialias?: boolean | null;
}

/**
 * Resizes. An image comes out byte for byte as PIL resizes it. Source: torchvision.transforms.Resize.
 *
 * @throws ValueError for a size that is no size.
 */
export class Resize extends ImageTransform {
  readonly size: number | number[];
  readonly interpolation: Interpolation;
  readonly maxSize: number | null;
  readonly antialias: boolean | null;

  constructor(options: ResizeOptions);
  constructor(size: SizeLike, options?: Omit<ResizeOptions, 'size'>);
  constructor(
    size: SizeLike,
    interpolation: Interpolation,
    maxSize?: number | null,
    antialias?: boolean | null,
  );
  constructor(...args: unknown[]) {
    super();
    const bound = bindArguments<ResizeOptions>('Resize', args, [
      'size',
      'interpolation',
      'maxSize',
      'antialias',
    ]);
    requireArguments('Resize', bound, ['size']);
    this.size = checkResizeSize(bound.size);
    this.interpolation = checkInterpolation(bound.interpolation ?? 'bilinear');
    this.maxSize = bound.maxSize ?? null;
    this.antialias = bound.antialias === undefined ? true : bound.antialias;
    if (this.maxSize !== null && Array.isArray(this.size) && this.size.length === 2)
      throw new ValueError('max_size should only be passed if size specifies the length of the smaller edge');
  }

  plan(size: ImageSize, program: Program): ImageSize {
    const [height, width] = resizedSize(size.height, size.width, this.size, this.maxSize);
    return step.resize(program, size, width, height, this.interpolation);
  }

  protected forwardTensor(x: Tensor): Tensor {
    const size = onTensor.sizeOfTensor(x);
    const [height, width] = resizedSize(size.height, size.width, this.size, this.maxSize);
    if (height === size.height && width === size.width) return x;
    return onTensor.resize(x, width, height, this.interpolation, this.antialias ?? false);
  }

  override toString(): string {
    return `Resize(size=${pythonValue(this.size)}, interpolation=${this.interpolation}, max_size=${pythonValue(this.maxSize)}, antialias=${pythonValue(this.antialias)})`;
  }
}

/** Cuts out the centre; smaller images are padded with zeros first. Source: torchvision.transforms.CenterCrop. */
export class CenterCrop extends ImageTransform {
  /** [height, width]. */
  readonly size: readonly [number, number];
  private readonly square: boolean;

  constructor(size: SizeLike | { size: SizeLike }) {
    super();
    const bound = bindArguments<{ size: SizeLike }>('CenterCrop', [size], ['size']);
    requireArguments('CenterCrop', bound, ['size']);
    this.size = heightAndWidth('CenterCrop', bound.size);
    this.square = typeof bound.size === 'number' || (bound.size as readonly number[]).length === 1;
  }

  private windows({ width, height }: ImageSize): {
    padding: [number, number, number, number] | null;
    left: number;
    top: number;
  } {
    const [h, w] = this.size;
    const [dx, dy] = [Math.max(w - width, 0), Math.max(h - height, 0)];
    const padding: [number, number, number, number] = [
      Math.floor(dx / 2),
      Math.floor(dy / 2),
      Math.floor((dx + 1) / 2),
      Math.floor((dy + 1) / 2),
    ];
    return {
      padding: dx + dy > 0 ? padding : null,
      left: roundHalfEven((width + dx - w) / 2),
      top: roundHalfEven((height + dy - h) / 2),
    };
  }

  plan(size: ImageSize, program: Program): ImageSize {
    const { padding, left, top } = this.windows(size);
    const padded = padding ? step.pad(program, size, padding, 'constant', [0]) : size;
    return step.crop(program, padded, left, top, this.size[1], this.size[0]);
  }

  protected forwardTensor(x: Tensor): Tensor {
    const { padding, left, top } = this.windows(onTensor.sizeOfTensor(x));
    const padded = padding ? onTensor.pad(x, padding, 'constant', 0) : x;
    return onTensor.crop(padded, left, top, this.size[1], this.size[0]);
  }

  override toString(): string {
    return `CenterCrop(size=${pythonValue(this.size, this.square)})`;
  }
}

export interface PadOptions {
  padding: PaddingLike;
  /** A number, or one for each channel. Default: 0. */
  fill?: number | readonly number[];
  /** Default: 'constant'. */
  paddingMode?: PaddingMode;
}

export function checkPaddingMode(value: unknown): PaddingMode {
  if (!isPaddingMode(value))
    throw new ValueError('Padding mode should be either constant, edge, reflect or symmetric');
  return value;
}

/** Adds a border. Source: torchvision.transforms.Pad. */
export class Pad extends ImageTransform {
  readonly padding: PaddingLike;
  readonly fill: number | readonly number[];
  readonly paddingMode: PaddingMode;

  constructor(options: PadOptions);
  constructor(padding: PaddingLike, options?: Omit<PadOptions, 'padding'>);
  constructor(padding: PaddingLike, fill: number | readonly number[], paddingMode?: PaddingMode);
  constructor(...args: unknown[]) {
    super();
    const bound = bindArguments<PadOptions>('Pad', args, ['padding', 'fill', 'paddingMode']);
    requireArguments('Pad', bound, ['padding']);
    sides(bound.padding);
    this.padding = bound.padding!;
    this.fill = bound.fill ?? 0;
    this.paddingMode = checkPaddingMode(bound.paddingMode ?? 'constant');
  }

  plan(size: ImageSize, program: Program): ImageSize {
    return step.pad(program, size, sides(this.padding), this.paddingMode, fillOf(this.fill, size.channels));
  }

  protected forwardTensor(x: Tensor): Tensor {
    return onTensor.pad(x, sides(this.padding), this.paddingMode, tensorFill(this.fill));
  }

  override toString(): string {
    return `Pad(padding=${pythonValue(this.padding)}, fill=${pythonValue(this.fill)}, padding_mode=${this.paddingMode})`;
  }
}
