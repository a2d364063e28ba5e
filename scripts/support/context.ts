import { freeSpace } from './bytes.js';

/** What a set-up step may look at and talk to; tests put their own environment here. */
export interface SetupContext {
  /** Environment variables; `PATH` decides which `python3`, `cmake` and compiler are found. */
  env: NodeJS.ProcessEnv;
  /** Prints one line for the user. */
  say: (line: string) => void;
  /** Whether a person watches: tools then draw their own progress bars. */
  terminal: boolean;
  /** Bytes that may still be written on the disk of a path. */
  freeSpace: (path: string) => Promise<number>;
}

/** The context of a command started by a user. Progress goes to stderr, so that stdout stays for results. */
export function userContext(): SetupContext {
  return {
    env: process.env,
    say: (line) => process.stderr.write(`${line}\n`),
    terminal: process.stderr.isTTY === true && process.stdout.isTTY === true,
    freeSpace,
  };
}
