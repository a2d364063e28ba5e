/** Activations. */
import * as torch from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
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
