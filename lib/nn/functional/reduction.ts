/** How losses of samples become one number. */
import { ValueError } from '../../errors.js';
import type { Tensor } from '../../tensor/index.js';

/** `'mean'`, `'sum'`, or `'none'` for the losses as they are. */
export type Reduction = 'none' | 'mean' | 'sum';

const numbers: Record<string, number> = { none: 0, mean: 1, sum: 2 };

/** The number that operators take. @throws ValueError for another name. */
export function reductionNumber(reduction: Reduction): number {
  const found = numbers[reduction];
  if (found === undefined)
    throw new ValueError(
      `'${String(reduction)}' is not a valid value for reduction; expected 'none', 'mean' or 'sum'`,
    );
  return found;
}

/** The older two flags as a reduction; they win where one is given, as in PyTorch. */
export function resolveReduction(
  reduction: Reduction,
  sizeAverage: boolean | null,
  reduce: boolean | null,
): Reduction {
  if (sizeAverage === null && reduce === null) return reduction;
  if (!(reduce ?? true)) return 'none';
  return (sizeAverage ?? true) ? 'mean' : 'sum';
}

/** Reduces the losses of elements. */
export function reduceLoss(losses: Tensor, reduction: Reduction): Tensor {
  const number = reductionNumber(reduction);
  return number === 0 ? losses : number === 1 ? losses.mean() : losses.sum();
}
