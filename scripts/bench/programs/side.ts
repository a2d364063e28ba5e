/** What every TypeScript side shares: the request it reads, the line it answers with. Loads no torch. */
import { readFileSync } from 'node:fs';
import type { Answer, DeviceType, Params, Refusal } from '../types.js';

/** What the suite asks of a side, as JSON in the first argument. */
export interface Request<P extends Params = Params> {
  threads: number;
  device: DeviceType;
  /** When the process was started, in milliseconds since 1970. */
  startedAt: number;
  /** Folder of the files that both sides read. */
  inputs: string;
  /** Folder that this process may write to. */
  work: string;
  params: P;
}

/** An answer without what {@link answer} adds. */
export type Outcome = Omit<Answer, 'peakBytes'>;

/** Reads the request, measures, prints the answer as the last line. */
export async function answer<P extends Params>(
  measure: (request: Request<P>) => Promise<Outcome | Refusal>,
): Promise<void> {
  const outcome = await measure(JSON.parse(process.argv[2] ?? '{}') as Request<P>);
  const line = 'skip' in outcome ? outcome : { ...outcome, peakBytes: peakMemory() };
  process.stdout.write(`\n${JSON.stringify(line)}\n`);
}

/** Highest resident memory of this process in bytes, as Linux counts it. */
export function peakMemory(): number {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return found === null ? process.resourceUsage().maxRSS * 1024 : Number(found[1]) * 1024;
}

/** Milliseconds that each of `count` runs takes, after `warmup` runs. */
export async function sample(
  count: number,
  warmup: number,
  body: () => unknown | Promise<unknown>,
): Promise<number[]> {
  const samples: number[] = [];
  for (let i = -warmup; i < count; i++) {
    const begin = performance.now();
    const pending = body();
    // A synchronous body is not made to wait for a turn of the event loop.
    if (pending instanceof Promise) await pending;
    const elapsed = performance.now() - begin;
    if (i >= 0) samples.push(elapsed);
  }
  return samples;
}
