/** One side in a fresh process. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../support/process.js';
import { packageRoot } from '../support/package-root.js';
import { parseAnswer } from './answer.js';
import type { Answer, DeviceType, Params, Refusal, Side } from './types.js';

/** What all processes of a run have in common. */
export interface Setting {
  /** Python's interpreter; empty where only Node's sides run. */
  python: string;
  threads: number;
  device: DeviceType;
  /** Folder of the shared input files. */
  inputs: string;
  /** Variables on top of the environment. */
  env: NodeJS.ProcessEnv;
  /** Milliseconds after which a process is ended. */
  timeout: number;
}

/** A process that ended badly, or that said nothing to be read. */
export interface Failure {
  failure: string;
}

/** The file of a program: `programs/per-op.js` for Node, `python/per_op.py` for Python, or a path as it is. */
export function programFile({ runtime, program }: Side): string {
  if (program.includes('/')) return program;
  if (runtime === 'node') return fileURLToPath(new URL(`./programs/${program}.js`, import.meta.url));
  // The compiler copies no Python: the twins lie in the sources.
  return join(packageRoot(), 'scripts', 'bench', 'python', `${program.replaceAll('-', '_')}.py`);
}

/** Runs a side to its end. `work` is a folder it may write to. */
export async function runSide(
  side: Side,
  params: Params,
  work: string,
  setting: Setting,
): Promise<Answer | Refusal | Failure> {
  const file = programFile(side);
  if (!existsSync(file)) return { failure: `${file} is not there` };
  const { threads, device, inputs } = setting;
  const request = { threads, device, inputs, work, params: { ...params, ...side.params } };
  const result = await run(
    side.runtime === 'node' ? process.execPath : setting.python,
    [file, JSON.stringify({ ...request, startedAt: performance.timeOrigin + performance.now() })],
    { env: setting.env, cwd: work, keepAll: true, timeout: setting.timeout },
  );
  if (result.error) return { failure: `${side.label} could not be started: ${result.error.message}` };
  if (result.signal !== null) return { failure: `${side.label} was ended by ${result.signal}` };
  if (result.code !== 0) {
    return { failure: `${side.label} ended with code ${result.code}: ${complaint(result.stderr)}` };
  }
  try {
    return parseAnswer(result.stdout);
  } catch (error) {
    return { failure: `${side.label}: ${(error as Error).message}` };
  }
}

/** The line of a stack or traceback that says what went wrong. */
function complaint(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const named = lines.filter((line) => /^[\w.]*(Error|Exception)\b.*: /.test(line));
  return (named.at(-1) ?? lines.at(-1) ?? '').slice(0, 400) || 'it printed nothing';
}
