import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TorchError } from '../../errors.js';

/** Order of Python strings: by code points, which is that of UTF-8 bytes. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

interface Listing {
  folders: string[];
  files: string[];
}

/** Names in a folder; links count as what they point to, as in `os.walk(followlinks=True)`. */
async function list(folder: string): Promise<Listing> {
  const listing: Listing = { folders: [], files: [] };
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const isFolder = entry.isSymbolicLink()
      ? await stat(join(folder, entry.name)).then(
          (target) => target.isDirectory(),
          () => false,
        )
      : entry.isDirectory();
    (isFolder ? listing.folders : listing.files).push(entry.name);
  }
  return listing;
}

/**
 * The class folders in a folder, sorted.
 *
 * @throws TorchError where there is none
 */
export async function findClasses(folder: string): Promise<string[]> {
  let found: Listing;
  try {
    found = await list(folder);
  } catch (error) {
    throw new TorchError(`Couldn't read the folder ${folder}: ${(error as Error).message}`, 'ERR_FILE', {
      cause: error,
    });
  }
  if (found.folders.length === 0)
    throw new TorchError(`Couldn't find any class folder in ${folder}.`, 'ERR_FILE');
  return found.folders.sort(byCodePoint);
}

/**
 * All files below a folder, in torchvision's order: folders sorted by their whole path, in each the
 * files sorted by name. A folder that links back to one above it is not entered again.
 */
export async function walkFiles(top: string): Promise<string[]> {
  const visited: { folder: string; files: string[] }[] = [];

  async function visit(folder: string, above: ReadonlySet<string>): Promise<void> {
    const real = await realpath(folder);
    if (above.has(real)) return;
    const { folders, files } = await list(folder);
    visited.push({ folder, files });
    const inside = new Set(above).add(real);
    for (const name of folders) await visit(join(folder, name), inside);
  }

  await visit(top, new Set());
  visited.sort((a, b) => byCodePoint(a.folder, b.folder));
  return visited.flatMap(({ folder, files }) => files.sort(byCodePoint).map((name) => join(folder, name)));
}
