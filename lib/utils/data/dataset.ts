/**
 * A data set: so many samples, each by its number (`torch.utils.data.Dataset`).
 *
 * A subclass gives `length` and `get(index)`; `get` may return a Promise where samples come from the disk.
 */
export abstract class Dataset<T = unknown> {
  /** How many samples there are (Python's `len(dataset)`). */
  abstract get length(): number;

  /** The sample of a number from 0 to `length - 1` (Python's `dataset[index]`). */
  abstract get(index: number): T | Promise<T>;
}
