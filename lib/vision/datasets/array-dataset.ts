import type { ProgressCallback } from '../../hub/index.js';
import { Image } from '../image.js';
import { type Transform, VisionDataset } from './vision-dataset.js';

/** Images of one size in one buffer: N × height × width × channels bytes. */
export interface ImageArray {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
}

/** Options that the data sets of fixed archives have in common. */
export interface ArchiveDatasetOptions<Sample, Target> {
  /** Folder that holds the data, or will after the download. `~` is the home folder. */
  root: string;
  /** The training set, else the test set. Default `true`. */
  train?: boolean;
  /** Applied to each image ({@link Image}). */
  transform?: Transform<Image, Sample> | null;
  /** Applied to each class number. */
  targetTransform?: Transform<number, Target> | null;
  /** Download it where it is not there yet. Default `false`. */
  download?: boolean;
  /** How the download is reported: `true` (default) a bar on standard error, `false` not at all, or a callback. */
  progress?: boolean | ProgressCallback;
  /** URL that takes the place of the archive's host. Default: the variable `TORCHTS_MIRROR`. */
  mirror?: string;
  /** Gives up a download. */
  signal?: AbortSignal;
}

/** Parameters of `load` in torchvision's order, then those that only torchts has. */
export const archiveParameters = [
  'root',
  'train',
  'transform',
  'targetTransform',
  'download',
  'progress',
  'mirror',
  'signal',
] as const;

/** What was read from the disk. */
export interface ImageArrayData {
  images: ImageArray;
  targets: number[];
  classes: readonly string[];
}

/** A data set that is in memory as a whole. */
export class ImageArrayDataset<Sample = Image, Target = number> extends VisionDataset<Sample, Target, Image> {
  /** All images in one buffer; the data loader takes batches from here. */
  readonly images: ImageArray;
  /** The class number of each image. */
  readonly targets: readonly number[];
  /** Names of the classes, by number. */
  readonly classes: readonly string[];
  /** Numbers of the classes, by name. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** Whether it is the training set. */
  readonly train: boolean;

  /** Data sets are made by their `load`; this takes what is in memory already. */
  constructor(content: ImageArrayData, options: ArchiveDatasetOptions<Sample, Target>) {
    super(options.root, options);
    this.images = content.images;
    this.targets = content.targets;
    this.classes = content.classes;
    this.classToIdx = Object.fromEntries(content.classes.map((name, i) => [name, i]));
    this.train = options.train ?? true;
  }

  /** The images' bytes, N × height × width × channels. */
  get data(): Uint8Array {
    return this.images.data;
  }

  get length(): number {
    return this.targets.length;
  }

  /** The image of a number, untransformed; a window on {@link data}, not a copy. */
  image(index: number): Image {
    const { data, width, height, channels } = this.images;
    const size = width * height * channels;
    const start = this.checkedIndex(index) * size;
    return new Image(data.subarray(start, start + size), { width, height, channels });
  }

  get(index: number): [Sample, Target] {
    return this.transformed(this.image(index), this.targets[this.checkedIndex(index)]!);
  }

  protected override extraRepr(): string {
    return `Split: ${this.train ? 'Train' : 'Test'}`;
  }
}
