/** Data sets of images whose raw samples the loader may take itself, to work on them in native code. */
import type { Dataset } from './dataset.js';
import { Subset } from './datasets.js';

/** An image in memory, untransformed. */
export interface RawImage {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** An image that is still a JPEG file, for native code to decode, if only the part that is used. */
export interface EncodedImage {
  readonly file: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 3;
  /** The image, or the error that says what is wrong with the file. */
  decode(): Promise<RawImage>;
}

/** Raw samples of a data set by index, and what is applied to them. */
export interface ImageSource {
  readonly length: number;
  /** The raw image of an index in range; from memory at once, from the disk as a promise. */
  raw(index: number): unknown;
  /** The same, but an {@link EncodedImage} where it can be; null where there are none. */
  readonly encoded: ((index: number) => Promise<unknown>) | null;
  target(index: number): number;
  readonly transform: ((image: never) => unknown) | null;
  readonly targetTransform: ((target: number) => unknown) | null;
  /** Whether raw samples are read from the disk. */
  readonly asynchronous: boolean;
}

/** A data set of `vision/datasets`, in the part that matters here. */
interface ImageDataset {
  readonly targets: readonly number[];
  readonly transform: ((image: never) => unknown) | null;
  readonly targetTransform: ((target: number) => unknown) | null;
  image?(index: number): RawImage;
  raw?(index: number): Promise<unknown>;
  encoded?(index: number): Promise<unknown>;
}

function ownerOf(object: object, key: string): object | null {
  let here: object | null = object;
  while (here !== null && !Object.hasOwn(here, key)) here = Object.getPrototypeOf(here) as object | null;
  return here;
}

/**
 * True where `get` is the library's own: defined beside `raw`, with no method of `used` redefined
 * further down by a user's class.
 */
function hasOwnWay(dataset: object, raw: string, used: readonly string[]): boolean {
  const get = ownerOf(dataset, 'get');
  if (get === null || get !== ownerOf(dataset, raw)) return false;
  return used.every((key) => {
    const owner = ownerOf(dataset, key);
    return owner === get || (owner !== null && Object.prototype.isPrototypeOf.call(owner, get));
  });
}

/** The raw samples of a data set of this library, also through `Subset`s; null for any other. */
export function imageSourceOf(dataset: unknown): ImageSource | null {
  if (typeof dataset !== 'object' || dataset === null) return null;
  if (Object.getPrototypeOf(dataset) === Subset.prototype && !Object.hasOwn(dataset, 'get')) {
    const subset = dataset as Subset<unknown>;
    const inner = imageSourceOf(subset.dataset);
    if (!inner) return null;
    const { indices } = subset;
    const valid = (i: number | undefined): boolean => Number.isInteger(i) && i! >= 0 && i! < inner.length;
    if (!indices.every(valid)) return null;
    return {
      length: indices.length,
      raw: (i) => inner.raw(indices[i]!),
      encoded: inner.encoded && ((i) => inner.encoded!(indices[i]!)),
      target: (i) => inner.target(indices[i]!),
      transform: inner.transform,
      targetTransform: inner.targetTransform,
      asynchronous: inner.asynchronous,
    };
  }
  const images = dataset as unknown as ImageDataset & Dataset;
  if (!Array.isArray(images.targets)) return null;
  const asynchronous = typeof images.raw === 'function';
  const way = asynchronous ? 'raw' : 'image';
  if (typeof images[way] !== 'function' || !hasOwnWay(dataset, way, ['transformed', 'length'])) return null;
  return {
    length: images.length,
    raw: (i) => (asynchronous ? images.raw!(i) : images.image!(i)),
    encoded: typeof images.encoded === 'function' ? (i) => images.encoded!(i) : null,
    target: (i) => images.targets[i]!,
    transform: images.transform,
    targetTransform: images.targetTransform,
    asynchronous,
  };
}
