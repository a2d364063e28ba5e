/**
 * Exponential moving average, corrected for its start (so that it begins at the first value and not at
 * zero). Values that are not finite do not take part; at their place the result is NaN.
 *
 * @param factor weight of the past, 0 (no smoothing) up to but not including 1
 */
export function smooth(values: ArrayLike<number>, factor: number): number[] {
  let average = 0;
  let weight = 0;
  return Array.from(values, (value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    average = factor * average + (1 - factor) * value;
    weight = factor * weight + (1 - factor);
    return average / weight;
  });
}

/** A factor that follows the shape of a curve of `count` values: the memory is about 4 % of it. */
export function defaultFactor(count: number): number {
  const span = Math.min(Math.max(count / 25, 5), 200);
  return Math.round((1 - 2 / (span + 1)) * 1000) / 1000;
}
