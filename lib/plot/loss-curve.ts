import { ArgumentError, ValueError } from '../errors.js';
import { drawChart } from './chart.js';
import { checkedExtension, writeWithParents } from './files.js';
import { defaultFactor, smooth } from './smooth.js';
import { svgToPng } from './svg.js';

/** A loss on the validation set, after so many training steps. */
export interface ValidationPoint {
  /** Training steps done when it was measured (1 is after the first step). */
  step: number;
  loss: number;
}

/** What {@link lossCurve} draws. */
export interface LossCurveOptions {
  /** One training loss for each step; the first is drawn at step 1. Values that are not finite become gaps. */
  losses: ArrayLike<number>;
  /** The picture's file: `.png` or `.svg`. Folders above it are made. */
  file: string;
  /** Whether a moving average is drawn over the losses, which then stand back; default `true`. */
  smoothed?: boolean;
  /** Weight of the past in the average, from 0 up to but not including 1; default by the number of losses. */
  smoothing?: number;
  /** Default `'Training loss'`. */
  title?: string;
  /** Default `'Step'`. */
  xLabel?: string;
  /** Default `'Loss'`. */
  yLabel?: string;
  /**
   * Losses on the validation set: points, or numbers only, of which each belongs to the end of an
   * epoch (`epochs` is then needed; without it they are spread evenly over the steps).
   */
  validation?: readonly ValidationPoint[] | readonly number[];
  /** Where epochs end, marked by vertical lines: the number of equally long epochs, or the step each ended at. */
  epochs?: number | readonly number[];
  /** `'log'` for a logarithmic loss axis; values that are not positive become gaps. Default `'linear'`. */
  yScale?: 'linear' | 'log';
  /** Size in units of the picture; default 960 × 540. */
  width?: number;
  height?: number;
  /** Pixels of a PNG for each unit; default 2, which is sharp on today's screens. */
  pixelRatio?: number;
}

function checkNumbers(values: unknown, name: string): number[] {
  const arrayLike = Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
  if (!arrayLike) {
    throw new ArgumentError(`lossCurve: ${name} must be an array of numbers, got ${typeof values}`);
  }
  return Array.from(values as ArrayLike<unknown>, (value, i) => {
    if (typeof value !== 'number') {
      const item = typeof value === 'object' ? '; use loss.item() to get a number out of a tensor' : '';
      throw new ArgumentError(`lossCurve: ${name}[${i}] must be a number, got ${typeof value}${item}`);
    }
    return value;
  });
}

function checkSize(value: number, name: string, least: number, most: number): number {
  if (!(value >= least && value <= most)) {
    throw new ValueError(`lossCurve: ${name} must be from ${least} to ${most}, got ${value}`);
  }
  return value;
}

/** The steps at which epochs end. */
function epochEnds(epochs: LossCurveOptions['epochs'], steps: number): number[] {
  if (epochs === undefined) return [];
  if (typeof epochs !== 'number') return checkNumbers(epochs, 'epochs');
  if (!Number.isInteger(epochs) || epochs < 1) {
    throw new ValueError(
      `lossCurve: epochs must be a whole number ≥ 1 or a list of steps, got ${String(epochs)}`,
    );
  }
  return Array.from({ length: epochs }, (_, i) => ((i + 1) * steps) / epochs);
}

function validationPoints(
  validation: NonNullable<LossCurveOptions['validation']>,
  ends: readonly number[],
  steps: number,
): ValidationPoint[] {
  if (!Array.isArray(validation)) {
    throw new ArgumentError(`lossCurve: validation must be an array, got ${typeof validation}`);
  }
  const points = validation as readonly (ValidationPoint | number)[];
  return points.map((point, i) => {
    if (typeof point === 'number') {
      const step = ends.length > 0 ? ends[i] : ((i + 1) * steps) / points.length;
      if (step === undefined) {
        throw new ValueError(
          `lossCurve: ${points.length} validation losses but ${ends.length} epochs; give points { step, loss }`,
        );
      }
      return { step, loss: point };
    }
    if (typeof point?.step !== 'number' || typeof point.loss !== 'number') {
      throw new ArgumentError(`lossCurve: validation[${i}] must be a number or { step, loss }`);
    }
    return point;
  });
}

/**
 * Draws the curve of a training run's loss with axes, title and legend, and writes it as PNG or SVG.
 *
 * @returns the file name, as given
 * @throws ValueError for an empty list, an unknown extension or a number out of range
 * @throws ArgumentError for values that are no numbers
 * @throws TorchError (`ERR_FILE`) for a path that cannot be written
 * @example
 * await lossCurve({ losses, epochs: 10, title: 'ResNet-18 on CIFAR-10', file: 'runs/loss.png' });
 */
export async function lossCurve(options: LossCurveOptions): Promise<string> {
  const extension = checkedExtension(options.file, ['png', 'svg'] as const);
  const losses = checkNumbers(options.losses, 'losses');
  if (losses.length === 0) {
    throw new ValueError('lossCurve: losses is empty; there is nothing to draw before the first step');
  }
  const { smoothing = defaultFactor(losses.length) } = options;
  if (!(smoothing >= 0 && smoothing < 1)) {
    throw new ValueError(`lossCurve: smoothing must be at least 0 and less than 1, got ${smoothing}`);
  }
  const log = options.yScale === 'log';
  const drawable = (value: number): boolean => Number.isFinite(value) && (!log || value > 0);
  const visible = losses.map((value) => (drawable(value) ? value : Number.NaN));
  const ends = epochEnds(options.epochs, losses.length);
  const validation = validationPoints(options.validation ?? [], ends, losses.length);
  const missing = losses.length - visible.filter((value) => !Number.isNaN(value)).length;
  const kind = `${missing === 1 ? 'is' : 'are'} not ${log ? 'finite and positive' : 'finite'}`;
  const svg = await drawChart({
    losses: visible,
    average: (options.smoothed ?? true) && losses.length > 2 ? smooth(visible, smoothing) : null,
    averageName: `Moving average (EMA, ${smoothing})`,
    validation: validation.filter((point) => drawable(point.loss)),
    epochEnds: ends,
    title: options.title ?? 'Training loss',
    note: missing === 0 ? '' : `${missing} of ${losses.length} losses ${kind} (drawn as gaps)`,
    xLabel: options.xLabel ?? 'Step',
    yLabel: options.yLabel ?? 'Loss',
    log,
    width: checkSize(options.width ?? 960, 'width', 200, 8000),
    height: checkSize(options.height ?? 540, 'height', 150, 8000),
  });
  const ratio = checkSize(options.pixelRatio ?? 2, 'pixelRatio', 0.25, 8);
  await writeWithParents(options.file, extension === 'svg' ? svg : await svgToPng(svg, ratio));
  return options.file;
}
