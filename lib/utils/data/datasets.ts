/** Data sets made of others or of tensors. */
import { ArgumentError, ShapeError, TorchIndexError, ValueError } from '../../errors.js';
import type { Generator } from '../../random/generator.js';
import { iterableOf } from '../../tensor/keywords.js';
import { Tensor } from '../../tensor/tensor.js';
import { aten } from '../aten.js';
import { bindArguments, firstByKeyword } from '../arguments.js';
import { Dataset } from './dataset.js';
import { drawPermutation } from './random.js';

const select = aten<Tensor>('select', 'int');

const shownIndex = (index: unknown): string =>
  typeof index === 'object' || typeof index === 'function' ? `of type ${typeof index}` : String(index);

function checkedIndex(name: string, index: number, length: number): number {
  if (!Number.isInteger(index) || index < -length || index >= length)
    throw new TorchIndexError(
      `${name}: index ${shownIndex(index)} is out of range; it has ${length} samples`,
    );
  return index < 0 ? index + length : index;
}

/** Rows of tensors that have the same first dimension. Source: torch.utils.data.TensorDataset. */
export class TensorDataset extends Dataset<Tensor[]> {
  readonly tensors: readonly Tensor[];

  /** @throws ShapeError where the first dimensions differ. */
  constructor(...tensors: Tensor[]) {
    super();
    if (tensors.length === 0 || tensors.some((t) => !(t instanceof Tensor)))
      throw new ArgumentError('TensorDataset() expects one or more Tensors');
    const sizes = tensors.map((t) => t.size(0));
    if (sizes.some((size) => size !== sizes[0]))
      throw new ShapeError(`Size mismatch between tensors: their first dimensions are ${sizes.join(', ')}`);
    this.tensors = tensors;
  }
  get length(): number {
    return this.tensors[0]!.size(0);
  }
  get(index: number): Tensor[] {
    const row = checkedIndex('TensorDataset', index, this.length);
    return this.tensors.map((t) => select([t, 0, row]));
  }
}

/** Some samples of a data set, by their indices. Source: torch.utils.data.Subset. */
export class Subset<T> extends Dataset<T> {
  readonly dataset: Dataset<T>;
  readonly indices: readonly number[];

  constructor(dataset: Dataset<T>, indices: readonly number[]);
  constructor(options: { dataset: Dataset<T>; indices: readonly number[] });
  constructor(...args: unknown[]) {
    super();
    const [dataset, ...rest] = firstByKeyword('dataset', args);
    const { indices } = bindArguments<{ indices: readonly number[] }>('Subset', rest, ['indices']);
    if (typeof (dataset as Dataset<T> | null | undefined)?.get !== 'function')
      throw new ArgumentError('Subset() expects a data set with a length and get(index)');
    if (!Array.isArray(indices))
      throw new ArgumentError(`Subset() expects an array of indices, got ${typeof indices}`);
    this.dataset = dataset as Dataset<T>;
    this.indices = indices as readonly number[];
  }
  get length(): number {
    return this.indices.length;
  }
  get(index: number): T | Promise<T> {
    return this.dataset.get(this.indices[checkedIndex('Subset', index, this.length)]!);
  }
}

/** Data sets one after the other. Source: torch.utils.data.ConcatDataset. */
export class ConcatDataset<T> extends Dataset<T> {
  readonly datasets: readonly Dataset<T>[];

  constructor(datasets: Iterable<Dataset<T>>) {
    super();
    this.datasets = [...iterableOf('ConcatDataset()', datasets)];
    if (this.datasets.length === 0) throw new ValueError('datasets should not be an empty iterable');
  }

  /** The length up to and with each data set. */
  get cumulativeSizes(): number[] {
    let sum = 0;
    return this.datasets.map(({ length }) => {
      sum += length;
      return sum;
    });
  }
  get length(): number {
    return this.cumulativeSizes.at(-1)!;
  }
  get(index: number): T | Promise<T> {
    const ends = this.cumulativeSizes;
    const at = checkedIndex('ConcatDataset', index, ends.at(-1)!);
    const which = ends.findIndex((end) => at < end);
    return this.datasets[which]!.get(at - (which > 0 ? ends[which - 1]! : 0));
  }
}

/**
 * Splits a data set at random.
 *
 * @param lengths How many samples in each part, or fractions that add up to 1.
 * @throws ValueError where they do not add up. Source: torch.utils.data.random_split.
 */
export function randomSplit<T>(
  dataset: Dataset<T>,
  lengths: readonly number[],
  options?: Generator | null | { generator?: Generator | null },
): Subset<T>[];
export function randomSplit<T>(options: {
  dataset: Dataset<T>;
  lengths: readonly number[];
  generator?: Generator | null;
}): Subset<T>[];
export function randomSplit<T>(...args: unknown[]): Subset<T>[] {
  type Rest = { lengths: readonly number[]; generator: Generator | null };
  const [first, ...rest] = firstByKeyword('dataset', args);
  const { lengths, generator = null } = bindArguments<Rest>('randomSplit', rest, ['lengths', 'generator']);
  const dataset = first as Dataset<T>;
  if (typeof (dataset as Dataset<T> | null | undefined)?.length !== 'number')
    throw new ArgumentError('randomSplit() expects a data set with a length and get(index)');
  if (!Array.isArray(lengths) || !lengths.every((length) => typeof length === 'number'))
    throw new ArgumentError('randomSplit() expects an array of lengths or of fractions');
  return split(dataset, lengths as readonly number[], generator);
}

function split<T>(dataset: Dataset<T>, lengths: readonly number[], generator: Generator | null): Subset<T>[] {
  const total = lengths.reduce((a, b) => a + b, 0);
  let counts = lengths;
  if (Math.abs(total - 1) <= 1e-9 && total <= 1) {
    const floors = lengths.map((fraction, i) => {
      if (!(fraction >= 0 && fraction <= 1))
        throw new ValueError(`Fraction at index ${i} is not between 0 and 1`);
      return Math.floor(dataset.length * fraction);
    });
    const rest = dataset.length - floors.reduce((a, b) => a + b, 0);
    for (let i = 0; i < rest; i++) floors[i % floors.length]!++;
    counts = floors;
    counts.forEach((count, i) => {
      if (count === 0)
        process.emitWarning(`Length of split at index ${i} is 0. This might result in an empty dataset.`);
    });
  }
  const sum = counts.reduce((a, b) => a + b, 0);
  if (sum !== dataset.length)
    throw new ValueError(
      `Sum of input lengths does not equal the length of the input dataset! (${sum}, the data set has ${dataset.length})`,
    );
  const order = drawPermutation(sum, generator);
  let offset = 0;
  return counts.map((count) => {
    offset += count;
    return new Subset(dataset, order.slice(offset - count, offset));
  });
}
