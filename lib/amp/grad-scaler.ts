/** Loss scaling for float16 training. */
import { isAvailable } from '../cuda/index.js';
import { ValueError } from '../errors.js';
import { withMode } from '../ops/mode.js';
import { callOverload } from '../ops/invoke.js';
import { device, type Tensor, tensor } from '../tensor/index.js';

/** Options of {@link GradScaler}. */
export interface GradScalerOptions {
  /** Default: `'cuda'`; without CUDA the scaler is disabled with a warning. */
  device?: string;
  /** The first scale. Default: 65536. */
  initScale?: number;
  /** Default: 2. */
  growthFactor?: number;
  /** Default: 0.5. */
  backoffFactor?: number;
  /** Steps without overflow before the scale grows. Default: 2000. */
  growthInterval?: number;
  /** A disabled scaler passes everything through. Default: true. */
  enabled?: boolean;
}

/** What a scaler needs of an optimizer. */
interface Steppable {
  readonly paramGroups: readonly { readonly params: readonly Tensor[] }[];
  step(): unknown;
}

function aten(name: string, ...args: unknown[]): unknown {
  return callOverload(name, '', args);
}

/**
 * Scales the loss so that small float16 gradients do not vanish, and skips steps whose gradients
 * overflowed. Source: torch.amp.GradScaler.
 */
export class GradScaler {
  #growth: number;
  #backoff: number;
  #interval: number;
  readonly #enabled: boolean;
  #scale: number;
  #scaleTensor: Tensor | null = null;
  #tracker: Tensor | null = null;
  /** Good steps at the start, from a checkpoint. */
  #goodSteps = 0;
  /** By optimizer: whether unscaled in this step, and what overflowed. */
  readonly #found = new Map<Steppable, Tensor>();

  constructor(options: GradScalerOptions = {}) {
    const type = device(options.device ?? 'cuda').type;
    const missing = (options.enabled ?? true) && type === 'cuda' && !isAvailable();
    if (missing)
      process.emitWarning(
        'GradScaler is enabled for CUDA, but CUDA is not available: it is disabled',
        'TorchWarning',
      );
    this.#enabled = (options.enabled ?? true) && !missing;
    this.#scale = options.initScale ?? 65536;
    this.#growth = options.growthFactor ?? 2;
    this.#backoff = options.backoffFactor ?? 0.5;
    this.#interval = options.growthInterval ?? 2000;
    if (this.#growth <= 1) throw new ValueError(`growthFactor must be above 1, got ${this.#growth}`);
    if (this.#backoff >= 1) throw new ValueError(`backoffFactor must be below 1, got ${this.#backoff}`);
  }

  isEnabled(): boolean {
    return this.#enabled;
  }

  getScale(): number {
    if (!this.#enabled) return 1;
    return this.#scaleTensor ? (this.#scaleTensor.item() as number) : this.#scale;
  }

  #start(where: Tensor): Tensor {
    // Both outlive the `torch.scope` that a step may be in.
    return withMode({ scope: null }, () => {
      this.#scaleTensor ??= tensor(this.#scale, { dtype: 'float32', device: where.device });
      this.#tracker ??= tensor(BigInt(this.#goodSteps), { dtype: 'int32', device: where.device });
      return this.#scaleTensor;
    });
  }

  /** The loss times the scale. */
  scale(loss: Tensor): Tensor {
    return this.#enabled ? loss.mul(this.#start(loss).to(loss.device)) : loss;
  }

  /** Divides the gradients by the scale, once a step; needed before clipping them. */
  unscale_(optimizer: Steppable): void {
    if (!this.#enabled) return;
    if (this.#found.has(optimizer))
      throw new ValueError('unscale_() has already been called on this optimizer since the last update()');
    const grads: Tensor[] = [];
    for (const group of optimizer.paramGroups)
      for (const parameter of group.params) {
        const { grad } = parameter;
        if (grad) grads.push(grad);
      }
    const where = grads[0];
    const scale = this.#scaleTensor;
    if (!where || !scale) throw new ValueError('no gradients to unscale: call scale(loss).backward() first');
    const overflow = tensor(0, { dtype: 'float32', device: where.device });
    const inverse = scale.double().reciprocal().float();
    aten('_amp_foreach_non_finite_check_and_unscale_', grads, overflow, inverse);
    this.#found.set(optimizer, overflow);
  }

  /** Unscales where that was not done yet, and steps unless a gradient overflowed. */
  step(optimizer: Steppable): unknown {
    if (!this.#enabled) return optimizer.step();
    if (!this.#found.has(optimizer)) this.unscale_(optimizer);
    return this.#found.get(optimizer)!.item() ? undefined : optimizer.step();
  }

  /** Adjusts the scale; once after all optimizers stepped. */
  update(newScale?: number): void {
    if (!this.#enabled || !this.#scaleTensor || !this.#tracker) return;
    if (newScale !== undefined) {
      this.#scaleTensor.fill_(newScale);
    } else if (this.#found.size > 0) {
      const [first, ...rest] = [...this.#found.values()];
      const overflow = rest.reduce((sum, next) => sum.add(next), first!);
      aten(
        '_amp_update_scale_',
        this.#scaleTensor,
        this.#tracker,
        overflow,
        this.#growth,
        this.#backoff,
        this.#interval,
      );
    }
    this.#found.clear();
  }

  stateDict(): Record<string, number> {
    if (!this.#enabled) return {};
    return {
      scale: this.getScale(),
      growth_factor: this.#growth,
      backoff_factor: this.#backoff,
      growth_interval: this.#interval,
      _growth_tracker: this.#tracker ? (this.#tracker.item() as number) : this.#goodSteps,
    };
  }

  loadStateDict(state: Record<string, number>): void {
    if (!this.#enabled) return;
    const names = ['scale', 'growth_factor', 'backoff_factor', 'growth_interval', '_growth_tracker'] as const;
    const [scale, growth, backoff, interval, goodSteps] = names.map((name) => {
      const value = state[name];
      if (typeof value !== 'number')
        throw new ValueError(
          `the state of a GradScaler has a number under ${name}, got ${typeof value}; a disabled scaler saves an empty state`,
        );
      return value;
    }) as [number, number, number, number, number];
    this.#scale = scale;
    this.#growth = growth;
    this.#backoff = backoff;
    this.#interval = interval;
    this.#goodSteps = goodSteps;
    this.#scaleTensor = null;
    this.#tracker = null;
  }
}
