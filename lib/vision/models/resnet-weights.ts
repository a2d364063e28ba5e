/** The pretrained ResNets of torchvision. */
import { defineWeights } from './weights.js';

const newRecipe = 'https://github.com/pytorch/vision/issues/3995#new-recipe';
const fixRes = 'https://github.com/pytorch/vision/issues/3995#new-recipe-with-fixres';
const resnext = 'https://github.com/pytorch/vision/tree/main/references/classification#resnext';
const wide = 'https://github.com/pytorch/vision/pull/912#issue-445437439';
const resizeSize = 232;

/** Source: torchvision.models.ResNet18_Weights. */
export const ResNet18_Weights = defineWeights('ResNet18_Weights', {
  IMAGENET1K_V1: { file: 'resnet18-f37072fd.pth', numParams: 11689512, acc1: 69.758, acc5: 89.078 },
});

/** Source: torchvision.models.ResNet34_Weights. */
export const ResNet34_Weights = defineWeights('ResNet34_Weights', {
  IMAGENET1K_V1: { file: 'resnet34-b627a593.pth', numParams: 21797672, acc1: 73.314, acc5: 91.42 },
});

/** Source: torchvision.models.ResNet50_Weights. */
export const ResNet50_Weights = defineWeights('ResNet50_Weights', {
  IMAGENET1K_V1: { file: 'resnet50-0676ba61.pth', numParams: 25557032, acc1: 76.13, acc5: 92.862 },
  IMAGENET1K_V2: {
    file: 'resnet50-11ad3fa6.pth',
    numParams: 25557032,
    acc1: 80.858,
    acc5: 95.434,
    recipe: 'https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621',
    resizeSize,
  },
});

/** Source: torchvision.models.ResNet101_Weights. */
export const ResNet101_Weights = defineWeights('ResNet101_Weights', {
  IMAGENET1K_V1: { file: 'resnet101-63fe2227.pth', numParams: 44549160, acc1: 77.374, acc5: 93.546 },
  IMAGENET1K_V2: {
    file: 'resnet101-cd907fc2.pth',
    numParams: 44549160,
    acc1: 81.886,
    acc5: 95.78,
    recipe: newRecipe,
    resizeSize,
  },
});

/** Source: torchvision.models.ResNet152_Weights. */
export const ResNet152_Weights = defineWeights('ResNet152_Weights', {
  IMAGENET1K_V1: { file: 'resnet152-394f9c45.pth', numParams: 60192808, acc1: 78.312, acc5: 94.046 },
  IMAGENET1K_V2: {
    file: 'resnet152-f82ba261.pth',
    numParams: 60192808,
    acc1: 82.284,
    acc5: 96.002,
    recipe: newRecipe,
    resizeSize,
  },
});

/** Source: torchvision.models.ResNeXt50_32X4D_Weights. */
export const ResNeXt50_32X4D_Weights = defineWeights('ResNeXt50_32X4D_Weights', {
  IMAGENET1K_V1: {
    file: 'resnext50_32x4d-7cdf4587.pth',
    numParams: 25028904,
    acc1: 77.618,
    acc5: 93.698,
    recipe: resnext,
  },
  IMAGENET1K_V2: {
    file: 'resnext50_32x4d-1a0047aa.pth',
    numParams: 25028904,
    acc1: 81.198,
    acc5: 95.34,
    recipe: newRecipe,
    resizeSize,
  },
});

/** Source: torchvision.models.ResNeXt101_32X8D_Weights. */
export const ResNeXt101_32X8D_Weights = defineWeights('ResNeXt101_32X8D_Weights', {
  IMAGENET1K_V1: {
    file: 'resnext101_32x8d-8ba56ff5.pth',
    numParams: 88791336,
    acc1: 79.312,
    acc5: 94.526,
    recipe: resnext,
  },
  IMAGENET1K_V2: {
    file: 'resnext101_32x8d-110c445d.pth',
    numParams: 88791336,
    acc1: 82.834,
    acc5: 96.228,
    recipe: fixRes,
    resizeSize,
  },
});

/** Source: torchvision.models.ResNeXt101_64X4D_Weights. */
export const ResNeXt101_64X4D_Weights = defineWeights('ResNeXt101_64X4D_Weights', {
  IMAGENET1K_V1: {
    file: 'resnext101_64x4d-173b62eb.pth',
    numParams: 83455272,
    acc1: 83.246,
    acc5: 96.454,
    recipe: 'https://github.com/pytorch/vision/pull/5935',
    resizeSize,
  },
});

/** Source: torchvision.models.Wide_ResNet50_2_Weights. */
export const Wide_ResNet50_2_Weights = defineWeights('Wide_ResNet50_2_Weights', {
  IMAGENET1K_V1: {
    file: 'wide_resnet50_2-95faca4d.pth',
    numParams: 68883240,
    acc1: 78.468,
    acc5: 94.086,
    recipe: wide,
  },
  IMAGENET1K_V2: {
    file: 'wide_resnet50_2-9ba9bcbe.pth',
    numParams: 68883240,
    acc1: 81.602,
    acc5: 95.758,
    recipe: fixRes,
    resizeSize,
  },
});

/** Source: torchvision.models.Wide_ResNet101_2_Weights. */
export const Wide_ResNet101_2_Weights = defineWeights('Wide_ResNet101_2_Weights', {
  IMAGENET1K_V1: {
    file: 'wide_resnet101_2-32ee1156.pth',
    numParams: 126886696,
    acc1: 78.848,
    acc5: 94.284,
    recipe: wide,
  },
  IMAGENET1K_V2: {
    file: 'wide_resnet101_2-d733dc28.pth',
    numParams: 126886696,
    acc1: 82.51,
    acc5: 96.02,
    recipe: newRecipe,
    resizeSize,
  },
});
