/** Metrics: numbers over many batches, kept without graphs and weighted by the batches' sizes. */
import { noGrad } from '../autograd/index.js';
import { ArgumentError, ShapeError, ValueError } from '../errors.js';
import { Tensor } from '../tensor/index.js';

/** Something measured over batches. */
export interface Metric<Output = Tensor, Value = number> {
  /** Forgets everything. */
  reset(): void;
  /** Takes in a batch; `output` carries no graph. */
  update(output: Output, labels: Tensor, samples: number): void;
  /** The value of everything since `reset`. */
  compute(): Value;
  /** What a checkpoint inside an epoch keeps. */
  stateDict?(): Record<string, unknown>;
  loadStateDict?(state: Record<string, unknown>): void;
}

/** A value of one batch; its mean over the batches is weighted by their sizes. */
export type MetricFunction<Output = Tensor> = (output: Output, labels: Tensor) => number | Tensor;

/** Metrics by the names they are reported under. */
export type MetricSet<Output> = Record<string, Metric<Output, unknown> | MetricFunction<Output>>;

/** The values of a set of metrics. */
export type MetricValues<M> = {
  [Name in keyof M]: M[Name] extends Metric<never, infer Value>
    ? Value
    : M[Name] extends MetricFunction<never>
      ? number
      : unknown;
};

/** A mean weighted by sizes; the running loss, and what a metric function becomes. */
export class WeightedMean<Output = unknown> implements Metric<Output, number> {
  private sum = 0;
  private weight = 0;

  constructor(private readonly measure?: MetricFunction<Output>) {}

  reset(): void {
    this.sum = 0;
    this.weight = 0;
  }

  update(output: Output, labels: Tensor, samples: number): void {
    const value = this.measure!(output, labels);
    this.add(value instanceof Tensor ? Number(value.item()) : value, samples);
  }

  /** Takes in a value that stands for `samples` samples. */
  add(value: number, samples: number): void {
    if (typeof value !== 'number')
      throw new ArgumentError(
        `a metric function must give a number or a tensor of one element, got ${typeof value}`,
      );
    this.sum += value * samples;
    this.weight += samples;
  }

  /** NaN where nothing came. */
  compute(): number {
    return this.weight === 0 ? Number.NaN : this.sum / this.weight;
  }

  stateDict(): Record<string, unknown> {
    return { sum: this.sum, weight: this.weight };
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.sum = Number(state.sum);
    this.weight = Number(state.weight);
  }
}

/** Options of {@link accuracy}. */
export interface AccuracyOptions {
  /** Right where the label is among the `topk` highest scores. Default: 1. */
  topk?: number;
  /** Labels that do not count. Default: none. */
  ignoreIndex?: number;
}

/** Class numbers of labels; those given as scores or probabilities are reduced to the highest. */
function classesOf(output: Tensor, labels: Tensor, metric: string): Tensor {
  if (output.dim() < 2)
    throw new ShapeError(
      `${metric}: expected scores of shape (N, classes, …), got (${output.shape.join(', ')}); give a metric function of your own for other outputs`,
    );
  const classes = labels.dim() === output.dim() ? labels.argmax(1) : labels;
  const [n, , ...rest] = output.shape;
  if (classes.shape.join() !== [n, ...rest].join())
    throw new ShapeError(
      `${metric}: scores of shape (${output.shape.join(', ')}) need labels of shape (${[n, ...rest].join(', ')}), got (${labels.shape.join(', ')})`,
    );
  return classes;
}

class Accuracy implements Metric<Tensor, number> {
  /** Right ones; a tensor where the labels are, so that no batch waits for the device. */
  private right: Tensor | null = null;
  private counted: Tensor | null = null;
  private before = { right: 0, counted: 0 };

  constructor(private readonly options: Required<Pick<AccuracyOptions, 'topk'>> & AccuracyOptions) {}

  reset(): void {
    this.right = null;
    this.counted = null;
    this.before = { right: 0, counted: 0 };
  }

  update(output: Tensor, labels: Tensor): void {
    const { topk, ignoreIndex } = this.options;
    const classes = classesOf(output, labels, 'accuracy');
    if (topk > output.size(1))
      throw new ValueError(`accuracy: topk is ${topk}, but there are only ${output.size(1)} classes`);
    let hits =
      topk === 1
        ? output.argmax(1).eq(classes)
        : output.topk(topk, 1).indices.eq(classes.unsqueeze(1)).any(1);
    if (ignoreIndex === undefined) {
      this.before.counted += classes.numel();
    } else {
      const valid = classes.ne(ignoreIndex);
      hits = hits.logicalAnd(valid);
      const count = valid.sum();
      this.counted = this.counted === null ? count : this.counted.add(count);
    }
    const right = hits.sum();
    this.right = this.right === null ? right : this.right.add(right);
  }

  compute(): number {
    const { right, counted } = this.totals();
    return counted === 0 ? Number.NaN : right / counted;
  }

  private totals(): { right: number; counted: number } {
    return {
      right: this.before.right + Number(this.right?.item() ?? 0),
      counted: this.before.counted + Number(this.counted?.item() ?? 0),
    };
  }

  stateDict(): Record<string, unknown> {
    return this.totals();
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.reset();
    this.before = { right: Number(state.right), counted: Number(state.counted) };
  }
}

/** The share of samples (0 to 1) whose label has the highest score, or one of the `topk` highest. */
export function accuracy(options: AccuracyOptions = {}): Metric<Tensor, number> {
  const { topk = 1 } = options;
  if (!Number.isInteger(topk) || topk < 1)
    throw new ValueError(`accuracy: topk must be a whole number from 1, got ${topk}`);
  return new Accuracy({ ...options, topk });
}

class ConfusionMatrix implements Metric<Tensor, number[][]> {
  private counts: Tensor | null = null;

  constructor(private readonly classes: number) {}

  reset(): void {
    this.counts = null;
  }

  update(output: Tensor, labels: Tensor): void {
    const { classes } = this;
    const truth = classesOf(output, labels, 'confusionMatrix');
    if (output.size(1) !== classes)
      throw new ShapeError(
        `confusionMatrix: made for ${classes} classes, but the output has ${output.size(1)} scores`,
      );
    const cells = truth.mul(classes).add(output.argmax(1)).flatten();
    const counts = cells.bincount(null, classes * classes);
    if (counts.numel() !== classes * classes)
      throw new ValueError(`confusionMatrix: a label is outside 0 … ${classes - 1}`);
    this.counts = this.counts === null ? counts : this.counts.add(counts);
  }

  compute(): number[][] {
    const { classes } = this;
    const flat = this.counts === null ? new Array<number>(classes * classes).fill(0) : this.flat();
    return Array.from({ length: classes }, (_, row) => flat.slice(row * classes, (row + 1) * classes));
  }

  private flat(): number[] {
    return this.counts!.tolist() as number[];
  }

  stateDict(): Record<string, unknown> {
    return { counts: this.counts };
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.counts = (state.counts as Tensor | null) ?? null;
  }
}

/** How often each class (row) was taken for each class (column). */
export function confusionMatrix(numClasses: number): Metric<Tensor, number[][]> {
  if (!Number.isInteger(numClasses) || numClasses < 1)
    throw new ValueError(`confusionMatrix: numClasses must be a whole number from 1, got ${numClasses}`);
  return new ConfusionMatrix(numClasses);
}

/** The weighted mean of a function of each batch. */
export function mean<Output = Tensor>(measure: MetricFunction<Output>): Metric<Output, number> {
  if (typeof measure !== 'function')
    throw new ArgumentError(`metrics.mean expects a function of output and labels, got ${typeof measure}`);
  return new WeightedMean(measure);
}

/** @internal Runs a metric's update without recording history. */
export function updateMetric<Output>(
  metric: Metric<Output, unknown>,
  output: Output,
  labels: Tensor,
  samples: number,
): void {
  noGrad(() => metric.update(output, labels, samples));
}
