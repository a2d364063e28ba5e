/** `torch.utils.data`: data sets, samplers, loaders. */
export { type Collated, defaultCollate, defaultConvert } from './collate.js';
export { DataLoader, type DataLoaderOptions } from './data-loader.js';
export { Dataset } from './dataset.js';
export { ConcatDataset, randomSplit, Subset, TensorDataset } from './datasets.js';
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
  type WeightedRandomSamplerOptions,
} from './sampler.js';
export { getWorkerInfo, type WorkerInfo } from './worker-stream.js';
