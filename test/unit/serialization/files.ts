/** Files for the tests of this folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { packageRoot } from '../../support/fixtures.js';

/** A file that Python wrote (fixtures/make.py). */
export const fixture = (name: string): string => join(packageRoot, 'test/unit/serialization/fixtures', name);

/** Runs `use` with a folder that is gone afterwards. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'torchts-files-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a promise is rejected with. */
export async function refusal(promise: Promise<unknown>): Promise<torch.TorchError> {
  const outcome: unknown = await promise.then(
    () => 'it was not refused',
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(torch.TorchError);
  return outcome as torch.TorchError;
}

/** Saves and loads. */
export async function throughFile<T>(value: T): Promise<T> {
  return inFolder(async (folder) => {
    const path = join(folder, 'value.pth');
    await torch.save(value, path);
    return (await torch.load(path)) as T;
  });
}
