/** Numbers of the other byte order. */
import type { DType, Handle } from '../bindings.js';
import { native } from '../native.js';
import { dtypeBytes, Tensor } from '../tensor/index.js';
import { aten } from '../utils/aten.js';

const flip = aten<Tensor>('flip');

/** A uint8 storage with the bytes of each number reversed; complex numbers consist of two. */
export function swapBytes(handle: Handle, dtype: DType): Handle {
  const width = dtype.startsWith('complex') ? dtypeBytes(dtype) / 2 : dtypeBytes(dtype);
  const count = Math.floor(native.storageBytes(handle) / width);
  if (width === 1 || count === 0) return handle;
  const numbers = new Tensor(native.viewStorage(handle, 'uint8', [count, width], [width, 1], 0));
  return flip([numbers, [1]]).handle;
}
