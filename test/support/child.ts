/** Node processes that a test starts and looks at from outside. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from './fixtures.js';

export interface ChildResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Both, in the order in which they came. */
  output: string;
}

export interface ChildOptions {
  /** Added to this process's environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  cwd?: string;
  /** Flags of Node itself. */
  nodeFlags?: readonly string[];
  /** Sends a signal once `at` stands in the output. */
  interrupt?: { at: string; signal: NodeJS.Signals };
}

/** Runs a compiled file (relative to `dist`) and waits for its end. */
export function runChild(
  file: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<ChildResult> {
  const env = { ...process.env, ...options.env };
  for (const key of Object.keys(env)) if (env[key] === undefined) delete env[key];
  const command = [...(options.nodeFlags ?? []), join(packageRoot, 'dist', file), ...args];
  const child = spawn(process.execPath, command, {
    cwd: options.cwd ?? packageRoot,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result: ChildResult = { code: null, signal: null, stdout: '', stderr: '', output: '' };
  let sent = false;
  const take = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
    result[stream] += chunk.toString();
    result.output += chunk.toString();
    if (sent || !options.interrupt || !result.output.includes(options.interrupt.at)) return;
    sent = true;
    child.kill(options.interrupt.signal);
  };
  child.stdout.on('data', take('stdout'));
  child.stderr.on('data', take('stderr'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ ...result, code, signal }));
  });
}

/** Runs a compiled file that prints one JSON value, and gives it. */
export async function askChild<T>(
  file: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<T> {
  const { code, signal, stdout, output } = await runChild(file, args, options);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${signal ?? code}:\n${output}`);
  return JSON.parse(stdout) as T;
}
