/** Builders of the ResNets, with or without pretrained weights. Source: torchvision.models. */
import { ArgumentError, ValueError } from '../../errors.js';
import type { ProgressCallback } from '../../hub/index.js';
import { BasicBlock, type Block, Bottleneck, ResNet, type ResNetOptions } from './resnet.js';
import * as sets from './resnet-weights.js';
import { chooseWeights, readStateDict, type Weights, type WeightsChoice } from './weights.js';

/** Options of the builders. */
export interface ResNetBuilderOptions extends ResNetOptions {
  /** The weights that torchvision gives for `pretrained=True` (`IMAGENET1K_V1`). Default: false. */
  pretrained?: boolean;
  /** Which weights: a set, `'default'`, a version (`'IMAGENET1K_V1'`), the path of a file. Default: none. */
  weights?: WeightsChoice;
  /** Whether a download shows a progress bar, or what is told instead. Default: true. */
  progress?: boolean | ProgressCallback;
}

/** A model builder. */
export type ResNetBuilder = (options?: ResNetBuilderOptions) => Promise<ResNet>;

type Versions = { readonly DEFAULT: Weights; readonly IMAGENET1K_V1?: Weights };

function fixed<K extends keyof ResNetOptions>(options: ResNetOptions, key: K, value: ResNetOptions[K]): void {
  if (options[key] !== undefined && options[key] !== value)
    throw new ValueError(
      `The parameter '${key}' expected value ${String(value)} but got ${String(options[key])} instead.`,
    );
  options[key] = value;
}

function builder(
  enumName: string,
  versions: Versions,
  block: Block,
  layers: readonly [number, number, number, number],
  shape: ResNetOptions = {},
): ResNetBuilder {
  return async (given = {}) => {
    if (typeof given !== 'object' || given === null)
      throw new ArgumentError(`a model builder takes an object of options, got ${String(given)}`);
    const { pretrained, weights, progress = true, ...options } = given;
    const legacy = versions.IMAGENET1K_V1 ?? versions.DEFAULT;
    const source = chooseWeights(versions, enumName, weights, pretrained, legacy);
    for (const key of Object.keys(shape) as (keyof ResNetOptions)[]) fixed(options, key, shape[key]);
    if (source && 'set' in source) fixed(options, 'numClasses', source.set.numClasses);
    const model = new ResNet(block, layers, options);
    if (source)
      model.loadStateDict(
        'set' in source ? await source.set.getStateDict({ progress }) : await readStateDict(source.path),
      );
    return model;
  };
}

/** ResNet-18: `await models.resnet18({ pretrained: true })`. Source: torchvision.models.resnet18. */
export const resnet18 = builder('ResNet18_Weights', sets.ResNet18_Weights, BasicBlock, [2, 2, 2, 2]);
/** ResNet-34. Source: torchvision.models.resnet34. */
export const resnet34 = builder('ResNet34_Weights', sets.ResNet34_Weights, BasicBlock, [3, 4, 6, 3]);
/** ResNet-50. Source: torchvision.models.resnet50. */
export const resnet50 = builder('ResNet50_Weights', sets.ResNet50_Weights, Bottleneck, [3, 4, 6, 3]);
/** ResNet-101. Source: torchvision.models.resnet101. */
export const resnet101 = builder('ResNet101_Weights', sets.ResNet101_Weights, Bottleneck, [3, 4, 23, 3]);
/** ResNet-152. Source: torchvision.models.resnet152. */
export const resnet152 = builder('ResNet152_Weights', sets.ResNet152_Weights, Bottleneck, [3, 8, 36, 3]);
/** ResNeXt-50 32×4d. Source: torchvision.models.resnext50_32x4d. */
export const resnext50_32x4d = builder(
  'ResNeXt50_32X4D_Weights',
  sets.ResNeXt50_32X4D_Weights,
  Bottleneck,
  [3, 4, 6, 3],
  { groups: 32, widthPerGroup: 4 },
);
/** ResNeXt-101 32×8d. Source: torchvision.models.resnext101_32x8d. */
export const resnext101_32x8d = builder(
  'ResNeXt101_32X8D_Weights',
  sets.ResNeXt101_32X8D_Weights,
  Bottleneck,
  [3, 4, 23, 3],
  { groups: 32, widthPerGroup: 8 },
);
/** ResNeXt-101 64×4d. Source: torchvision.models.resnext101_64x4d. */
export const resnext101_64x4d = builder(
  'ResNeXt101_64X4D_Weights',
  sets.ResNeXt101_64X4D_Weights,
  Bottleneck,
  [3, 4, 23, 3],
  { groups: 64, widthPerGroup: 4 },
);
/** Wide ResNet-50-2. Source: torchvision.models.wide_resnet50_2. */
export const wideResnet50_2 = builder(
  'Wide_ResNet50_2_Weights',
  sets.Wide_ResNet50_2_Weights,
  Bottleneck,
  [3, 4, 6, 3],
  { widthPerGroup: 128 },
);
/** Wide ResNet-101-2. Source: torchvision.models.wide_resnet101_2. */
export const wideResnet101_2 = builder(
  'Wide_ResNet101_2_Weights',
  sets.Wide_ResNet101_2_Weights,
  Bottleneck,
  [3, 4, 23, 3],
  { widthPerGroup: 128 },
);
