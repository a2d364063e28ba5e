/** DataLoader: batches of a data set, in an order, in the background. */
import type { MemoryFormat } from '../../bindings.js';
import { isAvailable } from '../../cuda/index.js';
import { ArgumentError, ValueError } from '../../errors.js';
import { Generator } from '../../random/generator.js';
import { bindArguments, firstByKeyword } from '../arguments.js';
import { type Collated, defaultCollate, defaultConvert } from './collate.js';
import type { Dataset } from './dataset.js';
import { datasetOf, type Indices, makeFetcher, mapTensors } from './fetch.js';
import { checkTimeout, LoaderIterator } from './loader-iterator.js';
import { drawSeed } from './random.js';
import {
  BatchSampler,
  RandomSampler,
  SequentialSampler,
  type Sized,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './sampler.js';
import { WorkerStream } from './worker-stream.js';

export interface DataLoaderOptions<T, B> {
  /** Samples in a batch; null gives single samples. Default: 1. */
  batchSize?: number | null;
  /** A new order for each pass. Default: false. */
  shuffle?: boolean | null;
  /** The order of indices. Not together with `shuffle`. */
  sampler?: Iterable<number> | null;
  /** Lists of indices. Not together with `batchSize`, `shuffle`, `sampler` and `dropLast`. */
  batchSampler?: Iterable<number[]> | null;
  /** See {@link DataLoader}. Default: 0. */
  numWorkers?: number;
  /** Samples to a batch. Default: `defaultCollate`. */
  collateFn?: ((samples: T[]) => B | Promise<B>) | null;
  /** Batches in page-locked memory, where there is a CUDA device. Default: false. */
  pinMemory?: boolean;
  /** Leave out an incomplete last batch. Default: false. */
  dropLast?: boolean;
  /** Seconds to wait for a batch of a worker; 0 for no limit. Default: 0. */
  timeout?: number;
  /** Called for each worker, with its random numbers, before it starts. */
  workerInitFn?: ((workerId: number) => void) | null;
  /** Must be null: workers are no processes here. */
  multiprocessingContext?: null;
  /** Gives the order of `shuffle` and the workers' seed. Default: the default generator. */
  generator?: Generator | null;
  /** Batches under way for each worker. Default: 2. Only with workers. */
  prefetchFactor?: number | null;
  /** Workers go on with their random numbers in the next pass. Default: false. */
  persistentWorkers?: boolean;
  /** Taken and not used, as in PyTorch. */
  pinMemoryDevice?: string;
  /** Batches come in order in any case. Default: true. */
  inOrder?: boolean;
  /** How 4-dimensional batches lie in memory; only torchts has this. Default: null, row-major. */
  memoryFormat?: MemoryFormat | null;
}

type Options = DataLoaderOptions<unknown, unknown>;

const positional = [
  'batchSize',
  'shuffle',
  'sampler',
  'batchSampler',
  'numWorkers',
  'collateFn',
  'pinMemory',
  'dropLast',
  'timeout',
  'workerInitFn',
  'multiprocessingContext',
  'generator',
] as const;
const keywordOnly = [
  'prefetchFactor',
  'persistentWorkers',
  'pinMemoryDevice',
  'inOrder',
  'memoryFormat',
] as const;

/** Batches that are made ready ahead by a loader without workers, where order and values allow it. */
const aheadWithoutWorkers = 2;

function checkOptions(options: Options): void {
  const { numWorkers = 0, timeout = 0, prefetchFactor = null, generator = null } = options;
  if (!Number.isInteger(numWorkers) || numWorkers < 0)
    throw new ValueError(
      'num_workers option should be non-negative; use numWorkers: 0 to load without workers.',
    );
  if (!(timeout >= 0)) throw new ValueError('timeout option should be non-negative');
  if (numWorkers === 0 && prefetchFactor !== null)
    throw new ValueError(
      'prefetch_factor option could only be specified with workers: let numWorkers > 0, otherwise leave prefetchFactor out.',
    );
  if (prefetchFactor !== null && (!Number.isInteger(prefetchFactor) || prefetchFactor < 0))
    throw new ValueError('prefetch_factor option should be non-negative');
  if (options.persistentWorkers && numWorkers === 0)
    throw new ValueError('persistent_workers option needs num_workers > 0');
  if (options.multiprocessingContext != null)
    throw new ValueError('multiprocessingContext must be null: workers are no processes in torchts');
  if (generator !== null && !(generator instanceof Generator))
    throw new ArgumentError(`generator should be a torch.Generator, got ${typeof generator}`);
  if (options.collateFn != null && typeof options.collateFn !== 'function')
    throw new ArgumentError(`collateFn should be a function, got ${typeof options.collateFn}`);
  checkExclusive(options);
}

function checkExclusive({ sampler, shuffle, batchSampler, batchSize, dropLast }: Options): void {
  if (sampler != null && shuffle) throw new ValueError('sampler option is mutually exclusive with shuffle');
  const otherBatches = (batchSize !== undefined && batchSize !== 1) || shuffle || sampler != null || dropLast;
  if (batchSampler != null && otherBatches)
    throw new ValueError(
      'batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last',
    );
  if (batchSampler == null && batchSize === null && dropLast)
    throw new ValueError(
      'batch_size=null option disables auto-batching and is mutually exclusive with drop_last',
    );
}

/** Whether drawing indices early can be noticed: all at once, or from a generator that nobody else sees. */
function drawsApart(sampler: unknown): boolean {
  const known = Object.getPrototypeOf(sampler as object) as unknown;
  if (known === SequentialSampler.prototype) return true;
  const own = (sampler as { generator?: unknown }).generator === null;
  return (
    own &&
    (known === RandomSampler.prototype ||
      known === SubsetRandomSampler.prototype ||
      known === WeightedRandomSampler.prototype)
  );
}

/**
 * Gives the batches of a data set: `for await (const [inputs, labels] of loader)`.
 *
 * The order and every random number equal Python's for the same seed. Images of the library's own
 * data sets with a chain of built-in transforms are made into batches on native threads, and ahead of
 * time where nothing random can be noticed; anything else goes through `dataset.get` and `collateFn`.
 *
 * Workers are no processes here: `numWorkers` sets how many streams of random numbers the samples are
 * drawn with (seeded as Python seeds its workers) and, times `prefetchFactor`, how many batches are
 * under way. A data set whose `get` is asynchronous draws from its worker's stream until its first
 * `await` only. Source: torch.utils.data.DataLoader.
 *
 * @throws ValueError for options that exclude each other.
 */
export class DataLoader<T, B = Collated<T>> implements AsyncIterable<B> {
  readonly dataset: Dataset<T>;
  readonly batchSize: number | null;
  readonly sampler: Iterable<number>;
  readonly batchSampler: Iterable<number[]> | null;
  readonly numWorkers: number;
  readonly prefetchFactor: number | null;
  readonly collateFn: (samples: T[]) => B | Promise<B>;
  readonly pinMemory: boolean;
  readonly dropLast: boolean;
  readonly timeout: number;
  readonly generator: Generator | null;
  readonly persistentWorkers: boolean;
  readonly memoryFormat: MemoryFormat | null;
  private readonly workerInitFn: ((workerId: number) => void) | null;
  private streams: WorkerStream[] | null = null;

  constructor(dataset: Dataset<T> | readonly T[], options?: DataLoaderOptions<T, B>);
  constructor(options: { dataset: Dataset<T> | readonly T[] } & DataLoaderOptions<T, B>);
  constructor(
    dataset: Dataset<T> | readonly T[],
    batchSize: number | null,
    options?: DataLoaderOptions<T, B>,
  );
  constructor(
    dataset: Dataset<T> | readonly T[],
    batchSize: number | null,
    shuffle: boolean | null,
    options?: DataLoaderOptions<T, B>,
  );
  constructor(...given: unknown[]) {
    const [dataset, ...args] = firstByKeyword('dataset', given);
    const options = bindArguments<Options>('DataLoader', args, positional, keywordOnly);
    const source = datasetOf(dataset);
    if (typeof source?.get !== 'function' || typeof source.length !== 'number')
      throw new ArgumentError(
        'DataLoader: the data set needs a length and get(index); extend utils.data.Dataset',
      );
    checkOptions(options);
    this.dataset = source as Dataset<T>;
    this.numWorkers = options.numWorkers ?? 0;
    this.prefetchFactor = options.prefetchFactor ?? (this.numWorkers > 0 ? 2 : null);
    this.pinMemory = options.pinMemory ?? false;
    this.timeout = options.timeout ?? 0;
    this.generator = options.generator ?? null;
    this.persistentWorkers = options.persistentWorkers ?? false;
    this.memoryFormat = options.memoryFormat ?? null;
    this.workerInitFn = options.workerInitFn ?? null;
    this.dropLast = options.dropLast ?? false;
    this.batchSize = options.batchSampler ? null : options.batchSize === undefined ? 1 : options.batchSize;
    this.sampler =
      options.sampler ??
      (options.shuffle
        ? new RandomSampler(this.dataset, { generator: this.generator })
        : new SequentialSampler(this.dataset));
    this.batchSampler =
      options.batchSampler ??
      (this.batchSize === null ? null : new BatchSampler(this.sampler, this.batchSize, this.dropLast));
    const collate = options.collateFn ?? (this.batchSampler ? defaultCollate : defaultConvert);
    this.collateFn = collate as (samples: T[]) => B | Promise<B>;
  }

  /** How many batches a pass has. */
  get length(): number {
    const { length } = (this.batchSampler ?? this.sampler) as unknown as Partial<Sized>;
    if (typeof length !== 'number')
      throw new ArgumentError(
        'the sampler of this DataLoader has no length, so its number of batches is not known',
      );
    return length;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<B> {
    checkTimeout(this.timeout, this.numWorkers);
    const workers = this.numWorkers > 0;
    const indices = this.indexIterator();
    const streams = workers ? this.workerStreams() : [];
    // Python draws the workers' seed even where there are none.
    if (!workers) drawSeed(this.generator);
    return new LoaderIterator<B>({
      indices,
      fetcher: makeFetcher({
        dataset: this.dataset,
        collate: this.collateFn as (samples: never) => unknown,
        batched: this.batchSampler !== null,
        memoryFormat: this.memoryFormat,
      }),
      streams,
      ahead: workers ? this.numWorkers * this.prefetchFactor! : aheadWithoutWorkers,
      eager: workers || this.canDrawEarly(),
      timeout: this.timeout,
      finish: this.finisher(),
    });
  }

  /** The first batch of a new pass. @throws ValueError for an empty data set. */
  async first(): Promise<B> {
    const pass = this[Symbol.asyncIterator]();
    const { done, value } = await pass.next();
    await pass.return?.();
    if (done) throw new ValueError('the DataLoader has no batch: its data set or sampler is empty');
    return value as B;
  }

  private indexIterator(): Iterator<Indices> {
    return (this.batchSampler ?? this.sampler)[Symbol.iterator]() as Iterator<Indices>;
  }

  private canDrawEarly(): boolean {
    const { batchSampler } = this;
    if (batchSampler === null) return drawsApart(this.sampler);
    return (
      Object.getPrototypeOf(batchSampler) === BatchSampler.prototype &&
      drawsApart((batchSampler as BatchSampler).sampler)
    );
  }

  /** The workers' random numbers, seeded as Python seeds its processes. */
  private workerStreams(): WorkerStream[] {
    if (this.persistentWorkers && this.streams) return this.streams;
    const seed = drawSeed(this.generator);
    const streams = Array.from({ length: this.numWorkers }, (_, id) => {
      const stream = new WorkerStream({
        id,
        numWorkers: this.numWorkers,
        seed: seed + BigInt(id),
        dataset: this.dataset,
      });
      if (this.workerInitFn) stream.run(() => this.workerInitFn!(id));
      return stream;
    });
    if (this.persistentWorkers) this.streams = streams;
    return streams;
  }

  private finisher(): (batch: unknown) => unknown {
    if (!this.pinMemory) return (batch) => batch;
    if (!isAvailable()) {
      process.emitWarning(
        "'pinMemory' is set but no CUDA device is found, then pinned memory won't be used.",
      );
      return (batch) => batch;
    }
    return (batch) => mapTensors(batch, (t) => (t.isCuda ? t : t.pinMemory()));
  }
}
