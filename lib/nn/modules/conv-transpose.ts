/** Transposed convolutions. */
import { ArgumentError, ValueError } from '../../errors.js';
import { convTranspose1d, convTranspose2d, convTranspose3d } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { type Arguments, required, Signature } from '../signature.js';
import { factory, type Size } from './common.js';
import { ConvNd, type PaddingMode } from './conv.js';

const spec = {
  inChannels: required<number>(),
  outChannels: required<number>(),
  kernelSize: required<Size>(),
  stride: 1 as Size,
  padding: 0 as Size,
  outputPadding: 0 as Size,
  groups: 1,
  bias: true,
  dilation: 1 as Size,
  paddingMode: 'zeros' as PaddingMode,
  ...factory,
};

/** Arguments of the transposed convolutions. */
export type ConvTransposeArguments = Arguments<
  [inChannels: number, outChannels: number, kernelSize: Size],
  [stride: Size, padding: Size, outputPadding: Size, groups: number, bias: boolean, dilation: Size],
  typeof spec
>;

type Run = typeof convTranspose2d;

/** The common part of the transposed convolutions. */
export abstract class ConvTransposeNd extends ConvNd<[Tensor, (readonly number[] | null)?]> {
  constructor(dimensions: number, name: string, args: readonly unknown[]) {
    const given = new Signature(name, spec).read(args);
    if (given.paddingMode !== 'zeros')
      throw new ValueError(`Only 'zeros' padding mode is supported for ${name}, got '${given.paddingMode}'`);
    if (typeof given.padding === 'string') throw new ArgumentError(`${name}: padding must be numbers`);
    super(dimensions, given, true, given.outputPadding);
  }

  /** @internal */
  _run(run: Run, input: Tensor, outputSize: readonly number[] | null): Tensor {
    const { weight, bias, stride, groups, dilation } = this;
    const outputPadding = outputSize === null ? this.outputPadding : this.#outputPadding(input, outputSize);
    return run(input, weight, bias, stride, this.padding as number[], outputPadding, groups, dilation);
  }

  /** The output padding that gives the wanted size; several inputs' sizes have the same output's. */
  #outputPadding(input: Tensor, outputSize: readonly number[]): number[] {
    const dims = this.kernelSize.length;
    if (!Array.isArray(outputSize))
      throw new ArgumentError(`outputSize must be an array of ${dims} sizes, got ${typeof outputSize}`);
    const leading = expectTensor('transposed convolution', input).dim() - dims;
    const wanted = outputSize.length === input.dim() ? outputSize.slice(leading) : outputSize;
    if (wanted.length !== dims)
      throw new ValueError(
        `outputSize must have ${dims} or ${input.dim()} elements, got ${outputSize.length}`,
      );
    const padding = this.padding as number[];
    return wanted.map((size, d) => {
      const least =
        (input.size(d + leading) - 1) * this.stride[d]! -
        2 * padding[d]! +
        this.dilation[d]! * (this.kernelSize[d]! - 1) +
        1;
      const most = least + this.stride[d]! - 1;
      if (size < least || size > most)
        throw new ValueError(
          `requested an output size of [${wanted.join(', ')}], but dimension ${d} can have ${least} to ${most}`,
        );
      return size - least;
    });
  }
}

/** A transposed convolution over `[N, inChannels, L]`; defaults as {@link ConvTranspose2d}. Source: torch.nn.ConvTranspose1d. */
export class ConvTranspose1d extends ConvTransposeNd {
  constructor(...args: ConvTransposeArguments) {
    super(1, 'ConvTranspose1d', args);
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this._run(convTranspose1d as Run, input, outputSize);
  }
}

/**
 * A transposed convolution over `[N, inChannels, H, W]`, the gradient of a convolution.
 *
 * Defaults: stride 1, padding 0, outputPadding 0, groups 1, bias, dilation 1. A call may give the
 * size of the output. Source: torch.nn.ConvTranspose2d.
 */
export class ConvTranspose2d extends ConvTransposeNd {
  constructor(...args: ConvTransposeArguments) {
    super(2, 'ConvTranspose2d', args);
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this._run(convTranspose2d, input, outputSize);
  }
}

/** A transposed convolution over `[N, inChannels, D, H, W]`; defaults as {@link ConvTranspose2d}. Source: torch.nn.ConvTranspose3d. */
export class ConvTranspose3d extends ConvTransposeNd {
  constructor(...args: ConvTransposeArguments) {
    super(3, 'ConvTranspose3d', args);
  }

  override forward(input: Tensor, outputSize: readonly number[] | null = null): Tensor {
    return this._run(convTranspose3d as Run, input, outputSize);
  }
}
