/** Passes without training: the loss and metrics of a loader, or the model's outputs. */
import { noGrad } from '../autograd/index.js';
import { ValueError } from '../errors.js';
import { mapTensors } from './batch.js';
import { Measures } from './measure.js';
import type { MetricSet } from './metrics.js';
import { rememberModes } from './modes.js';
import type { Setup } from './setup.js';
import { breathe } from './stop.js';
import type { EvaluateResult, Loader } from './types.js';

/** What a pass is told from outside. */
export interface PassOptions {
  limitBatches?: number;
  /** Ends the pass after the batch at hand. */
  stopped: () => boolean;
  label: string;
}

/** Batches of a loader, where that is known; data sets without a length throw when asked. */
export function lengthOf(loader: Loader<unknown>, limit: number | undefined): number | undefined {
  let length: number | undefined;
  try {
    length = loader.length;
  } catch {
    length = undefined;
  }
  if (typeof length !== 'number' || !Number.isInteger(length)) return undefined;
  return limit === undefined ? length : Math.min(length, limit);
}

export function emptyLoader(name: string): ValueError {
  return new ValueError(
    `Trainer: the ${name} loader gave no batch; check the data set's length and dropLast, and that a generator is not used up (give an array or a DataLoader)`,
  );
}

/** Goes over a loader in evaluation mode; modes are as before afterwards. True where it was stopped. */
async function pass<Batch, Output, M extends MetricSet<Output>>(
  setup: Setup<Batch, Output, M>,
  loader: Loader<Batch>,
  options: PassOptions,
  visit: (batch: Batch, index: number) => unknown,
): Promise<{ batches: number; stopped: boolean }> {
  const { model, batchStep } = setup;
  const restore = rememberModes(model);
  const bar = setup.progressBar(options.label, lengthOf(loader, options.limitBatches));
  let batches = 0;
  try {
    if (options.limitBatches === 0 || options.stopped()) return { batches, stopped: options.stopped() };
    model.eval();
    for await (const raw of loader) {
      const pending = noGrad(() => setup.precision.forward(() => visit(batchStep.prepare(raw), batches)));
      if (pending instanceof Promise) await pending;
      batches++;
      bar?.update(batches);
      await breathe();
      if (options.stopped()) return { batches, stopped: true };
      if (batches === options.limitBatches) break;
    }
  } finally {
    bar?.close();
    restore();
  }
  return { batches, stopped: false };
}

/** The loss and metrics of a loader. */
export async function evaluateLoader<Batch, Output, M extends MetricSet<Output>>(
  setup: Setup<Batch, Output, M>,
  loader: Loader<Batch>,
  options: PassOptions,
): Promise<EvaluateResult<M>> {
  setup.batchStep.requireLoss();
  const start = performance.now();
  const measures = new Measures<Output, M>(setup.metrics);
  // The metrics may be in use by the epoch around this.
  const outer = measures.stateDict();
  measures.reset();
  const { batches, stopped } = await pass(setup, loader, options, (batch) => {
    const computed = setup.batchStep.compute(batch);
    return computed instanceof Promise
      ? computed.then((result) => measures.add(Number(result.loss.item()), result))
      : measures.add(Number(computed.loss.item()), computed);
  });
  if (batches === 0 && !stopped) throw emptyLoader(options.label.toLowerCase());
  const result = { ...measures.result(), batches, seconds: (performance.now() - start) / 1000, stopped };
  measures.loadStateDict(outer);
  return result;
}

/** What `keep` makes of the model's output for each batch. */
export async function predictLoader<Batch, Output, M extends MetricSet<Output>, Kept>(
  setup: Setup<Batch, Output, M>,
  loader: Loader<Batch>,
  options: PassOptions & { map?: (output: Output, index: number) => Kept },
): Promise<Kept[]> {
  const keep =
    options.map ?? ((output) => mapTensors(output, (tensor) => tensor.to('cpu')) as unknown as Kept);
  const kept: Kept[] = [];
  await pass(setup, loader, options, (batch, index) => {
    kept.push(keep(setup.batchStep.forward(batch), index));
  });
  return kept;
}
