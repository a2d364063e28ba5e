/** The benchmarks and their targets. */
import type { Benchmark, Row, Side } from './types.js';

const ours = (program: string, params: Side['params'] = {}, label = 'torchts'): Side => ({
  label,
  runtime: 'node',
  program,
  params,
});
const python = (program: string, params: Side['params'] = {}, label = 'Python'): Side => ({
  label,
  runtime: 'python',
  program,
  params,
});

/** Two kernels may add in another order: float32 losses and logits of the same inputs. */
const float32 = { rtol: 1e-4, atol: 1e-5 };
/** The same arithmetic on both sides. */
const equal = { rtol: 1e-6, atol: 1e-7 };
/** Memory may be a twentieth above Python's. */
const memoryTarget = 1.05;

const memory = (name: string, title: string, theirs = 'python'): Row => ({
  name,
  title: `peak memory: ${title}`,
  ours: 'torchts',
  theirs: [theirs],
  metric: { peak: true },
  target: memoryTarget,
});

/** One figure of torchts beside Python's. */
const withPython = (name: string, title: string, metric: Row['metric'], target?: number): Row => ({
  name,
  title,
  ours: 'torchts',
  theirs: ['python'],
  metric,
  ...(target !== undefined && { target }),
});

const plainTraining = { batch: 32, channelsLast: false, fused: false };

/** A step of a small model, where the way to the operators is most of the time. */
const small = (model: 'mlp' | 'cnn', title: string): Benchmark => ({
  name: `small-${model}`,
  sides: { torchts: ours('train'), python: python('train') },
  params: { ...plainTraining, model, size: 28, batch: 64, steps: 400, warmup: 50 },
  quick: { steps: 120, warmup: 30 },
  tolerance: float32,
  rows: [withPython(`small-${model}`, `${title}, training step, batch 64`, { name: 'step' }, 0.75)],
});

const inference = (batch: 1 | 32, target: number): Benchmark => ({
  name: `inference-resnet18-b${batch}`,
  sides: {
    torchts: ours('inference'),
    python: python('inference'),
    onnxruntime: { ...ours('inference-onnx', {}, 'onnxruntime'), needs: 'onnxruntime' },
  },
  params: { batch, samples: batch === 1 ? 60 : 8, warmup: batch === 1 ? 10 : 2 },
  quick: { samples: batch === 1 ? 30 : 2, warmup: batch === 1 ? 5 : 1 },
  inputs: ['resnet18', 'resnet18-onnx'],
  tolerance: { rtol: 1e-3, atol: 1e-4 },
  rows: [
    withPython(
      `inference-resnet18-b${batch}`,
      `ResNet-18 inference, batch ${batch}, compiled / eager`,
      { name: 'forward' },
      target,
    ),
    {
      name: `inference-resnet18-b${batch}-onnxruntime`,
      title: `the same / onnxruntime-node`,
      ours: 'torchts',
      theirs: ['onnxruntime'],
      metric: { name: 'forward' },
      target: 1,
      devices: ['cpu'],
    },
    memory(`memory-inference-b${batch}`, `inference, batch ${batch}`),
  ],
});

/** Images a second against the better of Python's loader without and with two workers. */
const loader = (dataset: 'cifar' | 'jpeg', title: string, target: number): Benchmark => ({
  name: `loader-${dataset}`,
  sides: {
    // Fast enough for long passes and many of them also in a quick run.
    torchts: ours('loader', {
      workers: 0,
      ...(dataset === 'cifar' ? { passes: 6, limit: 3200 } : { passes: 3 }),
    }),
    python: python('loader', { workers: 0 }, 'Python'),
    workers: python('loader', { workers: 2 }, 'Python, 2 workers'),
  },
  params: { dataset, limit: dataset === 'cifar' ? 3200 : 256, passes: 2 },
  quick: dataset === 'cifar' ? { limit: 1280, passes: 1 } : { passes: 1 },
  inputs: [dataset],
  // Decoders of JPEG may differ by a level of 256 in a pixel; bytes of CIFAR may not.
  tolerance: dataset === 'cifar' ? equal : { rtol: 1e-3, atol: 0.06 },
  rows: [
    {
      name: `loader-${dataset}`,
      title,
      ours: 'torchts',
      theirs: ['python', 'workers'],
      metric: { name: 'images' },
      target,
    },
    memory(`memory-loader-${dataset}`, `loader, ${dataset === 'cifar' ? 'CIFAR-10' : 'JPEG'}`),
  ],
});

export const suite: readonly Benchmark[] = [
  {
    name: 'per-op',
    sides: { torchts: ours('per-op'), python: python('per-op') },
    params: { calls: 20_000, samples: 7 },
    quick: { calls: 5_000, samples: 5 },
    tolerance: equal,
    rows: [
      withPython(
        'per-op',
        'operators on 4 × 4 tensors, no autograd (geometric mean)',
        { group: 'plain' },
        0.8,
      ),
      withPython(
        'per-op-autograd',
        'the same, recorded by autograd (geometric mean)',
        { group: 'grad' },
        0.8,
      ),
      withPython('per-op-mean', 'operators, mean of all calls: collections of garbage included', {
        group: 'plain',
        of: 'mean',
      }),
      withPython('per-op-autograd-mean', 'the same, recorded by autograd', { group: 'grad', of: 'mean' }),
    ],
  },
  {
    name: 'resnet18-224',
    sides: {
      torchts: ours('train'),
      tuned: ours('train', { channelsLast: true, fused: true }, 'torchts, channels-last + fused'),
      python: python('train'),
    },
    params: { ...plainTraining, model: 'resnet18', size: 224, steps: 5, warmup: 2 },
    quick: { steps: 2, warmup: 1 },
    tolerance: { rtol: 1e-3, atol: 1e-4 },
    rows: [
      withPython(
        'resnet18-train-224',
        'ResNet-18 training step, batch 32, 224², same configuration',
        { name: 'step' },
        1,
      ),
      {
        name: 'resnet18-train-224-defaults',
        title: 'the same, channels-last and fused Adam / Python’s defaults',
        ours: 'tuned',
        theirs: ['python'],
        metric: { name: 'step' },
        target: 0.93,
      },
      memory('memory-training', 'training step, 224²'),
    ],
  },
  {
    name: 'resnet18-train-32',
    sides: { torchts: ours('train'), python: python('train') },
    params: { ...plainTraining, model: 'resnet18', size: 32, steps: 40, warmup: 5 },
    quick: { steps: 15, warmup: 3 },
    tolerance: { rtol: 1e-3, atol: 1e-4 },
    rows: [withPython('resnet18-train-32', 'ResNet-18 training step, batch 32, 32²', { name: 'step' }, 0.8)],
  },
  small('mlp', 'MLP 784-128-10'),
  small('cnn', '2-layer CNN on 28²'),
  loader('cifar', 'CIFAR-10, Resize(224) + ToTensor + Normalize, batch 32, shuffled', 10),
  loader('jpeg', 'JPEG files, RandomResizedCrop(224), flip, normalise, batch 32', 1.5),
  {
    name: 'tutorial',
    sides: { torchts: ours('tutorial'), python: python('tutorial') },
    params: { train: 512, test: 256 },
    quick: { train: 96, test: 64 },
    quickRounds: 1,
    inputs: ['cifar'],
    tolerance: { rtol: 1e-3, atol: 1e-4 },
    rows: [
      withPython('tutorial', 'the whole tutorial on a limited set', { name: 'whole' }, 0.93),
      memory('memory-tutorial', 'the whole tutorial'),
    ],
  },
  inference(1, 0.68),
  inference(32, 0.64),
  {
    name: 'import',
    sides: { torchts: ours('import'), python: python('import') },
    tolerance: equal,
    rows: [
      withPython('import', 'start to first tensor / torch and torchvision', { name: 'both' }, 0.15),
      withPython('import-torch-alone', 'start to first tensor / torch alone', { name: 'torch' }),
    ],
  },
  {
    name: 'state-dict',
    sides: { torchts: ours('state-dict'), python: python('state-dict') },
    params: { samples: 15, warmup: 3 },
    quick: { samples: 5, warmup: 2 },
    inputs: ['resnet18'],
    tolerance: equal,
    rows: [
      withPython('state-dict-load', 'a 45 MB state dict from a file into a ResNet-18', { name: 'load' }, 0.8),
      withPython('state-dict-save', 'and back into a file', { name: 'save' }, 0.8),
    ],
  },
];
