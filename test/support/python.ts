/** Python's torch, where the user names an interpreter that has it: `TORCHTS_PYTHON=/path/to/python`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export const pythonPath = process.env.TORCHTS_PYTHON ?? '';

const execute = promisify(execFile);

/** Runs a program of Python and gives the JSON value that it prints last. */
export async function askPython<T>(program: string, args: readonly string[] = []): Promise<T> {
  const { stdout } = await execute(pythonPath, ['-c', program, ...args], { maxBuffer: 1 << 28 });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as T;
}
