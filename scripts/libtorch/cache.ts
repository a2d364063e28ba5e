import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { libtorchVersion, type Variant } from './release.js';

/** The project's cache: `TORCHTS_CACHE`, else `$XDG_CACHE_HOME/torchts`, else `~/.cache/torchts`. */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  if (env.TORCHTS_CACHE) return resolve(env.TORCHTS_CACHE);
  return resolve(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'torchts');
}

/** The name of an installed set, and the beginning of the names of its unfinished ones. */
export function setName(variant: Variant): string {
  return `libtorch-${libtorchVersion}-${variant}`;
}

/** Folder of an installed set; it holds what pip or the archive laid there, and {@link InstallNote}. */
export function setFolder(env: NodeJS.ProcessEnv, variant: Variant): string {
  return join(cacheRoot(env), setName(variant));
}

/** Beginning of the names of unfinished installations. */
export const stagingPrefix = '.unfinished-';

/** The file that ends an installation: a folder without it was never finished. */
export const noteFile = 'torchts-install.json';

/** What {@link noteFile} says. */
export interface InstallNote {
  version: string;
  variant: Variant;
  /** How it came here. */
  source: 'pip' | 'zip';
  /** LibTorch's folder within the set: `torch` of a wheel, `libtorch` of an archive. */
  folder: string;
}

/** Reads the note of a set; `undefined` where there is none or it cannot be understood. */
export function readNote(set: string): InstallNote | undefined {
  const path = join(set, noteFile);
  if (!existsSync(path)) return undefined;
  try {
    const note = JSON.parse(readFileSync(path, 'utf8')) as Partial<InstallNote>;
    return typeof note.folder === 'string' ? (note as InstallNote) : undefined;
  } catch {
    return undefined;
  }
}
