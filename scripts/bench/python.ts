/** The Python of the other side: the one that is named, or a virtual environment in the cache. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withLock } from '../../lib/hub/lock.js';
import { cacheRoot } from '../libtorch/cache.js';
import { installRemedy } from '../support/remedies.js';
import type { SetupContext } from '../support/context.js';
import { run, which } from '../support/process.js';
import { SetupError } from '../support/setup-error.js';
import { torchVersion, torchvisionVersion } from './versions.js';

/** Bytes that torch with its CUDA libraries takes while it is installed. */
const spaceNeeded = 11e9;

/** Written last: an environment without it was never finished. */
const noteFile = 'torchts-bench.json';

/** Folder of the suite's own environment. */
export function environmentFolder(env: NodeJS.ProcessEnv): string {
  return join(cacheRoot(env), `bench-python-${torchVersion}`);
}

/**
 * The interpreter to compare with: `TORCHTS_PYTHON`, else the environment in the cache, which is made at
 * its first use. Versions are not looked at here.
 *
 * @throws SetupError where there is none and none can be made
 */
export async function ensurePython(context: SetupContext): Promise<string> {
  const named = context.env.TORCHTS_PYTHON;
  if (named) {
    const found = which(named, context.env);
    if (found !== undefined) return found;
    throw new SetupError(
      `TORCHTS_PYTHON=${named} is no program.`,
      'Name an interpreter such as DIR/bin/python, or unset it: then a virtual environment is made.',
    );
  }
  const folder = environmentFolder(context.env);
  const executable = join(folder, 'bin', 'python');
  if (existsSync(join(folder, noteFile))) return executable;
  await mkdir(cacheRoot(context.env), { recursive: true });
  return withLock(`${folder}.lock`, {}, async () => {
    if (!existsSync(join(folder, noteFile))) await makeEnvironment(folder, context);
    return executable;
  });
}

/** Adds what exporting to ONNX takes. */
export async function installOnnx(python: string, context: SetupContext): Promise<void> {
  context.say('Installing onnx and onnxscript by pip…');
  await pip(python, ['onnx', 'onnxscript'], context);
}

async function makeEnvironment(folder: string, context: SetupContext): Promise<void> {
  const python3 = which('python3', context.env);
  if (python3 === undefined)
    throw new SetupError('There is no python3 on the PATH.', installRemedy(['python', 'pip']));
  const free = await context.freeSpace(folder);
  if (free < spaceNeeded) {
    throw new SetupError(
      `The disk of ${folder} has ${(free / 1e9).toFixed(1)} GB free; Python's torch takes ${spaceNeeded / 1e9} GB.`,
      'Free some space, choose another disk by TORCHTS_CACHE=DIR, or name a Python that has it by TORCHTS_PYTHON.',
    );
  }
  context.say(`Making a virtual environment with torch ${torchVersion} in ${folder}…`);
  await rm(folder, { recursive: true, force: true });
  const made = await run(python3, ['-m', 'venv', folder], { env: context.env });
  if (made.code !== 0) {
    await rm(folder, { recursive: true, force: true });
    throw new SetupError(
      `python3 -m venv failed: ${(made.stdout + made.stderr).trim().split('\n')[0] ?? `code ${made.code}`}`,
      'On Debian and Ubuntu: sudo apt install python3-venv',
    );
  }
  const packages = [`torch==${torchVersion}`, `torchvision==${torchvisionVersion}`, 'numpy', 'pillow'];
  await pip(join(folder, 'bin', 'python'), packages, context);
  await writeFile(join(folder, noteFile), `${JSON.stringify({ packages })}\n`);
}

async function pip(python: string, packages: readonly string[], context: SetupContext): Promise<void> {
  const args = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', ...packages];
  const result = await run(python, args, { env: context.env, stdout: 'stderr', stderr: 'show' });
  if (result.code === 0) return;
  const why = result.stderr
    .split('\n')
    .filter((line) => line.startsWith('ERROR:'))
    .at(-1);
  throw new SetupError(
    `pip could not install ${packages.join(', ')}: ${why ?? `code ${result.code}`}`,
    'Check the network and its settings (HTTPS_PROXY, PIP_INDEX_URL), or name a Python that has them by TORCHTS_PYTHON.',
  );
}
