import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SetupContext } from '../support/context.js';
import { SetupError } from '../support/setup-error.js';
import { readNote, setFolder } from './cache.js';
import { inspect, type LibTorch, type Refusal } from './inspect.js';
import { findPython } from './python.js';
import { libtorchVersion, type Variant } from './release.js';
import type { VariantChoice } from './variant.js';

/** The LibTorch that was found, if any, and what was refused before it. */
export interface Located {
  found?: LibTorch;
  refused: Refusal[];
}

/**
 * Looks for LibTorch without fetching anything: `TORCHTS_LIBTORCH`, the cache, Python's `torch`; the
 * first that fits wins. Where CPU is wanted a set with CUDA fits too.
 *
 * @throws SetupError when `TORCHTS_LIBTORCH` is set to a folder that does not fit
 */
export async function locate(choice: VariantChoice, context: SetupContext): Promise<Located> {
  const named = context.env.TORCHTS_LIBTORCH;
  if (named) return { found: await locateNamed(named, choice, context), refused: [] };

  const refused: Refusal[] = [];
  const take = (result: LibTorch | Refusal): result is LibTorch => {
    if ('reason' in result) refused.push(result);
    return !('reason' in result);
  };
  const sets: Variant[] = choice.variant === 'cuda' ? ['cuda'] : ['cpu', 'cuda'];
  for (const variant of sets) {
    const set = setFolder(context.env, variant);
    if (!existsSync(set)) continue;
    const note = readNote(set);
    const result: LibTorch | Refusal =
      note === undefined
        ? { origin: 'cache', root: set, reason: 'its installation was never finished' }
        : await inspect(join(set, note.folder), 'cache', choice.variant, context);
    if (take(result)) return { found: result, refused };
  }
  const python = await findPython(context);
  if (typeof python !== 'string' && python.torch !== undefined) {
    const { root, version } = python.torch;
    const result: LibTorch | Refusal =
      version.split('+')[0] === libtorchVersion
        ? await inspect(root, 'python', choice.variant, context)
        : { origin: 'python', root, reason: `its version is ${version}, ${libtorchVersion} is needed` };
    if (take(result)) return { found: result, refused };
  }
  return { refused };
}

/** The folder that the user named: it fits or it is an error, nothing else is tried. */
async function locateNamed(named: string, choice: VariantChoice, context: SetupContext): Promise<LibTorch> {
  // A driver alone does not outvote a folder that the user chose; TORCHTS_VARIANT=cuda does.
  const wanted = choice.reason === 'TORCHTS_VARIANT' ? choice.variant : 'cpu';
  const result = await inspect(resolve(named), 'TORCHTS_LIBTORCH', wanted, context);
  if ('reason' in result) {
    throw new SetupError(`TORCHTS_LIBTORCH=${named} does not fit: ${result.reason}.`, [
      `Point it to a LibTorch ${libtorchVersion} (a folder with lib/ and include/),`,
      'or unset it: then one is found or fetched.',
    ]);
  }
  return result;
}
