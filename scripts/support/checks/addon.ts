import { join } from 'node:path';
import type { LibTorch } from '../../libtorch/inspect.js';
import { addonFile, addonState } from '../addon.js';
import type { SetupContext } from '../context.js';
import { type RunResult, run } from '../process.js';
import { type Finding, missing, note, ok } from './finding.js';

const buildRemedy = ['Run `npm run build` (in a clone) or `npx torchts build` (in your project).'];

/** Whether the addon is built, up to date, and loads; then the devices it sees. */
export async function checkAddon(
  root: string,
  libtorch: LibTorch | undefined,
  context: SetupContext,
): Promise<Finding[]> {
  const state = addonState(root, libtorch);
  if (state.state === 'missing') return [missing('Addon', 'not built', buildRemedy)];
  const stale =
    state.state === 'stale' ? [missing('Addon', `is to be built again: ${state.reason}`, buildRemedy)] : [];
  const file = addonFile(root);
  const loaded = await probe(`process.dlopen({ exports: {} }, ${JSON.stringify(file)}); say({})`, context);
  if (loaded.problem !== undefined) {
    return [...stale, missing('Addon', `${file} does not load: ${loaded.problem}`, buildRemedy)];
  }
  const findings = stale.length > 0 ? stale : [ok('Addon', `built and loads: ${file}`)];
  return [...findings, await checkDevices(root, context)];
}

interface Devices {
  threads: number;
  cuda: string[];
}

/** Asks the library for its devices. */
async function checkDevices(root: string, context: SetupContext): Promise<Finding> {
  const library = JSON.stringify(join(root, 'dist', 'bundle', 'index.js'));
  const { answer, problem } = await probe<Devices>(
    `const torch = await import(${library});
     const count = torch.cuda.isAvailable() ? torch.cuda.deviceCount() : 0;
     const cuda = Array.from({ length: count }, (_, i) => torch.cuda.getDeviceName(i));
     say({ threads: torch.getNumThreads(), cuda })`,
    context,
  );
  if (answer === undefined) return missing('Devices', `torchts does not start: ${problem}`, buildRemedy);
  const gpus = answer.cuda.map((name, i) => `cuda:${i} (${name})`);
  return (problem === undefined ? ok : note)(
    'Devices',
    [`cpu (${answer.threads} threads)`, ...gpus].join(', '),
  );
}

/** Runs code in a Node process of its own, so that a crash in native code ends that one and not the doctor. */
async function probe<T>(code: string, context: SetupContext): Promise<{ answer?: T; problem?: string }> {
  const mark = '\u0001torchts:';
  const script = `const say = (value) => process.stdout.write(${JSON.stringify(mark)} + JSON.stringify(value) + '\\n');\n${code}`;
  const result = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: context.env,
    timeout: 120_000,
  });
  const line = result.stdout.split('\n').find((text) => text.startsWith(mark));
  return {
    ...(line !== undefined && { answer: JSON.parse(line.slice(mark.length)) as T }),
    ...(result.code !== 0 && { problem: complaint(result) }),
  };
}

function complaint(result: RunResult): string {
  if (result.signal !== null) return `the process ended by ${result.signal}`;
  const lines = result.stderr.split('\n').map((line) => line.trim());
  return (
    lines.find((line) => /^\w*Error\b.*:/.test(line)) ??
    lines.find((line) => line !== '') ??
    `code ${result.code}`
  );
}
