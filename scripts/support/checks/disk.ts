import { existsSync } from 'node:fs';
import { cacheRoot } from '../../libtorch/cache.js';
import { spaceNeeded, type Variant } from '../../libtorch/release.js';
import { checkpointsDir } from '../../../lib/hub/cache.js';
import { formatBytes } from '../../../lib/hub/progress.js';
import { folderSize } from '../bytes.js';
import type { SetupContext } from '../context.js';
import { type Finding, missing, note, ok } from './finding.js';

/** The caches with their sizes, and what is free on the disk of ours. */
export async function checkDisk(toFetch: Variant | undefined, context: SetupContext): Promise<Finding[]> {
  const { env } = context;
  const findings: Finding[] = [];
  const folders: [name: string, folder: string][] = [
    ['Cache of torchts', cacheRoot(env)],
    ['Cache of weights', checkpointsDir()],
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
