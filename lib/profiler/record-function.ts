/** Labels in a recording. */
import { ArgumentError } from '../errors.js';
import { native } from '../native.js';
import { bindArguments, type Signature } from '../ops/bind.js';
import { isPromise } from '../ops/mode.js';

const parameters: Signature = { name: 'recordFunction', params: ['name', 'args'] };

/**
 * Runs `callback` under a label, which shows in tables and traces while a profiler records the CPU, and
 * costs next to nothing else. The label of an async callback lasts until its promise settles, and covers
 * whatever ran in between. `args` is a text that the trace shows as the label's argument.
 *
 * @throws ArgumentError for a name that is no string. Source: torch.profiler.record_function.
 */
export function recordFunction<T>(name: string, callback: () => T): T;
export function recordFunction<T>(
  name: string,
  args: string | { args?: string | null } | null,
  callback: () => T,
): T;
export function recordFunction<T>(...all: unknown[]): T {
  const callback = all.at(-1);
  if (typeof callback !== 'function')
    throw new ArgumentError('recordFunction() expects a function as its last argument');
  const { name, args } = bindArguments(parameters, all.slice(0, -1));
  for (const [key, value] of [
    ['name', name],
    ['args', args ?? ''],
  ])
    if (typeof value !== 'string')
      throw new ArgumentError(`recordFunction(): argument '${key}' must be a string, got ${typeof value}`);
  const label = native.labelEnter(name as string, args as string | null | undefined);
  if (label === 0) return (callback as () => T)();
  const close = (): void => native.labelExit(label);
  let result: T;
  try {
    result = (callback as () => T)();
  } catch (error) {
    close();
    throw error;
  }
  if (!isPromise(result)) {
    close();
    return result;
  }
  // The caller gets a promise of its own flow; this one only closes the label.
  result.then(close, close);
  return result;
}
