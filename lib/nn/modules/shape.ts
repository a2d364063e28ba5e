/** Layers that change the shape only. */
import { flatten } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import { Module } from '../module.js';
import { pythonText } from '../python-text.js';
import { type Arguments, required, Signature } from '../signature.js';

const flattenSpec = { startDim: 1, endDim: -1 };
const flattenSignature = new Signature('Flatten', flattenSpec);

/** Makes one of the dimensions `startDim` (1) to `endDim` (-1). Source: torch.nn.Flatten. */
export class Flatten extends Module<[Tensor], Tensor> {
  startDim: number;
  endDim: number;

  constructor(...args: Arguments<[], [startDim: number, endDim: number], typeof flattenSpec>) {
    super();
    const { startDim, endDim } = flattenSignature.read(args);
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(input: Tensor): Tensor {
    return flatten(input, this.startDim, this.endDim);
  }

  override extraRepr(): string {
    return `start_dim=${this.startDim}, end_dim=${this.endDim}`;
  }
}

const unflattenSpec = { dim: required<number>(), unflattenedSize: required<readonly number[]>() };
const unflattenSignature = new Signature('Unflatten', unflattenSpec);

/** Makes the dimension `dim` several; one of `unflattenedSize` may be -1. Source: torch.nn.Unflatten. */
export class Unflatten extends Module<[Tensor], Tensor> {
  dim: number;
  unflattenedSize: readonly number[];

  constructor(
    ...args: Arguments<[dim: number, unflattenedSize: readonly number[]], [], typeof unflattenSpec>
  ) {
    super();
    const { dim, unflattenedSize } = unflattenSignature.read(args);
    this.dim = dim;
    this.unflattenedSize = unflattenedSize;
  }

  override forward(input: Tensor): Tensor {
    return expectTensor('Unflatten', input).unflatten(this.dim, this.unflattenedSize);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattened_size=${pythonText(this.unflattenedSize)}`;
  }
}
