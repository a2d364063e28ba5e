/** How a batch comes into being: from `get` and `collateFn`, or natively from raw images. */
import { availableParallelism } from 'node:os';
import type { Handle, MemoryFormat } from '../../bindings.js';
import { TorchError, TorchIndexError } from '../../errors.js';
import { native } from '../../native.js';
import { isPromise } from '../../ops/mode.js';
import { Tensor } from '../../tensor/tensor.js';
import { type BatchPlan, planOf } from './batch-plan.js';
import { defaultCollate } from './collate.js';
import { type EncodedImage, type ImageSource, imageSourceOf, type RawImage } from './image-source.js';

/** Indices of a batch, or the one index of a loader without batches. */
export type Indices = readonly number[] | number;

/**
 * Makes batches in two phases: `load` reads and draws no random numbers, so it may run ahead;
 * `finish` may draw, and runs when the batch is asked for unless it is `pure`.
 */
export interface Fetcher {
  /** Whether `finish` draws nothing and may run ahead too. */
  readonly pure: boolean;
  /** Whether `finish` works off the main thread, so that a worker's batches are worth starting early. */
  readonly background: boolean;
  load(indices: Indices): unknown;
  /** Draws in its synchronous part. A batch, a promise of it, or of a {@link ReadyBatch}. */
  finish(indices: Indices, loaded: unknown): unknown;
}

/** What a fetcher is made for. */
export interface FetchSettings {
  dataset: { readonly length: number; get(index: number): unknown };
  collate: (samples: never) => unknown;
  batched: boolean;
  memoryFormat: MemoryFormat | null;
}

/** A batch whose tensors are made when it is asked for: young wrappers are cheap to collect. */
export class ReadyBatch {
  constructor(readonly take: () => unknown) {}
}

/** Threads that share the work of a batch. */
const chunks = Math.min(availableParallelism(), 4);
/** Files that are read at the same time. */
const readsAtOnce = Math.max(2, Math.min(availableParallelism() * 2, 16));

/** Says which sample an error is about. */
export function withSample(error: unknown, index: number): unknown {
  const note = `(sample ${index} of the data set)`;
  if (!(error instanceof Error)) return new TorchError(`${String(error)} ${note}`);
  if (!error.message.includes(note)) error.message = `${error.message} ${note}`;
  return error;
}

/** Runs `work` for each index, at most so many at a time; results in order. */
async function bounded<T>(indices: readonly number[], work: (index: number) => T | Promise<T>): Promise<T[]> {
  const results = new Array<T>(indices.length);
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < indices.length) {
      const at = next++;
      try {
        results[at] = await work(indices[at]!);
      } catch (error) {
        next = indices.length;
        throw withSample(error, indices[at]!);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(readsAtOnce, indices.length) }, lane));
  return results;
}

/** Changes every tensor of a batch. */
export function mapTensors(batch: unknown, change: (t: Tensor) => Tensor): unknown {
  if (batch instanceof Tensor) return change(batch);
  if (Array.isArray(batch)) return batch.map((item) => mapTensors(item, change));
  if (typeof batch === 'object' && batch !== null && Object.getPrototypeOf(batch) === Object.prototype)
    return Object.fromEntries(Object.entries(batch).map(([key, item]) => [key, mapTensors(item, change)]));
  return batch;
}

/** Any data set: `get` for each sample in order, then `collateFn`. */
function sampleFetcher({ dataset, collate, batched, memoryFormat }: FetchSettings): Fetcher {
  const formatted = (batch: unknown): unknown =>
    memoryFormat === null
      ? batch
      : mapTensors(batch, (t) => (t.dim() === 4 ? t.contiguous({ memoryFormat }) : t));
  const collated = (samples: unknown): unknown => {
    const batch = collate(samples as never);
    return isPromise(batch) ? batch.then(formatted) : formatted(batch);
  };
  const get = (index: number): unknown => {
    try {
      const sample = dataset.get(index);
      return isPromise(sample)
        ? sample.catch((error: unknown) => {
            throw withSample(error, index);
          })
        : sample;
    } catch (error) {
      throw withSample(error, index);
    }
  };
  return {
    pure: false,
    background: false,
    load: () => undefined,
    finish(indices) {
      if (!batched || typeof indices === 'number') {
        const sample = get(indices as number);
        return isPromise(sample) ? sample.then(collated) : collated(sample);
      }
      const samples: unknown[] = [];
      for (let i = 0; i < indices.length; i++) {
        const sample = get(indices[i]!);
        // One at a time, as a loop over the data set would: the order of random numbers is kept.
        if (isPromise(sample)) return finishLater(samples, sample, indices, i + 1);
        samples.push(sample);
      }
      return collated(samples);
    },
  };

  async function finishLater(
    samples: unknown[],
    first: Promise<unknown>,
    indices: readonly number[],
    from: number,
  ) {
    samples.push(await first);
    for (const index of indices.slice(from)) samples.push(await get(index));
    return collated(samples);
  }
}

function isRawImage(value: unknown): value is RawImage {
  const image = value as RawImage | null;
  return (
    image?.data instanceof Uint8Array && image.data.length === image.width * image.height * image.channels
  );
}

const isEncoded = (value: unknown): value is EncodedImage =>
  (value as EncodedImage | null)?.file instanceof Uint8Array;

/** What stands for the channels of an image that is a JPEG file (native/data/batch.cc). */
const jpegFile = -3;

/** Images with a planned transform: raw bytes in, a batch from native threads. */
function plannedFetcher(
  source: ImageSource,
  plan: BatchPlan,
  settings: FetchSettings,
  plain: Fetcher,
): Fetcher {
  const channelsLast = settings.memoryFormat === 'channelsLast';
  // JPEG files are decoded with the batch, once it is known which part is used: half the work, on average.
  const read = (i: number): unknown => (source.encoded ? source.encoded(i) : source.raw(i));
  const inRange = (i: number): boolean => Number.isInteger(i) && i >= 0 && i < source.length;
  return {
    pure: !plan.random && source.targetTransform === null,
    background: true,
    load(indices) {
      const wanted = indices as readonly number[];
      if (!wanted.every(inRange)) return null;
      if (!source.asynchronous) return wanted.map((i) => source.raw(i));
      return bounded(wanted, read);
    },
    finish(indices, loaded) {
      const wanted = indices as readonly number[];
      // An index out of range, or a loader of the user's own kind of image: the plain way knows better.
      if (loaded === null || !(loaded as unknown[]).every((value) => isRawImage(value) || isEncoded(value)))
        return plain.finish(indices, undefined);
      const images = loaded as (RawImage | EncodedImage)[];
      const targets: unknown[] = [];
      const programs: Int32Array[] = [];
      let result = null;
      for (const [i, image] of images.entries()) {
        const target = source.target(wanted[i]!);
        if (plan.random || i === 0 || source.asynchronous) {
          try {
            const program: number[] = [];
            result = plan.plan(image, program);
            programs.push(Int32Array.from(program));
          } catch (error) {
            throw withSample(error, wanted[i]!);
          }
        }
        targets.push(source.targetTransform ? source.targetTransform(target) : target);
      }
      const assemble = (images: readonly (RawImage | EncodedImage)[]): Promise<() => Handle> =>
        native.assembleBatch(
          images.map((image) => (isEncoded(image) ? image.file : image.data)),
          Int32Array.from(
            images.flatMap((image) => [
              image.width,
              image.height,
              isEncoded(image) ? jpegFile : image.channels,
            ]),
          ),
          programs,
          plan.tables(result!.channels),
          channelsLast,
          chunks,
        );
      // A broken file: the other decoder reads it after all, or says what is wrong.
      const again = async (error: unknown): Promise<() => Handle> => {
        if (!images.some(isEncoded)) throw error;
        const decode = async (image: RawImage | EncodedImage, i: number): Promise<RawImage> => {
          try {
            return isEncoded(image) ? await image.decode() : image;
          } catch (reason) {
            throw withSample(reason, wanted[i]!);
          }
        };
        return assemble(await Promise.all(images.map(decode)));
      };
      const batch = assemble(images).catch(again);
      const labels = defaultCollate(targets);
      return batch.then((take) => new ReadyBatch(() => [new Tensor(take()), labels]));
    },
  };
}

/** Samples from the disk with any other transform: read several at a time, transformed in order. */
function diskFetcher(source: ImageSource, settings: FetchSettings, plain: Fetcher): Fetcher {
  const inRange = (i: number): boolean => Number.isInteger(i) && i >= 0 && i < source.length;
  return {
    pure: false,
    background: false,
    load: (indices) =>
      (indices as readonly number[]).every(inRange)
        ? bounded(indices as readonly number[], (i) => source.raw(i))
        : null,
    finish(indices, loaded) {
      if (loaded === null) return plain.finish(indices, undefined);
      const wanted = indices as readonly number[];
      const ready = {
        length: source.length,
        get: (at: number): unknown => {
          const image = (loaded as unknown[])[at];
          const target = source.target(wanted[at]!);
          try {
            const sample = source.transform ? source.transform(image as never) : image;
            return [sample, source.targetTransform ? source.targetTransform(target) : target];
          } catch (error) {
            throw withSample(error, wanted[at]!);
          }
        },
      };
      return sampleFetcher({ ...settings, dataset: ready }).finish(
        wanted.map((_, at) => at),
        undefined,
      );
    },
  };
}

/** The fastest fetcher that gives the same batches as a loop over the data set. */
export function makeFetcher(settings: FetchSettings): Fetcher {
  const plain = sampleFetcher(settings);
  if (!settings.batched) return plain;
  const source = imageSourceOf(settings.dataset);
  if (!source) return plain;
  const usable = settings.collate === defaultCollate && settings.memoryFormat !== 'channelsLast3d';
  const plan = usable ? planOf(source.transform) : null;
  // Draws of the chain and of a target's function would mix sample by sample.
  if (plan && !(plan.random && source.targetTransform)) return plannedFetcher(source, plan, settings, plain);
  return source.asynchronous ? diskFetcher(source, settings, plain) : plain;
}

/** A plain array as a data set. */
export function datasetOf(given: unknown): FetchSettings['dataset'] {
  if (!Array.isArray(given)) return given as FetchSettings['dataset'];
  return {
    get length() {
      return given.length;
    },
    get(index) {
      if (!Number.isInteger(index) || index < -given.length || index >= given.length)
        throw new TorchIndexError(`index ${index} is out of range; the data set has ${given.length} samples`);
      return given.at(index);
    },
  };
}
