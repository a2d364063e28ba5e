/** The layers of `torch.nn`; base classes that PyTorch's `nn` does not show stay inside. */
export {
  Hardsigmoid,
  Hardswish,
  type InplaceArguments,
  LogSigmoid,
  Mish,
  ReLU,
  ReLU6,
  SELU,
  Sigmoid,
  SiLU,
  Softsign,
  Tanh,
  Tanhshrink,
} from './activation.js';
export * from './activation-parametric.js';
export { BatchNorm1d, BatchNorm2d, BatchNorm3d, type BatchNormArguments } from './batchnorm.js';
export type { Size } from './common.js';
export { ModuleDict, ModuleList, type NamedModules, Sequential } from './container.js';
export { Conv1d, Conv2d, Conv3d, type ConvArguments, type ConvParameters, type PaddingMode } from './conv.js';
export {
  ConvTranspose1d,
  ConvTranspose2d,
  ConvTranspose3d,
  type ConvTransposeArguments,
} from './conv-transpose.js';
export * from './distance.js';
export {
  AlphaDropout,
  Dropout,
  Dropout1d,
  Dropout2d,
  Dropout3d,
  type DropoutArguments,
  FeatureAlphaDropout,
} from './dropout.js';
export * from './groupnorm.js';
export {
  InstanceNorm1d,
  InstanceNorm2d,
  InstanceNorm3d,
  type InstanceNormArguments,
  LocalResponseNorm,
} from './instancenorm.js';
export { Bilinear, Identity, Linear } from './linear.js';
export * from './loss.js';
export * from './loss-margin.js';
export * from './loss-plain.js';
export {
  CircularPad1d,
  CircularPad2d,
  CircularPad3d,
  ConstantPad1d,
  ConstantPad2d,
  ConstantPad3d,
  type ConstantPadArguments,
  type PadArguments,
  ReflectionPad1d,
  ReflectionPad2d,
  ReflectionPad3d,
  ReplicationPad1d,
  ReplicationPad2d,
  ReplicationPad3d,
  ZeroPad1d,
  ZeroPad2d,
  ZeroPad3d,
} from './padding.js';
export * from './parameter-container.js';
export {
  AdaptiveAvgPool1d,
  AdaptiveAvgPool2d,
  AdaptiveAvgPool3d,
  type AdaptiveAvgPoolArguments,
  AdaptiveMaxPool1d,
  AdaptiveMaxPool2d,
  AdaptiveMaxPool3d,
  type AdaptiveMaxPoolArguments,
  type AdaptiveSize,
  AvgPool1d,
  AvgPool2d,
  AvgPool3d,
  LPPool1d,
  LPPool2d,
  type LPPoolArguments,
  MaxPool1d,
  MaxPool2d,
  MaxPool3d,
  type MaxPoolArguments,
  type PoolResult,
} from './pooling.js';
export * from './shape.js';
export * from './softmax.js';
export * from './sparse.js';
export * from './vision.js';
