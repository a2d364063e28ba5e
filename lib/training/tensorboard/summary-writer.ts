import { hostname } from 'node:os';
import { join } from 'node:path';
import { ArgumentError, ValueError } from '../../errors.js';
import { named } from './arguments.js';
import { EventFile } from './event-file.js';
import { type HistogramBins, makeHistogram } from './histogram.js';
import { type HparamValue, hparamsSummaries } from './hparams.js';
import {
  type DataFormats,
  type ImageInput,
  imageValue,
  isTensorLike,
  type TensorLike,
} from './image-value.js';
import type { Step, SummaryValue } from './messages.js';
import type {
  EventOptions,
  HistogramOptions,
  HparamsOptions,
  ImageOptions,
  ScalarInput,
  ScalarOptions,
  SummaryWriterOptions,
} from './options.js';

const when = ['globalStep', 'walltime'] as const;

function scalarOf(value: ScalarInput, tag: string): number {
  const plain: unknown =
    value !== null && (typeof value === 'object' || typeof value === 'function') ? value.item?.() : value;
  if (typeof plain === 'number' || typeof plain === 'bigint' || typeof plain === 'boolean')
    return Number(plain);
  throw new ArgumentError(
    `the value of '${tag}' must be a number or a tensor of one element, got ${typeof plain}`,
  );
}

function stepOf(step: Step | undefined): Step {
  if (step === undefined || typeof step === 'bigint') return step ?? 0;
  if (typeof step !== 'number' || !Number.isFinite(step)) {
    throw new ValueError(`globalStep must be a finite number or a bigint, got ${String(step)}`);
  }
  return Math.trunc(step);
}

function defaultLogDir(comment: string): string {
  const now = new Date();
  const month = now.toLocaleString('en-US', { month: 'short' });
  const [day, ...time] = [now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return join('runs', `${month}${day}_${time.join('-')}_${hostname()}${comment}`);
}

/**
 * Writes event files that TensorBoard reads; mirrors `torch.utils.tensorboard.SummaryWriter`.
 *
 * The `add…` methods return at once: events are written in the background. `flush` and `close` wait for
 * that, and reject where it failed. Named arguments go into an object at the end.
 *
 * @example
 * const writer = new SummaryWriter('runs/resnet18');
 * writer.addScalar('loss/train', loss.item(), step);
 * await writer.close();
 */
export class SummaryWriter {
  readonly logDir: string;
  private readonly options: SummaryWriterOptions;
  private purgeStep: Step | undefined;
  /** The files of this run and, by folder, those of the single lines of `addScalars`; empty when closed. */
  private readonly files = new Map<string, EventFile>();
  /** Work under way that ends in an event or a file of its own. */
  private readonly pending = new Set<Promise<void>>();
  private failure: unknown;

  /**
   * @param logDir folder of the run, or all options
   * @throws TorchError (`ERR_FILE`) when it cannot be written
   * @throws ValueError for a `maxQueue` or `flushSecs` out of range
   */
  constructor(logDir?: string | SummaryWriterOptions | null, options: SummaryWriterOptions = {}) {
    const all =
      typeof logDir === 'object' && logDir !== null
        ? logDir
        : { ...options, logDir: logDir ?? options.logDir };
    const { maxQueue = 10, flushSecs = 120 } = all;
    if (!Number.isInteger(maxQueue) || maxQueue < 1) {
      throw new ValueError(`maxQueue must be a whole number ≥ 1, got ${maxQueue}`);
    }
    if (!(flushSecs > 0)) throw new ValueError(`flushSecs must be above 0, got ${flushSecs}`);
    this.options = { ...all, maxQueue, flushSecs };
    this.logDir = all.logDir || defaultLogDir(all.comment ?? '');
    this.purgeStep = all.purgeStep;
    this.file();
  }

  /** Folder of the run. */
  getLogdir(): string {
    return this.logDir;
  }

  /** Logs a number. `(tag, value, globalStep?, walltime?, newStyle?, doublePrecision?)` */
  addScalar(
    tag: string,
    scalarValue: ScalarInput,
    globalStep?: Step | ScalarOptions | null,
    walltime?: number | ScalarOptions | null,
    newStyle?: boolean | ScalarOptions | null,
    doublePrecision?: boolean | ScalarOptions | null,
  ): void {
    const options = named<ScalarOptions>(
      'addScalar',
      [...when, 'newStyle', 'doublePrecision'],
      [globalStep, walltime, newStyle, doublePrecision],
    );
    const value = scalarOf(scalarValue, tag);
    if (!options.newStyle) {
      this.add({ tag, scalar: value }, options);
      return;
    }
    const numbers = options.doublePrecision ? { doubles: [value] } : { floats: [value] };
    this.add({ tag, tensor: numbers, plugin: { name: 'scalars' } }, options);
  }

  /** Logs several numbers into one chart, each as a run of its own. `(mainTag, { name: value }, globalStep?, walltime?)` */
  addScalars(
    mainTag: string,
    tagScalarDict: Readonly<Record<string, ScalarInput>>,
    globalStep?: Step | EventOptions | null,
    walltime?: number | EventOptions | null,
  ): void {
    const options = named<EventOptions>('addScalars', when, [globalStep, walltime]);
    const time = options.walltime ?? Date.now() / 1000;
    for (const [tag, value] of Object.entries(tagScalarDict)) {
      const folder = `${this.logDir}/${mainTag.replaceAll('/', '_')}_${tag}`;
      const summary = { tag: mainTag, scalar: scalarOf(value, `${mainTag}/${tag}`) };
      this.add(summary, { ...options, walltime: time }, this.file(folder));
    }
  }

  /** Logs text, which TensorBoard shows as Markdown. `(tag, text, globalStep?, walltime?)` */
  addText(
    tag: string,
    textString: string,
    globalStep?: Step | EventOptions | null,
    walltime?: number | EventOptions | null,
  ): void {
    if (typeof textString !== 'string') {
      throw new ArgumentError(`addText: the text of '${tag}' must be a string, got ${typeof textString}`);
    }
    const tensor = { shape: [1], strings: [textString] };
    const options = named<EventOptions>('addText', when, [globalStep, walltime]);
    this.add({ tag: `${tag}/text_summary`, tensor, plugin: { name: 'text' } }, options);
  }

  /**
   * Logs the distribution of numbers or of a tensor's. `(tag, values, globalStep?, bins?, walltime?, maxBins?)`
   *
   * @throws ValueError for no values or values that are not finite
   */
  addHistogram(
    tag: string,
    values: ArrayLike<number | bigint> | TensorLike,
    globalStep?: Step | HistogramOptions | null,
    bins?: HistogramBins | HistogramOptions | null,
    walltime?: number | HistogramOptions | null,
    maxBins?: number | HistogramOptions | null,
  ): void {
    const options = named<HistogramOptions>(
      'addHistogram',
      ['globalStep', 'bins', 'walltime', 'maxBins'],
      [globalStep, bins, walltime, maxBins],
    );
    const numbers = isTensorLike(values) ? values.toTypedArray({ as: 'float32' }) : values;
    this.add({ tag, histogram: makeHistogram(numbers, options.bins, options.maxBins) }, options);
  }

  /**
   * Logs an image: pixels in memory, the bytes of a PNG file, or a tensor (uint8 as it is, other types
   * from 0 to 1). `(tag, image, globalStep?, walltime?, dataformats?)`
   *
   * @throws ArgumentError, ShapeError, ValueError for an image that is none
   */
  addImage(
    tag: string,
    image: ImageInput,
    globalStep?: Step | ImageOptions | null,
    walltime?: number | ImageOptions | null,
    dataformats?: DataFormats | ImageOptions | null,
  ): void {
    const given = named<ImageOptions>(
      'addImage',
      [...when, 'dataformats'],
      [globalStep, walltime, dataformats],
    );
    // The time of the call, not of the end of encoding.
    const options = {
      ...given,
      walltime: given.walltime ?? Date.now() / 1000,
      globalStep: stepOf(given.globalStep),
    };
    const result = imageValue(image, given.dataformats ?? 'CHW');
    if ('value' in result) this.add({ tag, image: result.value }, options);
    else this.later(result.pending.then((value) => this.add({ tag, image: value }, options)));
  }

  /**
   * Logs hyperparameters with the metrics they led to, as a run of its own for comparison.
   * The rest goes by name, as one of the arguments is an object itself.
   */
  addHparams(
    hparamDict: Readonly<Record<string, HparamValue>>,
    metricDict: Readonly<Record<string, ScalarInput>>,
    options: HparamsOptions = {},
  ): void {
    const { hparamDomainDiscrete = {}, globalStep } = named<HparamsOptions>(
      'addHparams',
      ['hparamDomainDiscrete', 'runName', 'globalStep'],
      [options],
    );
    const summaries = hparamsSummaries(hparamDict, Object.keys(metricDict), hparamDomainDiscrete);
    const scalars = Object.entries(metricDict).map(([tag, value]) => ({ tag, scalar: scalarOf(value, tag) }));
    const folder = join(this.logDir, options.runName || String(Date.now() / 1000));
    const file = new EventFile(folder, this.options);
    for (const summary of [...summaries, ...scalars]) this.add(summary, { globalStep }, file);
    this.later(file.close());
  }

  /**
   * Waits until everything logged so far is written.
   *
   * @throws TorchError (`ERR_FILE`) when it cannot be
   */
  async flush(): Promise<void> {
    await Promise.all(this.pending);
    await Promise.all(Array.from(this.files.values(), (file) => file.flush()));
    if (this.failure !== undefined) {
      const { failure } = this;
      this.failure = undefined;
      throw failure;
    }
  }

  /** Writes what is left and closes the files; what is logged later goes into new ones, as in Python. */
  async close(): Promise<void> {
    try {
      await this.flush();
    } finally {
      const files = [...this.files.values()];
      this.files.clear();
      await Promise.all(files.map((file) => file.close()));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private later(work: Promise<void>): void {
    const kept = work
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.pending.delete(kept));
    this.pending.add(kept);
  }

  private add(summary: SummaryValue, options: EventOptions, file = this.file()): void {
    if (typeof summary.tag !== 'string')
      throw new ArgumentError(`a tag must be a string, got ${typeof summary.tag}`);
    const { walltime = Date.now() / 1000, globalStep } = options;
    file.add({ wallTime: walltime, step: stepOf(globalStep), summary: [summary] });
  }

  private file(folder = this.logDir): EventFile {
    let file = this.files.get(folder);
    if (file === undefined) {
      file = new EventFile(folder, this.options);
      this.files.set(folder, file);
      if (folder === this.logDir && this.purgeStep !== undefined) {
        const start = { wallTime: Date.now() / 1000, step: stepOf(this.purgeStep) };
        file.add({ ...start, fileVersion: 'brain.Event:2' });
        file.add({ ...start, sessionStart: true });
        this.purgeStep = undefined;
      }
    }
    return file;
  }
}
