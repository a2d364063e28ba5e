/** Where a run stands: what a checkpoint holds, and how it is written down. */
import { StateDictError } from '../errors.js';
import { fromTypedArray, type Tensor } from '../tensor/index.js';
import type { CallbackList } from './callbacks.js';
import { checkpointFormat, checkpointVersion } from './checkpoint-store.js';
import type { Measures } from './measure.js';
import type { MetricSet } from './metrics.js';
import type { RandomState } from './random-state.js';
import type { Setup } from './setup.js';
import type { EpochRecord, OptimizerLike } from './types.js';

/** How far a run came. */
export interface Position {
  /** The epoch it is in, counted from 0. */
  epoch: number;
  /** Batches and steps of that epoch that are done. */
  batch: number;
  step: number;
  globalStep: number;
  /** Of all sittings together. */
  seconds: number;
  /** Of the epoch at hand. */
  epochSeconds: number;
  losses: number[];
  epochs: EpochRecord[];
  /** The best monitored value; null before there is one. */
  best: number | null;
}

export function startPosition(): Position {
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    globalStep: 0,
    seconds: 0,
    epochSeconds: 0,
    losses: [],
    epochs: [],
    best: null,
  };
}

/** Generators at the start of the epoch (the order of its batches) and now. */
export interface RunRandom {
  epoch: RandomState;
  now: RandomState;
}

/** What a checkpoint is made of. */
export interface RunParts<Batch, Output, M extends MetricSet<Output>> {
  setup: Setup<Batch, Output, M>;
  optimizer: OptimizerLike;
  measures: Measures<Output, M>;
  callbacks: CallbackList;
}

/** Everything that a resumed run needs, as `torch.save` takes it. */
export function packRun<Batch, Output, M extends MetricSet<Output>>(
  parts: RunParts<Batch, Output, M>,
  position: Position,
  random: RunRandom,
): Record<string, unknown> {
  const { setup, optimizer, measures, callbacks } = parts;
  return {
    format: checkpointFormat,
    version: checkpointVersion,
    model: setup.model.stateDict(),
    optimizer: optimizer.stateDict(),
    schedulers: setup.schedules.stateDicts(),
    scaler: setup.precision.scaler.stateDict(),
    ...position,
    // One number a step: as a tensor they take eight bytes each and come back to the bit.
    losses: fromTypedArray(Float64Array.from(position.losses)),
    measures: measures.stateDict(),
    callbacks: callbacks.stateDicts(),
    random: { epoch: { ...random.epoch }, now: { ...random.now } },
  };
}

/** A checkpoint's position and what callbacks and generators are given later. */
export interface UnpackedRun {
  position: Position;
  random: RunRandom;
  callbacks: (Record<string, unknown> | null)[];
}

/** Puts a checkpoint into model, optimizer, schedules and measures. */
export function unpackRun<Batch, Output, M extends MetricSet<Output>>(
  { setup, optimizer, measures }: RunParts<Batch, Output, M>,
  saved: Record<string, unknown>,
): UnpackedRun {
  for (const key of ['model', 'optimizer', 'schedulers', 'losses', 'random', 'measures'])
    if (saved[key] === undefined)
      throw new StateDictError(
        `the checkpoint lacks '${key}'; it was not written by a Trainer, or not whole`,
      );
  setup.model.loadStateDict(saved.model as Record<string, Tensor>);
  optimizer.loadStateDict(saved.optimizer as never);
  setup.schedules.loadStateDicts(saved.schedulers as Record<string, unknown>[]);
  // It stepped in the run before; schedulers warn of those that never did.
  if ('stepCalled' in optimizer) optimizer.stepCalled = Number(saved.globalStep) > 0;
  const scaler = (saved.scaler ?? {}) as Record<string, number>;
  if (Object.keys(scaler).length > 0) setup.precision.scaler.loadStateDict(scaler);
  measures.loadStateDict(saved.measures as Record<string, unknown>);
  const start = startPosition();
  const position = Object.fromEntries(
    Object.entries(start).map(([key, fallback]) => [key, saved[key] ?? fallback]),
  ) as unknown as Position;
  position.losses = (saved.losses as Tensor).tolist() as number[];
  return {
    position,
    random: saved.random as RunRandom,
    callbacks: (saved.callbacks ?? []) as UnpackedRun['callbacks'],
  };
}
