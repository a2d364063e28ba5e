/** The operators that optimizers stand on, and how parameters are grouped for calls over many. */
import { native } from '../native.js';
import type { Tensor } from '../tensor/tensor.js';
import { aten } from '../utils/aten.js';
import type { Bucket } from './optimizer.js';

const preserve = { memory_format: 'preserveFormat' };
const zerosLikeCall = aten<Tensor>('zeros_like');
const emptyLikeCall = aten<Tensor>('empty_like');
const zerosCall = aten<Tensor>('zeros');

export const zerosLike = (x: Tensor): Tensor => zerosLikeCall([x], preserve);
export const emptyLike = (x: Tensor): Tensor => emptyLikeCall([x], preserve);
/** A step counter, float32 as PyTorch keeps it. */
export const stepCounter = (device: string): Tensor => zerosCall([[]], { dtype: 'float32', device });

export const op = {
  add: aten<Tensor>('add', 'Tensor'),
  add_: aten<Tensor>('add_', 'Tensor'),
  addScalar_: aten<Tensor>('add_', 'Scalar'),
  neg: aten<Tensor>('neg'),
  mul_: aten<Tensor>('mul_', 'Scalar'),
  div: aten<Tensor>('div', 'Scalar'),
  lerp_: aten<Tensor>('lerp_', 'Scalar'),
  sqrt: aten<Tensor>('sqrt'),
  clone: aten<Tensor>('clone'),
  addcmul_: aten<Tensor>('addcmul_'),
  addcdiv_: aten<Tensor>('addcdiv_'),
  maximumOut: aten<Tensor>('maximum', 'out'),
  viewAsReal: aten<Tensor>('view_as_real'),
};

export const foreach = {
  add_: aten<void>('_foreach_add_', 'Scalar'),
  addList: aten<Tensor[]>('_foreach_add', 'List'),
  addList_: aten<void>('_foreach_add_', 'List'),
  neg: aten<Tensor[]>('_foreach_neg'),
  mul_: aten<void>('_foreach_mul_', 'Scalar'),
  lerp_: aten<void>('_foreach_lerp_', 'Scalar'),
  addcmul_: aten<void>('_foreach_addcmul_', 'Scalar'),
  addcdiv_: aten<void>('_foreach_addcdiv_', 'ScalarList'),
  sqrt: aten<Tensor[]>('_foreach_sqrt'),
  divList_: aten<void>('_foreach_div_', 'ScalarList'),
  maximum_: aten<void>('_foreach_maximum_', 'List'),
};

export const fused = {
  adam_: aten<void>('_fused_adam_'),
  adamw_: aten<void>('_fused_adamw_'),
  sgd_: aten<void>('_fused_sgd_'),
};

/** Which form of an algorithm runs. */
export type Form = 'fused' | 'foreach' | 'plain';

/**
 * The form for these parameters. Where neither was asked for: foreach, a few native calls whose results
 * equal Python's default to the bit. `fused` is faster but rounds otherwise, and training amplifies a
 * last bit (docs/architecture.md), so it is taken on request only.
 */
export function chooseForm(group: { fused?: boolean | null; foreach?: boolean | null }, work: Bucket): Form {
  if (!group.fused)
    return group.foreach === false || (group.foreach == null && group.fused === false) ? 'plain' : 'foreach';
  const fits = native.fusedFits(
    work.params.map((p) => p.handle),
    work.grads.map((g) => g.handle),
  );
  return fits ? 'fused' : 'plain';
}

/** Sorts rows (a parameter with its gradient and state) by device and dtype. */
export function byDeviceAndDtype<Row extends { param: Tensor }>(rows: readonly Row[]): Row[][] {
  const buckets = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${native.device(row.param.handle)} ${native.dtype(row.param.handle)}`;
    const bucket = buckets.get(key);
    if (bucket) bucket.push(row);
    else buckets.set(key, [row]);
  }
  return [...buckets.values()];
}
