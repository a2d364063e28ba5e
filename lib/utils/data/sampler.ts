/** Samplers: the order in which a loader visits a data set. */
import { ArgumentError, ValueError } from '../../errors.js';
import { Generator } from '../../random/generator.js';
import { fromTypedArray } from '../../tensor/create.js';
import { iterableOf } from '../../tensor/keywords.js';
import { Tensor } from '../../tensor/tensor.js';
import { bindArguments, firstByKeyword, requireArguments } from '../arguments.js';
import { drawIntegers, drawPermutation, drawSeed, drawWeighted } from './random.js';

/** Anything with a number of samples: a data set, an array. */
export interface Sized {
  readonly length: number;
}

/**
 * Base class of samplers: iterates over indices (or over lists of them).
 * Source: torch.utils.data.Sampler.
 */
export abstract class Sampler<T = number> implements Iterable<T> {
  /** How many there are. */
  abstract get length(): number;
  abstract [Symbol.iterator](): Iterator<T>;
}

function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean')
    throw new ArgumentError(`${name} should be a boolean value, but got ${name}=${String(value)}`);
}

function checkCount(name: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) <= 0)
    throw new ValueError(`${name} should be a positive integer value, but got ${name}=${String(value)}`);
}

function checkGenerator(generator: Generator | null): void {
  if (generator !== null && !(generator instanceof Generator))
    throw new ArgumentError(`generator should be a torch.Generator, got ${typeof generator}`);
}

function checkSized(name: string, value: unknown): Sized {
  const length = (value as Partial<Sized> | null | undefined)?.length;
  if (typeof value !== 'string' && typeof length === 'number') return value as Sized;
  throw new ArgumentError(`${name} expects a data set or an array, something with a length`);
}

/** From the first to the last, always in the same order. Source: torch.utils.data.SequentialSampler. */
export class SequentialSampler extends Sampler {
  readonly dataSource: Sized;

  constructor(dataSource: Sized);
  constructor(options: { dataSource: Sized });
  constructor(...given: unknown[]) {
    super();
    const [source, ...rest] = firstByKeyword('dataSource', given);
    bindArguments('SequentialSampler', rest, []);
    this.dataSource = checkSized('SequentialSampler()', source);
  }
  get length(): number {
    return this.dataSource.length;
  }
  *[Symbol.iterator](): Iterator<number> {
    const { length } = this.dataSource;
    for (let i = 0; i < length; i++) yield i;
  }
}

export interface RandomSamplerOptions {
  /** Draw each index from all of them. Default: false. */
  replacement?: boolean;
  /** How many are drawn. Default: the length of the data set. */
  numSamples?: number | null;
  /** Default: one that is seeded from the default generator for each pass. */
  generator?: Generator | null;
}

/** A shuffled order, new for each pass. Source: torch.utils.data.RandomSampler. */
export class RandomSampler extends Sampler {
  readonly dataSource: Sized;
  readonly replacement: boolean;
  readonly generator: Generator | null;
  private readonly wanted: number | null;

  constructor(dataSource: Sized, options?: RandomSamplerOptions);
  constructor(options: { dataSource: Sized } & RandomSamplerOptions);
  constructor(
    dataSource: Sized,
    replacement: boolean,
    numSamples?: number | null,
    generator?: Generator | null,
  );
  constructor(...given: unknown[]) {
    super();
    const [source, ...args] = firstByKeyword('dataSource', given);
    this.dataSource = checkSized('RandomSampler()', source);
    const {
      replacement = false,
      numSamples = null,
      generator = null,
    } = bindArguments<RandomSamplerOptions>('RandomSampler', args, [
      'replacement',
      'numSamples',
      'generator',
    ]);
    checkBoolean('replacement', replacement);
    checkGenerator(generator);
    this.replacement = replacement;
    this.generator = generator;
    this.wanted = numSamples;
    checkCount('num_samples', this.numSamples);
  }

  get numSamples(): number {
    return this.wanted ?? this.dataSource.length;
  }
  get length(): number {
    return this.numSamples;
  }

  *[Symbol.iterator](): Iterator<number> {
    const n = this.dataSource.length;
    const generator = this.generator ?? new Generator().manualSeed(drawSeed());
    const { numSamples } = this;
    if (this.replacement) {
      // Python draws them in lots of 32.
      for (let lot = 0; lot < Math.floor(numSamples / 32); lot++) yield* drawIntegers(n, 32, generator);
      yield* drawIntegers(n, numSamples % 32, generator);
    } else {
      for (let pass = 0; pass < Math.floor(numSamples / n); pass++) yield* drawPermutation(n, generator);
      yield* drawPermutation(n, generator).slice(0, numSamples % n);
    }
  }
}

/** The given indices in a shuffled order. Source: torch.utils.data.SubsetRandomSampler. */
export class SubsetRandomSampler extends Sampler {
  readonly indices: readonly number[];
  readonly generator: Generator | null;

  constructor(indices: readonly number[], options?: { generator?: Generator | null });
  constructor(indices: readonly number[], generator?: Generator | null);
  constructor(options: { indices: readonly number[]; generator?: Generator | null });
  constructor(...given: unknown[]) {
    super();
    const [indices, ...args] = firstByKeyword('indices', given);
    this.indices = checkSized('SubsetRandomSampler()', indices) as readonly number[];
    this.generator =
      bindArguments<{ generator: Generator | null }>('SubsetRandomSampler', args, ['generator']).generator ??
      null;
    checkGenerator(this.generator);
  }
  get length(): number {
    return this.indices.length;
  }
  *[Symbol.iterator](): Iterator<number> {
    for (const i of drawPermutation(this.indices.length, this.generator)) yield this.indices[i]!;
  }
}

export interface WeightedRandomSamplerOptions {
  /** Default: true. */
  replacement?: boolean;
  generator?: Generator | null;
}

/** Indices drawn by weight. Source: torch.utils.data.WeightedRandomSampler. */
export class WeightedRandomSampler extends Sampler {
  /** float64, one weight for each index; they need not add up to 1. */
  readonly weights: Tensor;
  readonly numSamples: number;
  readonly replacement: boolean;
  readonly generator: Generator | null;

  constructor(
    weights: readonly number[] | Tensor,
    numSamples: number,
    options?: WeightedRandomSamplerOptions,
  );
  constructor(
    weights: readonly number[] | Tensor,
    numSamples: number,
    replacement?: boolean,
    generator?: Generator | null,
  );
  constructor(
    options: { weights: readonly number[] | Tensor; numSamples: number } & WeightedRandomSamplerOptions,
  );
  constructor(...given: unknown[]) {
    super();
    const [first, ...args] = firstByKeyword('weights', given);
    const weights = checkSized('WeightedRandomSampler()', first) as readonly number[] | Tensor;
    const bound = bindArguments<WeightedRandomSamplerOptions & { numSamples: number }>(
      'WeightedRandomSampler',
      args,
      ['numSamples', 'replacement', 'generator'],
    );
    requireArguments('WeightedRandomSampler', bound, ['numSamples']);
    const { numSamples, replacement = true, generator = null } = bound;
    checkCount('num_samples', numSamples);
    checkBoolean('replacement', replacement);
    checkGenerator(generator);
    this.weights =
      weights instanceof Tensor ? weights.to('float64') : fromTypedArray(Float64Array.from(weights));
    if (this.weights.dim() !== 1)
      throw new ValueError(
        `weights should be a 1d sequence but given weights have shape [${this.weights.shape.join(', ')}]`,
      );
    this.numSamples = numSamples!;
    this.replacement = replacement;
    this.generator = generator;
  }
  get length(): number {
    return this.numSamples;
  }
  *[Symbol.iterator](): Iterator<number> {
    yield* drawWeighted(this.weights, this.numSamples, this.replacement, this.generator);
  }
}

/**
 * Lists of indices from another sampler.
 *
 * @throws ValueError unless `batchSize` is a positive whole number. Source: torch.utils.data.BatchSampler.
 */
export class BatchSampler extends Sampler<number[]> {
  readonly sampler: Iterable<number>;
  readonly batchSize: number;
  readonly dropLast: boolean;

  constructor(sampler: Iterable<number>, batchSize: number, dropLast: boolean);
  constructor(sampler: Iterable<number>, options: { batchSize: number; dropLast: boolean });
  constructor(options: { sampler: Iterable<number>; batchSize: number; dropLast: boolean });
  constructor(...given: unknown[]) {
    super();
    const [sampler, ...args] = firstByKeyword('sampler', given);
    this.sampler = iterableOf('BatchSampler()', sampler as Iterable<number>);
    const bound = bindArguments<{ batchSize: number; dropLast: boolean }>('BatchSampler', args, [
      'batchSize',
      'dropLast',
    ]);
    requireArguments('BatchSampler', bound, ['batchSize', 'dropLast']);
    checkCount('batch_size', bound.batchSize);
    checkBoolean('drop_last', bound.dropLast);
    this.batchSize = bound.batchSize!;
    this.dropLast = bound.dropLast!;
  }

  get length(): number {
    const { length } = this.sampler as Partial<Sized>;
    if (typeof length !== 'number')
      throw new ArgumentError(
        'the sampler of this BatchSampler has no length, so its number of batches is not known',
      );
    return this.dropLast ? Math.floor(length / this.batchSize) : Math.ceil(length / this.batchSize);
  }

  *[Symbol.iterator](): Iterator<number[]> {
    let batch: number[] = [];
    for (const index of this.sampler) {
      batch.push(index);
      if (batch.length === this.batchSize) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0 && !this.dropLast) yield batch;
  }
}
