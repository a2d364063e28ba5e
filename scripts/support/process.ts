import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How a command is run. */
export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Where stdout goes: kept (default) or to the user. */
  stdout?: 'capture' | 'inherit' | 'stderr';
  /** Where stderr goes: kept (default), or shown to the user as well as kept. */
  stderr?: 'capture' | 'show';
  /** Keep all of stdout, not only its end. */
  keepAll?: boolean;
  /** Milliseconds after which the command is killed; none by default. */
  timeout?: number;
  /** Called with the child once it runs, so that a caller can end it. */
  started?: (child: ChildProcess) => void;
}

/** How a command ended. `code` is `null` when a signal ended it or it could not be started. */
export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** Set when the command could not be started (`ENOENT`: not there). */
  error?: NodeJS.ErrnoException;
}

/** At most this much of either stream is kept: its end, where tools put their errors. */
const keep = 1 << 20;

/** Runs a command to its end; never throws for what the command does, the result says it. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const target = options.stdout ?? 'capture';
  const stdio: StdioOptions = [
    'ignore',
    target === 'capture' ? 'pipe' : target === 'stderr' ? 2 : 'inherit',
    'pipe',
  ];
  return new Promise((resolve) => {
    const result: RunResult = { code: null, signal: null, stdout: '', stderr: '' };
    const child = spawn(command, args, {
      stdio,
      ...(options.env && { env: options.env }),
      ...(options.cwd !== undefined && { cwd: options.cwd }),
      ...(options.timeout !== undefined && { timeout: options.timeout, killSignal: 'SIGKILL' as const }),
    });
    options.started?.(child);
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      result.stdout += text;
      if (options.keepAll !== true) result.stdout = result.stdout.slice(-keep);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (options.stderr === 'show') process.stderr.write(text);
      result.stderr = (result.stderr + text).slice(-keep);
    });
    child.on('error', (error) => {
      result.error = error;
      if (child.pid === undefined) resolve(result);
    });
    child.on('close', (code, signal) => resolve({ ...result, code, signal }));
  });
}

/** The path of a program on `PATH`, or `undefined`. A name with a slash is taken as a path. */
export function which(program: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const candidates = program.includes('/')
    ? [program]
    : (env.PATH ?? '')
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, program));
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
}
