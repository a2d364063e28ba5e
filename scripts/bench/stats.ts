/** Figures of series of measurements. */
import type { Summary } from './types.js';

/** The value at a share of the sorted series (0 the least, 1 the greatest), between two by their distance. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('quantile() of an empty series');
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const below = Math.floor(position);
  const rest = position - below;
  const low = sorted[below]!;
  return rest === 0 ? low : low + rest * (sorted[below + 1]! - low);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** @throws RangeError for an empty series */
export function mean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('mean() of an empty series');
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** @throws RangeError for an empty series or a value that is not positive */
export function geometricMean(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('geometricMean() of an empty series');
  // A single value as it is, without what logarithm and exponential round.
  if (values.length === 1 && values[0]! > 0) return values[0]!;
  let sum = 0;
  for (const value of values) {
    if (!(value > 0)) throw new RangeError(`geometricMean() of ${value}: expected positive numbers`);
    sum += Math.log(value);
  }
  return Math.exp(sum / values.length);
}

/** Median and quartiles. */
export function summarize(values: readonly number[]): Summary {
  return {
    median: median(values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    values: [...values],
  };
}

/**
 * The ratios of values of the same round. Two processes that ran one after the other saw the same
 * machine; a machine that slows down for a while changes a round, not the ratio within it.
 */
export function pairedRatios(ours: readonly number[], theirs: readonly number[]): Summary {
  if (ours.length !== theirs.length)
    throw new RangeError(`pairedRatios() of ${ours.length} and ${theirs.length} values`);
  return summarize(ours.map((value, round) => value / theirs[round]!));
}
