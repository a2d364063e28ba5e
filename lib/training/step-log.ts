import type { Callback, FitContext, StepEvent } from './callbacks.js';

/** Prints the mean loss every so many steps, as the tutorial's loop does. */
export class StepLog implements Callback {
  private runningLoss = 0;

  constructor(
    private readonly every: number,
    private readonly log: (line: string) => void = (line) => console.log(line),
  ) {}

  onEpochStart({ step }: FitContext): void {
    if (step === 0) this.runningLoss = 0;
  }

  onStepEnd({ epoch, epochs, step, stepsPerEpoch }: FitContext, { loss }: StepEvent): void {
    this.runningLoss += loss;
    if (step % this.every !== 0) return;
    const steps = stepsPerEpoch === undefined ? step : `${step}/${stepsPerEpoch}`;
    const mean = (this.runningLoss / this.every).toFixed(4);
    this.log(`Epoch [${epoch + 1}/${epochs}], Step [${steps}], Loss: ${mean}`);
    this.runningLoss = 0;
  }

  stateDict(): Record<string, unknown> {
    return { runningLoss: this.runningLoss };
  }

  loadStateDict(state: Record<string, unknown>): void {
    this.runningLoss = state.runningLoss as number;
  }
}
