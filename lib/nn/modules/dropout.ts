/** Dropout. */
import { ValueError } from '../../errors.js';
import {
  alphaDropout,
  alphaDropout_,
  dropout,
  dropout_,
  featureAlphaDropout,
  featureAlphaDropout_,
  featureDropout,
  featureDropout_,
} from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { Module } from '../module.js';
import { pythonText } from '../python-text.js';
import { type Arguments, Signature } from '../signature.js';

const spec = { p: 0.5, inplace: false };
/** Arguments of the dropouts. */
export type DropoutArguments = Arguments<[], [p: number, inplace: boolean], typeof spec>;

/** The common part of the dropouts. */
export abstract class DropoutNd extends Module<[Tensor], Tensor> {
  /** The probability of a zero. */
  p: number;
  inplace: boolean;

  constructor(name: string, args: readonly unknown[]) {
    super();
    const { p, inplace } = new Signature(name, spec).read(args);
    if (!(p >= 0 && p <= 1))
      throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
    this.p = p;
    this.inplace = inplace;
  }

  override extraRepr(): string {
    return `p=${pythonText(this.p)}, inplace=${pythonText(this.inplace)}`;
  }
}

/**
 * While training, zeroes each element with probability `p` (0.5) and scales the rest by 1 / (1 - p).
 * Source: torch.nn.Dropout.
 */
export class Dropout extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout', args);
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? dropout_ : dropout)(input, this.p, this.training);
  }
}

const wholeChannels = (layer: DropoutNd, input: Tensor): Tensor =>
  (layer.inplace ? featureDropout_ : featureDropout)(input, layer.p, layer.training);

/** While training, zeroes whole channels of `[N, C, L]`. Source: torch.nn.Dropout1d. */
export class Dropout1d extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout1d', args);
  }

  override forward(input: Tensor): Tensor {
    // Without a batch dimension the channels come first; the operator wants them second.
    if (input.dim() !== 2) return wholeChannels(this, input);
    const result = wholeChannels(this, this.inplace ? input.unsqueeze_(0) : input.unsqueeze(0));
    return this.inplace ? result.squeeze_(0) : result.squeeze(0);
  }
}

/** While training, zeroes whole channels of `[N, C, H, W]`. Source: torch.nn.Dropout2d. */
export class Dropout2d extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout2d', args);
  }

  override forward(input: Tensor): Tensor {
    return wholeChannels(this, input);
  }
}

/** While training, zeroes whole channels of `[N, C, D, H, W]`. Source: torch.nn.Dropout3d. */
export class Dropout3d extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout3d', args);
  }

  override forward(input: Tensor): Tensor {
    // As Python: samples of [C, D, H, W] get a batch dimension for the call.
    if (input.dim() !== 4) return wholeChannels(this, input);
    const result = wholeChannels(this, this.inplace ? input.unsqueeze_(0) : input.unsqueeze(0));
    return this.inplace ? result.squeeze_(0) : result.squeeze(0);
  }
}

/** Dropout that keeps mean and variance, for {@link SELU}. Source: torch.nn.AlphaDropout. */
export class AlphaDropout extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('AlphaDropout', args);
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? alphaDropout_ : alphaDropout)(input, this.p, this.training);
  }
}

/** Alpha dropout of whole channels. Source: torch.nn.FeatureAlphaDropout. */
export class FeatureAlphaDropout extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('FeatureAlphaDropout', args);
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? featureAlphaDropout_ : featureAlphaDropout)(input, this.p, this.training);
  }
}
