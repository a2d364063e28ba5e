/** `npm run generate`: writes lib/ops/generated from the operator schemas. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { userContext } from '../support/context.js';
import { isMain, runMain } from '../support/main.js';
import { packageRoot } from '../support/package-root.js';
import { SetupError } from '../support/setup-error.js';
import { emit } from './emit.js';
import { select } from './select.js';
import { findSource, readSource } from './source.js';

/** The text of every generated file, by name. */
export function generate(source: string): Map<string, string> {
  return emit(select(readSource(source)));
}

async function main(): Promise<number> {
  const context = userContext();
  const source = await findSource(context);
  if (source === undefined) {
    throw new SetupError('native_functions.yaml was not found.', [
      "It comes with Python's torch (the torchgen folder beside it), not with the prebuilt LibTorch zip:",
      'set TORCHTS_LIBTORCH to the torch folder of a Python installation, or TORCHTS_NATIVE_FUNCTIONS to the file.',
    ]);
  }
  const files = generate(source);
  const folder = join(packageRoot(), 'lib', 'ops', 'generated');
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) if (!files.has(name)) rmSync(join(folder, name));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  const functions = [...files.values()].join('\n').match(/ = define(Function|Factory)\(/g)?.length ?? 0;
  context.say(`${functions} functions and their methods from ${source}`);
  return 0;
}

if (isMain(import.meta.url)) await runMain(main);
