/** `torch.Trainer`: the training loop in one call. */
import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor/index.js';
import { evaluateLoader, predictLoader } from './evaluate.js';
import { FitRun } from './fit.js';
import type { MetricSet } from './metrics.js';
import { checkKeys, checkWhole, Setup } from './setup.js';
import type {
  EvaluateOptions,
  EvaluateResult,
  FitOptions,
  FitResult,
  Loader,
  PredictOptions,
  TrainableModule,
  TrainerOptions,
} from './types.js';

/**
 * Trains, evaluates and applies a model over loaders of batches.
 *
 * `Batch` is what the loader gives (by default tensors, `[inputs, labels]`), `Output` what the model
 * gives, `M` the metrics by name. Each step is the plain loop's: `zeroGrad`, forward, `backward`,
 * `step`; so the losses equal that loop's to the bit.
 *
 * @example
 * const trainer = new torch.Trainer(model, {
 *   criterion: new nn.CrossEntropyLoss(),
 *   optimizer: new optim.Adam(model.parameters(), { lr: 0.001 }),
 *   metrics: { accuracy: torch.metrics.accuracy() },
 *   checkpointDir: 'runs/mine',
 * });
 * await trainer.fit(trainLoader, { epochs: 10, validation: testLoader, resume: true });
 * const { metrics } = await trainer.evaluate(testLoader);
 */
export class Trainer<Batch = readonly Tensor[], Output = Tensor, M extends MetricSet<Output> = {}> {
  private readonly setup: Setup<Batch, Output, M>;
  private fitting = false;

  /**
   * @param model Any module; moved to `device` where that is given.
   * @throws ArgumentError, ValueError for options that are wrong or do not exist
   */
  constructor(model: TrainableModule<Output>, options: TrainerOptions<Batch, Output, M> = {}) {
    this.setup = new Setup(model, options);
  }

  /**
   * Trains over a loader. The model's mode is afterwards what it was.
   *
   * @throws ArgumentError without a loss or an optimizer; ValueError for an empty loader;
   * NonFiniteLossError for a loss that is none (see `onNonFinite`); FileFormatError, StateDictError for
   * a checkpoint that does not fit.
   */
  async fit(loader: Loader<Batch>, options: FitOptions<Batch> = {}): Promise<FitResult<M>> {
    checkLoader('fit', loader);
    checkKeys('fit', options, ['epochs', 'validation', 'limitBatches', 'resume', 'signal']);
    checkWhole('fit: epochs', options.epochs, 0);
    checkWhole('fit: limitBatches', options.limitBatches, 1);
    if (options.validation !== undefined) checkLoader('fit: validation', options.validation);
    if (this.fitting)
      throw new ArgumentError('Trainer: fit is already under way; wait for its promise first');
    this.fitting = true;
    try {
      return await new FitRun(this.setup, loader, options).run();
    } finally {
      this.fitting = false;
    }
  }

  /**
   * Loss and metrics over a loader, without gradients and in evaluation mode.
   *
   * @throws ArgumentError without a loss; ValueError for an empty loader
   */
  async evaluate(loader: Loader<Batch>, options: EvaluateOptions = {}): Promise<EvaluateResult<M>> {
    checkLoader('evaluate', loader);
    checkKeys('evaluate', options, ['limitBatches', 'signal']);
    checkWhole('evaluate: limitBatches', options.limitBatches, 1);
    const { limitBatches, signal } = options;
    return evaluateLoader(this.setup, loader, {
      limitBatches,
      stopped: () => signal?.aborted ?? false,
      label: 'Evaluation',
    });
  }

  /**
   * The model's output for every batch, on the CPU, without gradients and in evaluation mode; `map`
   * keeps something smaller. Of an array of several the last element counts as labels and is left out;
   * `[inputs]` and a bare tensor are inputs.
   */
  async predict<Kept = Output>(
    loader: Loader<Batch>,
    options: PredictOptions<Output, Kept> = {},
  ): Promise<Kept[]> {
    checkLoader('predict', loader);
    checkKeys('predict', options, ['limitBatches', 'signal', 'map']);
    checkWhole('predict: limitBatches', options.limitBatches, 1);
    const { limitBatches, signal, map } = options;
    return predictLoader(this.setup, loader, {
      limitBatches,
      map,
      stopped: () => signal?.aborted ?? false,
      label: 'Prediction',
    });
  }
}

function checkLoader(name: string, loader: unknown): void {
  const iterable = loader as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
  if (
    typeof loader === 'string' ||
    (typeof iterable?.[Symbol.asyncIterator] !== 'function' &&
      typeof iterable?.[Symbol.iterator] !== 'function')
  )
    throw new ArgumentError(
      `${name}: expected a DataLoader or another iterable of batches, got ${loader === null ? 'null' : typeof loader}`,
    );
}
