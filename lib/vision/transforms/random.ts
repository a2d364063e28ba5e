/** Transforms that draw random numbers. */
import { ArgumentError, ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, requireArguments } from '../../utils/arguments.js';
import { pythonFloat, pythonNumber, pythonValue } from '../../utils/python-text.js';
import { drawBelow, drawBetween, drawChance } from './draw.js';
import * as onTensor from './functional-tensor.js';
import { checkInterpolation, checkPaddingMode } from './geometry.js';
import { ImageTransform } from './image-transform.js';
import { type ImageSize, type Interpolation, type PaddingMode, type Program, step } from './program.js';
import {
  fillOf,
  heightAndWidth,
  type PaddingLike,
  resizedSize,
  roundHalfEven,
  type SizeLike,
  sides,
  tensorFill,
} from './sizes.js';

function chance(name: string, args: readonly unknown[]): number {
  const { p = 0.5 } = bindArguments<{ p: number }>(name, args, ['p']);
  if (typeof p !== 'number' || !(p >= 0 && p <= 1))
    throw new ValueError(`${name}: p must be a probability from 0 to 1, got ${String(p)}`);
  return p;
}

/** Mirrors left and right with probability `p` (default 0.5). Source: torchvision.transforms.RandomHorizontalFlip. */
export class RandomHorizontalFlip extends ImageTransform {
  readonly p: number;

  constructor(p?: number | { p?: number }) {
    super();
    this.p = chance('RandomHorizontalFlip', p === undefined ? [] : [p]);
  }
  override get random(): boolean {
    return true;
  }
  plan(size: ImageSize, program: Program): ImageSize {
    return drawChance(this.p) ? step.flipAcross(program, size) : size;
  }
  protected forwardTensor(x: Tensor): Tensor {
    return drawChance(this.p) ? onTensor.flipAcross(x) : x;
  }
  override toString(): string {
    return `RandomHorizontalFlip(p=${pythonFloat(this.p)})`;
  }
}

/** Mirrors top and bottom with probability `p` (default 0.5). Source: torchvision.transforms.RandomVerticalFlip. */
export class RandomVerticalFlip extends ImageTransform {
  readonly p: number;

  constructor(p?: number | { p?: number }) {
    super();
    this.p = chance('RandomVerticalFlip', p === undefined ? [] : [p]);
  }
  override get random(): boolean {
    return true;
  }
  plan(size: ImageSize, program: Program): ImageSize {
    return drawChance(this.p) ? step.flipDown(program, size) : size;
  }
  protected forwardTensor(x: Tensor): Tensor {
    return drawChance(this.p) ? onTensor.flipDown(x) : x;
  }
  override toString(): string {
    return `RandomVerticalFlip(p=${pythonFloat(this.p)})`;
  }
}

export interface RandomCropOptions {
  /** [height, width], or one number for a square. */
  size: SizeLike;
  /** A border that is added first. Default: null. */
  padding?: PaddingLike | null;
  /** Pad what is smaller than the size. Default: false. */
  padIfNeeded?: boolean;
  /** Default: 0. */
  fill?: number | readonly number[];
  /** Default: 'constant'. */
  paddingMode?: PaddingMode;
}

/** Cuts out a window at a random place. Source: torchvision.transforms.RandomCrop. */
export class RandomCrop extends ImageTransform {
  /** [height, width]. */
  readonly size: readonly [number, number];
  readonly padding: PaddingLike | null;
  readonly padIfNeeded: boolean;
  readonly fill: number | readonly number[];
  readonly paddingMode: PaddingMode;

  constructor(options: RandomCropOptions);
  constructor(size: SizeLike, options?: Omit<RandomCropOptions, 'size'>);
  constructor(
    size: SizeLike,
    padding: PaddingLike | null,
    padIfNeeded?: boolean | Omit<RandomCropOptions, 'size' | 'padding'>,
    fill?: number | readonly number[],
    paddingMode?: PaddingMode,
  );
  constructor(...args: unknown[]) {
    super();
    const names = ['size', 'padding', 'padIfNeeded', 'fill', 'paddingMode'] as const;
    const bound = bindArguments<RandomCropOptions>('RandomCrop', args, names);
    requireArguments('RandomCrop', bound, ['size']);
    this.size = heightAndWidth('RandomCrop', bound.size);
    this.padding = bound.padding ?? null;
    if (this.padding !== null) sides(this.padding);
    this.padIfNeeded = bound.padIfNeeded ?? false;
    this.fill = bound.fill ?? 0;
    this.paddingMode = checkPaddingMode(bound.paddingMode ?? 'constant');
  }

  override get random(): boolean {
    return true;
  }

  /** The borders to add, in order. */
  private borders({ width, height }: ImageSize): [number, number, number, number][] {
    const borders: [number, number, number, number][] = [];
    let [w, h] = [width, height];
    if (this.padding !== null) {
      const border = sides(this.padding);
      borders.push(border);
      w += border[0] + border[2];
      h += border[1] + border[3];
    }
    const [th, tw] = this.size;
    if (this.padIfNeeded && w < tw) borders.push([tw - w, 0, tw - w, 0]);
    if (this.padIfNeeded && h < th) borders.push([0, th - h, 0, th - h]);
    return borders;
  }

  /** Draws the window of an image that has its borders. */
  private draw({ width, height }: ImageSize): { left: number; top: number } {
    const [th, tw] = this.size;
    if (height < th || width < tw)
      throw new ValueError(
        `Required crop size (${th}, ${tw}) is larger than input image size (${height}, ${width})`,
      );
    if (width === tw && height === th) return { left: 0, top: 0 };
    const top = drawBelow(height - th + 1);
    const left = drawBelow(width - tw + 1);
    return { left, top };
  }

  plan(size: ImageSize, program: Program): ImageSize {
    let padded = size;
    for (const border of this.borders(size))
      padded = step.pad(program, padded, border, this.paddingMode, fillOf(this.fill, size.channels));
    const { left, top } = this.draw(padded);
    return step.crop(program, padded, left, top, this.size[1], this.size[0]);
  }

  protected forwardTensor(x: Tensor): Tensor {
    let padded = x;
    for (const border of this.borders(onTensor.sizeOfTensor(x)))
      padded = onTensor.pad(padded, border, this.paddingMode, tensorFill(this.fill));
    const { left, top } = this.draw(onTensor.sizeOfTensor(padded));
    return onTensor.crop(padded, left, top, this.size[1], this.size[0]);
  }

  override toString(): string {
    return `RandomCrop(size=${pythonValue(this.size, true)}, padding=${pythonValue(this.padding)})`;
  }
}

export interface RandomResizedCropOptions {
  /** [height, width], or one number for a square. */
  size: SizeLike;
  /** Share of the area, from and to. Default: [0.08, 1]. */
  scale?: readonly [number, number];
  /** Width by height, from and to. Default: [3/4, 4/3]. */
  ratio?: readonly [number, number];
  /** Default: 'bilinear'. */
  interpolation?: Interpolation;
  /** Default: true. */
  antialias?: boolean | null;
}

/** A window of random area and shape, resized. Source: torchvision.transforms.RandomResizedCrop. */
export class RandomResizedCrop extends ImageTransform {
  /** [height, width]. */
  readonly size: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly ratio: readonly [number, number];
  readonly interpolation: Interpolation;
  readonly antialias: boolean | null;

  constructor(options: RandomResizedCropOptions);
  constructor(size: SizeLike, options?: Omit<RandomResizedCropOptions, 'size'>);
  constructor(
    size: SizeLike,
    scale: readonly [number, number],
    ratio?: readonly [number, number],
    interpolation?: Interpolation,
    antialias?: boolean | null,
  );
  constructor(...args: unknown[]) {
    super();
    const names = ['size', 'scale', 'ratio', 'interpolation', 'antialias'] as const;
    const bound = bindArguments<RandomResizedCropOptions>('RandomResizedCrop', args, names);
    requireArguments('RandomResizedCrop', bound, ['size']);
    this.size = heightAndWidth('RandomResizedCrop', bound.size);
    this.scale = bound.scale ?? [0.08, 1];
    this.ratio = bound.ratio ?? [3 / 4, 4 / 3];
    if (!Array.isArray(this.scale) || !Array.isArray(this.ratio))
      throw new ArgumentError('scale and ratio should be two numbers, [min, max]');
    if (this.scale[0] > this.scale[1] || this.ratio[0] > this.ratio[1])
      process.emitWarning('Scale and ratio should be of kind (min, max)');
    this.interpolation = checkInterpolation(bound.interpolation ?? 'bilinear');
    this.antialias = bound.antialias === undefined ? true : bound.antialias;
  }

  override get random(): boolean {
    return true;
  }

  private draw({ width, height }: ImageSize): { left: number; top: number; width: number; height: number } {
    const area = height * width;
    // In float32, as torchvision computes them with tensors.
    const [low, high] = this.ratio.map((r) => Math.fround(Math.log(Math.fround(r)))) as [number, number];
    for (let attempt = 0; attempt < 10; attempt++) {
      const target = area * drawBetween(this.scale[0], this.scale[1]);
      const aspect = Math.fround(Math.exp(drawBetween(low, high)));
      const w = roundHalfEven(Math.sqrt(target * aspect));
      const h = roundHalfEven(Math.sqrt(target / aspect));
      if (w > 0 && w <= width && h > 0 && h <= height) {
        const top = drawBelow(height - h + 1);
        const left = drawBelow(width - w + 1);
        return { left, top, width: w, height: h };
      }
    }
    const shape = width / height;
    const [least, most] = [Math.min(...this.ratio), Math.max(...this.ratio)];
    const w = shape > most ? roundHalfEven(height * most) : width;
    const h = shape < least ? roundHalfEven(width / least) : height;
    return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
  }

  plan(size: ImageSize, program: Program): ImageSize {
    const window = this.draw(size);
    const cropped = step.crop(program, size, window.left, window.top, window.width, window.height);
    const [height, width] = resizedSize(cropped.height, cropped.width, this.size, null);
    return step.resize(program, cropped, width, height, this.interpolation);
  }

  protected forwardTensor(x: Tensor): Tensor {
    const window = this.draw(onTensor.sizeOfTensor(x));
    const cropped = onTensor.crop(x, window.left, window.top, window.width, window.height);
    const [height, width] = this.size;
    if (window.height === height && window.width === width) return cropped;
    return onTensor.resize(cropped, width, height, this.interpolation, this.antialias ?? false);
  }

  override toString(): string {
    const rounded = (values: readonly number[]): string =>
      `(${values
        .map((v) => pythonNumber(Math.round(v * 1e4) / 1e4))
        .map((t, i) => (Number.isInteger(values[i]) ? `${t}.0` : t))
        .join(', ')})`;
    return `RandomResizedCrop(size=${pythonValue(this.size, true)}, scale=${rounded(this.scale)}, ratio=${rounded(this.ratio)}, interpolation=${this.interpolation}, antialias=${pythonValue(this.antialias)})`;
  }
}
