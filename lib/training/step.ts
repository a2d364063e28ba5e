/** One batch: moved, through the model, to a loss. The same for training and evaluation. */
import { ArgumentError, ShapeError } from '../errors.js';
import { type Device, Tensor } from '../tensor/index.js';
import { inputsOf, moveBatch, samplesOf, splitBatch } from './batch.js';
import type { CallableModule, Criterion, StepFunction, StepOutput } from './types.js';

/** What a batch came to. */
export interface StepResult<Output> extends StepOutput<Output> {
  samples: number;
}

/** @internal How a batch is computed. */
export interface StepOptions<Batch, Output> {
  criterion?: Criterion<Output>;
  step?: StepFunction<Batch, Output>;
  forward?: (model: CallableModule<Output>, batch: Batch) => Output;
  prepareBatch?: (batch: Batch) => Batch;
}

/** @internal */
export class BatchStep<Batch, Output> {
  constructor(
    private readonly model: CallableModule<Output>,
    private readonly device: Device,
    private readonly options: StepOptions<Batch, Output>,
  ) {}

  /** The batch on the device, prepared. */
  prepare(batch: Batch): Batch {
    const moved = moveBatch(batch, this.device);
    return this.options.prepareBatch ? this.options.prepareBatch(moved) : moved;
  }

  /** The model's output for a batch; labels in it are left out. */
  forward(batch: Batch): Output {
    const { model, options } = this;
    return options.forward ? options.forward(model, batch) : model(...inputsOf(batch));
  }

  /** The loss of a batch. Only a step of the user's can be async. */
  compute(batch: Batch): StepResult<Output> | Promise<StepResult<Output>> {
    const { step, criterion } = this.options;
    if (step !== undefined) {
      const given = step(this.model, batch);
      return given instanceof Promise
        ? given.then((result) => complete(result, batch))
        : complete(given, batch);
    }
    if (criterion === undefined) throw missingLoss();
    const { labels } = splitBatch(batch);
    const output = this.forward(batch);
    return complete({ loss: criterion(output, labels), output, labels }, batch);
  }

  /** @throws ArgumentError where no loss can be computed */
  requireLoss(): void {
    if (this.options.criterion === undefined && this.options.step === undefined) throw missingLoss();
  }
}

function missingLoss(): ArgumentError {
  return new ArgumentError(
    'Trainer: there is no loss to compute; give the option criterion (such as new nn.CrossEntropyLoss()) or step: (model, batch) => loss',
  );
}

function complete<Output>(given: Tensor | StepOutput<Output>, batch: unknown): StepResult<Output> {
  const result: StepOutput<Output> = given instanceof Tensor ? { loss: given } : given;
  const loss: unknown = result?.loss;
  if (!(loss instanceof Tensor))
    throw new ArgumentError(
      'Trainer: criterion and step must give the loss as a tensor, or step { loss, output, labels }',
    );
  if (loss.numel() !== 1)
    throw new ShapeError(
      `Trainer: the loss must have one element, got shape (${loss.shape.join(', ')}); reduce it by .mean() or .sum()`,
    );
  return { ...result, samples: result.samples ?? samplesOf(batch) };
}
