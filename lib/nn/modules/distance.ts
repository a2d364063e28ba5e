/** Distances of batches. */
import { cosineSimilarity, pairwiseDistance } from '../../ops/generated/functions.js';
import type { Tensor } from '../../tensor/index.js';
import { Module } from '../module.js';
import { type Arguments, Signature } from '../signature.js';

const pairSpec = { p: 2, eps: 1e-6, keepdim: false };

/** The `p`-norm (2) of the differences of rows. Source: torch.nn.PairwiseDistance. */
export class PairwiseDistance extends Module<[Tensor, Tensor], Tensor> {
  norm: number;
  eps: number;
  keepdim: boolean;

  constructor(...args: Arguments<[], [p: number, eps: number, keepdim: boolean], typeof pairSpec>) {
    super();
    const { p, eps, keepdim } = new Signature('PairwiseDistance', pairSpec).read(args);
    this.norm = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, this.norm, this.eps, this.keepdim);
  }
}

const cosineSpec = { dim: 1, eps: 1e-8 };

/** The cosine of the angle between vectors along `dim` (1). Source: torch.nn.CosineSimilarity. */
export class CosineSimilarity extends Module<[Tensor, Tensor], Tensor> {
  dim: number;
  eps: number;

  constructor(...args: Arguments<[], [dim: number, eps: number], typeof cosineSpec>) {
    super();
    const { dim, eps } = new Signature('CosineSimilarity', cosineSpec).read(args);
    this.dim = dim;
    this.eps = eps;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, this.dim, this.eps);
  }
}
