import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeError } from './setup-error.js';

/** Whether the module with this `import.meta.url` is the script that Node was started with. */
export function isMain(url: string): boolean {
  const script = process.argv[1];
  if (script === undefined) return false;
  try {
    return realpathSync(script) === realpathSync(fileURLToPath(url));
  } catch {
    return false;
  }
}

/** Runs a command's body and turns its result into the exit code, an error into one message on stderr. */
export async function runMain(body: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await body();
  } catch (error) {
    process.stderr.write(`\ntorchts: ${describeError(error)}\n`);
    process.exitCode = 1;
  }
}
