import { ArgumentError, ValueError } from '../../errors.js';
import type { HistogramValue } from './messages.js';

/** How values are put into buckets: TensorBoard's own edges, a number of equal buckets, or edges. */
export type HistogramBins = 'tensorflow' | number | readonly number[];

let tensorflowEdges: readonly number[] | undefined;

/** Edges that grow by a tenth from 1e-12 to 1e20, on both sides of zero. */
function defaultEdges(): readonly number[] {
  if (tensorflowEdges === undefined) {
    const positive: number[] = [];
    for (let edge = 1e-12; edge < 1e20; edge *= 1.1) positive.push(edge);
    tensorflowEdges = [...positive.map((edge) => -edge).reverse(), 0, ...positive];
  }
  return tensorflowEdges;
}

function equalEdges(min: number, max: number, count: number): number[] {
  const [low, high] = min === max ? [min - 0.5, max + 0.5] : [min, max];
  return Array.from({ length: count + 1 }, (_, i) => (i === count ? high : low + ((high - low) * i) / count));
}

function edgesOf(bins: HistogramBins, min: number, max: number): readonly number[] {
  if (bins === 'tensorflow') return defaultEdges();
  if (typeof bins === 'number') {
    if (!Number.isInteger(bins) || bins < 1) {
      throw new ValueError(`bins must be a whole number ≥ 1, got ${bins}`);
    }
    return equalEdges(min, max, bins);
  }
  if (!Array.isArray(bins)) {
    throw new ArgumentError(`bins must be 'tensorflow', a number or an array of edges, got ${String(bins)}`);
  }
  if (bins.length < 2 || bins.some((edge, i) => i > 0 && !(edge >= bins[i - 1]!))) {
    throw new ValueError('bins as edges must be at least two numbers that do not fall');
  }
  return bins;
}

/** Index of the bucket that holds `value`, or -1; the last bucket includes its right edge. */
function bucketOf(edges: readonly number[], value: number): number {
  const last = edges.length - 1;
  if (!(value >= edges[0]! && value <= edges[last]!)) return -1;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (value >= edges[middle]!) low = middle;
    else high = middle;
  }
  return low;
}

/** Joins neighbouring buckets until about `maxBins` are left. */
function coarser(counts: readonly number[], edges: readonly number[], maxBins: number) {
  const every = Math.floor(counts.length / maxBins);
  if (every <= 1) return { counts, edges };
  const joined: number[] = [];
  const kept: number[] = [];
  for (let i = 0; i < counts.length; i += every) {
    kept.push(edges[i]!);
    joined.push(counts.slice(i, i + every).reduce((sum, count) => sum + count, 0));
  }
  return { counts: joined, edges: [...kept, edges[edges.length - 1]!] };
}

/**
 * Counts values into the buckets of a TensorBoard histogram. Empty buckets at both ends are left out,
 * but for one at the left: TensorBoard stores right edges only, and so learns where the first one begins.
 *
 * @throws ValueError for no values, values that are not finite, or none within the edges
 */
export function makeHistogram(
  values: ArrayLike<number | bigint>,
  bins: HistogramBins = 'tensorflow',
  maxBins?: number | null,
): HistogramValue {
  const { length } = values;
  if (length === 0) throw new ValueError('a histogram needs at least one value, got none');
  let [min, max, sum, sumSquares] = [Infinity, -Infinity, 0, 0];
  for (let i = 0; i < length; i++) {
    const value = Number(values[i]);
    if (!Number.isFinite(value)) {
      throw new ValueError(`a histogram needs finite values, got ${value} at index ${i} of ${length}`);
    }
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    sumSquares += value * value;
  }
  if (maxBins !== undefined && maxBins !== null && !(Number.isInteger(maxBins) && maxBins >= 1)) {
    throw new ValueError(`maxBins must be a whole number ≥ 1, got ${maxBins}`);
  }
  const allEdges = edgesOf(bins, min, max);
  const allCounts = new Array<number>(allEdges.length - 1).fill(0);
  for (let i = 0; i < length; i++) {
    const bucket = bucketOf(allEdges, Number(values[i]));
    if (bucket >= 0) allCounts[bucket]!++;
  }
  const { counts, edges } = coarser(allCounts, allEdges, maxBins ?? Infinity);
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) throw new ValueError('no value lies within the edges of the histogram; give wider bins');
  let end = counts.length;
  while (counts[end - 1] === 0) end--;
  return {
    min,
    max,
    num: length,
    sum,
    sumSquares,
    bucketLimit: edges.slice(first, end + 1),
    bucket: [0, ...counts.slice(first, end)],
  };
}
