/**
 * One step of cmake-js, in a process of its own: `node cmake-js.js <configure|build> <options as JSON>`.
 *
 * cmake-js downloads Node's own headers unless the project is marked as one of Node-API; here it is told
 * so directly, and takes the headers of the package node-api-headers.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isMain, runMain } from './main.js';
import { SetupError } from './setup-error.js';

/** What we ask of cmake-js. */
export interface CMakeJsOptions {
  /** The package folder, with `CMakeLists.txt`. */
  directory: string;
  /** The build folder. */
  out: string;
  /** Definitions for CMake (`-Dname=value`). */
  cMakeOptions?: Record<string, string>;
  /** Compilers at a time. */
  parallel?: number;
}

type Step = 'configure' | 'build';

interface BuildSystem extends Record<Step, () => Promise<void>> {
  options: { isNodeApi: boolean };
}

interface CMakeJs {
  BuildSystem: new (options: CMakeJsOptions & { noLog: boolean }) => BuildSystem;
}

async function runStep(step: string | undefined, text: string | undefined): Promise<number> {
  if ((step !== 'configure' && step !== 'build') || text === undefined) {
    throw new SetupError('Expected: configure|build and the options as JSON.');
  }
  const options = JSON.parse(text) as CMakeJsOptions;
  const { BuildSystem } = createRequire(join(options.directory, 'package.json'))('cmake-js') as CMakeJs;
  const system = new BuildSystem({ ...options, noLog: true });
  system.options.isNodeApi = true;
  try {
    await system[step]();
    return 0;
  } catch (error) {
    process.stderr.write(`cmake-js: ${(error as Error).message}\n`);
    return 1;
  }
}

if (isMain(import.meta.url)) await runMain(() => runStep(process.argv[2], process.argv[3]));
