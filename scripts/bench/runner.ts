/** The sides of a benchmark in turn, round by round. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Failure, runSide, type Setting } from './child.js';
import { sidesInUse } from './select.js';
import type { Answer, Benchmark, Params, Refusal } from './types.js';

/** The answers of a side, one a round, or why there are none. */
export type Outcomes = Record<string, Answer[] | Refusal | Failure>;

export interface Plan {
  rounds: number;
  quick: boolean;
  /** Sides that cannot run here, with the reason. */
  absent?: Readonly<Record<string, string>>;
  /** Parameters that a side gets on top of its own. */
  extra?: Readonly<Record<string, Params>>;
}

/**
 * Runs every side in use once a round, in the order A B A B …, each time in a fresh process. A side that
 * failed or declined is not started again, nor are those that would be compared with it alone.
 */
export async function runBenchmark(
  benchmark: Benchmark,
  plan: Plan,
  setting: Setting,
  tell: (text: string) => void = () => {},
): Promise<Outcomes> {
  const params: Params = { ...benchmark.params, ...(plan.quick && benchmark.quick) };
  const rounds = plan.quick ? Math.min(plan.rounds, benchmark.quickRounds ?? plan.rounds) : plan.rounds;
  const keys = sidesInUse(benchmark);
  const outcomes: Outcomes = {};
  for (const key of keys) {
    const reason = plan.absent?.[key];
    outcomes[key] = reason === undefined ? [] : { skip: reason };
  }
  for (let round = 0; round < rounds; round++) {
    for (const key of keys) {
      const answers = outcomes[key]!;
      if (!Array.isArray(answers) || !canMatter(key, benchmark, outcomes)) continue;
      const side = benchmark.sides[key]!;
      tell(`round ${round + 1}/${rounds}: ${side.label}`);
      const work = mkdtempSync(join(tmpdir(), 'torchts-bench-'));
      try {
        const outcome = await runSide(side, { ...params, ...plan.extra?.[key] }, work, setting);
        if ('metrics' in outcome) answers.push(outcome);
        else outcomes[key] = outcome;
      } finally {
        rmSync(work, { recursive: true, force: true });
      }
    }
  }
  return outcomes;
}

/** Whether a row speaks of this side that can still be filled. */
function canMatter(key: string, { rows }: Benchmark, outcomes: Outcomes): boolean {
  return rows.some(({ ours, theirs }) => {
    const keys = [ours, ...theirs];
    return keys.includes(key) && keys.every((each) => Array.isArray(outcomes[each]));
  });
}
