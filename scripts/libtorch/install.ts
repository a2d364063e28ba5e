import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TorchError } from '../../lib/errors.js';
import { withLock } from '../../lib/hub/lock.js';
import { formatBytes } from '../../lib/hub/progress.js';
import type { SetupContext } from '../support/context.js';
import { installRemedy } from '../support/remedies.js';
import { SetupError } from '../support/setup-error.js';
import type { Attempt, Staging } from './attempt.js';
import { cacheRoot, type InstallNote, noteFile, setFolder } from './cache.js';
import { inspect, type LibTorch } from './inspect.js';
import { type Located, locate } from './locate.js';
import { installByPip } from './pip.js';
import { libtorchVersion, spaceNeeded } from './release.js';
import { removeLeftovers, withStaging } from './staging.js';
import { chooseVariant, type VariantChoice } from './variant.js';
import { installByZip } from './zip.js';

const roomRemedy = 'Free some space, or choose a folder on another disk by TORCHTS_CACHE=DIR.';

type Failure = Exclude<Attempt, { folder: string }>;

/**
 * Finds LibTorch, or fetches it into the cache: by pip, else as the prebuilt archive. What is fetched
 * appears in the cache whole or not at all.
 *
 * @throws SetupError with the reasons of every way that was tried and what to do
 */
export async function ensureLibTorch(context: SetupContext, choice?: VariantChoice): Promise<LibTorch> {
  const chosen = choice ?? chooseVariant(context.env);
  const found = announce(await locate(chosen, context), chosen, context);
  if (found !== undefined) return found;
  const cache = cacheRoot(context.env);
  // One lock for both variants: what another installation left is told from one under way by it alone.
  const lock = join(cache, 'install.lock');
  const onWait = (pid?: number) =>
    context.say(`Process ${pid ?? '(unknown)'} is installing LibTorch in ${cache}; waiting for it…`);
  try {
    await mkdir(cache, { recursive: true });
    return await withLock(lock, { onWait }, async () => {
      // Another process may have installed it while this one waited.
      const meanwhile = await locate(chosen, context);
      if (meanwhile.found !== undefined) return meanwhile.found;
      for (const { root, reason } of meanwhile.refused) context.say(`Not taken: ${root}: ${reason}.`);
      await removeLeftovers(cache, context);
      return await fetch(chosen, cache, context);
    });
  } catch (error) {
    throw explainFileError(error, cache);
  }
}

function announce(located: Located, choice: VariantChoice, context: SetupContext): LibTorch | undefined {
  const found = located.found;
  if (found !== undefined && choice.variant === 'cuda' && found.variant === 'cpu') {
    context.say(`Note: there is an NVIDIA driver, but the LibTorch in ${found.root} serves the CPU only.`);
  }
  return found;
}

async function fetch(choice: VariantChoice, cache: string, context: SetupContext): Promise<LibTorch> {
  const { variant } = choice;
  const why = {
    TORCHTS_VARIANT: 'by TORCHTS_VARIANT',
    driver: 'for the NVIDIA driver',
    'no driver': 'no NVIDIA driver',
  };
  context.say(
    `LibTorch ${libtorchVersion} is needed (${variant}, ${why[choice.reason]}); fetching it into ${cache}`,
  );
  const begin = Date.now();
  const failures: string[] = [];
  const remedies: string[] = [];
  for (const [source, install] of [['pip', installByPip] as const, ['zip', installByZip] as const]) {
    const outcome = await withStaging(cache, async (staging): Promise<LibTorch | Failure> => {
      await checkSpace(spaceNeeded[source][variant], cache, context);
      const attempt = await install(variant, staging, context);
      if (attempt.failure !== undefined) return attempt;
      return finish({ version: libtorchVersion, variant, source, folder: attempt.folder }, staging, context);
    });
    if (!('failure' in outcome)) {
      context.say(
        `LibTorch ${outcome.version} is in ${outcome.root} (${Math.round((Date.now() - begin) / 1000)} s).`,
      );
      return outcome;
    }
    if (outcome.diskFull) throw diskFull(spaceNeeded[source][variant], cache);
    context.say(`${source === 'pip' ? 'Not by pip' : 'Not as an archive'}: ${outcome.failure}.`);
    failures.push(outcome.failure);
    if (outcome.remedyTools) remedies.push(...installRemedy(outcome.remedyTools));
    if (outcome.network)
      remedies.push(
        'Check the network, and the settings for a proxy or a mirror (HTTPS_PROXY, PIP_INDEX_URL, TORCHTS_MIRROR).',
      );
  }
  throw new SetupError(
    `LibTorch ${libtorchVersion} (${variant}) could not be fetched: ${failures.join('; ')}.`,
    [
      ...new Set(remedies),
      `Or bring it yourself: TORCHTS_LIBTORCH=DIR, an unpacked LibTorch ${libtorchVersion} (docs/install.md, "Without a network").`,
    ],
  );
}

/** An error of the file system in the cache, said in our words. */
function explainFileError(error: unknown, cache: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof TorchError || !/^E(?!RR)[A-Z]+$/.test(code ?? '')) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SetupError(`The disk of ${cache} became full.`, roomRemedy);
  return new SetupError(
    `The cache ${cache} cannot be written: ${message}`,
    'Choose another by TORCHTS_CACHE=DIR.',
    {
      cause: error,
    },
  );
}

/** Checks what was laid into the staging folder and moves it to its place in one step. */
async function finish(
  note: InstallNote,
  staging: Staging,
  context: SetupContext,
): Promise<LibTorch | Failure> {
  const checked = await inspect(join(staging.content, note.folder), 'cache', note.variant, context);
  if ('reason' in checked) return { failure: `what was fetched is not usable: ${checked.reason}` };
  await writeFile(join(staging.content, noteFile), `${JSON.stringify(note, null, 2)}\n`);
  const set = setFolder(context.env, note.variant);
  // A broken earlier set was refused by locate(); only now that a whole one is here it goes.
  await rm(set, { recursive: true, force: true });
  await rename(staging.content, set);
  return { ...checked, root: join(set, note.folder) };
}

async function checkSpace(needed: number, cache: string, context: SetupContext): Promise<void> {
  const free = await context.freeSpace(cache);
  if (free < needed) throw diskFull(needed, cache, free);
}

function diskFull(needed: number, cache: string, free?: number): SetupError {
  const has = free === undefined ? 'became full' : `has ${formatBytes(free)} free`;
  return new SetupError(
    `The disk of ${cache} ${has}; LibTorch takes ${formatBytes(needed)} while it is installed.`,
    roomRemedy,
  );
}
