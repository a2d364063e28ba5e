import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { ValueError } from '../errors.js';

/** `~` and `~/…` as a shell reads them. */
export function expandUser(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}

/**
 * Where PyTorch keeps its caches: `$TORCH_HOME`, else `$XDG_CACHE_HOME/torch`, else `~/.cache/torch`.
 * The same folder that Python's `torch.hub` uses.
 */
export function torchHome(): string {
  const { TORCH_HOME, XDG_CACHE_HOME } = process.env;
  return resolve(expandUser(TORCH_HOME || join(XDG_CACHE_HOME || '~/.cache', 'torch')));
}

let chosen: string | undefined;

/** The hub folder: what {@link setDir} chose, else `hub` under {@link torchHome} (`torch.hub.get_dir`). */
export function hubDir(): string {
  return chosen ?? join(torchHome(), 'hub');
}

/** Chooses the hub folder for this process (`torch.hub.set_dir`). */
export function setDir(folder: string): void {
  chosen = resolve(expandUser(folder));
}

/** Where pretrained weights are kept: `checkpoints` under {@link hubDir}. */
export function checkpointsDir(): string {
  return join(hubDir(), 'checkpoints');
}

/** The last part of the URL's path, decoded: the name of the file it gives. */
export function fileNameOf(url: string): string {
  let name: string;
  try {
    name = basename(decodeURIComponent(new URL(url).pathname));
  } catch {
    throw new ValueError(
      `not a URL: ${JSON.stringify(url)}. Give an address such as https://host/path/file.pth`,
    );
  }
  if (name === '' || name === '.' || name === '..') {
    throw new ValueError(`${url} names no file; give the option fileName`);
  }
  return name;
}
