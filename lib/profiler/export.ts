/** A recording as a file. */
import { accessSync, constants, createReadStream, createWriteStream, existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { ProfilerTrace } from '../bindings.js';
import { TorchError } from '../errors.js';
import { native } from '../native.js';

/** Kineto says nothing of a file that it cannot write, and has emptied the trace by then: so look before. */
function checkWritable(path: string): void {
  try {
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (cause) {
    throw new TorchError(
      `the trace cannot be written to ${path}: its folder is not there or not open for writing`,
      'ERR_FILE',
      { cause },
    );
  }
}

function save(trace: ProfilerTrace, path: string): void {
  native.profilerSave(trace, path);
  if (!existsSync(path)) throw new TorchError(`the trace could not be written to ${path}`, 'ERR_FILE');
}

/**
 * Writes a trace now; packs it afterwards where the path ends in `.gz`. `saved` is called when the trace
 * is emptied.
 */
export async function saveTrace(trace: ProfilerTrace, path: string, saved: () => void): Promise<void> {
  checkWritable(path);
  if (!path.endsWith('.gz')) {
    save(trace, path);
    saved();
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'torchts-trace-'));
  try {
    const plain = join(folder, 'trace.json');
    save(trace, plain);
    saved();
    await pipeline(createReadStream(plain), createGzip(), createWriteStream(path));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
