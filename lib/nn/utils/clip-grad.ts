/** Clipping gradients. Source: torch.nn.utils.clip_grad. */
import { noGrad } from '../../autograd/index.js';
import { TorchError } from '../../errors.js';
import { defineFunction } from '../../ops/define.js';
import { stack, zeros } from '../../ops/generated/functions.js';
import { vectorNorm } from '../../ops/generated/linalg.js';
import { Tensor } from '../../tensor/index.js';
import { iterableOf } from '../../tensor/keywords.js';
import { expectTensor } from '../../tensor/tensor.js';
import { type Arguments, required, Signature } from '../signature.js';

type Tensors = Tensor | Iterable<Tensor>;

const foreachNorm = defineFunction('_foreachNorm', 'aten::_foreach_norm') as (
  tensors: readonly Tensor[],
  ord: number,
) => Tensor[];
const foreachMul_ = defineFunction('_foreachMul_', 'aten::_foreach_mul_') as (
  tensors: readonly Tensor[],
  factor: Tensor,
) => void;
const foreachClampMin_ = defineFunction('_foreachClampMin_', 'aten::_foreach_clamp_min_') as (
  tensors: readonly Tensor[],
  limit: number,
) => void;
const foreachClampMax_ = defineFunction('_foreachClampMax_', 'aten::_foreach_clamp_max_') as (
  tensors: readonly Tensor[],
  limit: number,
) => void;

const listOf = (tensors: Tensors): Tensor[] =>
  tensors instanceof Tensor
    ? [tensors]
    : Array.from(iterableOf('gradient clipping', tensors), (each) => expectTensor('gradient clipping', each));

const gradientsOf = (parameters: Tensors): Tensor[] =>
  listOf(parameters)
    .map((parameter) => parameter.grad)
    .filter((grad) => grad !== null);

/** One operator call takes tensors of one device and dtype. */
function grouped(tensors: readonly Tensor[]): Tensor[][] {
  const groups = new Map<string, Tensor[]>();
  for (const tensor of tensors) {
    const key = `${tensor.device} ${tensor.dtype}`;
    const group = groups.get(key);
    if (group) group.push(tensor);
    else groups.set(key, [tensor]);
  }
  return [...groups.values()];
}

const totalSpec = {
  tensors: required<Tensors>(),
  normType: 2,
  errorIfNonfinite: false,
  foreach: null as boolean | null,
};
const totalSignature = new Signature('getTotalNorm', totalSpec);

/**
 * The norm of the tensors as if they were one vector.
 *
 * Defaults: `normType` 2 (`Infinity` for the greatest), `errorIfNonfinite` false.
 * @throws TorchError for a norm of NaN or infinity with `errorIfNonfinite`.
 * Source: torch.nn.utils.get_total_norm.
 */
export function getTotalNorm(
  ...args: Arguments<
    [tensors: Tensors],
    [normType: number, errorIfNonfinite: boolean, foreach: boolean | null],
    typeof totalSpec
  >
): Tensor {
  const { tensors, normType, errorIfNonfinite } = totalSignature.read(args);
  const list = listOf(tensors);
  if (list.length === 0) return zeros([]);
  const { device } = list[0]!;
  const total = noGrad(() => {
    const norms = grouped(list).flatMap((group) => foreachNorm(group, normType));
    return vectorNorm(stack(norms.map((norm) => norm.to(device))), normType);
  });
  if (errorIfNonfinite && !Number.isFinite(total.item()))
    throw new TorchError(
      `The total norm of order ${normType} for gradients is non-finite, so it cannot be clipped. To scale the gradients by it anyway, set errorIfNonfinite: false`,
    );
  return total;
}

const normSpec = {
  parameters: required<Tensors>(),
  maxNorm: required<number>(),
  normType: 2,
  errorIfNonfinite: false,
  foreach: null as boolean | null,
};
const normSignature = new Signature('clipGradNorm_', normSpec);

/**
 * Scales all gradients down in place so that their total norm is at most `maxNorm`.
 *
 * Defaults: `normType` 2, `errorIfNonfinite` false. @returns the norm before.
 * Source: torch.nn.utils.clip_grad_norm_.
 */
export function clipGradNorm_(
  ...args: Arguments<
    [parameters: Tensors, maxNorm: number],
    [normType: number, errorIfNonfinite: boolean, foreach: boolean | null],
    typeof normSpec
  >
): Tensor {
  const { parameters, maxNorm, normType, errorIfNonfinite } = normSignature.read(args);
  const grads = gradientsOf(parameters);
  const total = getTotalNorm(grads, normType, errorIfNonfinite);
  noGrad(() => {
    // The factor is applied where it is 1 too: asking would wait for the device.
    const factor = total.add(1e-6).reciprocal().mul(maxNorm).clampMax(1);
    for (const group of grouped(grads)) foreachMul_(group, factor.to(group[0]!.device));
  });
  return total;
}

const valueSpec = {
  parameters: required<Tensors>(),
  clipValue: required<number>(),
  foreach: null as boolean | null,
};
const valueSignature = new Signature('clipGradValue_', valueSpec);

/** Clamps all gradients in place to ±`clipValue`. Source: torch.nn.utils.clip_grad_value_. */
export function clipGradValue_(
  ...args: Arguments<[parameters: Tensors, clipValue: number], [foreach: boolean | null], typeof valueSpec>
): void {
  const { parameters, clipValue } = valueSignature.read(args);
  noGrad(() => {
    for (const group of grouped(gradientsOf(parameters))) {
      foreachClampMin_(group, -clipValue);
      foreachClampMax_(group, clipValue);
    }
  });
}
