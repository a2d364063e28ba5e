/** The command line of `npm run bench`. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { SetupError } from '../support/setup-error.js';
import type { DeviceType } from './types.js';

/** What TF32 means: the library's defaults, or the same choice for matrix products and convolutions. */
export type Tf32 = 'default' | 'on' | 'off';

export interface BenchOptions {
  names: string[];
  quick: boolean;
  rounds: number;
  threads: number;
  device: DeviceType;
  tf32: Tf32;
  json?: string;
  markdown?: string;
  list: boolean;
  help: boolean;
}

const flags = {
  quick: { type: 'boolean' },
  rounds: { type: 'string' },
  threads: { type: 'string' },
  device: { type: 'string' },
  tf32: { type: 'string' },
  json: { type: 'string' },
  markdown: { type: 'string' },
  list: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Rounds where none are given. */
export const defaultRounds = { full: 5, quick: 2 };

export const usage = `Usage: npm run bench -- [names] [flags]

Measures torchts against Python's PyTorch of the same version, in turn and in fresh processes. Names are
those of benchmarks or of single rows (--list); without a name everything runs.

  --quick           fewer samples: everything in under five minutes on two cores
  --rounds N        processes of each side (default: ${defaultRounds.full}, with --quick ${defaultRounds.quick})
  --threads N       threads inside an operator, on both sides (default: the number of cores)
  --device D        cpu or cuda (default: cpu)
  --tf32 T          on CUDA: on, off, or default, LibTorch's own choice (default: default)
  --json FILE       write figures, machine and versions as JSON
  --markdown FILE   write the table as Markdown, between its markers where the file has them
  --list            the benchmarks, their rows and targets
  --help            this text

Python: TORCHTS_PYTHON names one that has torch and torchvision; else a virtual environment is made in
the cache.
`;

/**
 * Reads the arguments.
 *
 * @throws SetupError for a value that does not fit; parseArgs' own error for an unknown flag
 */
export function parseOptions(args: readonly string[], cores = availableParallelism()): BenchOptions {
  const { values, positionals } = parseArgs({ args: [...args], options: flags, allowPositionals: true });
  const quick = values.quick ?? false;
  return {
    names: positionals,
    quick,
    rounds: count('rounds', values.rounds, quick ? defaultRounds.quick : defaultRounds.full),
    threads: count('threads', values.threads, cores),
    device: choice('device', values.device, ['cpu', 'cuda'], 'cpu'),
    tf32: choice('tf32', values.tf32, ['default', 'on', 'off'], 'default'),
    ...(values.json !== undefined && { json: values.json }),
    ...(values.markdown !== undefined && { markdown: values.markdown }),
    list: values.list ?? false,
    help: values.help ?? false,
  };
}

function count(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1)
    throw new SetupError(`--${name} expects a whole number from 1, got '${text}'.`);
  return value;
}

function choice<T extends string>(
  name: string,
  text: string | undefined,
  known: readonly T[],
  fallback: T,
): T {
  if (text === undefined) return fallback;
  const found = known.find((value) => value === text);
  if (found === undefined) throw new SetupError(`--${name} expects ${known.join(', ')}, got '${text}'.`);
  return found;
}
