/** What is a property in Python although ATen has it as an operator. */
import type { Tensor } from '../../tensor/tensor.js';
import { callAten } from '../bind.js';

declare module '../../tensor/tensor.js' {
  interface Tensor {
    /** View with the dimensions in reverse order. See torch.Tensor.T. */
    readonly T: Tensor;
    /** View of a matrix, transposed and conjugated. See torch.Tensor.H. */
    readonly H: Tensor;
    /** View with the last two dimensions exchanged. See torch.Tensor.mT. */
    readonly mT: Tensor;
    /** View with the last two dimensions exchanged, conjugated. See torch.Tensor.mH. */
    readonly mH: Tensor;
    /** View of the real parts; the tensor itself where it is real. See torch.Tensor.real. */
    readonly real: Tensor;
    /** View of the imaginary parts of a complex tensor. See torch.Tensor.imag. */
    readonly imag: Tensor;
    /** Whether the layout is sparse COO. */
    readonly isSparse: boolean;
    /** Whether the dtype is quantized. */
    readonly isQuantized: boolean;
  }
}

function view(aten: string) {
  return function (this: Tensor): unknown {
    return callAten(aten, [this]);
  };
}

/** Getters for `Tensor.prototype`. */
export const exceptionProperties: Readonly<Record<string, (this: Tensor) => unknown>> = {
  T: view('numpy_T'),
  H: view('matrix_H'),
  mT: view('mT'),
  mH: view('mH'),
  real: view('real'),
  imag: view('imag'),
  isSparse() {
    return this.layout === 'sparseCoo';
  },
  isQuantized() {
    return this.dtype.startsWith('q');
  },
};
