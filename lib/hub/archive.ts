import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type * as tar from 'tar';
import { FileFormatError, TorchError, UnsafeFileError } from '../errors.js';

export interface ExtractOptions {
  /** Most bytes the entries may take in all. Default 64 GiB. */
  maxBytes?: number;
}

const defaultMaxBytes = 64 * 2 ** 30;

/**
 * Unpacks a tar archive (plain or gzip) into a folder, all of it or nothing.
 *
 * Entries are written beside their place first and moved there when the whole archive was read; a
 * top-level entry of the same name is replaced. Nothing can leave the folder.
 *
 * @throws UnsafeFileError for absolute paths, `..`, links, devices, or more than `maxBytes`
 * @throws FileFormatError where the archive is broken or truncated
 */
export async function extractArchive(
  archive: string,
  folder: string,
  options: ExtractOptions = {},
): Promise<void> {
  const target = resolve(folder);
  const staging = join(target, `.unpacking-${randomUUID()}`);
  const guard = new EntryGuard(archive, options.maxBytes ?? defaultMaxBytes);
  // Loaded with the first archive, as most programs unpack none.
  const { x: unpack } = await import('tar');
  await mkdir(staging, { recursive: true });
  try {
    await unpack({
      file: archive,
      cwd: staging,
      strict: true,
      preserveOwner: false,
      noMtime: false,
      filter: (path, entry) => guard.allows(path, entry as tar.ReadEntry),
    });
    if (guard.refusal) throw guard.refusal;
    if (guard.entries === 0) throw new FileFormatError(`${archive} is not a tar archive, or it is empty`);
    for (const name of await readdir(staging)) await moveInto(join(staging, name), join(target, name));
  } catch (error) {
    throw guard.refusal ?? archiveError(error, archive);
  } finally {
    await removeStaging(staging);
  }
}

/**
 * Removes a folder that is still being written to: after a failure tar ends while some of its
 * writes are under way. Must not hide the failure itself.
 */
async function removeStaging(staging: string): Promise<void> {
  await rm(staging, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }).catch(() => {});
}

/**
 * Unpacks a gzip file beside its place, then moves it there.
 *
 * @throws FileFormatError where it is broken or truncated
 */
export async function gunzipFile(source: string, destination: string): Promise<void> {
  const staging = join(dirname(destination), `.unpacking-${randomUUID()}-${basename(destination)}`);
  try {
    await pipeline(createReadStream(source), createGunzip(), createWriteStream(staging));
    await rename(staging, destination);
  } catch (error) {
    throw archiveError(error, source);
  } finally {
    await rm(staging, { force: true });
  }
}

/** Looks at every entry before it is written; after the first bad one nothing more is. */
class EntryGuard {
  refusal: UnsafeFileError | undefined;
  entries = 0;
  private bytes = 0;

  constructor(
    private readonly archive: string,
    private readonly maxBytes: number,
  ) {}

  allows(path: string, entry: tar.ReadEntry): boolean {
    if (this.refusal) return false;
    this.entries++;
    this.bytes += entry.size;
    if (isAbsolute(path) || path.split(/[/\\]/).includes('..')) {
      return this.refuse(`its entry ${JSON.stringify(path)} would leave the folder`);
    }
    if (!['File', 'OldFile', 'ContiguousFile', 'Directory', 'GNUDumpDir'].includes(entry.type)) {
      return this.refuse(
        `its entry ${JSON.stringify(path)} is a ${entry.type}; only files and folders are unpacked`,
      );
    }
    if (this.bytes > this.maxBytes) return this.refuse(`its entries take more than ${this.maxBytes} bytes`);
    return true;
  }

  private refuse(reason: string): false {
    this.refusal = new UnsafeFileError(`${this.archive} was not unpacked: ${reason}`);
    return false;
  }
}

/** Renames, with what was in that place moved out of the way first. */
async function moveInto(from: string, to: string): Promise<void> {
  const old = `${to}.old-${randomUUID()}`;
  const replaces = (await stat(to).catch(() => undefined)) !== undefined;
  if (replaces) await rename(to, old);
  try {
    await rename(from, to);
  } catch (error) {
    if (replaces) await rename(old, to);
    throw error;
  }
  if (replaces) await rm(old, { recursive: true, force: true });
}

function archiveError(error: unknown, archive: string): TorchError {
  if (error instanceof TorchError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new TorchError(
      `${archive} could not be unpacked: the disk is full. Make room and try again.`,
      'ERR_TORCH',
      {
        cause: error,
      },
    );
  }
  if (code !== undefined && /^E(?!RR)[A-Z]+$/.test(code)) {
    return new TorchError(`${archive} could not be unpacked: ${message}`, 'ERR_TORCH', { cause: error });
  }
  return new FileFormatError(`${archive} is broken or truncated: ${message}`, { cause: error });
}
