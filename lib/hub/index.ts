/** Downloads and their cache (`torch.hub`). Knows no tensor. */
export { type ExtractOptions, extractArchive, gunzipFile } from './archive.js';
export {
  checkpointsDir,
  expandUser,
  fileNameOf,
  hubDir,
  hubDir as getDir,
  setDir,
  torchHome,
} from './cache.js';
export { hashFile, hashPrefixOf } from './checksum.js';
export { type DownloadOptions, download } from './download.js';
export { type LockOptions, withLock } from './lock.js';
export { type DownloadProgress, formatBytes, type ProgressCallback, terminalReporter } from './progress.js';
export { loadWeightsFile, type WeightsFileOptions } from './weights.js';
