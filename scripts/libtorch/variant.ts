import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../support/setup-error.js';
import type { Variant } from './release.js';

/** The NVIDIA driver of this machine. `version` is unknown under WSL, where Windows owns the driver. */
export interface Driver {
  version?: string;
}

/** Finds the NVIDIA driver by the files it provides; `root` is the file system's root. */
export function findDriver(root = '/'): Driver | undefined {
  const report = join(root, 'proc/driver/nvidia/version');
  if (existsSync(report)) {
    const version = /Kernel Module.*?\s(\d+\.\d+(?:\.\d+)?)\s/.exec(readFileSync(report, 'utf8'))?.[1];
    return version === undefined ? {} : { version };
  }
  if (existsSync(join(root, 'dev/dxg')) && existsSync(join(root, 'usr/lib/wsl/lib/libcuda.so.1'))) return {};
  return undefined;
}

/** A variant and whether the user asked for it. */
export interface VariantChoice {
  variant: Variant;
  reason: 'TORCHTS_VARIANT' | 'driver' | 'no driver';
}

/**
 * CPU or CUDA: `TORCHTS_VARIANT` decides, otherwise the NVIDIA driver.
 *
 * @throws SetupError for any other value of `TORCHTS_VARIANT`
 */
export function chooseVariant(
  env: NodeJS.ProcessEnv,
  driver: Driver | undefined = findDriver(),
): VariantChoice {
  const asked = env.TORCHTS_VARIANT;
  if (asked === 'cpu' || asked === 'cuda') return { variant: asked, reason: 'TORCHTS_VARIANT' };
  if (asked !== undefined && asked !== '') {
    throw new SetupError(
      `TORCHTS_VARIANT='${asked}': expected 'cpu' or 'cuda'.`,
      'Set one of the two, or unset it: then the NVIDIA driver decides.',
    );
  }
  return driver === undefined
    ? { variant: 'cpu', reason: 'no driver' }
    : { variant: 'cuda', reason: 'driver' };
}
