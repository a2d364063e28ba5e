import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import { ArgumentError, TorchError, ValueError } from '../errors.js';

/**
 * The file's extension in lower case without the dot, if it is one of those allowed.
 *
 * @throws ArgumentError when `file` is no file name
 * @throws ValueError for another extension or none; the message names the allowed ones
 */
export function checkedExtension<E extends string>(file: string, allowed: readonly E[]): E {
  if (typeof file !== 'string' || file === '') {
    throw new ArgumentError(`expected a file name, got ${file === '' ? 'an empty string' : typeof file}`);
  }
  const extension = extname(file).slice(1).toLowerCase();
  const found = allowed.find((name) => name === extension);
  if (found === undefined) {
    const names = allowed.map((name) => `.${name}`).join(', ');
    const given = extension === '' ? 'no extension' : `the extension .${extension}`;
    throw new ValueError(`${file} has ${given}; the format is chosen by one of ${names}`);
  }
  return found;
}

/**
 * Writes a file and makes the folders above it.
 *
 * @throws TorchError (`ERR_FILE`) when the path cannot be written
 */
export async function writeWithParents(file: string, content: Uint8Array | string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TorchError(
      `cannot write ${file} (${reason}); give a path in a folder that may be written and has space left`,
      'ERR_FILE',
      { cause },
    );
  }
}
