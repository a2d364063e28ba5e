import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withLock } from '../../lib/hub/lock.js';
import type { LibTorch } from '../libtorch/inspect.js';
import type { CMakeJsOptions } from './cmake-js.js';
import type { SetupContext } from './context.js';
import { dependency } from './package-root.js';
import { run } from './process.js';
import { SetupError } from './setup-error.js';
import { checkBuildTools } from './tools.js';

/** Memory that compiling one file against LibTorch's headers may take. */
const memoryPerJob = 1.2e9;

/** The built addon. */
export function addonFile(root: string): string {
  return join(root, 'build', 'Release', 'torchts.node');
}

function stampFile(root: string): string {
  return join(root, 'build', 'torchts-stamp.json');
}

interface Stamp {
  /** Of the sources and versions that the addon was made from. */
  inputs: string;
  /** The LibTorch folder whose libraries it loads. */
  libtorch: string;
}

/** Hash of everything that the addon is made from besides LibTorch: sources, the CMake file, the header packages. */
function hashInputs(root: string): string {
  const hash = createHash('sha256');
  const add = (path: string): void => {
    hash
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0');
  };
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (/\.(cc|cpp|h|hpp|cmake|txt)$/.test(entry.name)) add(path);
    }
  };
  add(join(root, 'CMakeLists.txt'));
  walk(join(root, 'native'));
  for (const name of ['node-addon-api', 'node-api-headers'])
    hash.update(`${name} ${dependency(name, root).version}\0`);
  return hash.digest('hex');
}

/** The addon as it lies there: absent, made from something else than what is there now, or current. */
export type AddonState =
  | { state: 'missing' }
  | { state: 'stale'; reason: string }
  | { state: 'current'; libtorch: string };

/** Compares the addon with its sources and, where given, with the LibTorch that was found. */
export function addonState(root: string, libtorch?: LibTorch): AddonState {
  if (!existsSync(addonFile(root))) return { state: 'missing' };
  let stamp: Stamp;
  try {
    stamp = JSON.parse(readFileSync(stampFile(root), 'utf8')) as Stamp;
  } catch {
    return { state: 'stale', reason: 'its last build was not finished' };
  }
  if (stamp.inputs !== hashInputs(root)) return { state: 'stale', reason: 'its sources have changed' };
  if (libtorch !== undefined && stamp.libtorch !== libtorch.root) {
    return { state: 'stale', reason: `it was built for the LibTorch in ${stamp.libtorch}` };
  }
  return { state: 'current', libtorch: stamp.libtorch };
}

/**
 * Compiles the addon where it is missing or stale.
 *
 * @returns whether there was something to do
 * @throws SetupError for missing tools or a failed compilation
 */
export async function ensureAddon(root: string, libtorch: LibTorch, context: SetupContext): Promise<boolean> {
  if (addonState(root, libtorch).state === 'current') return false;
  await checkBuildTools(context);
  const lock = join(root, 'build', '.lock');
  const onWait = (pid?: number) =>
    context.say(`Process ${pid ?? '(unknown)'} is building the addon; waiting for it…`);
  makeBuildFolder(root);
  return withLock(lock, { onWait }, async () => {
    const state = addonState(root, libtorch);
    if (state.state === 'current') return false;
    const why = state.state === 'stale' ? `: ${state.reason}` : '';
    context.say(`Building the addon against LibTorch in ${libtorch.root}${why}`);
    const begin = Date.now();
    const inputs = hashInputs(root);
    rmSync(stampFile(root), { force: true });
    dropForeignBuild(root);
    await compile(root, libtorch, context);
    const stamp: Stamp = { inputs, libtorch: libtorch.root };
    writeFileSync(stampFile(root), `${JSON.stringify(stamp, null, 2)}\n`);
    context.say(`The addon is built (${Math.round((Date.now() - begin) / 1000)} s).`);
    return true;
  });
}

function makeBuildFolder(root: string): void {
  const folder = join(root, 'build');
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new SetupError(
      `The addon cannot be built in ${folder}: ${(cause as Error).message}`,
      'Install the package where you may write (a project folder, not the system), or run this as its owner.',
      { cause },
    );
  }
}

/** CMake refuses a build folder that was made for sources elsewhere (a moved or copied clone). */
function dropForeignBuild(root: string): void {
  const cache = join(root, 'build', 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const home = /^CMAKE_HOME_DIRECTORY:INTERNAL=(.*)$/m.exec(readFileSync(cache, 'utf8'))?.[1];
  if (home === root) return;
  for (const name of readdirSync(join(root, 'build'))) {
    if (name !== '.lock') rmSync(join(root, 'build', name), { recursive: true, force: true });
  }
}

/** As many compilers as there are processors and memory for. */
function jobs(): number {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(freemem() / memoryPerJob)));
}

/** Configures and builds by cmake-js, its output on stderr. */
async function compile(root: string, libtorch: LibTorch, context: SetupContext): Promise<void> {
  dependency('cmake-js', root);
  const script = fileURLToPath(new URL('./cmake-js.js', import.meta.url));
  const options: CMakeJsOptions = {
    directory: root,
    out: join(root, 'build'),
    cMakeOptions: { TORCHTS_LIBTORCH: libtorch.root },
    parallel: jobs(),
  };
  for (const step of ['configure', 'build']) {
    const result = await run(process.execPath, [script, step, JSON.stringify(options)], {
      env: context.env,
      cwd: root,
      stdout: 'stderr',
      stderr: 'show',
    });
    if (result.code === 0) continue;
    const memory = result.signal === 'SIGKILL' || /Killed|out of memory/i.test(result.stderr);
    throw new SetupError(
      `The addon did not ${step} (cmake-js ended with ${result.signal ?? `code ${result.code}`}); its output is above.`,
      [
        ...(memory ? ['The compiler ran out of memory: close other programs or add swap.'] : []),
        'Run `npx torchts doctor` to check compiler, CMake and LibTorch.',
      ],
    );
  }
}
