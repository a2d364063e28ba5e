import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SetupContext } from '../support/context.js';
import { run } from '../support/process.js';
import { libtorchVersion, neededCudaFiles, neededFiles, type Variant } from './release.js';

/** Where a LibTorch was found. */
export type Origin = 'TORCHTS_LIBTORCH' | 'cache' | 'python';

/** A LibTorch that fits. */
export interface LibTorch {
  /** The folder with `lib/` and `include/`. */
  root: string;
  /** The version as the folder states it, e.g. `2.14.1+cu130`. */
  version: string;
  /** `cuda` where every library that CUDA needs is there too. */
  variant: Variant;
  origin: Origin;
}

/** A folder that was looked at and did not fit, and why. */
export interface Refusal {
  origin: Origin;
  root: string;
  reason: string;
}

/** The version a LibTorch folder states: the wheel's `version.py`, the archive's `build-version`, or CMake's. */
export function statedVersion(root: string): string | undefined {
  const sources: [file: string, pattern: RegExp][] = [
    ['version.py', /__version__\s*=\s*['"]([^'"]+)['"]/],
    ['build-version', /^(\d\S*)/],
    ['share/cmake/Torch/TorchConfigVersion.cmake', /PACKAGE_VERSION "([^"]+)"/],
  ];
  for (const [file, pattern] of sources) {
    const path = join(root, file);
    const found = existsSync(path) ? pattern.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The libraries that the loader would not find for a shared object, as `ldd` tells; the driver's own
 * `libcuda.so.1` is not counted, it comes and goes with the driver. A file that `ldd` cannot read at
 * all is reported by its message.
 */
export async function missingLibraries(file: string, context: SetupContext): Promise<string[]> {
  const result = await run('ldd', [file], { env: context.env });
  // No ldd on this system: the addon's own loading will tell.
  if (result.error !== undefined) return [];
  if (result.code !== 0) return [`(${(result.stderr || result.stdout).trim() || 'ldd failed'})`];
  const missing = [...result.stdout.matchAll(/^\s*(\S+) => not found/gm)].map((line) => line[1]);
  return [...new Set(missing)].filter((name) => name !== 'libcuda.so.1');
}

/** Checks a folder for files, version and loadable libraries: the LibTorch, or the reason against it. */
export async function inspect(
  root: string,
  origin: Origin,
  wanted: Variant,
  context: SetupContext,
): Promise<LibTorch | Refusal> {
  const refuse = (reason: string): Refusal => ({ origin, root, reason });
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) return refuse('there is no such folder');
  const absent = neededFiles.filter((file) => !existsSync(join(root, file)));
  if (absent.length > 0) {
    const nested = ['torch', 'libtorch']
      .map((name) => join(root, name))
      .find((path) => existsSync(join(path, 'lib')));
    const hint = nested === undefined ? '' : `; ${nested} looks like the folder that was meant`;
    return refuse(
      `${absent.slice(0, 3).join(', ')}${absent.length > 3 ? ' and more' : ''} not found in it${hint}`,
    );
  }
  const version = statedVersion(root);
  if (version?.split('+')[0] !== libtorchVersion) {
    return refuse(`its version is ${version ?? 'not stated'}, ${libtorchVersion} is needed`);
  }
  const unloadable = await missingLibraries(join(root, 'lib/libtorch_cpu.so'), context);
  if (unloadable.length > 0) {
    return refuse(`its libtorch_cpu.so does not load, for want of ${unloadable.join(', ')}`);
  }
  const obstacle = await cudaObstacle(root, context);
  if (wanted === 'cuda' && obstacle !== undefined) return refuse(`it serves the CPU only: ${obstacle}`);
  return { root, version, variant: obstacle === undefined ? 'cuda' : 'cpu', origin };
}

/** Why a LibTorch folder cannot serve CUDA, or `undefined` where it can. */
async function cudaObstacle(root: string, context: SetupContext): Promise<string | undefined> {
  const absent = neededCudaFiles.filter((file) => !existsSync(join(root, file)));
  if (absent.length > 0) return `${absent.join(', ')} not found in it`;
  const missing = await missingLibraries(join(root, 'lib/libtorch_cuda.so'), context);
  return missing.length === 0 ? undefined : `libtorch_cuda.so wants ${missing.slice(0, 4).join(', ')}`;
}
