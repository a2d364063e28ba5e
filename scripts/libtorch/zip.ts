import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadFile } from './download.js';
import type { SetupContext } from '../support/context.js';
import { run, which } from '../support/process.js';
import type { Attempt, Staging } from './attempt.js';
import { cudaTag, libtorchVersion, type Variant } from './release.js';

/** The official prebuilt archive; `TORCHTS_LIBTORCH_URL` names another place that has it. */
export function archiveUrl(variant: Variant, env: NodeJS.ProcessEnv): string {
  if (env.TORCHTS_LIBTORCH_URL) return env.TORCHTS_LIBTORCH_URL;
  const tag = variant === 'cuda' ? cudaTag : 'cpu';
  return `https://download.pytorch.org/libtorch/${tag}/libtorch-shared-with-deps-${libtorchVersion}%2B${tag}.zip`;
}

/** Downloads the prebuilt archive and unpacks it into the staging folder. */
export async function installByZip(
  variant: Variant,
  staging: Staging,
  context: SetupContext,
): Promise<Attempt> {
  if (process.arch !== 'x64' && !context.env.TORCHTS_LIBTORCH_URL) {
    return { failure: `there is no prebuilt archive for ${process.arch}` };
  }
  if (which('cmake', context.env) === undefined) {
    return { failure: 'CMake, which unpacks the archive, is not installed', remedyTools: ['cmake'] };
  }
  const url = archiveUrl(variant, context.env);
  const archive = join(staging.folder, 'libtorch.zip');
  context.say(`Downloading ${url}`);
  try {
    await downloadFile(url, archive, context);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return { failure: 'the disk became full', diskFull: true };
    return { failure: `${url} could not be downloaded: ${(error as Error).message}`, network: true };
  }
  context.say('Unpacking…');
  const failure = await unpack(archive, staging, context);
  if (failure !== undefined) return failure;
  await rm(archive, { force: true });
  return { folder: 'libtorch' };
}

/** Unpacks by CMake, which the build needs anyway; names that would leave the folder are refused first. */
async function unpack(
  archive: string,
  staging: Staging,
  context: SetupContext,
): Promise<Attempt | undefined> {
  const options = { env: context.env, cwd: staging.content, started: staging.track };
  const listing = await run('cmake', ['-E', 'tar', 'tf', archive], { ...options, keepAll: true });
  if (listing.code !== 0) return { failure: 'the downloaded archive is broken', network: true };
  const outside = listing.stdout
    .split('\n')
    .find((name) => name.startsWith('/') || name.split('/').includes('..'));
  if (outside !== undefined) return { failure: `the archive has an entry outside its folder: ${outside}` };
  const result = await run('cmake', ['-E', 'tar', 'xf', archive], options);
  if (result.code === 0) return undefined;
  if (/No space left|Disk quota/i.test(result.stderr))
    return { failure: 'the disk became full', diskFull: true };
  return { failure: `the archive could not be unpacked: ${result.stderr.trim().split('\n').at(-1) ?? ''}` };
}
