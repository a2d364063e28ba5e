/** Repeats calls that a fixture recorded from Python: see `record` and `Case` in generate/common.py. */
import { expect } from 'chai';
import * as torch from 'torchts';
import {
  camelCase,
  camelKeys,
  decode,
  expectValue,
  type FixtureValue,
  isFixtureTensor,
  type Names,
  type Tolerance,
} from '../support/fixtures.js';

/** One call: `fn` is 'torch.add' or '.add_' (a method of the first argument). */
export interface CallRow {
  fn: string;
  args: FixtureValue[];
  kwargs?: Record<string, FixtureValue>;
  result?: FixtureValue;
  after?: FixtureValue;
  name?: string;
  names?: string[];
  tol?: Tolerance;
}

/** Calls that share the random stream and named values. */
export interface CallCase {
  title: string;
  seed?: number;
  generators?: Record<string, number>;
  steps: CallRow[];
}

type Callable = (...args: unknown[]) => unknown;

function describeValue(value: FixtureValue): string {
  if (isFixtureTensor(value)) return `${value.dtype}[${value.shape.join('×')}]`;
  if (Array.isArray(value)) return `[${value.map(describeValue).join(', ')}]`;
  return JSON.stringify(value);
}

/** The call as a reader would write it, for titles and messages. */
export function describeCall(row: CallRow): string {
  const args = row.args.map(describeValue);
  if (row.kwargs) {
    const options = Object.entries(row.kwargs).map(
      ([key, value]) => `${camelCase(key)}: ${describeValue(value)}`,
    );
    args.push(`{ ${options.join(', ')} }`);
  }
  const path = row.fn.split('.').map(camelCase).join('.');
  return row.fn.startsWith('.')
    ? `${args[0]}${path}(${args.slice(1).join(', ')})`
    : `${path}(${args.join(', ')})`;
}

/** Finds a function of the library by Python's dotted path. */
function lookup(path: string): Callable {
  let here: unknown = torch;
  for (const part of path.split('.').slice(1)) here = (here as Record<string, unknown>)[camelCase(part)];
  expect(here, `${path.split('.').map(camelCase).join('.')} is missing`).to.be.a('function');
  return here as Callable;
}

/** Calls what the row says; gives the result and the decoded arguments. */
export function perform(row: CallRow, names: Names = new Map()): { result: unknown; args: unknown[] } {
  const args = row.args.map((value) => decode(value, names));
  const options = row.kwargs
    ? [camelKeys(Object.fromEntries(Object.entries(row.kwargs).map(([k, v]) => [k, decode(v, names)])))]
    : [];
  if (!row.fn.startsWith('.')) return { result: lookup(row.fn)(...args, ...options), args };
  const [self, ...rest] = args;
  const name = camelCase(row.fn.slice(1));
  const method = (self as Record<string, unknown>)[name];
  expect(method, `the method ${name} is missing`).to.be.a('function');
  return { result: (method as Callable).call(self, ...rest, ...options), args };
}

/** Performs a row and holds everything it leaves to what Python left. */
export function check(
  row: CallRow,
  names: Names = new Map(),
  tolerance: Tolerance | undefined = row.tol,
): unknown {
  const where = describeCall(row);
  const { result, args } = perform(row, names);
  if (row.result !== undefined) expectValue(result, row.result, where, tolerance);
  if (row.after !== undefined)
    expectValue(args[0], row.after, `${where}: first argument afterwards`, tolerance);
  row.names?.forEach((field) => {
    expect(result, `${where}: named result`).to.have.property(camelCase(field));
  });
  return result;
}

/** Performs a whole case in order. */
export function checkCase(given: CallCase): void {
  const names = new Map<string, unknown>();
  if (given.seed !== undefined) torch.manualSeed(given.seed);
  for (const [name, seed] of Object.entries(given.generators ?? {})) {
    names.set(name, new torch.Generator().manualSeed(seed));
  }
  for (const row of given.steps) {
    const result = check(row, names);
    if (row.name) names.set(row.name, result);
  }
}
