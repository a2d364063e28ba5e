/** Loads the addon; the only file that does. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type bindingsModule from 'bindings';
import type { Native } from './bindings.js';
import {
  ArgumentError,
  AutogradError,
  DeviceError,
  DisposedError,
  DTypeError,
  FileFormatError,
  NativeLoadError,
  NotImplementedError,
  OutOfMemoryError,
  ShapeError,
  TorchError,
  TorchIndexError,
  ValueError,
} from './errors.js';

// By `require`: an `import` of a CommonJS package starts Node's search for its exports, some 10 ms.
const bindings = createRequire(import.meta.url)('bindings') as typeof bindingsModule;

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const kinds: Record<string, (message: string) => Error> = {
  argument: (m) => new ArgumentError(m),
  type: (m) => new ArgumentError(m),
  value: (m) => new ValueError(m),
  index: (m) => new TorchIndexError(m),
  disposed: (m) => new DisposedError(m),
  shape: (m) => new ShapeError(m),
  dtype: (m) => new DTypeError(m),
  device: (m) => new DeviceError(m),
  autograd: (m) => new AutogradError(m),
  memory: (m) => new OutOfMemoryError(m),
  not_implemented: (m) => new NotImplementedError(m),
  file: (m) => new FileFormatError(m),
};

/** LibTorch throws most of its errors as one C++ class; the text tells them apart. */
const byText: [RegExp, (message: string) => Error][] = [
  [/can't allocate memory|out of memory|not enough memory/i, kinds.memory!],
  [
    /does not require grad|grad can be implicitly created|differentiated Tensors|allow_unused|backward through the graph|leaf Variable|inference tensor|modified by an inplace/i,
    kinds.autograd!,
  ],
  [
    /must be on the same device|same device, but found|Torch not compiled with CUDA|Cannot initialize CUDA|CUDA error|device type|No CUDA GPUs|NVIDIA driver|not linked with support for|accelerator device when none|without ATen_cuda|pin_memory=True requires/i,
    kinds.device!,
  ],
  [
    /expected (scalar type|.* to have the same dtype)|dtype|not implemented for '|can't be cast|scalar type|expected m1 and m2/i,
    kinds.dtype!,
  ],
  [/out of range|out of bounds|index \d+ is/i, kinds.index!],
  [
    /shape|size|dimension|must match|broadcast|number of channels|mat1 and mat2|elements|non-negative stride|invalid for input/i,
    kinds.shape!,
  ],
];

function makeError(kind: string, message: string): Error {
  // LibTorch's allocator names a line of its source and the condition before it says what happened.
  const text = message.trim().replace(/^\[enforce fail at [^\]]*\] [^.]*\. /, '');
  const known = kinds[kind];
  if (known) return known(text);
  for (const [pattern, make] of byText) if (pattern.test(text)) return make(text);
  return new TorchError(text);
}

/**
 * A collection on request: level 0 for the young generation, 1 for all.
 *
 * V8 decides by its own heap when to collect and knows little of tensors' memory; the addon asks
 * when their bytes have grown (native/tensor/handle.cc). Undefined where the engine refuses.
 */
function makeCollector(): ((level: number) => void) | null {
  try {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void;
    if (typeof gc !== 'function') return null;
    // Node 20 takes any options for those of a minor collection, also `{ type: 'major' }`.
    return (level) => (level === 0 ? gc({ type: 'minor' }) : gc());
  } catch {
    return null;
  }
}

function load(): Native {
  let addon: Native;
  try {
    addon = bindings({ bindings: 'torchts', module_root: packageRoot }) as Native;
  } catch (cause) {
    const text = cause instanceof Error ? cause.message : String(cause);
    const missing = /Could not locate the bindings file/.test(text);
    throw new NativeLoadError(
      missing
        ? 'the native addon of torchts is not built yet. Possible solutions:\n' +
            '- in a project that installed torchts: npx torchts install-libtorch\n' +
            '- in a clone of the repository: npm run build\n' +
            '- to see what is missing: npx torchts doctor'
        : `the native addon of torchts could not be loaded: ${text}\nPossible solutions:\n` +
            '- LibTorch was moved or removed since the build: npx torchts install-libtorch\n' +
            '- to see what is missing: npx torchts doctor',
      { cause },
    );
  }
  addon.configure(makeError, makeCollector());
  return addon;
}

/** The addon's exports. */
export const native: Native = load();
