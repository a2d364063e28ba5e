/** Callbacks: code of the user's own at fixed places of a run. */
import type { CallableModule, EpochRecord, FitResult, History, OptimizerLike } from './types.js';

/** Where a run stands, as a callback sees it. */
export interface FitContext {
  readonly model: CallableModule<unknown>;
  readonly optimizer: OptimizerLike;
  /** Counted from 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps of the optimizer done in this epoch. */
  readonly step: number;
  /** Steps of an epoch, where the loader's length is known. */
  readonly stepsPerEpoch: number | undefined;
  /** Steps done in all. */
  readonly globalStep: number;
  readonly history: History;
  /** Ends the run after this step, with a checkpoint where they are kept. */
  stop(detail?: string): void;
}

/** One step of the optimizer. */
export interface StepEvent {
  /** The mean over the batches of the step. */
  loss: number;
  samples: number;
  /** The groups' learning rates that the step used. */
  lr: number[];
}

/** Every member may be left out, and may be async: the run waits. */
export interface Callback {
  /** Before the first step; a resumed run then calls `loadStateDict`. */
  onFitStart?(context: FitContext): void | Promise<void>;
  /** The model is in training mode. Also called where a resumed run goes on inside an epoch. */
  onEpochStart?(context: FitContext): void | Promise<void>;
  onStepEnd?(context: FitContext, event: StepEvent): void | Promise<void>;
  /** After validation and the schedules, before the checkpoint. */
  onEpochEnd?(context: FitContext, record: EpochRecord): void | Promise<void>;
  /** At the end of every run; `result` is null where an error ended it. */
  onFitEnd?(context: FitContext, result: FitResult | null): void | Promise<void>;
  /** What checkpoints keep of it: plain values and tensors. */
  stateDict?(): Record<string, unknown>;
  loadStateDict?(state: Record<string, unknown>): void;
}

/** @internal Calls callbacks in their order. */
export class CallbackList {
  constructor(readonly callbacks: readonly Callback[]) {}

  async fitStart(context: FitContext): Promise<void> {
    for (const callback of this.callbacks) await callback.onFitStart?.(context);
  }

  async epochStart(context: FitContext): Promise<void> {
    for (const callback of this.callbacks) await callback.onEpochStart?.(context);
  }

  /** Awaits only what is async: steps are many. */
  async stepEnd(context: FitContext, event: StepEvent): Promise<void> {
    for (const callback of this.callbacks) {
      const pending = callback.onStepEnd?.(context, event);
      if (pending !== undefined) await pending;
    }
  }

  async epochEnd(context: FitContext, record: EpochRecord): Promise<void> {
    for (const callback of this.callbacks) await callback.onEpochEnd?.(context, record);
  }

  /** Reaches every callback, also where one fails. */
  async fitEnd(context: FitContext, result: FitResult | null): Promise<void> {
    const failures: unknown[] = [];
    for (const callback of this.callbacks) {
      try {
        await callback.onFitEnd?.(context, result);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  stateDicts(): (Record<string, unknown> | null)[] {
    return this.callbacks.map((callback) => callback.stateDict?.() ?? null);
  }

  loadStateDicts(states: readonly (Record<string, unknown> | null)[]): void {
    this.callbacks.forEach((callback, i) => {
      const state = states[i];
      if (state) callback.loadStateDict?.(state);
    });
  }
}
