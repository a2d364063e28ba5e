import { tmpdir } from 'node:os';
import type { SetupContext } from '../support/context.js';
import { run, which } from '../support/process.js';

/** What is known about the `python3` on the path. */
export interface Python {
  executable: string;
  version: string;
  /** pip's version, or `undefined` where Python has none. */
  pip?: string;
  /** An installed `torch` and its folder. */
  torch?: { version: string; root: string };
}

/** Asks the installed packages' metadata: `torch` itself is not imported, which would take seconds. */
const question = `
import sys
sys.path = [p for p in sys.path if p]
import importlib.metadata as metadata, json, platform
answer = {"executable": sys.executable, "version": platform.python_version()}
try:
    answer["pip"] = metadata.version("pip")
except metadata.PackageNotFoundError:
    pass
try:
    found = metadata.distribution("torch")
    answer["torch"] = {"version": found.version, "root": str(found.locate_file("torch"))}
except metadata.PackageNotFoundError:
    pass
print(json.dumps(answer))
`;

/** Looks at `python3`; a text says why there is none to use. */
export async function findPython(context: SetupContext): Promise<Python | string> {
  const command = which('python3', context.env);
  if (command === undefined) return 'there is no python3 on the PATH';
  const result = await run(command, ['-c', question], { env: context.env, cwd: tmpdir(), timeout: 60_000 });
  try {
    if (result.code === 0) return JSON.parse(result.stdout) as Python;
  } catch {
    // Falls through to the complaint below.
  }
  const last =
    (result.error?.message ?? result.stderr.trim().split('\n').at(-1)) || `exit code ${result.code}`;
  return `${command} does not work: ${last}`;
}
