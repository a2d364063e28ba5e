/** Creation where ATen cannot know what a JavaScript number is meant as. */
import { native } from '../../native.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, callAten } from '../bind.js';
import type { Scalar, TensorOptions } from '../types.js';

interface Full {
  /**
   * A tensor filled with one value. A number makes it a float of the default dtype, a bigint int64, a
   * boolean bool, unless `dtype` says otherwise. In Python: `full(size, fill_value, *, dtype=None)`. See torch.full.
   */
  (size: number | readonly number[], fillValue: Scalar, options?: TensorOptions & { out?: Tensor }): Tensor;
  (size: number | readonly number[], options: TensorOptions & { fillValue: Scalar; out?: Tensor }): Tensor;
  (options: TensorOptions & { size: number | readonly number[]; fillValue: Scalar; out?: Tensor }): Tensor;
}

// A JavaScript number has no kind of its own: ATen would make int64 of `full([2], 1)`.
export const full: Full = (...args: unknown[]): Tensor => {
  const bound = bindArguments(
    {
      name: 'full',
      params: ['size', 'fillValue'],
      keywordOnly: ['out', 'dtype', 'layout', 'device', 'pinMemory', 'requiresGrad'],
      required: 2,
    },
    args,
  );
  const { size, fillValue, out, layout, device, pinMemory, requiresGrad } = bound;
  const shape = typeof size === 'number' ? [size] : size;
  if (out !== undefined) return callAten('full.out', [shape, fillValue], { out }) as Tensor;
  const dtype = bound.dtype ?? (typeof fillValue === 'number' ? native.getDefaultDtype() : undefined);
  const keywords = { dtype, layout, device, pin_memory: pinMemory };
  const made = callAten('full.', [shape, fillValue], keywords) as Tensor;
  if (requiresGrad === true) native.setRequiresGrad(made.handle, true);
  return made;
};
