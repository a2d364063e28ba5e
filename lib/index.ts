/**
 * torchts: PyTorch for TypeScript.
 *
 * `import * as torch from 'torchts'` is Python's `import torch` and `import torchvision` in one;
 * `import { nn, optim, models, datasets, transforms, utils } from 'torchts'` names the rooms.
 */
export * from './tensor/index.js';
export * from './ops/index.js';
export * from './errors.js';
export * from './random/index.js';
export * from './memory/index.js';
export * from './threads.js';
export {
  autocast,
  type AutocastOptions,
  enableGrad,
  inferenceMode,
  isGradEnabled,
  isInferenceModeEnabled,
  noGrad,
  setGradEnabled,
} from './autograd/index.js';
export * as autograd from './autograd/index.js';
export * as amp from './amp/index.js';
export * as cuda from './cuda/index.js';
export * as nn from './nn/index.js';
export * as optim from './optim/index.js';
export * as utils from './utils/index.js';
export * as datasets from './vision/datasets/index.js';
export * as models from './vision/models/index.js';
export * as transforms from './vision/transforms/index.js';
export * as jit from './jit/index.js';
export * as hub from './hub/index.js';
export * as plot from './plot/index.js';
export * as profiler from './profiler/index.js';
export { load, safetensors, save } from './serialization/index.js';
export * from './training/index.js';
export { __version__, version } from './version.js';
