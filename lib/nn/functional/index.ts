/** Functions over tensors, without parameters of their own. Source: torch.nn.functional. */
export {
  bilinear,
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from '../../ops/generated/functions.js';
export {
  cosineSimilarity,
  linear,
  pairwiseDistance,
  pdist,
  scaledDotProductAttention,
} from '../../ops/generated/nn-functions.js';
export * from './activation.js';
export {
  alphaDropout,
  type DropoutCall,
  dropout,
  dropout1d,
  dropout2d,
  dropout3d,
  featureAlphaDropout,
} from './dropout.js';
export * from './loss.js';
export {
  cosineEmbeddingLoss,
  type DistanceFunction,
  hingeEmbeddingLoss,
  marginRankingLoss,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  softMarginLoss,
  tripletMarginLoss,
  tripletMarginWithDistanceLoss,
} from './loss-margin.js';
export * from './loss-regression.js';
export {
  batchNorm,
  groupNorm,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  normalize,
  rmsNorm,
} from './normalization.js';
export {
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveAvgPool3d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  adaptiveMaxPool3d,
  avgPool1d,
  avgPool2d,
  avgPool3d,
  lpPool1d,
  lpPool2d,
  maxPool1d,
  maxPool2d,
  maxPool3d,
} from './pooling.js';
export type { Reduction } from './reduction.js';
export { type BagMode, embedding, embeddingBag, oneHot } from './sparse.js';
export * from './vision.js';
