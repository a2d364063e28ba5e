/** Activations that take no settings but `inplace`. */
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import type { Tensor } from '../../tensor/index.js';
import { softsign, tanhshrink } from '../functional/activation.js';
import { Module } from '../module.js';
import { type Arguments, Signature } from '../signature.js';

const inplaceSpec = { inplace: false };
/** `(inplace = false)` by position or name. */
export type InplaceArguments = Arguments<[], [inplace: boolean], typeof inplaceSpec>;

/** An activation whose only setting is whether it changes its input. */
export abstract class InplaceActivation extends Module<[Tensor], Tensor> {
  inplace: boolean;

  constructor(name: string, args: readonly unknown[]) {
    super();
    this.inplace = new Signature(name, inplaceSpec).read(args).inplace;
  }

  override extraRepr(): string {
    return this.inplace ? 'inplace=True' : '';
  }
}

/** `max(0, x)`. Default: not in place. Source: torch.nn.ReLU. */
export class ReLU extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('ReLU', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? torch.relu_(input) : torch.relu(input);
  }
}

/** `min(max(0, x), 6)`. Default: not in place. Source: torch.nn.ReLU6. */
export class ReLU6 extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('ReLU6', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? ops.relu6_(input) : ops.relu6(input);
  }
}

/** `x · σ(x)`. Default: not in place. Source: torch.nn.SiLU. */
export class SiLU extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('SiLU', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? ops.silu_(input) : ops.silu(input);
  }
}

/** `x · tanh(softplus(x))`. Default: not in place. Source: torch.nn.Mish. */
export class Mish extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('Mish', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? ops.mish_(input) : ops.mish(input);
  }
}

/** Scaled exponential linear unit. Default: not in place. Source: torch.nn.SELU. */
export class SELU extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('SELU', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? torch.selu_(input) : torch.selu(input);
  }
}

/** `x · relu6(x + 3) / 6`. Default: not in place. Source: torch.nn.Hardswish. */
export class Hardswish extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('Hardswish', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? ops.hardswish_(input) : ops.hardswish(input);
  }

  override extraRepr(): string {
    return '';
  }
}

/** `relu6(x + 3) / 6`. Default: not in place. Source: torch.nn.Hardsigmoid. */
export class Hardsigmoid extends InplaceActivation {
  constructor(...args: InplaceArguments) {
    super('Hardsigmoid', args);
  }

  override forward(input: Tensor): Tensor {
    return this.inplace ? ops.hardsigmoid_(input) : ops.hardsigmoid(input);
  }

  override extraRepr(): string {
    return '';
  }
}

/** `1 / (1 + e⁻ˣ)`. Source: torch.nn.Sigmoid. */
export class Sigmoid extends Module<[Tensor], Tensor> {
  override forward(input: Tensor): Tensor {
    return torch.sigmoid(input);
  }
}

/** The hyperbolic tangent. Source: torch.nn.Tanh. */
export class Tanh extends Module<[Tensor], Tensor> {
  override forward(input: Tensor): Tensor {
    return torch.tanh(input);
  }
}

/** `log σ(x)`. Source: torch.nn.LogSigmoid. */
export class LogSigmoid extends Module<[Tensor], Tensor> {
  override forward(input: Tensor): Tensor {
    return ops.logSigmoid(input);
  }
}

/** `x / (1 + |x|)`. Source: torch.nn.Softsign. */
export class Softsign extends Module<[Tensor], Tensor> {
  override forward(input: Tensor): Tensor {
    return softsign(input);
  }
}

/** `x - tanh(x)`. Source: torch.nn.Tanhshrink. */
export class Tanhshrink extends Module<[Tensor], Tensor> {
  override forward(input: Tensor): Tensor {
    return tanhshrink(input);
  }
}
