/** Methods of Tensor that differ from ATen. */
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, callAten } from '../bind.js';
import type { Scalar } from '../types.js';

declare module '../../tensor/tensor.js' {
  interface Tensor {
    /** This tensor where `condition` is true, else `other`. In Python: `where(condition, other)`. See torch.Tensor.where. */
    where(condition: Tensor, other: Tensor | Scalar): Tensor;
    where(condition: Tensor, options: { other: Tensor | Scalar }): Tensor;
    where(options: { condition: Tensor; other: Tensor | Scalar }): Tensor;
    /** The n-th derivative of digamma. In Python: `polygamma(n)`. See torch.Tensor.polygamma. */
    polygamma(n: number): Tensor;
    polygamma(options: { n: number }): Tensor;
  }
}

/** Methods for `Tensor.prototype`. */
export const exceptionMethods: Readonly<Record<string, (this: Tensor, ...args: unknown[]) => unknown>> = {
  // The schema has `condition` first, the method puts `self` there.
  where(...args) {
    const { condition, other } = bindArguments(
      { name: 'where', params: ['condition', 'other'], required: 2 },
      args,
    );
    return callAten('where', [condition, this, other]);
  },
  // The schema has `n` first.
  polygamma(...args) {
    const { n } = bindArguments({ name: 'polygamma', params: ['n'] }, args);
    return callAten('polygamma', [n, this]);
  },
};
