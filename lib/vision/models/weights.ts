/** Pretrained weights: where they are, what they were trained on. */
import { ArgumentError, ValueError } from '../../errors.js';
import type { ProgressCallback } from '../../hub/index.js';
import type { StateDict } from '../../nn/index.js';
import { CenterCrop, Compose, Normalize, Resize, ToTensor } from '../transforms/index.js';

/** Settings of the image preprocessing that weights expect. */
export interface Preprocessing {
  /** The side of the square that is cut out of the middle. */
  cropSize: number;
  /** The length of the shorter side before that. */
  resizeSize: number;
  mean: readonly [number, number, number];
  std: readonly [number, number, number];
}

/** One set of pretrained weights. Source: torchvision.models.Weights. */
export interface Weights {
  /** As `'ResNet18_Weights.IMAGENET1K_V1'`. */
  readonly name: string;
  readonly url: string;
  readonly numClasses: number;
  readonly preprocessing: Preprocessing;
  readonly meta: {
    readonly numParams: number;
    readonly recipe: string;
    readonly acc1: number;
    readonly acc5: number;
  };
  /** The file's state dict, from the cache or downloaded into it. */
  getStateDict(options?: WeightsOptions): Promise<StateDict>;
  /** The preprocessing as transforms: images to what the weights expect. */
  transforms(): Compose;
}

/** Options of `Weights.getStateDict`. */
export interface WeightsOptions {
  /** Whether a progress bar is shown, or what is told instead. Default: true. */
  progress?: boolean | ProgressCallback;
  /** Verify the hash that the file's name carries. Default: true. */
  checkHash?: boolean;
}

/** The sets of one model, and which of them is the best. */
export type WeightsEnum = { readonly [version: string]: Weights } & { readonly DEFAULT: Weights };

/** What is written down of a set. */
export interface WeightsRecord {
  file: string;
  numParams: number;
  acc1: number;
  acc5: number;
  recipe?: string;
  resizeSize?: number;
}

const host = 'https://download.pytorch.org/models/';
const firstRecipe = 'https://github.com/pytorch/vision/tree/main/references/classification#resnet';

/** Reads the state dict of a file of weights. */
export async function readStateDict(path: string): Promise<StateDict> {
  const { load } = await import('../../serialization/index.js');
  const state: unknown = await load(path, { mapLocation: 'cpu' });
  if (typeof state !== 'object' || state === null || Array.isArray(state))
    throw new ValueError(`${path} holds no state dict: expected a dict of tensors`);
  return state as StateDict;
}

class ImageNetWeights implements Weights {
  readonly name: string;
  readonly url: string;
  readonly numClasses = 1000;
  readonly preprocessing: Preprocessing;
  readonly meta: Weights['meta'];

  constructor(name: string, record: WeightsRecord) {
    this.name = name;
    this.url = host + record.file;
    this.preprocessing = {
      cropSize: 224,
      resizeSize: record.resizeSize ?? 256,
      mean: [0.485, 0.456, 0.406],
      std: [0.229, 0.224, 0.225],
    };
    const { numParams, acc1, acc5, recipe = firstRecipe } = record;
    this.meta = { numParams, acc1, acc5, recipe };
  }

  async getStateDict(options: WeightsOptions = {}): Promise<StateDict> {
    const { progress = true, checkHash = true } = options;
    const { loadWeightsFile } = await import('../../hub/index.js');
    return readStateDict(await loadWeightsFile(this.url, { progress, checkHash }));
  }

  transforms(): Compose {
    const { resizeSize, cropSize, mean, std } = this.preprocessing;
    return new Compose([
      new Resize(resizeSize),
      new CenterCrop(cropSize),
      new ToTensor(),
      new Normalize({ mean: [...mean], std: [...std] }),
    ]);
  }

  toString(): string {
    return this.name;
  }
}

/** Makes the sets of a model; the last is the default. */
export function defineWeights<Versions extends string>(
  name: string,
  records: Record<Versions, WeightsRecord>,
): { readonly [V in Versions | 'DEFAULT']: Weights } {
  const sets: Record<string, Weights> = {};
  for (const [version, record] of Object.entries<WeightsRecord>(records))
    sets[version] = new ImageNetWeights(`${name}.${version}`, record);
  sets.DEFAULT = Object.values(sets).at(-1)!;
  return Object.freeze(sets) as { readonly [V in Versions | 'DEFAULT']: Weights };
}

/** What a model builder takes as `weights`: a set, its name, the path of a file, or none. */
export type WeightsChoice = Weights | string | null;

/** Where weights come from. */
export type WeightsSource = { readonly set: Weights } | { readonly path: string } | null;

/**
 * Which weights the options of a model builder mean. A string is the name of a version
 * (`'IMAGENET1K_V1'`, `'default'`, `'ResNet18_Weights.DEFAULT'`), otherwise the path of a file.
 *
 * @throws ArgumentError for anything else, or for both `weights` and `pretrained`.
 */
export function chooseWeights(
  sets: { readonly DEFAULT: Weights },
  enumName: string,
  weights: WeightsChoice | undefined,
  pretrained: boolean | undefined,
  legacy: Weights,
): WeightsSource {
  if (weights === undefined || weights === null) return pretrained ? { set: legacy } : null;
  if (typeof weights === 'object') {
    if (!Object.values(sets).includes(weights))
      throw new ArgumentError(
        `Invalid Weight class provided; expected one of ${enumName} but received ${weights.name}`,
      );
    return { set: weights };
  }
  if (typeof weights !== 'string')
    throw new ArgumentError(
      `weights must be a ${enumName}, its name, the path of a file, or null, got ${typeof weights}`,
    );
  const plain = weights.startsWith(`${enumName}.`) ? weights.slice(enumName.length + 1) : weights;
  const key = plain === 'default' ? 'DEFAULT' : plain;
  if (Object.hasOwn(sets, key)) return { set: (sets as Record<string, Weights>)[key]! };
  if (/[./\\]/.test(weights)) return { path: weights };
  throw new ArgumentError(
    `'${weights}' is no version of ${enumName} (${Object.keys(sets).join(', ')}) and no path of a file`,
  );
}
