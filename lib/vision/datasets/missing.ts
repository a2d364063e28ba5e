import { mkdir, stat } from 'node:fs/promises';
import { TorchError } from '../../errors.js';

/** The error for data that are not there, with where they were looked for. */
export function notFound(text: string, places: readonly string[]): TorchError {
  return new TorchError(
    `${text}. Looked for:\n${places.map((place) => `  ${place}`).join('\n')}`,
    'ERR_FILE',
  );
}

/** Size of a file in bytes; `undefined` where there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

/** Makes the folder that a download goes to. */
export async function makeRoot(root: string): Promise<void> {
  try {
    await mkdir(root, { recursive: true });
  } catch (error) {
    throw new TorchError(
      `${root} cannot be made: ${(error as Error).message}. Choose another root, one that can be written to.`,
      'ERR_FILE',
      { cause: error },
    );
  }
}
