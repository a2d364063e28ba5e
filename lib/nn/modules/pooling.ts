/** Pooling. */
import { ValueError } from '../../errors.js';
import { adaptiveAvgPool1d, adaptiveMaxPool1d, avgPool1d } from '../../ops/generated/functions.js';
import {
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  avgPool2d,
  avgPool3d,
} from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import * as pool from '../functional/pooling.js';
import { Module } from '../module.js';
import { pythonNumber, pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { expand, type Size } from './common.js';

const maxSpec = {
  kernelSize: required<Size>(),
  stride: null as Size | null,
  padding: 0 as Size,
  dilation: 1 as Size,
  returnIndices: false,
  ceilMode: false,
};
/** Arguments of the max poolings. */
export type MaxPoolArguments = Arguments<
  [kernelSize: Size],
  [stride: Size | null, padding: Size, dilation: Size, returnIndices: boolean, ceilMode: boolean],
  typeof maxSpec
>;

/** A tensor, or with `returnIndices` the pair of it and the places of the maxima. */
// biome-ignore lint/suspicious/noExplicitAny: the setting decides at run time, as in Python
export type PoolResult = any;

/** The common part of the max poolings. */
export abstract class MaxPoolNd extends Module<[Tensor], PoolResult> {
  kernelSize: Size;
  stride: Size;
  padding: Size;
  dilation: Size;
  returnIndices: boolean;
  ceilMode: boolean;

  constructor(name: string, args: readonly unknown[]) {
    super();
    const given = new Signature(name, maxSpec).read(args);
    this.kernelSize = given.kernelSize;
    this.stride = given.stride ?? given.kernelSize;
    this.padding = given.padding;
    this.dilation = given.dilation;
    this.returnIndices = given.returnIndices;
    this.ceilMode = given.ceilMode;
  }

  override extraRepr(): string {
    const { kernelSize, stride, padding, dilation, ceilMode } = this;
    return `kernel_size=${pythonText(kernelSize)}, stride=${pythonText(stride)}, padding=${pythonText(padding)}, dilation=${pythonText(dilation)}, ceil_mode=${pythonText(ceilMode)}`;
  }
}

/** The greatest value of each window of `[N, C, L]`; defaults as {@link MaxPool2d}. Source: torch.nn.MaxPool1d. */
export class MaxPool1d extends MaxPoolNd {
  constructor(...args: MaxPoolArguments) {
    super('MaxPool1d', args);
  }

  override forward(input: Tensor): PoolResult {
    return pool.runMaxPool(1, input, this);
  }
}

/**
 * The greatest value of each window of `[N, C, H, W]`.
 *
 * Defaults: `stride` as `kernelSize`, `padding` 0, `dilation` 1, `returnIndices` and `ceilMode` false.
 * Source: torch.nn.MaxPool2d.
 */
export class MaxPool2d extends MaxPoolNd {
  constructor(...args: MaxPoolArguments) {
    super('MaxPool2d', args);
  }

  override forward(input: Tensor): PoolResult {
    return pool.runMaxPool(2, input, this);
  }
}

/** The greatest value of each window of `[N, C, D, H, W]`; defaults as {@link MaxPool2d}. Source: torch.nn.MaxPool3d. */
export class MaxPool3d extends MaxPoolNd {
  constructor(...args: MaxPoolArguments) {
    super('MaxPool3d', args);
  }

  override forward(input: Tensor): PoolResult {
    return pool.runMaxPool(3, input, this);
  }
}

/** The common part of the average poolings. */
export abstract class AvgPoolNd extends Module<[Tensor], Tensor> {
  declare kernelSize: Size;
  declare stride: Size;
  declare padding: Size;
  declare ceilMode: boolean;
  declare countIncludePad: boolean;

  override extraRepr(): string {
    return `kernel_size=${pythonText(this.kernelSize)}, stride=${pythonText(this.stride)}, padding=${pythonText(this.padding)}`;
  }
}

const avg1dSpec = {
  kernelSize: required<Size>(),
  stride: null as Size | null,
  padding: 0 as Size,
  ceilMode: false,
  countIncludePad: true,
};
const avg1dSignature = new Signature('AvgPool1d', avg1dSpec);

/** The mean of each window of `[N, C, L]`; defaults as {@link AvgPool2d}. Source: torch.nn.AvgPool1d. */
export class AvgPool1d extends AvgPoolNd {
  constructor(
    ...args: Arguments<
      [kernelSize: Size],
      [stride: Size | null, padding: Size, ceilMode: boolean, countIncludePad: boolean],
      typeof avg1dSpec
    >
  ) {
    super();
    const given = avg1dSignature.read(args);
    this.kernelSize = expand(given.kernelSize, 1, 'kernelSize');
    this.stride = expand(given.stride ?? given.kernelSize, 1, 'stride');
    this.padding = expand(given.padding, 1, 'padding');
    this.ceilMode = given.ceilMode;
    this.countIncludePad = given.countIncludePad;
  }

  override forward(input: Tensor): Tensor {
    return avgPool1d(input, this.kernelSize, this.stride, this.padding, this.ceilMode, this.countIncludePad);
  }
}

const avgSpec = { ...avg1dSpec, divisorOverride: null as number | null };
type AvgPoolArguments = Arguments<
  [kernelSize: Size],
  [
    stride: Size | null,
    padding: Size,
    ceilMode: boolean,
    countIncludePad: boolean,
    divisorOverride: number | null,
  ],
  typeof avgSpec
>;

/** Reads what the poolings of two and three dimensions share. */
function readAvgPool(
  layer: AvgPoolNd & { divisorOverride: number | null },
  name: string,
  args: readonly unknown[],
): void {
  const given = new Signature(name, avgSpec).read(args);
  layer.kernelSize = given.kernelSize;
  layer.stride = given.stride ?? given.kernelSize;
  layer.padding = given.padding;
  layer.ceilMode = given.ceilMode;
  layer.countIncludePad = given.countIncludePad;
  layer.divisorOverride = given.divisorOverride;
}

/**
 * The mean of each window of `[N, C, H, W]`.
 *
 * Defaults: `stride` as `kernelSize`, `padding` 0, `ceilMode` false, `countIncludePad` true,
 * `divisorOverride` null. Source: torch.nn.AvgPool2d.
 */
export class AvgPool2d extends AvgPoolNd {
  declare divisorOverride: number | null;

  constructor(...args: AvgPoolArguments) {
    super();
    readAvgPool(this, 'AvgPool2d', args);
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool2d(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/** The mean of each window of `[N, C, D, H, W]`; defaults as {@link AvgPool2d}. Source: torch.nn.AvgPool3d. */
export class AvgPool3d extends AvgPoolNd {
  declare divisorOverride: number | null;

  constructor(...args: AvgPoolArguments) {
    super();
    readAvgPool(this, 'AvgPool3d', args);
  }

  override forward(input: Tensor): Tensor {
    const { kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride } = this;
    return avgPool3d(input, kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);
  }
}

/** The output's size: null keeps the input's. */
export type AdaptiveSize = number | null | readonly (number | null)[];

const adaptiveSpec = { outputSize: required<AdaptiveSize>() };
/** Arguments of the adaptive average poolings. */
export type AdaptiveAvgPoolArguments = Arguments<[outputSize: AdaptiveSize], [], typeof adaptiveSpec>;

/** The common part of the adaptive average poolings. */
export abstract class AdaptiveAvgPoolNd extends Module<[Tensor], Tensor> {
  outputSize: AdaptiveSize;

  constructor(name: string, args: readonly unknown[]) {
    super();
    this.outputSize = new Signature(name, adaptiveSpec).read(args).outputSize;
  }

  override extraRepr(): string {
    return `output_size=${pythonText(this.outputSize)}`;
  }
}

/** Means over windows that give `[N, C, outputSize]`. Source: torch.nn.AdaptiveAvgPool1d. */
export class AdaptiveAvgPool1d extends AdaptiveAvgPoolNd {
  constructor(...args: AdaptiveAvgPoolArguments) {
    super('AdaptiveAvgPool1d', args);
  }

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, pool.adaptiveSize(input, this.outputSize, 1));
  }
}

/**
 * Means over windows that give `[N, C, ...outputSize]`: one number, or one for each dimension, null
 * for the input's size. Source: torch.nn.AdaptiveAvgPool2d.
 */
export class AdaptiveAvgPool2d extends AdaptiveAvgPoolNd {
  constructor(...args: AdaptiveAvgPoolArguments) {
    super('AdaptiveAvgPool2d', args);
  }

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, pool.adaptiveSize(input, this.outputSize, 2));
  }
}

/** Means over windows of three dimensions. Source: torch.nn.AdaptiveAvgPool3d. */
export class AdaptiveAvgPool3d extends AdaptiveAvgPoolNd {
  constructor(...args: AdaptiveAvgPoolArguments) {
    super('AdaptiveAvgPool3d', args);
  }

  override forward(input: Tensor): Tensor {
    return adaptiveAvgPool3d(input, pool.adaptiveSize(input, this.outputSize, 3));
  }
}

const adaptiveMaxSpec = { ...adaptiveSpec, returnIndices: false };
/** Arguments of the adaptive max poolings. */
export type AdaptiveMaxPoolArguments = Arguments<
  [outputSize: AdaptiveSize],
  [returnIndices: boolean],
  typeof adaptiveMaxSpec
>;

/** The common part of the adaptive max poolings. */
export abstract class AdaptiveMaxPoolNd extends Module<[Tensor], PoolResult> {
  outputSize: AdaptiveSize;
  returnIndices: boolean;

  constructor(name: string, args: readonly unknown[]) {
    super();
    const given = new Signature(name, adaptiveMaxSpec).read(args);
    this.outputSize = given.outputSize;
    this.returnIndices = given.returnIndices;
  }

  override extraRepr(): string {
    return `output_size=${pythonText(this.outputSize)}`;
  }
}

const chosen = (pair: Iterable<Tensor>, both: boolean): PoolResult => (both ? pair : [...pair][0]);

/** Maxima over windows that give `[N, C, outputSize]`. Source: torch.nn.AdaptiveMaxPool1d. */
export class AdaptiveMaxPool1d extends AdaptiveMaxPoolNd {
  constructor(...args: AdaptiveMaxPoolArguments) {
    super('AdaptiveMaxPool1d', args);
  }

  override forward(input: Tensor): PoolResult {
    const size = pool.adaptiveSize(input, this.outputSize, 1);
    return chosen(adaptiveMaxPool1d(input, size) as Iterable<Tensor>, this.returnIndices);
  }
}

/** Maxima over windows that give `[N, C, ...outputSize]`. Source: torch.nn.AdaptiveMaxPool2d. */
export class AdaptiveMaxPool2d extends AdaptiveMaxPoolNd {
  constructor(...args: AdaptiveMaxPoolArguments) {
    super('AdaptiveMaxPool2d', args);
  }

  override forward(input: Tensor): PoolResult {
    const size = pool.adaptiveSize(input, this.outputSize, 2);
    return chosen(adaptiveMaxPool2d(input, size) as Iterable<Tensor>, this.returnIndices);
  }
}

/** Maxima over windows of three dimensions. Source: torch.nn.AdaptiveMaxPool3d. */
export class AdaptiveMaxPool3d extends AdaptiveMaxPoolNd {
  constructor(...args: AdaptiveMaxPoolArguments) {
    super('AdaptiveMaxPool3d', args);
  }

  override forward(input: Tensor): PoolResult {
    const size = pool.adaptiveSize(input, this.outputSize, 3);
    return chosen(adaptiveMaxPool3d(input, size) as Iterable<Tensor>, this.returnIndices);
  }
}

const lpSpec = {
  normType: required<number>(),
  kernelSize: required<Size>(),
  stride: null as Size | null,
  ceilMode: false,
};
/** Arguments of the power-average poolings. */
export type LPPoolArguments = Arguments<
  [normType: number, kernelSize: Size],
  [stride: Size | null, ceilMode: boolean],
  typeof lpSpec
>;

/** The common part of the power-average poolings. */
export abstract class LPPoolNd extends Module<[Tensor], Tensor> {
  normType: number;
  kernelSize: Size;
  stride: Size | null;
  ceilMode: boolean;

  constructor(name: string, args: readonly unknown[]) {
    super();
    const given = new Signature(name, lpSpec).read(args);
    if (given.normType === 0) throw new ValueError('normType must be a non-zero value, but got 0');
    this.normType = given.normType;
    this.kernelSize = given.kernelSize;
    this.stride = given.stride;
    this.ceilMode = given.ceilMode;
  }

  override extraRepr(): string {
    return `norm_type=${pythonNumber(this.normType)}, kernel_size=${pythonText(this.kernelSize)}, stride=${pythonText(this.stride)}, ceil_mode=${pythonText(this.ceilMode)}`;
  }
}

/** `(Σ xᵖ)^(1/p)` over each window of `[N, C, L]`. Source: torch.nn.LPPool1d. */
export class LPPool1d extends LPPoolNd {
  constructor(...args: LPPoolArguments) {
    super('LPPool1d', args);
  }

  override forward(input: Tensor): Tensor {
    return pool.lpPool1d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}

/** `(Σ xᵖ)^(1/p)` over each window of `[N, C, H, W]`. Source: torch.nn.LPPool2d. */
export class LPPool2d extends LPPoolNd {
  constructor(...args: LPPoolArguments) {
    super('LPPool2d', args);
  }

  override forward(input: Tensor): Tensor {
    return pool.lpPool2d(input, this.normType, this.kernelSize, this.stride, this.ceilMode);
  }
}
