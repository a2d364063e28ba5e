/** Normalisations of each sample: layer, group, root mean square. */
import { ValueError } from '../../errors.js';
import { groupNorm, layerNorm, rmsNorm } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { ones_, zeros_ } from '../init.js';
import { Module } from '../module.js';
import type { Parameter } from '../parameter.js';
import { pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { emptyParameter, factory, type Size } from './common.js';

const layerSpec = {
  normalizedShape: required<Size>(),
  eps: 1e-5,
  elementwiseAffine: true,
  bias: true,
  ...factory,
};
const layerSignature = new Signature('LayerNorm', layerSpec);

/**
 * Normalises over the last dimensions, those of `normalizedShape`.
 *
 * Defaults: `eps` 1e-5, `elementwiseAffine` and `bias` true. Source: torch.nn.LayerNorm.
 */
export class LayerNorm extends Module<[Tensor], Tensor> {
  normalizedShape: number[];
  eps: number;
  elementwiseAffine: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;

  constructor(
    ...args: Arguments<
      [normalizedShape: Size],
      [eps: number, elementwiseAffine: boolean, bias: boolean],
      typeof layerSpec
    >
  ) {
    super();
    const { normalizedShape, eps, elementwiseAffine, bias, ...options } = layerSignature.read(args);
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    const parameter = (made: boolean): Parameter | null =>
      made ? emptyParameter(this.normalizedShape, options) : null;
    this.registerParameter('weight', parameter(elementwiseAffine));
    this.registerParameter('bias', parameter(elementwiseAffine && bias));
    this.resetParameters();
  }

  /** Sets weight 1 and bias 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return layerNorm(input, this.normalizedShape, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${pythonText(this.normalizedShape)}, eps=${pythonText(this.eps)}, elementwise_affine=${pythonText(this.elementwiseAffine)}, bias=${pythonText(this.bias !== null)}`;
  }
}

const groupSpec = {
  numGroups: required<number>(),
  numChannels: required<number>(),
  eps: 1e-5,
  affine: true,
  ...factory,
  bias: true,
};
const groupSignature = new Signature('GroupNorm', groupSpec, 6);

/**
 * Normalises `numGroups` groups of the `numChannels` channels of `[N, C, …]`.
 *
 * Defaults: `eps` 1e-5, `affine` true. Source: torch.nn.GroupNorm.
 */
export class GroupNorm extends Module<[Tensor], Tensor> {
  numGroups: number;
  numChannels: number;
  eps: number;
  affine: boolean;
  declare weight: Parameter | null;
  declare bias: Parameter | null;

  constructor(
    ...args: Arguments<
      [numGroups: number, numChannels: number],
      [eps: number, affine: boolean],
      typeof groupSpec
    >
  ) {
    super();
    const { numGroups, numChannels, eps, affine, bias, ...options } = groupSignature.read(args);
    if (numGroups <= 0) throw new ValueError(`numGroups must be a positive integer, but got ${numGroups}`);
    if (numChannels % numGroups !== 0)
      throw new ValueError(`numChannels (${numChannels}) must be divisible by numGroups (${numGroups})`);
    this.numGroups = numGroups;
    this.numChannels = numChannels;
    this.eps = eps;
    this.affine = affine;
    this.registerParameter('weight', affine ? emptyParameter([numChannels], options) : null);
    this.registerParameter('bias', affine && bias ? emptyParameter([numChannels], options) : null);
    this.resetParameters();
  }

  /** Sets weight 1 and bias 0. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
    if (this.bias) zeros_(this.bias);
  }

  override forward(input: Tensor): Tensor {
    return groupNorm(input, this.numGroups, this.weight, this.bias, this.eps);
  }

  override extraRepr(): string {
    return `${this.numGroups}, ${this.numChannels}, eps=${pythonText(this.eps)}, affine=${pythonText(this.affine)}, bias=${pythonText(this.bias !== null)}`;
  }
}

const rmsSpec = {
  normalizedShape: required<Size>(),
  eps: null as number | null,
  elementwiseAffine: true,
  ...factory,
};
const rmsSignature = new Signature('RMSNorm', rmsSpec);

/**
 * Divides by the root of the mean square over the last dimensions.
 *
 * Defaults: `eps` null (the smallest of the dtype), `elementwiseAffine` true. Source: torch.nn.RMSNorm.
 */
export class RMSNorm extends Module<[Tensor], Tensor> {
  normalizedShape: number[];
  eps: number | null;
  elementwiseAffine: boolean;
  declare weight: Parameter | null;

  constructor(
    ...args: Arguments<
      [normalizedShape: Size],
      [eps: number | null, elementwiseAffine: boolean],
      typeof rmsSpec
    >
  ) {
    super();
    const { normalizedShape, eps, elementwiseAffine, ...options } = rmsSignature.read(args);
    this.normalizedShape = typeof normalizedShape === 'number' ? [normalizedShape] : [...normalizedShape];
    this.eps = eps;
    this.elementwiseAffine = elementwiseAffine;
    this.registerParameter(
      'weight',
      elementwiseAffine ? emptyParameter(this.normalizedShape, options) : null,
    );
    this.resetParameters();
  }

  /** Sets weight 1. */
  resetParameters(): void {
    if (this.weight) ones_(this.weight);
  }

  override forward(input: Tensor): Tensor {
    return rmsNorm(input, this.normalizedShape, this.weight, this.eps);
  }

  override extraRepr(): string {
    return `${pythonText(this.normalizedShape)}, eps=${pythonText(this.eps)}, elementwise_affine=${pythonText(this.elementwiseAffine)}`;
  }
}
