/** Methods of Tensor whose Python form (torch/_tensor.py) is not ATen's. */
import { type CreateOptions, type TensorData, tensor } from '../../tensor/create.js';
import type { TypedArray } from '../../tensor/exchange.js';
import type { Tensor } from '../../tensor/tensor.js';
import { bindArguments, callAten } from '../bind.js';
import type { DeviceLike, DType, Ints, Scalar } from '../types.js';
import { luOf, type LuOptions, type NormOptions, nonzeroOf, normOf, splitOf } from './functional.js';
import { type StftOptions, stftOf, stftParams } from './signal.js';
import {
  type UniqueConsecutiveOptions,
  uniqueConsecutiveOf,
  type UniqueOptions,
  uniqueOf,
  type UniqueResult,
} from './unique.js';

declare module '../../tensor/tensor.js' {
  interface Tensor {
    /** This tensor where `condition` is true, else `other`. In Python: `where(condition, other)`. See torch.Tensor.where. */
    where(condition: Tensor, other: Tensor | Scalar): Tensor;
    where(condition: Tensor, options: { other: Tensor | Scalar }): Tensor;
    where(options: { condition: Tensor; other: Tensor | Scalar }): Tensor;
    /** The n-th derivative of digamma. In Python: `polygamma(n)`. See torch.Tensor.polygamma. */
    polygamma(n: number): Tensor;
    polygamma(options: { n: number }): Tensor;
    /** Vector or matrix norm. In Python: `norm(p='fro', dim=None, keepdim=False, dtype=None)`. See torch.Tensor.norm. */
    norm(
      p?: NormOptions['p'] | NormOptions,
      dim?: Ints | null | NormOptions,
      keepdim?: boolean | NormOptions,
      options?: NormOptions,
    ): Tensor;
    /** Views of equal size along `dim`, or of the given sizes. In Python: `split(split_size, dim=0)`. See torch.Tensor.split. */
    split(splitSize: Ints, dim?: number | { dim?: number }): Tensor[];
    split(options: { splitSize: Ints; dim?: number }): Tensor[];
    /** Short-time Fourier transform. In Python: `stft(n_fft, hop_length=None, …)`. See torch.Tensor.stft. */
    stft(
      nFft: number,
      hopLength?: number | null | StftOptions,
      winLength?: number | null | StftOptions,
      window?: Tensor | null | StftOptions,
      options?: StftOptions,
    ): Tensor;
    stft(options: { nFft: number } & StftOptions): Tensor;
    /** Distinct values. In Python: `unique(sorted=True, return_inverse=False, return_counts=False, dim=None)`. See torch.Tensor.unique. */
    unique<O extends UniqueOptions = {}>(options?: O): UniqueResult<O>;
    unique(
      sorted: boolean,
      returnInverse?: boolean,
      returnCounts?: boolean,
      dim?: number | null,
    ): Tensor | Tensor[];
    /** The first of each run of equal values. In Python: `unique_consecutive(return_inverse=False, return_counts=False, dim=None)`. See torch.Tensor.unique_consecutive. */
    uniqueConsecutive<O extends UniqueConsecutiveOptions = {}>(options?: O): UniqueResult<O>;
    uniqueConsecutive(returnInverse: boolean, returnCounts?: boolean, dim?: number | null): Tensor | Tensor[];
    /** LU factorisation. In Python: `lu(pivot=True, get_infos=False)`. See torch.Tensor.lu. */
    lu(options: LuOptions & { getInfos: true }): [Tensor, Tensor, Tensor];
    lu(pivot?: boolean | LuOptions, options?: { getInfos?: false }): [Tensor, Tensor];
    lu(pivot: boolean, getInfos: boolean): Tensor[];
    /** Indices of the elements that are not zero, a row for each; with `asTuple` a vector for each dimension. See torch.Tensor.nonzero. */
    nonzero(options: { asTuple: true }): Tensor[];
    nonzero(options?: { asTuple?: false }): Tensor;
    /** A tensor of the given values, by default with this one's dtype and device. See torch.Tensor.new_tensor. */
    newTensor(data: TensorData | TypedArray | Tensor, options?: CreateOptions): Tensor;
    /** As complex64. See torch.Tensor.cfloat. */
    cfloat(): Tensor;
    /** As complex128. See torch.Tensor.cdouble. */
    cdouble(): Tensor;
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
  norm(...args) {
    const signature = { name: 'norm', params: ['p', 'dim', 'keepdim', 'dtype'], required: 0 };
    return normOf(this, bindArguments(signature, args));
  },
  split(...args) {
    const { splitSize, dim } = bindArguments({ name: 'split', params: ['splitSize', 'dim'] }, args);
    return splitOf(this, splitSize, dim);
  },
  stft(...args) {
    return stftOf(this, bindArguments({ name: 'stft', params: stftParams }, args));
  },
  unique(...args) {
    const params = ['sorted', 'returnInverse', 'returnCounts', 'dim'];
    return uniqueOf({ ...bindArguments({ name: 'unique', params, required: 0 }, args), input: this });
  },
  uniqueConsecutive(...args) {
    const params = ['returnInverse', 'returnCounts', 'dim'];
    return uniqueConsecutiveOf({
      ...bindArguments({ name: 'uniqueConsecutive', params, required: 0 }, args),
      input: this,
    });
  },
  lu(...args) {
    const signature = { name: 'lu', params: ['pivot', 'getInfos'], required: 0 };
    return luOf({ ...bindArguments(signature, args), input: this });
  },
  nonzero(...args) {
    const signature = { name: 'nonzero', params: [], keywordOnly: ['asTuple'], required: 0 };
    return nonzeroOf({ ...bindArguments(signature, args), input: this });
  },
  newTensor(...args) {
    const signature = {
      name: 'newTensor',
      params: ['data'],
      keywordOnly: ['dtype', 'device', 'requiresGrad', 'pinMemory'],
    };
    const { data, dtype, device, ...rest } = bindArguments(signature, args);
    return tensor(data as TensorData, {
      ...rest,
      dtype: (dtype ?? this.dtype) as DType,
      device: (device ?? this.device) as DeviceLike,
    });
  },
  cfloat() {
    return this.to('complex64');
  },
  cdouble() {
    return this.to('complex128');
  },
};
