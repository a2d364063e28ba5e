/** Which benchmarks and rows the names on the command line mean. */
import { SetupError } from '../support/setup-error.js';
import type { Benchmark } from './types.js';

/**
 * The benchmarks with the rows that were named, in the order of the suite. A name is one of a benchmark
 * (all its rows) or of a row. No names: everything.
 *
 * @throws SetupError for a name that is neither; it lists those there are
 */
export function select(suite: readonly Benchmark[], names: readonly string[]): readonly Benchmark[] {
  if (names.length === 0) return suite;
  const known = new Set(suite.flatMap(({ name, rows }) => [name, ...rows.map((row) => row.name)]));
  const unknown = names.filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new SetupError(
      `There is no benchmark ${unknown.map((name) => `'${name}'`).join(', ')}.`,
      `Benchmarks: ${[...known].join(', ')}.`,
    );
  }
  return suite
    .map((benchmark) => ({
      ...benchmark,
      rows: benchmark.rows.filter(({ name }) => names.includes(benchmark.name) || names.includes(name)),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** The sides that the rows of a benchmark speak of, in the order of its definition. */
export function sidesInUse({ sides, rows }: Benchmark): string[] {
  const used = new Set(rows.flatMap((row) => [row.ours, ...row.theirs]));
  return Object.keys(sides).filter((key) => used.has(key));
}
