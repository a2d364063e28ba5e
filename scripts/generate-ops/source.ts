/** Finds and reads `native_functions.yaml`, the one source of the generated files. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { locate } from '../libtorch/locate.js';
import { chooseVariant } from '../libtorch/variant.js';
import type { SetupContext } from '../support/context.js';
import { parseSchema, type Schema } from './schema.js';

/** An entry of the file: one overload and where Python shows it. */
export interface Operator extends Schema {
  readonly asFunction: boolean;
  readonly asMethod: boolean;
  /** `nn`, `linalg`, `fft`, `special`, …; empty for `torch` itself. */
  readonly module: string;
}

interface Entry {
  func: string;
  variants?: string;
  python_module?: string;
}

const insideTorchgen = join('torchgen', 'packaged', 'ATen', 'native', 'native_functions.yaml');

/**
 * The file's place: `TORCHTS_NATIVE_FUNCTIONS`, or `torchgen` beside the LibTorch that is found (Python's
 * wheel of torch has both; the prebuilt zip has not).
 */
export async function findSource(context: SetupContext): Promise<string | undefined> {
  const named = context.env.TORCHTS_NATIVE_FUNCTIONS;
  if (named) return named;
  const root =
    context.env.TORCHTS_LIBTORCH ?? (await locate(chooseVariant(context.env), context)).found?.root;
  if (!root) return undefined;
  const file = join(root, '..', insideTorchgen);
  return existsSync(file) ? file : undefined;
}

export function readSource(file: string): Operator[] {
  const entries = parse(readFileSync(file, 'utf8')) as Entry[];
  return entries.map((entry) => {
    const variants = (entry.variants ?? 'function').split(',').map((v) => v.trim());
    return {
      ...parseSchema(entry.func),
      asFunction: variants.includes('function'),
      asMethod: variants.includes('method'),
      module: entry.python_module ?? '',
    };
  });
}
