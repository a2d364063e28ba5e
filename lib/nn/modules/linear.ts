/** Linear layers. */
import { ValueError } from '../../errors.js';
import { bilinear } from '../../ops/generated/functions.js';
import { linear } from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { calculateFanInAndFanOut, kaimingUniform_, uniform_ } from '../init.js';
import { Module } from '../module.js';
import type { Parameter } from '../parameter.js';
import { pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { emptyParameter, factory } from './common.js';

/** Gives its input back; takes and ignores any arguments. Source: torch.nn.Identity. */
export class Identity extends Module<[Tensor], Tensor> {
  constructor(..._args: unknown[]) {
    super();
  }

  override forward(input: Tensor): Tensor {
    return input;
  }
}

const linearSpec = {
  inFeatures: required<number>(),
  outFeatures: required<number>(),
  bias: true,
  ...factory,
};
const linearSignature = new Signature('Linear', linearSpec);

/**
 * `y = x Aᵀ + b`: `[…, inFeatures]` to `[…, outFeatures]`.
 *
 * `weight` is `[outFeatures, inFeatures]`, `bias` (default: there is one) `[outFeatures]`; both start
 * uniform between ±1/√inFeatures. Source: torch.nn.Linear.
 */
export class Linear extends Module<[Tensor], Tensor> {
  inFeatures: number;
  outFeatures: number;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(
    ...args: Arguments<[inFeatures: number, outFeatures: number], [bias: boolean], typeof linearSpec>
  ) {
    super();
    const { inFeatures, outFeatures, bias, ...options } = linearSignature.read(args);
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, inFeatures], options);
    this.registerParameter('bias', bias ? emptyParameter([outFeatures], options) : null);
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    kaimingUniform_(this.weight, { a: Math.sqrt(5) });
    resetBias(this.weight, this.bias);
  }

  override forward(input: Tensor): Tensor {
    return linear(input, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in_features=${this.inFeatures}, out_features=${this.outFeatures}, bias=${pythonText(this.bias !== null)}`;
  }
}

/** A bias starts uniform between ±1/√fan-in. */
export function resetBias(weight: Tensor, bias: Tensor | null): void {
  if (bias === null) return;
  const [fanIn] = calculateFanInAndFanOut(weight);
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  uniform_(bias, -bound, bound);
}

const bilinearSpec = {
  in1Features: required<number>(),
  in2Features: required<number>(),
  outFeatures: required<number>(),
  bias: true,
  ...factory,
};
const bilinearSignature = new Signature('Bilinear', bilinearSpec);

/** `y = x₁ᵀ A x₂ + b`. Source: torch.nn.Bilinear. */
export class Bilinear extends Module<[Tensor, Tensor], Tensor> {
  in1Features: number;
  in2Features: number;
  outFeatures: number;
  weight: Parameter;
  declare bias: Parameter | null;

  constructor(
    ...args: Arguments<
      [in1Features: number, in2Features: number, outFeatures: number],
      [bias: boolean],
      typeof bilinearSpec
    >
  ) {
    super();
    const { in1Features, in2Features, outFeatures, bias, ...options } = bilinearSignature.read(args);
    if (in1Features <= 0) throw new ValueError(`in1Features must be > 0, but got ${in1Features}`);
    this.in1Features = in1Features;
    this.in2Features = in2Features;
    this.outFeatures = outFeatures;
    this.weight = emptyParameter([outFeatures, in1Features, in2Features], options);
    this.registerParameter('bias', bias ? emptyParameter([outFeatures], options) : null);
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.in1Features);
    uniform_(this.weight, -bound, bound);
    if (this.bias) uniform_(this.bias, -bound, bound);
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, this.bias);
  }

  override extraRepr(): string {
    return `in1_features=${this.in1Features}, in2_features=${this.in2Features}, out_features=${this.outFeatures}, bias=${pythonText(this.bias !== null)}`;
  }
}
