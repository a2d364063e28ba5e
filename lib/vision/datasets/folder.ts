import { join } from 'node:path';
import { TorchError, ValueError } from '../../errors.js';
import { expandUser } from '../../hub/index.js';
import type { EncodedImage } from '../../utils/data/image-source.js';
import { Image } from '../image.js';
import { jpegSize, readImageFile } from '../image-decode.js';
import { bindArguments } from './arguments.js';
import { findClasses, walkFiles } from './folder-walk.js';
import { type Transform, VisionDataset } from './vision-dataset.js';

/** Names that are taken for images. */
export const imageExtensions: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.ppm',
  '.bmp',
  '.pgm',
  '.tif',
  '.tiff',
  '.webp',
];

type FileTest = (path: string) => boolean | Promise<boolean>;
type Loader<Raw> = (path: string) => Raw | Promise<Raw>;

interface FolderOptions<Raw, Sample, Target> {
  /** Folder with one folder for each class. `~` is the home folder. */
  root: string;
  /** Applied to each sample that `loader` gave. */
  transform?: Transform<Raw, Sample> | null;
  /** Applied to each class number. */
  targetTransform?: Transform<number, Target> | null;
  /** Endings of the names that count (any case). Not together with `isValidFile`. */
  extensions?: readonly string[] | string | null;
  /** Decides by the path whether a file counts. Not together with `extensions`. */
  isValidFile?: FileTest | null;
  /** Whether a class may have no files. Default `false`: an error. */
  allowEmpty?: boolean;
}

export interface DatasetFolderOptions<Raw, Sample = Raw, Target = number>
  extends FolderOptions<Raw, Sample, Target> {
  /** Reads a sample from its path. */
  loader: Loader<Raw>;
}

export interface ImageFolderOptions<Raw = Image, Sample = Raw, Target = number>
  extends FolderOptions<Raw, Sample, Target> {
  /** Reads a sample from its path. Default: {@link Image.fromFile}, which gives RGB. */
  loader?: Loader<Raw>;
}

interface FolderContent {
  classes: string[];
  samples: [path: string, target: number][];
}

async function readFolder(options: FolderOptions<never, unknown, unknown>): Promise<FolderContent> {
  const { extensions, isValidFile, allowEmpty } = options;
  if (Boolean(extensions) === Boolean(isValidFile)) {
    throw new ValueError('Both extensions and isValidFile cannot be None or not None at the same time');
  }
  const endings = typeof extensions === 'string' ? [extensions] : (extensions ?? []);
  const counts: FileTest =
    isValidFile ?? ((path) => endings.some((ending) => path.toLowerCase().endsWith(ending)));
  const root = expandUser(options.root);
  const classes = await findClasses(root);
  const samples: FolderContent['samples'] = [];
  const empty: string[] = [];
  for (const [target, name] of classes.entries()) {
    const before = samples.length;
    for (const path of await walkFiles(join(root, name)))
      if (await counts(path)) samples.push([path, target]);
    if (samples.length === before) empty.push(name);
  }
  if (empty.length > 0 && !allowEmpty) {
    const supported = isValidFile ? '' : `Supported extensions are: ${endings.join(', ')}`;
    throw new TorchError(
      `Found no valid file for the classes ${empty.join(', ')}. ${supported}`.trimEnd(),
      'ERR_FILE',
    );
  }
  return { classes, samples };
}

/**
 * Samples in one folder for each class (`torchvision.datasets.DatasetFolder`).
 *
 * `get(i)` gives a Promise of `[sample, target]`.
 */
export class DatasetFolder<Raw, Sample = Raw, Target = number> extends VisionDataset<Sample, Target, Raw> {
  /** Names of the class folders, sorted. */
  readonly classes: readonly string[];
  /** Numbers of the classes, by name. */
  readonly classToIdx: Readonly<Record<string, number>>;
  /** Path and class number of each sample. */
  readonly samples: readonly (readonly [path: string, target: number])[];
  /** The class number of each sample. */
  readonly targets: readonly number[];
  readonly loader: Loader<Raw>;

  /** Made by `load`, which reads the folder. */
  constructor(content: FolderContent, options: DatasetFolderOptions<Raw, Sample, Target>) {
    super(options.root, options);
    this.classes = content.classes;
    this.classToIdx = Object.fromEntries(content.classes.map((name, i) => [name, i]));
    this.samples = content.samples;
    this.targets = content.samples.map(([, target]) => target);
    this.loader = options.loader;
  }

  /**
   * Looks through the folder: classes sorted by name; in each, files in the order torchvision has them.
   *
   * @throws TorchError where there is no class folder, or one without a file that counts
   * @throws ValueError unless exactly one of `extensions` and `isValidFile` is given
   */
  static async load<R, S = R, T = number>(
    options: DatasetFolderOptions<R, S, T>,
  ): Promise<DatasetFolder<R, S, T>> {
    const names = [
      'root',
      'loader',
      'extensions',
      'transform',
      'targetTransform',
      'isValidFile',
      'allowEmpty',
    ] as const;
    const bound = bindArguments<DatasetFolderOptions<R, S, T>>('DatasetFolder', names, [options]);
    return new DatasetFolder<R, S, T>(await readFolder(bound as FolderOptions<never, S, T>), bound);
  }

  get length(): number {
    return this.samples.length;
  }

  /** The sample of a number as `loader` gives it, untransformed; the data loader reads several at a time here. */
  async raw(index: number): Promise<Raw> {
    return this.loader(this.samples[this.checkedIndex(index)]![0]);
  }

  async get(index: number): Promise<[Sample, Target]> {
    return this.transformed(await this.raw(index), this.samples[this.checkedIndex(index)]![1]);
  }
}

/** Ways to call `load`: by options, or by position in torchvision's order. */
type LoadArguments<R, S, T> =
  | [options: ImageFolderOptions<R, S, T>]
  | [root: string, options?: Omit<ImageFolderOptions<R, S, T>, 'root'>]
  | [
      root: string,
      transform: Transform<R, S> | null,
      targetTransform?: Transform<number, T> | null,
      loader?: Loader<R>,
      isValidFile?: FileTest | null,
      allowEmpty?: boolean,
    ];

const imageFolderParameters = [
  'root',
  'transform',
  'targetTransform',
  'loader',
  'isValidFile',
  'allowEmpty',
  'extensions',
] as const;

/**
 * Images in one folder for each class (`torchvision.datasets.ImageFolder`): `root/dog/xxx.png`,
 * `root/cat/sub/123.jpg`, …
 *
 * JPEG, PNG, PPM, PGM, BMP, TIFF and WebP are decoded off the main thread, to RGB as PIL does.
 */
export class ImageFolder<Raw = Image, Sample = Raw, Target = number> extends DatasetFolder<
  Raw,
  Sample,
  Target
> {
  /** Another name of `samples`, as torchvision has it. */
  get imgs(): readonly (readonly [path: string, target: number])[] {
    return this.samples;
  }

  /** @internal `raw`, or the file itself where it is a JPEG that the data loader decodes in native code. */
  async encoded(index: number): Promise<Raw | EncodedImage> {
    if ((this.loader as unknown) !== Image.fromFile) return this.raw(index);
    const [path] = this.samples[this.checkedIndex(index)]!;
    const file = await readImageFile(path);
    const decode = (): Promise<Image> => Image.fromBytes(file, path);
    const size = jpegSize(file);
    if (!size) return (await decode()) as Raw;
    return { file, width: size[0], height: size[1], channels: 3, decode };
  }

  /**
   * Looks through the folder; images are read when they are asked for.
   *
   * @throws TorchError where there is no class folder, or one without an image (unless `allowEmpty`)
   */
  static override async load<R = Image, S = R, T = number>(
    ...args: LoadArguments<R, S, T>
  ): Promise<ImageFolder<R, S, T>> {
    const bound = bindArguments<ImageFolderOptions<R, S, T>>('ImageFolder', imageFolderParameters, args, 6);
    const extensions = bound.extensions ?? (bound.isValidFile ? null : imageExtensions);
    const loader = bound.loader ?? (Image.fromFile as unknown as Loader<R>);
    const content = await readFolder({ ...(bound as FolderOptions<never, S, T>), extensions });
    return new ImageFolder<R, S, T>(content, { ...bound, extensions, loader });
  }
}
