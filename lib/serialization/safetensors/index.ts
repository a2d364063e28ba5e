/** `torch.safetensors`: tensors by name in a format without code. */
export { loadFile, loadMetadata } from './load.js';
export { saveFile } from './save.js';
