import { join } from 'node:path';
import { checkpointsDir, expandUser, fileNameOf } from './cache.js';
import { hashPrefixOf } from './checksum.js';
import { type DownloadOptions, download } from './download.js';

export interface WeightsFileOptions extends Omit<DownloadOptions, 'sha256' | 'md5' | 'remedies'> {
  /** Verify the start of the SHA-256 that the name carries (`resnet18-f37072fd.pth`). Default `true`. */
  checkHash?: boolean;
  /** Name in the cache. Default: the URL's. */
  fileName?: string;
  /** More addresses of the same file, tried in turn after `url`. */
  mirrors?: readonly string[];
  /** Folder to keep it in. Default: `hub/checkpoints` of the cache that Python's PyTorch shares. */
  modelDir?: string;
}

/**
 * A file of pretrained weights: from the cache, or downloaded into it.
 *
 * Mirrors the downloading half of `torch.hub.load_state_dict_from_url`; what Python has already
 * downloaded is used, and the other way round.
 *
 * @returns its path
 * @throws DownloadError, ChecksumError see {@link download}
 */
export async function loadWeightsFile(url: string, options: WeightsFileOptions = {}): Promise<string> {
  const { checkHash = true, fileName = fileNameOf(url), mirrors = [], modelDir, ...rest } = options;
  const folder = modelDir === undefined ? checkpointsDir() : expandUser(modelDir);
  return download([url, ...mirrors], join(folder, fileName), {
    ...rest,
    sha256: checkHash ? hashPrefixOf(fileName) : undefined,
    remedies: [
      `use a cache that has it: set TORCH_HOME (weights are looked for in $TORCH_HOME/hub/checkpoints)`,
      'go without: random weights need no download',
    ],
  });
}
