/** What losses share. */
import type { Tensor } from '../../tensor/index.js';
import { type Reduction, reductionNumber, resolveReduction } from '../functional/reduction.js';
import { Module } from '../module.js';

/** The settings that every loss has. */
export interface LossParameters {
  /** Deprecated; `reduction` says it. */
  sizeAverage: boolean | null;
  /** Deprecated; `reduction` says it. */
  reduce: boolean | null;
  reduction: Reduction;
}

/** Their defaults: the mean. */
export const lossDefaults: LossParameters = { sizeAverage: null, reduce: null, reduction: 'mean' };

/** The common part of the losses. */
export abstract class Loss<I extends unknown[] = [Tensor, Tensor]> extends Module<I, Tensor> {
  /** `'mean'`, `'sum'` or `'none'`. */
  reduction: Reduction;

  constructor({
    sizeAverage = null,
    reduce = null,
    reduction,
  }: Partial<LossParameters> & { reduction: Reduction }) {
    super();
    this.reduction = resolveReduction(reduction, sizeAverage, reduce);
    reductionNumber(this.reduction);
  }
}

/** A loss with a weight for each class or element, a buffer. */
export abstract class WeightedLoss<I extends unknown[] = [Tensor, Tensor]> extends Loss<I> {
  declare weight: Tensor | null;

  constructor(given: Partial<LossParameters> & { reduction: Reduction; weight: Tensor | null }) {
    super(given);
    this.registerBuffer('weight', given.weight);
  }
}
