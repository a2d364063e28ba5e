/** Mixed precision and the optimizer's step: autocast, loss scaling, clipping. */
import { GradScaler } from '../amp/index.js';
import { autocast, type AutocastOptions } from '../autograd/index.js';
import { ValueError } from '../errors.js';
import { clipGradNorm_ } from '../nn/utils/index.js';
import type { Device, Tensor } from '../tensor/index.js';
import type { AmpOptions, OptimizerLike } from './types.js';

/** The limit of the gradients' norm. */
export interface ClipOptions {
  maxNorm: number;
  normType?: number;
}

/** @internal How a step computes. Without mixed precision it is the plain loop's calls and nothing else. */
export class Precision {
  private readonly options: AutocastOptions | null;
  readonly scaler: GradScaler;

  constructor(
    amp: boolean | AmpOptions | undefined,
    private readonly device: Device,
    private readonly clip: ClipOptions | null,
  ) {
    if (clip !== null && !(clip.maxNorm > 0))
      throw new ValueError(`Trainer: clipGradNorm must be a number above 0, got ${clip.maxNorm}`);
    const given = amp === true ? {} : amp || null;
    const { scaler, ...options } = given ?? {};
    this.options = given === null ? null : options;
    const dtype = options.dtype ?? (device.type === 'cuda' ? 'float16' : 'bfloat16');
    const scaling = scaler === undefined ? dtype === 'float16' : scaler !== false;
    this.scaler = new GradScaler({
      ...(typeof scaler === 'object' ? scaler : {}),
      device: device.type,
      enabled: given !== null && scaling,
    });
  }

  /** Runs the forward pass and the loss. */
  forward<T>(compute: () => T): T {
    return this.options === null ? compute() : autocast(this.device.type, this.options, compute);
  }

  backward(loss: Tensor): void {
    this.scaler.scale(loss).backward();
  }

  step(optimizer: OptimizerLike): void {
    const { clip, scaler } = this;
    if (clip !== null) {
      scaler.unscale_(optimizer);
      clipGradNorm_(
        optimizer.paramGroups.flatMap(({ params }) => [...params]),
        clip.maxNorm,
        clip.normType ?? 2,
      );
    }
    scaler.step(optimizer);
    scaler.update();
  }
}
