import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SetupContext } from './context.js';
import { SetupError } from './setup-error.js';

/**
 * Runs `body` while holding an exclusive lock on `path`, alone on this machine (and between containers
 * that share the folder).
 *
 * The lock is the kernel's (`flock`), held by a child that lives exactly as long as its pipe to us: when
 * this process ends in whatever way, the pipe closes and the lock is free. The lock file itself stays;
 * it means nothing.
 *
 * @throws SetupError where the folder cannot be written or the file system has no locks
 */
export async function withLock<T>(
  path: string,
  context: SetupContext,
  waiting: string,
  body: () => Promise<T>,
): Promise<T> {
  try {
    await mkdir(dirname(path), { recursive: true });
  } catch (cause) {
    throw new SetupError(
      `Cannot make the folder ${dirname(path)}: ${(cause as Error).message}`,
      'Choose a folder that you may write, by TORCHTS_CACHE=DIR.',
      { cause },
    );
  }
  let holder = await hold(path, ['-n'], context);
  if (holder === undefined) {
    context.say(waiting);
    holder = await hold(path, [], context);
  }
  if (holder === undefined) throw new SetupError(`Cannot lock ${path}.`);
  try {
    return await body();
  } finally {
    await release(holder);
  }
}

/** Starts the holder; `undefined` when somebody else has the lock (only with `-n`). */
function hold(path: string, flags: string[], context: SetupContext): Promise<ChildProcess | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['-x', ...flags, path, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: context.env,
      // Its own session: Ctrl-C in the terminal reaches us first, and the lock outlives our clean-up.
      detached: true,
    });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.stdin.on('error', () => {});
    child.stdout.once('data', () => resolve(child));
    child.once('error', (cause) =>
      reject(
        new SetupError(
          `Cannot start flock, which keeps two installations apart: ${cause.message}`,
          'Install util-linux (Debian/Ubuntu: sudo apt install util-linux; Fedora: sudo dnf install util-linux).',
          { cause },
        ),
      ),
    );
    child.once('close', (code) => {
      if (code === 1 && flags.includes('-n') && complaint === '') resolve(undefined);
      else {
        reject(
          new SetupError(
            `Cannot lock ${path}: ${complaint.trim() || `flock ended with code ${code}`}.`,
            'Choose a folder that you may write, on a local disk.',
          ),
        );
      }
    });
  });
}

function release(holder: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (holder.exitCode !== null || holder.signalCode !== null) return resolve();
    holder.once('close', () => resolve());
    holder.stdin?.end();
  });
}
