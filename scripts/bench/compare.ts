/** A faster path that changes results does not count: the results of two sides, compared. */
import type { Tolerance } from './types.js';

type Results = Readonly<Record<string, readonly number[]>>;

/** The first difference beyond the tolerance in words, or `undefined` where the results agree. */
export function difference(ours: Results, theirs: Results, { rtol, atol }: Tolerance): string | undefined {
  const names = Object.keys(ours);
  const missing = names.filter((name) => !(name in theirs));
  const surplus = Object.keys(theirs).filter((name) => !(name in ours));
  if (missing.length + surplus.length > 0)
    return `only one side has the results ${[...missing, ...surplus].join(', ')}`;
  if (names.length === 0) return 'there are no results to compare';
  for (const name of names) {
    const [a, b] = [ours[name]!, theirs[name]!];
    if (a.length !== b.length) return `${name}: ${a.length} values against ${b.length}`;
    // Written so that NaN and infinity count as different.
    const at = a.findIndex((value, i) => !(Math.abs(value - b[i]!) <= atol + rtol * Math.abs(b[i]!)));
    if (at >= 0) {
      return `${name}[${at}] is ${a[at]} against ${b[at]}; they may differ by ${rtol} relative and ${atol} absolute`;
    }
  }
  return undefined;
}
