/** Files that are there whole or not at all. */
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ArgumentError, FileFormatError, TorchError } from '../errors.js';
import { fileReason, pathOf } from './source.js';

/** A path to write to; `caller` names the function in messages. */
export function targetPath(file: unknown, caller: string): string {
  if ((typeof file !== 'string' || file === '') && !(file instanceof URL))
    throw new ArgumentError(
      `${caller} expects a path or a file URL to write to, got ${file === '' ? "''" : typeof file}`,
    );
  return pathOf(file as string | URL);
}

/** Follows links, so that the file behind one is replaced and not the link. */
async function targetOf(path: string): Promise<{ path: string; mode: number | undefined }> {
  try {
    const real = await realpath(path);
    const info = await stat(real);
    if (info.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    return { path: real, mode: info.mode & 0o777 };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { path, mode: undefined };
    throw error;
  }
}

/**
 * Writes beside the target and takes its place at the end: readers see the old file or the new one,
 * and a failure (a full disk) leaves the old one and nothing else.
 *
 * @throws FileFormatError that says why it could not be written.
 */
export async function writeAtomically(
  path: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  let temporary: string | undefined;
  try {
    const target = await targetOf(path);
    temporary = join(
      dirname(target.path),
      `.${basename(target.path)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`,
    );
    const file = await open(temporary, 'wx');
    try {
      if (target.mode !== undefined) await file.chmod(target.mode);
      await write(file);
    } finally {
      await file.close();
    }
    await rename(temporary, target.path);
  } catch (cause) {
    if (temporary !== undefined) await rm(temporary, { force: true }).catch(() => {});
    if (cause instanceof TorchError && !(cause instanceof FileFormatError)) throw cause;
    throw new FileFormatError(
      `${path} could not be written: ${fileReason(cause)}; what was there before is unchanged`,
      { cause },
    );
  }
}

/** Writes all of `bytes` at `position`. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
