/** `torch.utils` and `torchvision.utils` in one: data loading, image grids, TensorBoard. */
export * as data from './data/index.js';
export {
  imshow,
  type ImshowOptions,
  makeGrid,
  type MakeGridOptions,
  saveImage,
  type SaveImageOptions,
} from '../vision/utils.js';
export * as tensorboard from '../training/tensorboard/index.js';
