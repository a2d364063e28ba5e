import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../../lib/hub/progress.js';
import { folderSize } from '../support/bytes.js';
import type { SetupContext } from '../support/context.js';
import { run, type RunResult } from '../support/process.js';
import type { Attempt, Staging } from './attempt.js';
import { findPython } from './python.js';
import { libtorchVersion, type Variant, wheelRequirements } from './release.js';

/** Seconds between two lines of progress where nobody watches a progress bar. */
const reportEvery = 5;

/**
 * Lays the wheel into the staging folder by `python3 -m pip install --target`.
 *
 * The wheel is taken for its C++ libraries and headers only, so the version of the user's Python does
 * not matter: where that Python is too old or too new for it, the wheel of another Python is taken.
 */
export async function installByPip(
  variant: Variant,
  staging: Staging,
  context: SetupContext,
): Promise<Attempt> {
  const python = await findPython(context);
  if (typeof python === 'string') return { failure: python, remedyTools: ['python', 'pip'] };
  if (python.pip === undefined) return { failure: `${python.executable} has no pip`, remedyTools: ['pip'] };

  const { packages, dependencies } = wheelRequirements[variant];
  context.say(
    `Installing ${packages.join(', ')}${dependencies ? ' with dependencies' : ''} by pip ${python.pip}…`,
  );
  let result = await pip(python.executable, variant, [], staging, context);
  if (
    result.code !== 0 &&
    /no matching distribution|could not find a version/i.test(result.stderr) &&
    !offline(result)
  ) {
    context.say(`pip has no such wheel for Python ${python.version}; taking that of another Python.`);
    const foreign = [
      '--only-binary=:all:',
      '--implementation',
      'cp',
      '--python-version',
      '3.12',
      '--abi',
      'cp312',
    ];
    for (const level of ['2_28', '2_27', '2_17'])
      foreign.push('--platform', `manylinux_${level}_${machine()}`);
    result = await pip(python.executable, variant, foreign, staging, context);
  }
  if (result.code === 0) return { folder: 'torch' };
  return explain(result);
}

function machine(): string {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}

/** One run of pip. Its temporary files stay within the staging folder, so that they vanish with it. */
async function pip(
  executable: string,
  variant: Variant,
  extra: readonly string[],
  staging: Staging,
  context: SetupContext,
): Promise<RunResult> {
  const { packages, dependencies } = wheelRequirements[variant];
  const temporary = join(staging.folder, 'tmp');
  await mkdir(temporary, { recursive: true });
  const args = ['-m', 'pip', 'install', '--no-compile', '--no-input', '--disable-pip-version-check'];
  args.push('--target', staging.content, ...(dependencies ? [] : ['--no-deps']), ...extra, ...packages);

  const endProgress = context.terminal ? undefined : reportProgress(staging, context);
  try {
    return await run(executable, args, {
      // pip refuses --target beside these settings, which are meant for the user's own installations.
      env: {
        ...context.env,
        TMPDIR: temporary,
        PIP_USER: '0',
        PIP_REQUIRE_VIRTUALENV: '0',
        PYTHONUNBUFFERED: '1',
      },
      cwd: staging.folder,
      stdout: context.terminal ? 'stderr' : 'capture',
      stderr: context.terminal ? 'show' : 'capture',
      started: staging.track,
    });
  } finally {
    endProgress?.();
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Prints every few seconds how many bytes have arrived (archives and unpacked files together); returns its end. */
function reportProgress(staging: Staging, context: SetupContext): () => void {
  const begin = Date.now();
  let last = 0;
  let ended = false;
  const timer = setInterval(async () => {
    const size = await folderSize(staging.folder);
    if (ended || size <= last) return;
    last = size;
    const seconds = Math.round((Date.now() - begin) / 1000);
    context.say(`  ${formatBytes(size)} downloaded and unpacked so far, ${seconds} s`);
  }, reportEvery * 1000);
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

function offline(result: RunResult): boolean {
  return /NewConnectionError|NameResolutionError|Name or service not known|name resolution|Connection refused|ConnectTimeout|Network is unreachable|ProxyError/i.test(
    result.stderr,
  );
}

/** One sentence out of pip's complaint. */
function explain(result: RunResult): Attempt {
  const text = result.stderr;
  if (/No space left on device|Disk quota exceeded|Errno 28\b/i.test(text)) {
    return { failure: 'the disk became full', diskFull: true };
  }
  if (offline(result)) return { failure: 'pip could not reach its package index', network: true };
  if (/SSLError|CERTIFICATE_VERIFY_FAILED/i.test(text)) {
    return { failure: 'pip did not trust the certificate of its package index', network: true };
  }
  if (/no matching distribution|could not find a version/i.test(text)) {
    return { failure: `pip's package index has no torch ${libtorchVersion} for this system (${machine()})` };
  }
  if (/do not match the hashes|hash mismatch/i.test(text)) {
    return { failure: 'what pip downloaded was broken (its hash is wrong)', network: true };
  }
  if (result.signal !== null) return { failure: `pip was ended by ${result.signal}` };
  const lines = text.trim().split('\n');
  const complaint = lines.filter((line) => line.startsWith('ERROR:')).at(-1) ?? lines.at(-1);
  return { failure: `pip failed (exit code ${result.code}): ${complaint?.replace(/^ERROR:\s*/, '') ?? ''}` };
}
