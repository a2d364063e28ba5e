/** Unique values: ATen always gives three tensors, Python those that were asked for. */
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, callAten } from '../bind.js';

interface Flags {
  /** Also give the index of each input element in the output. Default: false. */
  returnInverse?: boolean;
  /** Also give how often each occurs. Default: false. */
  returnCounts?: boolean;
  /** Compare slices along this dimension; by default the flattened tensor. */
  dim?: number | null;
}

export interface UniqueOptions extends Flags {
  /** In ascending order. Default: true. */
  sorted?: boolean;
}

export type UniqueConsecutiveOptions = Flags;

/** The values alone, or an array of them with what was asked for. */
export type UniqueResult<O> = O extends { returnInverse: true; returnCounts: true }
  ? [output: Tensor, inverse: Tensor, counts: Tensor]
  : O extends { returnInverse: true }
    ? [output: Tensor, inverse: Tensor]
    : O extends { returnCounts: true }
      ? [output: Tensor, counts: Tensor]
      : Tensor;

function asAsked(all: unknown, bound: Record<string, unknown>): Tensor | Tensor[] {
  const [output, inverse, counts] = all as Iterable<Tensor>;
  const asked = [output!];
  if (bound.returnInverse === true) asked.push(inverse!);
  if (bound.returnCounts === true) asked.push(counts!);
  return asked.length === 1 ? output! : asked;
}

/** @internal */
export function uniqueOf(bound: Record<string, unknown>): Tensor | Tensor[] {
  const { input, sorted = true, returnInverse = false, returnCounts = false, dim = null } = bound;
  const flags = [sorted, returnInverse, returnCounts];
  const all =
    dim === null ? callAten('_unique2', [input, ...flags]) : callAten('unique_dim', [input, dim, ...flags]);
  return asAsked(all, bound);
}

/** @internal */
export function uniqueConsecutiveOf(bound: Record<string, unknown>): Tensor | Tensor[] {
  const { input, returnInverse = false, returnCounts = false, dim = null } = bound;
  return asAsked(callAten('unique_consecutive', [input, returnInverse, returnCounts, dim]), bound);
}

/**
 * Distinct values. In Python: `unique(input, sorted=True, return_inverse=False, return_counts=False, dim=None)`.
 * See torch.unique.
 */
export function unique<O extends UniqueOptions = {}>(input: Tensor, options?: O): UniqueResult<O>;
export function unique<O extends UniqueOptions>(options: { input: Tensor } & O): UniqueResult<O>;
export function unique(
  input: Tensor,
  sorted: boolean,
  returnInverse?: boolean,
  returnCounts?: boolean,
  dim?: number | null,
): Tensor | Tensor[];
export function unique(...args: unknown[]): unknown {
  const params = ['input', 'sorted', 'returnInverse', 'returnCounts', 'dim'];
  return uniqueOf(bindArguments({ name: 'unique', params }, args));
}

/**
 * The first of each run of equal values.
 * In Python: `unique_consecutive(input, return_inverse=False, return_counts=False, dim=None)`. See torch.unique_consecutive.
 */
export function uniqueConsecutive<O extends UniqueConsecutiveOptions = {}>(
  input: Tensor,
  options?: O,
): UniqueResult<O>;
export function uniqueConsecutive<O extends UniqueConsecutiveOptions>(
  options: { input: Tensor } & O,
): UniqueResult<O>;
export function uniqueConsecutive(
  input: Tensor,
  returnInverse: boolean,
  returnCounts?: boolean,
  dim?: number | null,
): Tensor | Tensor[];
export function uniqueConsecutive(...args: unknown[]): unknown {
  const params = ['input', 'returnInverse', 'returnCounts', 'dim'];
  return uniqueConsecutiveOf(bindArguments({ name: 'uniqueConsecutive', params }, args));
}
