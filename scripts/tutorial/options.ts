/** The flags of `tutorial` and `quickstart`, read and checked. */
import { parseArgs } from 'node:util';

export type DatasetName = 'cifar10' | 'mnist' | 'imagefolder';

export interface TutorialOptions {
  name: string;
  dataset: DatasetName;
  dataRoot: string;
  download: boolean;
  weights: string;
  /** Where pretrained weights cannot be had: go on with random ones instead of stopping. */
  weightsOptional: boolean;
  epochs: number;
  batchSize: number;
  imageSize: number;
  lr: number;
  trainLimit: number | null;
  testLimit: number | null;
  logEvery: number;
  seed: number;
  device: string | null;
  amp: boolean;
  channelsLast: boolean;
  workers: number;
  out: string;
  resume: boolean;
}

/** The tutorial as it stands: CIFAR-10 at 224×224, pretrained ResNet-18, Adam, 10 epochs. */
export const tutorialPreset: TutorialOptions = {
  name: 'tutorial',
  dataset: 'cifar10',
  dataRoot: './data',
  download: true,
  weights: 'default',
  weightsOptional: false,
  epochs: 10,
  batchSize: 32,
  imageSize: 224,
  lr: 0.001,
  trainLimit: null,
  testLimit: null,
  logEvery: 100,
  seed: 0,
  device: null,
  amp: false,
  channelsLast: false,
  workers: 0,
  out: 'runs/tutorial',
  resume: false,
};

/** A flag that was given wrong; the script prints the message and stops with code 2. */
export class UsageError extends Error {}

const flags = {
  dataset: { type: 'string', hint: 'cifar10|mnist|imagefolder' },
  'data-root': { type: 'string', hint: 'DIR' },
  download: { type: 'boolean', hint: '' },
  'no-download': { type: 'boolean', hint: '' },
  weights: { type: 'string', hint: 'default|none|FILE' },
  epochs: { type: 'string', hint: 'N' },
  'batch-size': { type: 'string', hint: 'N' },
  'image-size': { type: 'string', hint: 'N' },
  lr: { type: 'string', hint: 'X' },
  'train-limit': { type: 'string', hint: 'N' },
  'test-limit': { type: 'string', hint: 'N' },
  'log-every': { type: 'string', hint: 'N' },
  seed: { type: 'string', hint: 'N' },
  device: { type: 'string', hint: 'cpu|cuda|cuda:N' },
  amp: { type: 'boolean', hint: '' },
  'channels-last': { type: 'boolean', hint: '' },
  workers: { type: 'string', hint: 'N' },
  out: { type: 'string', hint: 'DIR' },
  resume: { type: 'boolean', hint: '' },
  help: { type: 'boolean', hint: '' },
} as const;

type Flag = keyof typeof flags;

const explanations: Record<Flag, string> = {
  dataset: 'which images to train on; imagefolder wants train/ and test/ (or val/) under the data root',
  'data-root': 'where the data set lies or is downloaded to',
  download: 'download the data set where it is missing',
  'no-download': 'only use what is there',
  weights: "pretrained ones of torchvision, random ones, or a state dict's file",
  epochs: 'passes over the training set',
  'batch-size': 'images in a step',
  'image-size': 'images are resized to N×N',
  lr: 'learning rate of Adam',
  'train-limit': 'first N images of the shuffled training set, every epoch',
  'test-limit': 'first N images of the test set',
  'log-every': 'print the mean loss every N steps',
  seed: 'seed of the random numbers, set after the weights are loaded',
  device: 'default: cuda:0 where there is one',
  amp: 'mixed precision (float16 on CUDA, bfloat16 on the CPU)',
  'channels-last': 'channels-last memory format',
  workers: 'workers of the data loader, as in Python',
  out: 'where pictures, metrics and weights go',
  resume: 'go on from the checkpoint in --out',
  help: 'this text',
};

export function usage(preset: TutorialOptions): string {
  const defaults: Partial<Record<Flag, unknown>> = {
    dataset: preset.dataset,
    'data-root': preset.dataRoot,
    weights: preset.weights,
    epochs: preset.epochs,
    'batch-size': preset.batchSize,
    'image-size': preset.imageSize,
    lr: preset.lr,
    'train-limit': preset.trainLimit ?? 'all',
    'test-limit': preset.testLimit ?? 'all',
    'log-every': preset.logEvery,
    seed: preset.seed,
    workers: preset.workers,
    out: preset.out,
  };
  const lines = (Object.keys(flags) as Flag[]).map((flag) => {
    const left = `  --${flag} ${flags[flag].hint}`.padEnd(42);
    const fallback = defaults[flag] === undefined ? '' : ` (default: ${String(defaults[flag])})`;
    return `${left}${explanations[flag]}${fallback}`;
  });
  return `Usage: npm run ${preset.name} -- [flags]\n\n${lines.join('\n')}\n`;
}

function wholeNumber(flag: Flag, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`--${flag} expects a whole number from ${least}, got '${text}'`);
  return value;
}

function positive(flag: Flag, text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value))
    throw new UsageError(`--${flag} expects a positive number, got '${text}'`);
  return value;
}

/** Reads flags over a preset; null where `--help` was asked for. */
export function parseFlags(args: readonly string[], preset: TutorialOptions): TutorialOptions | null {
  let given: Partial<Record<Flag, string | boolean>>;
  try {
    given = parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nRun with --help for the flags.`);
  }
  if (given.help) return null;
  const options = { ...preset };
  const text = (flag: Flag): string | undefined => given[flag] as string | undefined;
  const number = (flag: Flag, least: number, fallback: number): number => {
    const value = text(flag);
    return value === undefined ? fallback : wholeNumber(flag, value, least);
  };
  const dataset = text('dataset');
  if (dataset !== undefined) {
    if (dataset !== 'cifar10' && dataset !== 'mnist' && dataset !== 'imagefolder')
      throw new UsageError(`--dataset expects cifar10, mnist or imagefolder, got '${dataset}'`);
    // Another set does not lie where the preset's does.
    if (dataset !== preset.dataset) options.dataRoot = tutorialPreset.dataRoot;
    options.dataset = dataset;
  }
  options.dataRoot = text('data-root') ?? options.dataRoot;
  if (given.download && given['no-download'])
    throw new UsageError('--download and --no-download exclude each other');
  if (given.download) options.download = true;
  if (given['no-download']) options.download = false;
  const weights = text('weights');
  if (weights !== undefined) {
    options.weights = weights;
    options.weightsOptional = false;
  }
  options.epochs = number('epochs', 1, preset.epochs);
  options.batchSize = number('batch-size', 1, preset.batchSize);
  options.imageSize = number('image-size', 8, preset.imageSize);
  options.logEvery = number('log-every', 1, preset.logEvery);
  options.seed = number('seed', 0, preset.seed);
  options.workers = number('workers', 0, preset.workers);
  const lr = text('lr');
  if (lr !== undefined) options.lr = positive('lr', lr);
  const trainLimit = text('train-limit');
  if (trainLimit !== undefined) options.trainLimit = wholeNumber('train-limit', trainLimit, 1);
  const testLimit = text('test-limit');
  if (testLimit !== undefined) options.testLimit = wholeNumber('test-limit', testLimit, 1);
  const device = text('device');
  if (device !== undefined) {
    if (!/^(cpu|cuda(:\d+)?)$/.test(device))
      throw new UsageError(`--device expects cpu, cuda or cuda:N, got '${device}'`);
    options.device = device;
  }
  options.amp = given.amp === true || preset.amp;
  options.channelsLast = given['channels-last'] === true || preset.channelsLast;
  options.out = text('out') ?? preset.out;
  options.resume = given.resume === true;
  return options;
}
