import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface LockOptions {
  signal?: AbortSignal;
  /** Called once when another process holds the lock; `owner` is its process id where known. */
  onWait?: (owner: number | undefined) => void;
}

interface Owner {
  token: string;
  pid: number;
  host: string;
  /** When the process started: tells it from a later one with the same id. */
  started: string;
}

const pollMs = 100;
const beatMs = 2_000;
/** A lock of another machine that was not touched for so long is dead. */
const silenceMs = 30_000;

/**
 * Runs `work` while holding the lock file, so that one process at a time does.
 *
 * A lock whose process is gone is taken over at once (same machine) or after 30 s without a sign of
 * life (another machine on a shared disk). Waiting ends early by `signal`, with its reason.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const token = randomUUID();
  await acquire(path, token, options);
  const heart = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {});
  }, beatMs);
  heart.unref();
  try {
    return await work();
  } finally {
    clearInterval(heart);
    if ((await readOwner(path))?.token === token) await rm(path, { force: true });
  }
}

async function acquire(path: string, token: string, { signal, onWait }: LockOptions): Promise<void> {
  const me: Owner = { token, pid: process.pid, host: hostname(), started: startOf(process.pid) ?? '' };
  let seen = { mark: '', since: 0 };
  let told = false;
  for (;;) {
    signal?.throwIfAborted();
    if (await create(path, JSON.stringify(me))) return;
    const owner = await readOwner(path);
    const mark = `${owner?.token} ${await modified(path)}`;
    if (mark !== seen.mark) seen = { mark, since: performance.now() };
    if (isDead(owner) ?? performance.now() - seen.since > silenceMs) {
      await clear(path, owner?.token);
      continue;
    }
    if (!told) onWait?.(owner?.pid);
    told = true;
    await sleep(pollMs, undefined, { signal }).catch(() => {});
  }
}

async function create(path: string, text: string): Promise<boolean> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'wx');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    await file.writeFile(text);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  return true;
}

/** Removes a dead lock. A second lock around it makes sure that nobody's new lock is hit. */
async function clear(path: string, token: string | undefined): Promise<void> {
  const guard = `${path}.clear`;
  if (!(await create(guard, ''))) {
    const age = Date.now() - Number(await modified(guard));
    if (age > silenceMs) await rm(guard, { force: true });
    await sleep(pollMs);
    return;
  }
  try {
    if ((await readOwner(path))?.token === token) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

async function modified(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.mtimeMs;
}

/** Whether the owner is gone; `undefined` where that cannot be told from here. */
function isDead(owner: Owner | undefined): boolean | undefined {
  if (!owner || owner.host !== hostname()) return undefined;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const started = startOf(owner.pid);
  return started !== undefined && owner.started !== '' && started !== owner.started;
}

/** When a process started, in ticks since boot, where the system tells (Linux). */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
