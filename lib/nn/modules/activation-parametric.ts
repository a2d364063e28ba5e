/** Activations with settings, and one that learns its own. */
import { ArgumentError } from '../../errors.js';
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { constant_ } from '../init.js';
import { Module } from '../module.js';
import type { Parameter } from '../parameter.js';
import { pythonFloat, pythonNumber } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';
import { emptyParameter, factory } from './common.js';

const inplaceText = (inplace: boolean): string => (inplace ? ', inplace=True' : '');

const leakySpec = { negativeSlope: 0.01, inplace: false };
const leakySignature = new Signature('LeakyReLU', leakySpec);

/** `max(0, x) + negativeSlope · min(0, x)`; slope 0.01. Source: torch.nn.LeakyReLU. */
export class LeakyReLU extends Module<[Tensor], Tensor> {
  negativeSlope: number;
  inplace: boolean;

  constructor(...args: Arguments<[], [negativeSlope: number, inplace: boolean], typeof leakySpec>) {
    super();
    const { negativeSlope, inplace } = leakySignature.read(args);
    this.negativeSlope = negativeSlope;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? ops.leakyRelu_ : ops.leakyRelu)(input, this.negativeSlope);
  }

  override extraRepr(): string {
    return `negative_slope=${pythonNumber(this.negativeSlope)}${inplaceText(this.inplace)}`;
  }
}

const alphaSpec = { alpha: 1, inplace: false };
/** `(alpha = 1, inplace = false)`. */
export type AlphaArguments = Arguments<[], [alpha: number, inplace: boolean], typeof alphaSpec>;

/** An activation with a factor `alpha`. */
abstract class AlphaActivation extends Module<[Tensor], Tensor> {
  alpha: number;
  inplace: boolean;

  constructor(name: string, args: readonly unknown[]) {
    super();
    const { alpha, inplace } = new Signature(name, alphaSpec).read(args);
    this.alpha = alpha;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return `alpha=${pythonFloat(this.alpha)}${inplaceText(this.inplace)}`;
  }
}

/** `x` above 0, `alpha · (eˣ - 1)` below; `alpha` 1. Source: torch.nn.ELU. */
export class ELU extends AlphaActivation {
  constructor(...args: AlphaArguments) {
    super('ELU', args);
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? ops.elu_ : ops.elu)(input, this.alpha);
  }
}

/** `max(0, x) + min(0, alpha · (e^(x/alpha) - 1))`; `alpha` 1. Source: torch.nn.CELU. */
export class CELU extends AlphaActivation {
  constructor(...args: AlphaArguments) {
    super('CELU', args);
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? torch.celu_ : torch.celu)(input, this.alpha);
  }
}

const geluSpec = { approximate: 'none' as 'none' | 'tanh' };
const geluSignature = new Signature('GELU', geluSpec);

/** `x · Φ(x)`; `approximate` `'none'` or `'tanh'`. Source: torch.nn.GELU. */
export class GELU extends Module<[Tensor], Tensor> {
  approximate: 'none' | 'tanh';

  constructor(...args: Arguments<[], [approximate: 'none' | 'tanh'], typeof geluSpec>) {
    super();
    this.approximate = geluSignature.read(args).approximate;
  }

  override forward(input: Tensor): Tensor {
    return ops.gelu(input, { approximate: this.approximate });
  }

  override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}

const hardtanhSpec = { minVal: -1, maxVal: 1, inplace: false };
const hardtanhSignature = new Signature('Hardtanh', hardtanhSpec);

/** `x` between `minVal` (-1) and `maxVal` (1). Source: torch.nn.Hardtanh. */
export class Hardtanh extends Module<[Tensor], Tensor> {
  minVal: number;
  maxVal: number;
  inplace: boolean;

  constructor(
    ...args: Arguments<[], [minVal: number, maxVal: number, inplace: boolean], typeof hardtanhSpec>
  ) {
    super();
    const { minVal, maxVal, inplace } = hardtanhSignature.read(args);
    if (maxVal <= minVal)
      throw new ArgumentError(`maxVal (${maxVal}) must be greater than minVal (${minVal})`);
    this.minVal = minVal;
    this.maxVal = maxVal;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? ops.hardtanh_ : ops.hardtanh)(input, this.minVal, this.maxVal);
  }

  override extraRepr(): string {
    return `min_val=${pythonFloat(this.minVal)}, max_val=${pythonFloat(this.maxVal)}${inplaceText(this.inplace)}`;
  }
}

const thresholdSpec = { threshold: required<number>(), value: required<number>(), inplace: false };
const thresholdSignature = new Signature('Threshold', thresholdSpec);

/** `x` above `threshold`, `value` otherwise. Source: torch.nn.Threshold. */
export class Threshold extends Module<[Tensor], Tensor> {
  threshold: number;
  value: number;
  inplace: boolean;

  constructor(
    ...args: Arguments<[threshold: number, value: number], [inplace: boolean], typeof thresholdSpec>
  ) {
    super();
    const { threshold, value, inplace } = thresholdSignature.read(args);
    this.threshold = threshold;
    this.value = value;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? torch.threshold_ : torch.threshold)(input, this.threshold, this.value);
  }

  override extraRepr(): string {
    return `threshold=${pythonNumber(this.threshold)}, value=${pythonNumber(this.value)}${inplaceText(this.inplace)}`;
  }
}

const softplusSpec = { beta: 1, threshold: 20 };
const softplusSignature = new Signature('Softplus', softplusSpec);

/** `log(1 + e^(beta·x)) / beta`, linear where `beta · x` is above `threshold`. Source: torch.nn.Softplus. */
export class Softplus extends Module<[Tensor], Tensor> {
  beta: number;
  threshold: number;

  constructor(...args: Arguments<[], [beta: number, threshold: number], typeof softplusSpec>) {
    super();
    const { beta, threshold } = softplusSignature.read(args);
    this.beta = beta;
    this.threshold = threshold;
  }

  override forward(input: Tensor): Tensor {
    return ops.softplus(input, this.beta, this.threshold);
  }

  override extraRepr(): string {
    return `beta=${pythonFloat(this.beta)}, threshold=${pythonFloat(this.threshold)}`;
  }
}

const shrinkSpec = { lambd: 0.5 };
/** `(lambd = 0.5)`. */
export type ShrinkArguments = Arguments<[], [lambd: number], typeof shrinkSpec>;

/** An activation that makes small values 0. */
abstract class Shrink extends Module<[Tensor], Tensor> {
  lambd: number;

  constructor(name: string, args: readonly unknown[]) {
    super();
    this.lambd = new Signature(name, shrinkSpec).read(args).lambd;
  }

  override extraRepr(): string {
    return pythonNumber(this.lambd);
  }
}

/** 0 where `|x|` is at most `lambd` (0.5). Source: torch.nn.Hardshrink. */
export class Hardshrink extends Shrink {
  constructor(...args: ShrinkArguments) {
    super('Hardshrink', args);
  }

  override forward(input: Tensor): Tensor {
    return torch.hardshrink(input, this.lambd);
  }
}

/** `x` moved towards 0 by `lambd` (0.5). Source: torch.nn.Softshrink. */
export class Softshrink extends Shrink {
  constructor(...args: ShrinkArguments) {
    super('Softshrink', args);
  }

  override forward(input: Tensor): Tensor {
    return ops.softshrink(input, this.lambd);
  }
}

const rreluSpec = { lower: 1 / 8, upper: 1 / 3, inplace: false };
const rreluSignature = new Signature('RReLU', rreluSpec);

/** A leaky ReLU whose slope is drawn between `lower` (1/8) and `upper` (1/3) while training. Source: torch.nn.RReLU. */
export class RReLU extends Module<[Tensor], Tensor> {
  lower: number;
  upper: number;
  inplace: boolean;

  constructor(...args: Arguments<[], [lower: number, upper: number, inplace: boolean], typeof rreluSpec>) {
    super();
    const { lower, upper, inplace } = rreluSignature.read(args);
    this.lower = lower;
    this.upper = upper;
    this.inplace = inplace;
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? torch.rrelu_ : torch.rrelu)(input, this.lower, this.upper, this.training);
  }

  override extraRepr(): string {
    return `lower=${pythonNumber(this.lower)}, upper=${pythonNumber(this.upper)}${inplaceText(this.inplace)}`;
  }
}

const preluSpec = { numParameters: 1, init: 0.25, ...factory };
const preluSignature = new Signature('PReLU', preluSpec);

/** A leaky ReLU that learns its slope, one or one for each channel; starts at `init` (0.25). Source: torch.nn.PReLU. */
export class PReLU extends Module<[Tensor], Tensor> {
  numParameters: number;
  init: number;
  weight: Parameter;

  constructor(...args: Arguments<[], [numParameters: number, init: number], typeof preluSpec>) {
    super();
    const { numParameters, init, ...options } = preluSignature.read(args);
    this.numParameters = numParameters;
    this.init = init;
    this.weight = emptyParameter([numParameters], options);
    this.resetParameters();
  }

  /** Sets every slope to `init`. */
  resetParameters(): void {
    constant_(this.weight, this.init);
  }

  override forward(input: Tensor): Tensor {
    return torch.prelu(input, this.weight);
  }

  override extraRepr(): string {
    return `num_parameters=${this.numParameters}`;
  }
}
