/** The tensor room: the class with its operators, creation, devices, dtypes. */
import { installMethods } from '../ops/install.js';
import { tensor } from './create.js';
import { setIndexTensorMaker } from './indexing.js';
import { Tensor } from './tensor.js';

installMethods(Tensor.prototype);
setIndexTensorMaker((data) => tensor(data as never));

export {
  asTensor,
  type CreateOptions,
  fromBuffer,
  fromTypedArray,
  type TensorData,
  tensor,
} from './create.js';
export { Device, type DeviceLike, device } from './device.js';
export * from './dtype.js';
export * from './limits.js';
export type { TensorElement, TypedArray } from './exchange.js';
export { type IndexItem, type IndexValue, Slice, slice } from './indexing.js';
export {
  type CurrentPrintOptions,
  getPrintOptions,
  getPrintoptions,
  type PrintOptions,
  setPrintOptions,
  setPrintoptions,
} from './print.js';
export {
  type BackwardOptions,
  type NestedList,
  type RemovableHandle,
  Tensor,
  type ToOptions,
} from './tensor.js';
