/** Activations over a dimension. */
import { logSoftmax, softmax } from '../../ops/generated/functions.js';
import { glu } from '../../ops/generated/nn-functions.js';
import { ShapeError } from '../../errors.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { softmaxDim } from '../functional/activation.js';
import { Module } from '../module.js';
import { pythonText } from '../python-text.js';
import { type Arguments, Signature } from '../signature.js';

const dimSpec = { dim: null as number | null };
/** `(dim)`. */
export type DimArguments = Arguments<[], [dim: number | null], typeof dimSpec>;

/** An activation over a dimension. */
abstract class OverDimension extends Module<[Tensor], Tensor> {
  dim: number | null;

  constructor(name: string, args: readonly unknown[]) {
    super();
    this.dim = new Signature(name, dimSpec).read(args).dim;
  }
}

/** `eˣ / Σ eˣ` over `dim`. Source: torch.nn.Softmax. */
export class Softmax extends OverDimension {
  constructor(...args: DimArguments) {
    super('Softmax', args);
  }

  override forward(input: Tensor): Tensor {
    return softmax(input, softmaxDim('softmax', input, this.dim));
  }

  override extraRepr(): string {
    return `dim=${pythonText(this.dim)}`;
  }
}

/** `e⁻ˣ / Σ e⁻ˣ` over `dim`. Source: torch.nn.Softmin. */
export class Softmin extends OverDimension {
  constructor(...args: DimArguments) {
    super('Softmin', args);
  }

  override forward(input: Tensor): Tensor {
    const dim = softmaxDim('softmin', input, this.dim);
    return softmax(input.neg(), dim);
  }

  override extraRepr(): string {
    return `dim=${pythonText(this.dim)}`;
  }
}

/** `log(eˣ / Σ eˣ)` over `dim`. Source: torch.nn.LogSoftmax. */
export class LogSoftmax extends OverDimension {
  constructor(...args: DimArguments) {
    super('LogSoftmax', args);
  }

  override forward(input: Tensor): Tensor {
    return logSoftmax(input, softmaxDim('logSoftmax', input, this.dim));
  }

  override extraRepr(): string {
    return `dim=${pythonText(this.dim)}`;
  }
}

/** Softmax over the channels of `[N, C, H, W]`. Source: torch.nn.Softmax2d. */
export class Softmax2d extends Module<[Tensor], Tensor> {
  override forward(input: Tensor): Tensor {
    const dims = expectTensor('Softmax2d', input).dim();
    if (dims !== 3 && dims !== 4)
      throw new ShapeError(`Softmax2d: expected input to be 3D or 4D, got ${dims}D instead`);
    return softmax(input, -3);
  }
}

const gluSpec = { dim: -1 };
const gluSignature = new Signature('GLU', gluSpec);

/** `a · σ(b)` of the halves of `dim` (-1). Source: torch.nn.GLU. */
export class GLU extends Module<[Tensor], Tensor> {
  dim: number;

  constructor(...args: Arguments<[], [dim: number], typeof gluSpec>) {
    super();
    this.dim = gluSignature.read(args).dim;
  }

  override forward(input: Tensor): Tensor {
    return glu(input, this.dim);
  }

  override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
