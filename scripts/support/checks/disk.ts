import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { cacheRoot } from '../../libtorch/cache.js';
import { spaceNeeded, type Variant } from '../../libtorch/release.js';
import { folderSize, formatBytes } from '../bytes.js';
import type { SetupContext } from '../context.js';
import { type Finding, missing, note, ok } from './finding.js';

/** The folder of pretrained weights, shared with Python: `TORCH_HOME`, else `torch` in the user's cache. */
export function checkpointFolder(env: NodeJS.ProcessEnv): string {
  const home = env.TORCH_HOME || join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'torch');
  return resolve(home, 'hub', 'checkpoints');
}

/** The caches with their sizes, and what is free on the disk of ours. */
export async function checkDisk(toFetch: Variant | undefined, context: SetupContext): Promise<Finding[]> {
  const { env } = context;
  const findings: Finding[] = [];
  const folders: [name: string, folder: string][] = [
    ['Cache of torchts', cacheRoot(env)],
    ['Cache of weights', checkpointFolder(env)],
  ];
  for (const [name, folder] of folders) {
    const size = existsSync(folder) ? formatBytes(await folderSize(folder)) : 'nothing yet';
    findings.push(ok(name, `${folder}: ${size}`));
  }
  const free = await context.freeSpace(cacheRoot(env));
  const needed = toFetch === undefined ? 0 : spaceNeeded.pip[toFetch];
  if (free >= needed) {
    findings.push((free < 1e9 ? note : ok)('Free disk', formatBytes(free)));
  } else {
    findings.push(
      missing('Free disk', `${formatBytes(free)}; fetching LibTorch takes ${formatBytes(needed)}`, [
        'Free some space, or choose a folder on another disk by TORCHTS_CACHE=DIR.',
      ]),
    );
  }
  return findings;
}
