import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-error.js';

/** What the scripts read of a `package.json`. */
export interface PackageManifest {
  name: string;
  version: string;
  engines?: { node?: string };
}

/** The manifest in a folder, or `undefined` where there is none. */
function manifestAt(folder: string): PackageManifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageManifest;
  } catch {
    return undefined;
  }
}

/**
 * The folder of the torchts package, found by walking up to its `package.json`: the same in a clone
 * (`dist/scripts/…`) and below `node_modules`.
 */
export function packageRoot(from: string = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    if (manifestAt(folder)?.name === 'torchts') return folder;
    if (folder === dirname(folder)) {
      throw new SetupError(
        `No package.json of torchts above ${from}.`,
        'Reinstall the package: npm install torchts',
      );
    }
  }
}

/** The manifest of the torchts package itself. */
export function packageManifest(root: string = packageRoot()): PackageManifest {
  const manifest = manifestAt(root);
  if (manifest === undefined) throw new SetupError(`No readable package.json in ${root}.`);
  return manifest;
}

/** Folder and manifest of a dependency, wherever npm has hoisted it. */
export function dependency(name: string, root: string): { folder: string; version: string } {
  const resolve = createRequire(join(root, 'package.json')).resolve;
  let folder: string;
  try {
    folder = dirname(resolve(`${name}/package.json`));
  } catch (cause) {
    throw new SetupError(
      `The dependency ${name} is not installed in ${root}.`,
      'Run `npm ci` (in a clone) or `npm install` (in your project).',
      { cause },
    );
  }
  return { folder, version: packageManifest(folder).version };
}
