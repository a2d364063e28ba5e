/** Files that both sides read: made once by Python, kept in the cache. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../lib/hub/lock.js';
import { cacheRoot } from '../libtorch/cache.js';
import type { SetupContext } from '../support/context.js';
import { run } from '../support/process.js';
import { SetupError } from '../support/setup-error.js';
import { programFile } from './child.js';
import type { Input } from './types.js';

const script = programFile({ label: 'Python', runtime: 'python', program: 'prepare' });

/** Folder of the inputs; another one for another version of the script that makes them. */
export function inputsFolder(env: NodeJS.ProcessEnv): string {
  const version = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 8);
  return join(cacheRoot(env), `bench-inputs-${version}`);
}

/**
 * Makes those inputs that are not there yet; each appears whole or not at all.
 *
 * @throws SetupError where Python cannot make one
 */
export async function ensureInputs(
  wanted: readonly Input[],
  python: string,
  context: SetupContext,
): Promise<string> {
  const folder = inputsFolder(context.env);
  const absent = wanted.filter((input) => !existsSync(join(folder, input)));
  if (absent.length === 0) return folder;
  await mkdir(folder, { recursive: true });
  await withLock(join(folder, '.lock'), {}, async () => {
    for (const input of absent) {
      const place = join(folder, input);
      if (existsSync(place)) continue;
      context.say(`Making the input ${input}…`);
      const unfinished = `${place}.unfinished`;
      await rm(unfinished, { recursive: true, force: true });
      const source = input === 'resnet18-onnx' ? [join(folder, 'resnet18')] : [];
      const result = await run(python, [script, input, unfinished, ...source], { env: context.env });
      if (result.code !== 0) {
        throw new SetupError(
          `The input ${input} could not be made: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
          'Check that this Python has torch, torchvision, numpy and pillow.',
        );
      }
      await rename(unfinished, place);
    }
  });
  return folder;
}
