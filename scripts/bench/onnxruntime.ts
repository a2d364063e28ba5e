/**
 * onnxruntime-node, fetched into the cache when a row wants it. It is no dependency of the project: its
 * install script would fetch CUDA libraries from another host, and only this comparison uses it.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../lib/hub/lock.js';
import { cacheRoot } from '../libtorch/cache.js';
import type { SetupContext } from '../support/context.js';
import { run } from '../support/process.js';

export const onnxruntimeVersion = '1.30.0';

/** The folder whose `node_modules` has onnxruntime-node, or a text that says why there is none. */
export async function ensureOnnxruntime(context: SetupContext): Promise<{ folder: string } | string> {
  const root = cacheRoot(context.env);
  const folder = join(root, `bench-onnxruntime-${onnxruntimeVersion}`);
  if (existsSync(folder)) return { folder };
  await mkdir(root, { recursive: true });
  return withLock(`${folder}.lock`, {}, async () => {
    if (existsSync(folder)) return { folder };
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished);
    await writeFile(join(unfinished, 'package.json'), '{ "private": true }\n');
    context.say(`Installing onnxruntime-node ${onnxruntimeVersion} by npm…`);
    // The CPU's library is in the package itself: no script has to run.
    const args = [
      'install',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
      `onnxruntime-node@${onnxruntimeVersion}`,
    ];
    const result = await run('npm', args, { env: context.env, cwd: unfinished });
    if (result.code !== 0) {
      await rm(unfinished, { recursive: true, force: true });
      const why = result.error?.message ?? result.stderr.trim().split('\n').at(-1);
      return `onnxruntime-node could not be installed: ${why ?? `npm ended with ${result.code}`}`;
    }
    await rename(unfinished, folder);
    return { folder };
  });
}
