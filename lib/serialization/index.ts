/** Files of tensors: `torch.save`, `torch.load`, `torch.safetensors`. */
export { type LoadOptions, load } from './load.js';
export type { MapLocation } from './map-location.js';
export * as safetensors from './safetensors/index.js';
export { save, toBuffer } from './save.js';
export type { FileLike } from './source.js';
