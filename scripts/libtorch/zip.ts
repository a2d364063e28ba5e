import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TorchError } from '../../lib/errors.js';
import { download } from '../../lib/hub/download.js';
import type { SetupContext } from '../support/context.js';
import { run, which } from '../support/process.js';
import type { Attempt, Staging } from './attempt.js';
import { cudaTag, libtorchVersion, type Variant } from './release.js';

/** The official prebuilt archive; `TORCHTS_MIRROR` names another host that has it, as for all downloads. */
export function archiveUrl(variant: Variant): string {
  const tag = variant === 'cuda' ? cudaTag : 'cpu';
  return `https://download.pytorch.org/libtorch/${tag}/libtorch-shared-with-deps-${libtorchVersion}%2B${tag}.zip`;
}

/** Downloads the prebuilt archive and unpacks it into the staging folder. */
export async function installByZip(
  variant: Variant,
  staging: Staging,
  context: SetupContext,
): Promise<Attempt> {
  if (process.arch !== 'x64') {
    return { failure: `there is no prebuilt archive for ${process.arch}` };
  }
  if (which('cmake', context.env) === undefined) {
    return { failure: 'CMake, which unpacks the archive, is not installed', remedyTools: ['cmake'] };
  }
  const url = archiveUrl(variant);
  const archive = join(staging.folder, 'libtorch.zip');
  context.say(`Fetching the prebuilt archive ${url}`);
  try {
    await download(url, archive, { mirror: context.env.TORCHTS_MIRROR ?? '' });
  } catch (error) {
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
    if (code === 'ENOSPC' || code === 'EDQUOT') return { failure: 'the disk became full', diskFull: true };
    // The download's own remedies speak of placing a file by hand, which is not how this one is placed.
    if (error instanceof TorchError) return { failure: error.message.split('\n')[0], network: true };
    throw error;
  }
  context.say('Unpacking…');
  const failure = await unpack(archive, staging, context);
  if (failure !== undefined) return failure;
  await rm(archive, { force: true });
  return { folder: 'libtorch' };
}

/** Whether a zip file ends with its directory: without it CMake would unpack the beginning and be content. */
async function hasDirectory(archive: string): Promise<boolean> {
  const file = await open(archive);
  try {
    const { size } = await file.stat();
    // The record that ends the directory has 22 bytes and a comment of at most 65,535.
    const tail = Buffer.alloc(Math.min(size, 22 + 65_535));
    await file.read(tail, 0, tail.length, size - tail.length);
    return tail.lastIndexOf('PK\x05\x06', undefined, 'latin1') >= 0;
  } finally {
    await file.close();
  }
}

/** Unpacks by CMake, which the build needs anyway; names that would leave the folder are refused first. */
async function unpack(
  archive: string,
  staging: Staging,
  context: SetupContext,
): Promise<Attempt | undefined> {
  const broken: Attempt = { failure: 'the downloaded archive is broken', network: true };
  if (!(await hasDirectory(archive))) return broken;
  const options = { env: context.env, cwd: staging.content, started: staging.track };
  const listing = await run('cmake', ['-E', 'tar', 'tf', archive], { ...options, keepAll: true });
  if (listing.code !== 0) return broken;
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
