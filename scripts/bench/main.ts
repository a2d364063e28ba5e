/** `npm run bench`: torchts beside Python's PyTorch. */
import { type SetupContext, userContext } from '../support/context.js';
import { isMain, runMain } from '../support/main.js';
import { packageManifest, packageRoot } from '../support/package-root.js';
import type { Setting } from './child.js';
import { ensureInputs } from './inputs.js';
import { commitOf, machine } from './machine.js';
import { ensureOnnxruntime, onnxruntimeVersion } from './onnxruntime.js';
import { type BenchOptions, parseOptions, type Tf32, usage } from './options.js';
import { ensurePython, installOnnx } from './python.js';
import { type Report, writeJson, writeMarkdown } from './report.js';
import { evaluate } from './rows.js';
import { type Plan, runBenchmark } from './runner.js';
import { select, sidesInUse } from './select.js';
import { suite } from './suite.js';
import { textTable } from './table.js';
import type { Benchmark, Input, RowResult } from './types.js';
import { askPython, askTorchts, checkDevice, checkEqual, sameBuild } from './versions.js';

/** Milliseconds after which a process counts as hung. */
const processTimeout = 30 * 60_000;

/** Variables that make both sides use the same threads, and the same TF32 where they are on CUDA. */
export function sharedVariables(threads: number, tf32: Tf32): NodeJS.ProcessEnv {
  return {
    OMP_NUM_THREADS: String(threads),
    MKL_NUM_THREADS: String(threads),
    // Read by LibTorch and by NVIDIA's libraries: the same switch for both sides.
    ...(tf32 === 'on' && { TORCH_ALLOW_TF32_CUBLAS_OVERRIDE: '1' }),
    ...(tf32 === 'off' && { NVIDIA_TF32_OVERRIDE: '0' }),
    // No files of Python's own beside the sources.
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

function list(): string {
  return suite
    .map(({ name, rows }) =>
      [
        name,
        ...rows.map((row) => {
          const target = row.target === undefined ? 'no target' : `target ${row.target}`;
          return `  ${row.name.padEnd(36)} ${row.title} (${target})`;
        }),
      ].join('\n'),
    )
    .join('\n');
}

/** The chosen benchmarks with what does not concern this device taken out. */
function forDevice(chosen: readonly Benchmark[], device: BenchOptions['device']): Benchmark[] {
  return chosen
    .map((benchmark) => ({
      ...benchmark,
      rows: benchmark.rows.filter((row) => row.devices?.includes(device) ?? true),
    }))
    .filter(({ rows }) => rows.length > 0);
}

/** Whether a row of the benchmark is compared with onnxruntime. */
function wantsOnnx(benchmark: Benchmark): boolean {
  return sidesInUse(benchmark).some((key) => benchmark.sides[key]!.needs === 'onnxruntime');
}

/** Carries out one command line; 1 where a row failed. */
export async function bench(args: readonly string[], context: SetupContext = userContext()): Promise<number> {
  const options = parseOptions(args);
  if (options.help || options.list) {
    process.stdout.write(options.help ? usage : `${list()}\n`);
    return 0;
  }
  const chosen = forDevice(select(suite, options.names), options.device);
  const begin = performance.now();
  const env = { ...context.env, ...sharedVariables(options.threads, options.tf32) };
  const python = await ensurePython(context);
  const theirs = await askPython(python, env);
  const ours = await askTorchts(env);
  checkEqual(ours, theirs);
  checkDevice(options.device, ours, theirs);
  const same = sameBuild(ours, theirs);
  context.say(
    `LibTorch ${ours.torch} on both sides, ${same ? 'of the same build' : 'of different builds'}; ` +
      `torchvision ${theirs.torchvision}, Python ${theirs.python}, Node ${process.version.slice(1)}; ` +
      `${options.device}, ${options.threads} threads, ${options.rounds} rounds`,
  );

  const onnx = chosen.some(wantsOnnx) ? await prepareOnnx(python, theirs.onnx, context) : '';
  const inputs = new Set<Input>(chosen.flatMap((benchmark) => benchmark.inputs ?? []));
  if (typeof onnx === 'string') inputs.delete('resnet18-onnx');
  const setting: Setting = {
    python,
    threads: options.threads,
    device: options.device,
    inputs: await ensureInputs([...inputs], python, context),
    env,
    timeout: processTimeout,
  };
  const plan: Plan = {
    rounds: options.rounds,
    quick: options.quick,
    ...(typeof onnx === 'string'
      ? { absent: { onnxruntime: onnx } }
      : { extra: { onnxruntime: { onnxruntime: onnx.folder } } }),
  };

  const rows: RowResult[] = [];
  for (const benchmark of chosen) {
    const outcomes = await runBenchmark(benchmark, plan, setting, (text) =>
      context.say(`${benchmark.name}, ${text}`),
    );
    rows.push(...evaluate(benchmark, outcomes, options.device));
  }
  const root = packageRoot();
  const { names, quick, rounds, threads, device, tf32 } = options;
  const report: Report = {
    date: new Date().toISOString(),
    commit: await commitOf(root),
    machine: machine(),
    versions: {
      torchts: packageManifest(root).version,
      LibTorch: ours.torch,
      torch: theirs.torch,
      torchvision: theirs.torchvision,
      Python: theirs.python,
      Node: process.version.slice(1),
      ...(typeof onnx !== 'string' && { 'onnxruntime-node': onnxruntimeVersion }),
    },
    sameBuild: same,
    options: { names, quick, rounds, threads, device, tf32 },
    command: ['npm run bench --', ...args].join(' '),
    seconds: (performance.now() - begin) / 1000,
    rows,
  };
  process.stdout.write(`\n${textTable(rows)}\n`);
  if (options.json !== undefined) writeJson(options.json, report);
  if (options.markdown !== undefined) writeMarkdown(options.markdown, report);
  return rows.some((row) => row.status === 'failed') ? 1 : 0;
}

/** onnxruntime-node and the packages that export a model for it, or why that cannot be had. */
async function prepareOnnx(
  python: string,
  exports: boolean,
  context: SetupContext,
): Promise<{ folder: string } | string> {
  try {
    if (!exports) await installOnnx(python, context);
  } catch (error) {
    return (error as Error).message;
  }
  return ensureOnnxruntime(context);
}

if (isMain(import.meta.url)) await runMain(() => bench(process.argv.slice(2)));
