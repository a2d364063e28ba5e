/** Around a run: flags, Ctrl-C in order, errors as one message, exit codes. */
import { mkdirSync } from 'node:fs';
import * as torch from 'torchts';
import { parseFlags, type TutorialOptions, UsageError, usage } from './options.js';
import { checkpointFile } from './checkpoint.js';

const stopping = new AbortController();

/** Aborts when Ctrl-C (or SIGTERM) asks the run to stop after this step. */
export const stopSignal: AbortSignal = stopping.signal;

export function stopRequested(): boolean {
  return stopSignal.aborted;
}

function onSignal(): void {
  if (stopRequested()) process.exit(130); // asked twice: at once
  stopping.abort();
  console.log('Stopping after this step; once more to stop at once.');
}

/** Runs a script with the flags of the command line. Exit codes: 0, 1 (error), 2 (wrong flags), 130 (stopped). */
export async function run(
  preset: TutorialOptions,
  script: (options: TutorialOptions) => Promise<boolean>,
  stateFile = checkpointFile,
): Promise<void> {
  let options: TutorialOptions | null;
  try {
    options = parseFlags(process.argv.slice(2), preset);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
    return;
  }
  if (options === null) {
    console.log(usage(preset));
    return;
  }
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    mkdirSync(options.out, { recursive: true });
    const finished = await script(options);
    if (!finished) {
      console.log(`Stopped. The state is in ${stateFile(options.out)}; --resume goes on from there.`);
      process.exitCode = 130;
    }
  } catch (error) {
    // What the caller can mend is told in its own words; anything else keeps its stack.
    const known =
      error instanceof torch.TorchError || (error as NodeJS.ErrnoException).code?.startsWith?.('E');
    console.error(known ? `${(error as Error).name}: ${(error as Error).message}` : error);
    process.exitCode = 1;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
