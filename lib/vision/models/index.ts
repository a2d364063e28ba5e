/** Models for images. Source: torchvision.models. */
export {
  BasicBlock,
  type Block,
  type BlockOptions,
  Bottleneck,
  type NormLayer,
  ResNet,
  type ResNetOptions,
} from './resnet.js';
export * from './resnet-builders.js';
export * from './resnet-weights.js';
export type { Preprocessing, Weights, WeightsChoice, WeightsOptions } from './weights.js';
