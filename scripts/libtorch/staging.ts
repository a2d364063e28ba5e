import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { SetupContext } from '../support/context.js';
import type { Staging } from './attempt.js';
import { stagingPrefix } from './cache.js';

/** Removes what killed installations left in the cache. Called under the lock, so nobody works there. */
export async function removeLeftovers(cache: string, context: SetupContext): Promise<void> {
  const names = await readdir(cache).catch(() => []);
  for (const name of names.filter((entry) => entry.startsWith(stagingPrefix))) {
    context.say(`Removing what an interrupted installation left: ${join(cache, name)}`);
    await rm(join(cache, name), { recursive: true, force: true, maxRetries: 3, retryDelay: 200 });
  }
}

/**
 * Runs `body` with a staging folder beside the sets of the cache. The folder is gone afterwards, also
 * when a signal ends the process; only a kill without notice leaves it, for {@link removeLeftovers}.
 */
export async function withStaging<T>(cache: string, body: (staging: Staging) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(cache, stagingPrefix));
  const children = new Set<ChildProcess>();
  const track = (child: ChildProcess) => {
    children.add(child);
    child.once('close', () => children.delete(child));
  };
  const staging: Staging = { folder, content: join(folder, 'set'), track };
  const stop = (signal: NodeJS.Signals) => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    process.stderr.write('\ntorchts: interrupted; nothing unfinished was left in the cache.\n');
    process.exit(128 + constants.signals[signal]);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, stop);
  try {
    await mkdir(staging.content);
    return await body(staging);
  } finally {
    for (const signal of signals) process.off(signal, stop);
    await rm(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 200 });
  }
}
