/** Questions about tensors and dtypes whose answers are no tensors. */
import type { DType } from '../../bindings.js';
import { native } from '../../native.js';
import { Tensor } from '../../tensor/tensor.js';
import { callAten, checkTensor } from '../bind.js';
import type { Scalar } from '../types.js';

/** Whether a value is a Tensor. See torch.is_tensor. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** The number of elements. See torch.numel. */
export function numel(input: Tensor): number {
  checkTensor('numel', 'input', input);
  return input.numel();
}

/** The dtype that two dtypes are promoted to. See torch.promote_types. */
export function promoteTypes(type1: DType, type2: DType): DType {
  return native.promoteTypes(type1, type2);
}

/** ATen's numbers of dtypes: it answers with them. */
const byNumber: readonly DType[] = [
  ...(['uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64'] as const),
  ...(['complex32', 'complex64', 'complex128', 'bool', 'qint8', 'quint8', 'qint32', 'bfloat16'] as const),
];

/** The dtype that an operation of both gives. See torch.result_type. */
export function resultType(tensor1: Tensor | Scalar, tensor2: Tensor | Scalar): DType {
  return byNumber[callAten('result_type', [tensor1, tensor2]) as number]!;
}
