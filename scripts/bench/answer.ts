/** The line of JSON by which a side says what it measured, read and checked. */
import type { Answer, Metric, Refusal } from './types.js';

const units: ReadonlySet<unknown> = new Set(['µs', 'ms', 'images/s']);

/**
 * The answer in a program's output: the last line that is a JSON object with `metrics` or `skip`. Other
 * lines are what the program says to people.
 *
 * @throws Error that says what is wrong with the line, or that there is none
 */
export function parseAnswer(output: string): Answer | Refusal {
  for (const line of output.trim().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      continue;
    }
    if (!isRecord(value)) continue;
    if (typeof value.skip === 'string') return { skip: value.skip };
    if ('metrics' in value) return checkAnswer(value);
  }
  throw new Error(`no line with results in its output${output.trim() === '' ? ', which is empty' : ''}`);
}

function checkAnswer(value: Record<string, unknown>): Answer {
  const { metrics, results, peakBytes, peakDeviceBytes, threads, versions } = value;
  if (!isRecord(metrics)) throw new Error('metrics is no object');
  for (const [name, metric] of Object.entries(metrics)) {
    if (!isMetric(metric)) throw new Error(`metrics.${name} is not { unit, samples: positive numbers }`);
  }
  if (!isRecord(results) || !Object.values(results).every((list) => isNumbers(list)))
    throw new Error('results is not an object of lists of numbers');
  if (!(typeof peakBytes === 'number' && peakBytes > 0)) throw new Error('peakBytes is no positive number');
  if (!isRecord(versions)) throw new Error('versions is no object');
  return {
    metrics: metrics as Record<string, Metric>,
    results: Object.fromEntries(
      Object.entries(results as Record<string, (number | null)[]>).map(([name, list]) => [
        name,
        list.map((item) => item ?? Number.NaN),
      ]),
    ),
    peakBytes,
    ...(typeof peakDeviceBytes === 'number' && { peakDeviceBytes }),
    ...(typeof threads === 'number' && { threads }),
    versions: versions as Record<string, string>,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** JSON has no NaN: both sides write it as null. */
function isNumbers(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'number' || item === null);
}

function isMetric(value: unknown): value is Metric {
  if (!isRecord(value) || !units.has(value.unit) || !Array.isArray(value.samples)) return false;
  return value.samples.length > 0 && value.samples.every((item) => typeof item === 'number' && item > 0);
}
