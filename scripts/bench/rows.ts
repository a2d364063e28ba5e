/** From the answers of the sides to the lines of the table. */
import { difference } from './compare.js';
import type { Outcomes } from './runner.js';
import { geometricMean, mean, median, pairedRatios, summarize } from './stats.js';
import type { Answer, Benchmark, DeviceType, MetricChoice, Row, RowResult } from './types.js';

const mebibyte = 2 ** 20;

/** The names of the metrics that a choice means, of those that are there. */
function namesOf(choice: MetricChoice, answer: Answer): string[] {
  if ('peak' in choice) return [];
  if ('name' in choice) return choice.name in answer.metrics ? [choice.name] : [];
  return Object.keys(answer.metrics).filter((name) => name.startsWith(`${choice.group}/`));
}

/** The figure of one process. */
function figureOf(choice: MetricChoice, answer: Answer, device: DeviceType): number {
  if ('peak' in choice) {
    const onDevice = device === 'cuda' ? answer.peakDeviceBytes : undefined;
    return (onDevice ?? answer.peakBytes) / mebibyte;
  }
  return geometricMean(namesOf(choice, answer).map((name) => levelOf(choice)(answer.metrics[name]!.samples)));
}

/** How the samples of one metric become one figure. */
const levelOf = (choice: MetricChoice): typeof median =>
  'group' in choice && choice.of === 'mean' ? mean : median;

/** All lines of a benchmark for this device. */
export function evaluate(benchmark: Benchmark, outcomes: Outcomes, device: DeviceType): RowResult[] {
  return benchmark.rows
    .filter((row) => row.devices?.includes(device) ?? true)
    .map((row) => evaluateRow(benchmark, row, outcomes, device));
}

function evaluateRow(benchmark: Benchmark, row: Row, outcomes: Outcomes, device: DeviceType): RowResult {
  const head = {
    benchmark: benchmark.name,
    row: row.name,
    title: row.title,
    ...(row.target !== undefined && { target: row.target }),
  };
  for (const key of [row.ours, ...row.theirs]) {
    const outcome = outcomes[key];
    if (outcome === undefined) return { ...head, status: 'failed', reason: `the side ${key} was not run` };
    if ('failure' in outcome) return { ...head, status: 'failed', reason: outcome.failure };
    if ('skip' in outcome) return { ...head, status: 'skipped', reason: outcome.skip };
  }
  const answers = (key: string): Answer[] => outcomes[key] as Answer[];
  const mine = answers(row.ours);
  for (const key of row.theirs) {
    const problem = disagreement(benchmark, row, mine, answers(key));
    if (problem) return { ...head, status: 'failed', reason: `${benchmark.sides[key]!.label}: ${problem}` };
  }

  const series = (key: string): number[] => answers(key).map((each) => figureOf(row.metric, each, device));
  const unit = 'peak' in row.metric ? 'MiB' : mine[0]!.metrics[namesOf(row.metric, mine[0]!)[0]!]!.unit;
  const higherIsBetter = unit === 'images/s';
  const better = [...row.theirs].sort((a, b) => median(series(a)) - median(series(b)));
  const best = higherIsBetter ? better.at(-1)! : better[0]!;
  const ratio = pairedRatios(series(row.ours), series(best));
  const { target } = row;
  return {
    ...head,
    status: 'ok',
    unit,
    higherIsBetter,
    ours: { ...summarize(series(row.ours)), label: benchmark.sides[row.ours]!.label },
    theirs: { ...summarize(series(best)), label: benchmark.sides[best]!.label },
    ratio,
    met: target === undefined ? null : higherIsBetter ? ratio.median >= target : ratio.median <= target,
    ...('group' in row.metric && { detail: detailOf(row.metric, mine, answers(best)) }),
  };
}

/** Why figures of two sides cannot be set against each other; `undefined` where they can. */
function disagreement(benchmark: Benchmark, row: Row, mine: Answer[], theirs: Answer[]): string | undefined {
  for (const [round, answer] of mine.entries()) {
    const other = theirs[round];
    if (other === undefined) return `there is no round ${round + 1}`;
    if (answer.threads !== other.threads && answer.threads !== undefined && other.threads !== undefined)
      return `threads: ${answer.threads} against ${other.threads}`;
    const names = namesOf(row.metric, answer);
    if (!('peak' in row.metric)) {
      if (names.length === 0) return 'the metric is missing';
      const absent = names.find((name) => other.metrics[name]?.unit !== answer.metrics[name]!.unit);
      if (absent !== undefined || namesOf(row.metric, other).length !== names.length)
        return `the sides measured different things${absent === undefined ? '' : `: ${absent}`}`;
    }
    const problem = difference(answer.results, other.results, benchmark.tolerance);
    if (problem !== undefined) return `results differ: ${problem}`;
  }
  return undefined;
}

/** Each metric of a group over all rounds. */
function detailOf(
  choice: MetricChoice,
  mine: Answer[],
  theirs: Answer[],
): Record<string, { ours: number; theirs: number; ratio: number }> {
  return Object.fromEntries(
    namesOf(choice, mine[0]!).map((name) => {
      const values = (answers: Answer[]): number[] =>
        answers.map((answer) => levelOf(choice)(answer.metrics[name]!.samples));
      const [a, b] = [values(mine), values(theirs)];
      return [name.split('/')[1]!, { ours: median(a), theirs: median(b), ratio: pairedRatios(a, b).median }];
    }),
  );
}
