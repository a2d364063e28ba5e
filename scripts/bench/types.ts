/** What a benchmark is, what a side answers, and what comes out. */

/** One of the things that are compared: a program and the runtime that it is written for. */
export interface Side {
  /** As the table names it: `torchts`, `Python`, `onnxruntime`. */
  label: string;
  runtime: 'node' | 'python';
  /** Name of the program in `programs/` (kebab-case) or its twin in `python/` (snake_case), or a path. */
  program: string;
  /** Given to the program as JSON, on top of the benchmark's own parameters. */
  params?: Params;
  /** Something that the suite has to fetch before this side can run. */
  needs?: 'onnxruntime';
}

export type Params = Record<string, string | number | boolean | null>;

/** Files that both sides read, made once by `python/prepare.py`. */
export type Input = 'cifar' | 'jpeg' | 'resnet18' | 'resnet18-onnx';

/** One line of the table. */
export interface Row {
  /** Unique over the suite; kebab-case. */
  name: string;
  title: string;
  /** Key of the side that is torchts. */
  ours: string;
  /** Keys of the sides to compare with; where there are several, the better one counts. */
  theirs: readonly string[];
  /** What is compared: the metrics that match, as their geometric mean, or the peak of memory. */
  metric: MetricChoice;
  /** Bound of the ratio ours / theirs: at most, or at least where more is better. None: told, not judged. */
  target?: number;
  /** Devices that the row is for. Default: all. */
  devices?: readonly DeviceType[];
}

/**
 * `{ name }` one metric, `{ group }` all whose names begin with it and a slash, `{ peak: true }` memory.
 * A group's samples count by their median, or by their mean, which holds rare pauses too.
 */
export type MetricChoice = { name: string } | { group: string; of?: 'mean' } | { peak: true };

export type DeviceType = 'cpu' | 'cuda';

/** Programs that run in turn, and the rows that are read off them. */
export interface Benchmark {
  name: string;
  sides: Readonly<Record<string, Side>>;
  rows: readonly Row[];
  params?: Params;
  /** Replaces parameters where `--quick` is given. */
  quick?: Params;
  /** The most rounds of a quick run. Default: no other bound. */
  quickRounds?: number;
  inputs?: readonly Input[];
  /** How far the results of two sides may differ. */
  tolerance: Tolerance;
}

/** |a − b| ≤ atol + rtol · |b|, as in `torch.testing.assert_close`. */
export interface Tolerance {
  rtol: number;
  atol: number;
}

/** A series of measurements of one thing, in one process. */
export interface Metric {
  unit: 'µs' | 'ms' | 'images/s';
  samples: number[];
}

/** What a side prints as one line of JSON when it has measured. */
export interface Answer {
  metrics: Record<string, Metric>;
  /** Numbers that both sides must agree on: losses, logits, checksums. */
  results: Record<string, number[]>;
  /** The process's highest resident memory (`VmHWM`), in bytes. */
  peakBytes: number;
  /** The most that the CUDA allocator held, in bytes. */
  peakDeviceBytes?: number;
  /** Threads inside an operator, as the library says. */
  threads?: number;
  versions: Record<string, string>;
}

/** What a side prints where it cannot run, for a reason that is no failure. */
export interface Refusal {
  skip: string;
}

/** Figures over the rounds: one value a process. */
export interface Summary {
  median: number;
  low: number;
  high: number;
  values: number[];
}

/** A line of the table with its figures. */
export type RowResult = {
  benchmark: string;
  row: string;
  title: string;
  target?: number;
} & (
  | {
      status: 'ok';
      unit: string;
      /** Whether a larger figure is the better one. */
      higherIsBetter: boolean;
      ours: Summary & { label: string };
      theirs: Summary & { label: string };
      /** Of the figures of the same round. */
      ratio: Summary;
      /** Whether the target holds; null where there is none. */
      met: boolean | null;
      /** Each metric of a group: medians of both sides, and their ratio. */
      detail?: Record<string, { ours: number; theirs: number; ratio: number }>;
    }
  | { status: 'failed' | 'skipped'; reason: string }
);
