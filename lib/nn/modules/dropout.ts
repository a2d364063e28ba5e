/** Dropout. */
import {
  alphaDropout,
  dropout,
  dropout_,
  featureAlphaDropout,
  featureDropout,
  featureDropout_,
} from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { checkDropout1d, checkProbability, dropChannels } from '../functional/dropout.js';
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
    checkProbability(p);
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

/** While training, zeroes whole channels of `[N, C, L]` or `[C, L]`. Source: torch.nn.Dropout1d. */
export class Dropout1d extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout1d', args);
  }

  override forward(input: Tensor): Tensor {
    checkDropout1d(input);
    return dropChannels(input, this.p, this.training, this.inplace, 3);
  }
}

/** While training, zeroes whole channels of `[N, C, H, W]`. Source: torch.nn.Dropout2d. */
export class Dropout2d extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout2d', args);
  }

  override forward(input: Tensor): Tensor {
    return (this.inplace ? featureDropout_ : featureDropout)(input, this.p, this.training);
  }
}

/** While training, zeroes whole channels of `[N, C, D, H, W]` or `[C, D, H, W]`. Source: torch.nn.Dropout3d. */
export class Dropout3d extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('Dropout3d', args);
  }

  override forward(input: Tensor): Tensor {
    return dropChannels(input, this.p, this.training, this.inplace, 5);
  }
}

/** Dropout that keeps mean and variance, for SELU; never in place. Source: torch.nn.AlphaDropout. */
export class AlphaDropout extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('AlphaDropout', args);
  }

  override forward(input: Tensor): Tensor {
    return alphaDropout(input, this.p, this.training);
  }
}

/** Alpha dropout of whole channels. Source: torch.nn.FeatureAlphaDropout. */
export class FeatureAlphaDropout extends DropoutNd {
  constructor(...args: DropoutArguments) {
    super('FeatureAlphaDropout', args);
  }

  override forward(input: Tensor): Tensor {
    return featureAlphaDropout(input, this.p, this.training);
  }
}
