/** Convolutions. */
import { noGrad } from '../../autograd/index.js';
import { ValueError } from '../../errors.js';
import { conv1d, conv2d, conv3d } from '../../ops/generated/functions.js';
import { pad } from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { kaimingUniform_ } from '../init.js';
import { Module } from '../module.js';
import type { Parameter } from '../parameter.js';
import { pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { emptyParameter, expand, type FactoryOptions, factory, type Size } from './common.js';
import { resetBias } from './linear.js';

/** How the border is filled. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';
const paddingModes: readonly string[] = ['zeros', 'reflect', 'replicate', 'circular'];

/** What all convolutions are made of. */
export interface ConvParameters extends FactoryOptions {
  inChannels: number;
  outChannels: number;
  kernelSize: Size;
  stride: Size;
  padding: Size | 'same' | 'valid';
  dilation: Size;
  groups: number;
  bias: boolean;
  paddingMode: PaddingMode;
}

/** The common part of convolutions and transposed convolutions. */
export abstract class ConvNd<I extends unknown[] = [Tensor]> extends Module<I, Tensor> {
  inChannels: number;
  outChannels: number;
  kernelSize: number[];
  stride: number[];
  padding: number[] | 'same' | 'valid';
  dilation: number[];
  transposed: boolean;
  outputPadding: number[];
  groups: number;
  paddingMode: PaddingMode;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(dimensions: number, given: ConvParameters, transposed = false, outputPadding: Size = 0) {
    super();
    const { inChannels, outChannels, groups, padding, paddingMode } = given;
    this.kernelSize = expand(given.kernelSize, dimensions, 'kernelSize');
    this.stride = expand(given.stride, dimensions, 'stride');
    this.dilation = expand(given.dilation, dimensions, 'dilation');
    this.outputPadding = expand(outputPadding, dimensions, 'outputPadding');
    this.padding = typeof padding === 'string' ? padding : expand(padding, dimensions, 'padding');
    this.inChannels = inChannels;
    this.outChannels = outChannels;
    this.transposed = transposed;
    this.groups = groups;
    this.paddingMode = paddingMode;
    this.#check();
    const shape = transposed
      ? [inChannels, outChannels / groups, ...this.kernelSize]
      : [outChannels, inChannels / groups, ...this.kernelSize];
    this.weight = emptyParameter(shape, given);
    this.registerParameter('bias', given.bias ? emptyParameter([outChannels], given) : null);
    this.resetParameters();
  }

  #check(): void {
    const { inChannels, outChannels, groups, padding, paddingMode, stride } = this;
    if (groups <= 0) throw new ValueError(`groups must be a positive integer, got ${groups}`);
    if (inChannels % groups !== 0)
      throw new ValueError(`inChannels (${inChannels}) must be divisible by groups (${groups})`);
    if (outChannels % groups !== 0)
      throw new ValueError(`outChannels (${outChannels}) must be divisible by groups (${groups})`);
    if (typeof padding === 'string') {
      if (padding !== 'same' && padding !== 'valid')
        throw new ValueError(`Invalid padding string '${String(padding)}', should be 'same' or 'valid'`);
      if (padding === 'same' && stride.some((s) => s !== 1))
        throw new ValueError("padding='same' is not supported for strided convolutions");
    }
    if (!paddingModes.includes(paddingMode))
      throw new ValueError(`paddingMode must be one of ${paddingModes.join(', ')}, but got '${paddingMode}'`);
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    noGrad(() => {
      kaimingUniform_(this.weight, { a: Math.sqrt(5) });
      resetBias(this.weight, this.bias);
    });
  }

  /** @internal The padding in the order of `pad`: last dimension first, both sides. */
  _borders(): number[] {
    const { padding, kernelSize, dilation } = this;
    return kernelSize
      .map((kernel, i) => {
        if (typeof padding !== 'string') return [padding[i]!, padding[i]!];
        const total = padding === 'same' ? dilation[i]! * (kernel - 1) : 0;
        const left = Math.floor(total / 2);
        return [left, total - left];
      })
      .reverse()
      .flat();
  }

  override extraRepr(): string {
    const { padding, dilation, outputPadding } = this;
    let text = `${this.inChannels}, ${this.outChannels}, kernel_size=${pythonText(this.kernelSize)}, stride=${pythonText(this.stride)}`;
    if (typeof padding === 'string' || padding.some((p) => p !== 0))
      text += `, padding=${pythonText(padding)}`;
    if (dilation.some((d) => d !== 1)) text += `, dilation=${pythonText(dilation)}`;
    if (outputPadding.some((p) => p !== 0)) text += `, output_padding=${pythonText(outputPadding)}`;
    if (this.groups !== 1) text += `, groups=${this.groups}`;
    if (this.bias === null) text += ', bias=False';
    if (this.paddingMode !== 'zeros') text += `, padding_mode=${this.paddingMode}`;
    return text;
  }
}

const convSpec = {
  inChannels: required<number>(),
  outChannels: required<number>(),
  kernelSize: required<Size>(),
  stride: 1 as Size,
  padding: 0 as Size | 'same' | 'valid',
  dilation: 1 as Size,
  groups: 1,
  bias: true,
  paddingMode: 'zeros' as PaddingMode,
  ...factory,
};

/** Arguments of `Conv1d`, `Conv2d` and `Conv3d`. */
export type ConvArguments = Arguments<
  [inChannels: number, outChannels: number, kernelSize: Size],
  [
    stride: Size,
    padding: Size | 'same' | 'valid',
    dilation: Size,
    groups: number,
    bias: boolean,
    paddingMode: PaddingMode,
  ],
  typeof convSpec
>;

type Convolve = typeof conv2d;

/** Convolves; other borders than zeros are made beforehand. */
function convolve(layer: ConvNd, run: Convolve, input: Tensor): Tensor {
  const { weight, bias, stride, dilation, groups, paddingMode } = layer;
  if (paddingMode === 'zeros') return run(input, weight, bias, stride, layer.padding, dilation, groups);
  const padded = pad(input, layer._borders(), paddingMode);
  return run(padded, weight, bias, stride, 0, dilation, groups);
}

const conv1dSignature = new Signature('Conv1d', convSpec);

/**
 * A convolution over `[N, inChannels, L]`. Defaults: stride 1, padding 0, dilation 1, groups 1, bias.
 * Source: torch.nn.Conv1d.
 */
export class Conv1d extends ConvNd {
  constructor(...args: ConvArguments) {
    super(1, conv1dSignature.read(args));
  }

  override forward(input: Tensor): Tensor {
    return convolve(this, conv1d as Convolve, input);
  }
}

const conv2dSignature = new Signature('Conv2d', convSpec);

/**
 * A convolution over `[N, inChannels, H, W]`: `new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3 })`.
 * Defaults: stride 1, padding 0 (or `'same'`, `'valid'`), dilation 1, groups 1, bias, `paddingMode`
 * `'zeros'`. Sizes are one number or `[height, width]`. Source: torch.nn.Conv2d.
 */
export class Conv2d extends ConvNd {
  constructor(...args: ConvArguments) {
    super(2, conv2dSignature.read(args));
  }

  override forward(input: Tensor): Tensor {
    return convolve(this, conv2d, input);
  }
}

const conv3dSignature = new Signature('Conv3d', convSpec);

/** A convolution over `[N, inChannels, D, H, W]`; defaults as {@link Conv2d}. Source: torch.nn.Conv3d. */
export class Conv3d extends ConvNd {
  constructor(...args: ConvArguments) {
    super(3, conv3dSignature.read(args));
  }

  override forward(input: Tensor): Tensor {
    return convolve(this, conv3d as Convolve, input);
  }
}
