/** Parameters: tensors that a module learns. */
import { ArgumentError } from '../errors.js';
import { isOptions } from '../ops/unwrap.js';
import { Tensor } from '../tensor/index.js';
import { detachedHandle } from '../tensor/tensor.js';

/** Options of a {@link Parameter}. */
export interface ParameterOptions {
  /** Whether gradients are computed. Default: true. */
  requiresGrad?: boolean;
}

/**
 * A tensor that registers itself when it is assigned to a property of a module.
 *
 * It shares the memory of `data` and has no history. Source: torch.nn.Parameter.
 */
export class Parameter extends Tensor {
  constructor(data: Tensor, requiresGrad: boolean | ParameterOptions = true) {
    if (!(data instanceof Tensor))
      throw new ArgumentError(
        `new Parameter() expects a Tensor, got ${data === null ? 'null' : typeof data}`,
      );
    super(detachedHandle(data));
    if (isOptions(requiresGrad)) {
      for (const key of Object.keys(requiresGrad))
        if (key !== 'requiresGrad')
          throw new ArgumentError(
            `new Parameter() got an unexpected keyword argument '${key}'; known: requiresGrad`,
          );
      requiresGrad = requiresGrad.requiresGrad ?? true;
    }
    if (requiresGrad) this.requiresGrad = true;
  }

  override toString(): string {
    return `Parameter containing:\n${super.toString()}`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.isDisposed ? 'Parameter(<disposed>)' : this.toString();
  }
}
