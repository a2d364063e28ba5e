/** `torchvision.transforms`: images to tensors. */
import { Grayscale } from './color.js';
import { Compose, markBuiltIn, offerPlans, RandomApply } from './compose.js';
import { CenterCrop, Pad, Resize } from './geometry.js';
import { RandomCrop, RandomHorizontalFlip, RandomResizedCrop, RandomVerticalFlip } from './random.js';
import { ConvertImageDtype, Normalize, PILToTensor, ToTensor } from './to-tensor.js';

markBuiltIn(
  CenterCrop,
  Compose,
  ConvertImageDtype,
  Grayscale,
  Normalize,
  Pad,
  PILToTensor,
  RandomApply,
  RandomCrop,
  RandomHorizontalFlip,
  RandomResizedCrop,
  RandomVerticalFlip,
  Resize,
  ToTensor,
);
offerPlans(ToTensor, PILToTensor);

export { Image } from '../image.js';
export { Grayscale } from './color.js';
export { Compose, Lambda, RandomApply, type TransformLike } from './compose.js';
export {
  CenterCrop,
  InterpolationMode,
  Pad,
  type PadOptions,
  Resize,
  type ResizeOptions,
} from './geometry.js';
export { ImageTransform } from './image-transform.js';
export type { ImageSize, Interpolation, PaddingMode } from './program.js';
export {
  RandomCrop,
  type RandomCropOptions,
  RandomHorizontalFlip,
  RandomResizedCrop,
  type RandomResizedCropOptions,
  RandomVerticalFlip,
} from './random.js';
export { ConvertImageDtype, Normalize, type NormalizeOptions, PILToTensor, ToTensor } from './to-tensor.js';
