/** What both sides have, asked before anything is measured; they must be of one version. */
import { libtorchVersion } from '../libtorch/release.js';
import { run } from '../support/process.js';
import { SetupError } from '../support/setup-error.js';
import { programFile } from './child.js';
import type { DeviceType } from './types.js';

/** The Python packages of every comparison. */
export const torchVersion = libtorchVersion;
export const torchvisionVersion = '0.29.1';

export interface PythonVersions {
  python: string;
  torch: string;
  torchvision: string;
  /** `torch.__config__.show()`. */
  config: string;
  /** Whether a model can be exported to ONNX. */
  onnx: boolean;
  cuda: boolean;
}

export interface TorchtsVersions {
  torch: string;
  config: string;
  /** Why there is no CUDA; null where there is. */
  cudaReason: string | null;
}

const plain = (version: string): string => version.split('+')[0]!;

/**
 * Asks a Python.
 *
 * @throws SetupError where it does not start, lacks the packages, or has other versions of them
 */
export async function askPython(executable: string, env: NodeJS.ProcessEnv): Promise<PythonVersions> {
  const remedy = [
    `Install them there: ${executable} -m pip install torch==${torchVersion} torchvision==${torchvisionVersion}`,
    'Or unset TORCHTS_PYTHON: then a virtual environment is made in the cache.',
  ];
  const file = programFile({ label: 'Python', runtime: 'python', program: 'versions' });
  const result = await run(executable, [file], { env, timeout: 300_000 });
  if (result.code !== 0) {
    const why = result.error?.message ?? result.stderr.trim().split('\n').at(-1) ?? `code ${result.code}`;
    throw new SetupError(`The Python ${executable} cannot be compared with: ${why}`, remedy);
  }
  let found: PythonVersions;
  try {
    found = JSON.parse(result.stdout) as PythonVersions;
  } catch (cause) {
    const said = result.stdout.trim().slice(0, 200);
    throw new SetupError(`The Python ${executable} gave an answer that cannot be read: ${said}`, remedy, {
      cause,
    });
  }
  if (plain(found.torch) !== torchVersion || plain(found.torchvision) !== torchvisionVersion) {
    throw new SetupError(
      `The Python ${executable} has torch ${found.torch} and torchvision ${found.torchvision}; ` +
        `${torchVersion} and ${torchvisionVersion} are needed.`,
      remedy,
    );
  }
  return found;
}

/** @throws SetupError where torchts does not load */
export async function askTorchts(env: NodeJS.ProcessEnv): Promise<TorchtsVersions> {
  const file = programFile({ label: 'torchts', runtime: 'node', program: 'versions' });
  const result = await run(process.execPath, [file], { env, timeout: 120_000 });
  if (result.code !== 0)
    throw new SetupError(`torchts does not load: ${result.stderr.trim()}`, 'Run `npm run doctor`.');
  return JSON.parse(result.stdout) as TorchtsVersions;
}

/** @throws SetupError where the sides have different versions of LibTorch */
export function checkEqual(torchts: TorchtsVersions, python: PythonVersions): void {
  if (plain(torchts.torch) !== plain(python.torch)) {
    throw new SetupError(
      `torchts has LibTorch ${torchts.torch}, Python ${python.torch}: figures of different versions say nothing.`,
      'Run `npm run build`, or name another Python by TORCHTS_PYTHON.',
    );
  }
}

/**
 * The lines of LibTorch's own description that say how its CPU part was built. The CUDA part is named
 * only where it was loaded: Python always loads it, torchts where there is a driver.
 */
function cpuBuild(config: string): string[] {
  return config
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/CUDA|CuDNN|Magma|NVCC|Build settings/i.test(line));
}

/** Whether the two were built alike, as far as they say. */
export function sameBuild(torchts: TorchtsVersions, python: PythonVersions): boolean {
  return cpuBuild(torchts.config).join('\n') === cpuBuild(python.config).join('\n');
}

/** @throws SetupError where a side has no such device */
export function checkDevice(device: DeviceType, torchts: TorchtsVersions, python: PythonVersions): void {
  if (device === 'cpu') return;
  if (torchts.cudaReason !== null) {
    throw new SetupError(
      `--device cuda: CUDA is not available: ${torchts.cudaReason}.`,
      'Run `npm run doctor`, or leave --device out to measure the CPU.',
    );
  }
  if (!python.cuda)
    throw new SetupError('--device cuda: Python finds no CUDA device, torchts does.', 'Check its torch.');
}
