/** Activation functions. */
import { emptyLike } from '../../ops/generated/functions.js';
import * as torch from '../../ops/generated/functions.js';
import * as ops from '../../ops/generated/nn-functions.js';
import type { DType } from '../../tensor/index.js';
import { expectTensor } from '../../tensor/tensor.js';
import type { Tensor } from '../../tensor/index.js';
import { type Arguments, required, Signature } from '../signature.js';

export {
  celu_,
  elu_,
  gelu,
  glu,
  hardshrink,
  hardtanh_,
  leakyRelu_,
  prelu,
  relu_,
  rrelu_,
  selu_,
  sigmoid,
  softplus,
  softshrink,
  tanh,
  threshold_,
} from '../../ops/generated/nn-functions.js';
export { logSigmoid as logsigmoid } from '../../ops/generated/nn-functions.js';

const inplaceSpec = { input: required<Tensor>(), inplace: false };
/** `(input, inplace = false)`. */
export type InplaceCall = (
  ...args: Arguments<[input: Tensor], [inplace: boolean], typeof inplaceSpec>
) => Tensor;

/** A function with a form in place. */
function withInplace(
  name: string,
  plain: (x: Tensor) => Tensor,
  inPlace: (x: Tensor) => Tensor,
): InplaceCall {
  const signature = new Signature(name, inplaceSpec);
  return (...args) => {
    if (args.length === 1) return plain(args[0] as Tensor);
    const { input, inplace } = signature.read(args);
    return inplace ? inPlace(input) : plain(input);
  };
}

/** `max(0, x)`. Source: torch.nn.functional.relu. */
export const relu = withInplace('relu', torch.relu, torch.relu_);
/** `min(max(0, x), 6)`. Source: torch.nn.functional.relu6. */
export const relu6 = withInplace('relu6', ops.relu6, ops.relu6_);
/** `x · σ(x)`. Source: torch.nn.functional.silu. */
export const silu = withInplace('silu', ops.silu, ops.silu_);
/** `x · tanh(softplus(x))`. Source: torch.nn.functional.mish. */
export const mish = withInplace('mish', ops.mish, ops.mish_);
/** Scaled exponential linear unit. Source: torch.nn.functional.selu. */
export const selu = withInplace('selu', torch.selu, torch.selu_);
/** `x · relu6(x + 3) / 6`. Source: torch.nn.functional.hardswish. */
export const hardswish = withInplace('hardswish', ops.hardswish, ops.hardswish_);
/** `relu6(x + 3) / 6`. Source: torch.nn.functional.hardsigmoid. */
export const hardsigmoid = withInplace('hardsigmoid', ops.hardsigmoid, ops.hardsigmoid_);

const leakySpec = { input: required<Tensor>(), negativeSlope: 0.01, inplace: false };
const leakySignature = new Signature('leakyRelu', leakySpec);
/** `max(0, x) + negativeSlope · min(0, x)`; slope 0.01. Source: torch.nn.functional.leaky_relu. */
export function leakyRelu(
  ...args: Arguments<[input: Tensor], [negativeSlope: number, inplace: boolean], typeof leakySpec>
): Tensor {
  const { input, negativeSlope, inplace } = leakySignature.read(args);
  return (inplace ? ops.leakyRelu_ : ops.leakyRelu)(input, negativeSlope);
}

const alphaSpec = { input: required<Tensor>(), alpha: 1, inplace: false };
type AlphaArguments = Arguments<[input: Tensor], [alpha: number, inplace: boolean], typeof alphaSpec>;

const eluSignature = new Signature('elu', alphaSpec);
/** `x` above 0, `alpha · (eˣ - 1)` below; `alpha` 1. Source: torch.nn.functional.elu. */
export function elu(...args: AlphaArguments): Tensor {
  const { input, alpha, inplace } = eluSignature.read(args);
  return (inplace ? ops.elu_ : ops.elu)(input, alpha);
}

const celuSignature = new Signature('celu', alphaSpec);
/** Continuously differentiable ELU; `alpha` 1. Source: torch.nn.functional.celu. */
export function celu(...args: AlphaArguments): Tensor {
  const { input, alpha, inplace } = celuSignature.read(args);
  return (inplace ? torch.celu_ : torch.celu)(input, alpha);
}

const hardtanhSpec = { input: required<Tensor>(), minVal: -1, maxVal: 1, inplace: false };
const hardtanhSignature = new Signature('hardtanh', hardtanhSpec);
/** `x` between `minVal` (-1) and `maxVal` (1). Source: torch.nn.functional.hardtanh. */
export function hardtanh(
  ...args: Arguments<[input: Tensor], [minVal: number, maxVal: number, inplace: boolean], typeof hardtanhSpec>
): Tensor {
  const { input, minVal, maxVal, inplace } = hardtanhSignature.read(args);
  return (inplace ? ops.hardtanh_ : ops.hardtanh)(input, minVal, maxVal);
}

const thresholdSpec = {
  input: required<Tensor>(),
  threshold: required<number>(),
  value: required<number>(),
  inplace: false,
};
const thresholdSignature = new Signature('threshold', thresholdSpec);
/** `x` above `threshold`, `value` otherwise. Source: torch.nn.functional.threshold. */
export function threshold(
  ...args: Arguments<
    [input: Tensor, threshold: number, value: number],
    [inplace: boolean],
    typeof thresholdSpec
  >
): Tensor {
  const { input, threshold: limit, value, inplace } = thresholdSignature.read(args);
  return (inplace ? torch.threshold_ : torch.threshold)(input, limit, value);
}

const rreluSpec = { input: required<Tensor>(), lower: 1 / 8, upper: 1 / 3, training: false, inplace: false };
const rreluSignature = new Signature('rrelu', rreluSpec);
/** A leaky ReLU with a random slope while training. Source: torch.nn.functional.rrelu. */
export function rrelu(
  ...args: Arguments<
    [input: Tensor],
    [lower: number, upper: number, training: boolean, inplace: boolean],
    typeof rreluSpec
  >
): Tensor {
  const { input, lower, upper, training, inplace } = rreluSignature.read(args);
  return (inplace ? torch.rrelu_ : torch.rrelu)(input, lower, upper, training);
}

const onlyInput = { input: required<Tensor>() };
const softsignSignature = new Signature('softsign', onlyInput);
const tanhshrinkSignature = new Signature('tanhshrink', onlyInput);

/** `x / (1 + |x|)`. Source: torch.nn.functional.softsign. */
export function softsign(...args: Arguments<[input: Tensor], [], typeof onlyInput>): Tensor {
  const { input } = softsignSignature.read(args);
  return input.div(input.abs().add(1));
}

/** `x - tanh(x)`. Source: torch.nn.functional.tanhshrink. */
export function tanhshrink(...args: Arguments<[input: Tensor], [], typeof onlyInput>): Tensor {
  const { input } = tanhshrinkSignature.read(args);
  return input.sub(torch.tanh(input));
}

/** @internal The dimension of a softmax; where none is given PyTorch's old rule, with its warning. */
export function softmaxDim(name: string, input: Tensor, dim: number | null): number {
  expectTensor(`${name}()`, input);
  if (dim !== null) return dim;
  process.emitWarning(
    `Implicit dimension choice for ${name} has been deprecated. Change the call to include dim: X as an argument.`,
    { code: 'TORCHTS_SOFTMAX_DIM' },
  );
  const dims = input.dim();
  return dims === 0 || dims === 1 || dims === 3 ? 0 : 1;
}

const softmaxSpec = { input: required<Tensor>(), dim: null as number | null, dtype: null as DType | null };
type SoftmaxArguments = Arguments<
  [input: Tensor],
  [dim: number | null, dtype: DType | null],
  typeof softmaxSpec
>;

const softmaxSignature = new Signature('softmax', softmaxSpec);
/** `eˣ / Σ eˣ` over `dim`; computed in `dtype` where given. Source: torch.nn.functional.softmax. */
export function softmax(...args: SoftmaxArguments): Tensor {
  const { input, dim, dtype } = softmaxSignature.read(args);
  return torch.softmax(input, softmaxDim('softmax', input, dim), dtype);
}

const softminSignature = new Signature('softmin', softmaxSpec);
/** `e⁻ˣ / Σ e⁻ˣ` over `dim`. Source: torch.nn.functional.softmin. */
export function softmin(...args: SoftmaxArguments): Tensor {
  const { input, dim, dtype } = softminSignature.read(args);
  return torch.softmax(input.neg(), softmaxDim('softmin', input, dim), dtype);
}

const logSoftmaxSignature = new Signature('logSoftmax', softmaxSpec);
/** `log(eˣ / Σ eˣ)` over `dim`. Source: torch.nn.functional.log_softmax. */
export function logSoftmax(...args: SoftmaxArguments): Tensor {
  const { input, dim, dtype } = logSoftmaxSignature.read(args);
  return torch.logSoftmax(input, softmaxDim('logSoftmax', input, dim), dtype);
}

const gumbelSpec = { logits: required<Tensor>(), tau: 1, hard: false, eps: 1e-10, dim: -1 };
const gumbelSignature = new Signature('gumbelSoftmax', gumbelSpec);
/**
 * Samples of the Gumbel-softmax distribution. Defaults: `tau` 1, not `hard`, `dim` -1.
 * Source: torch.nn.functional.gumbel_softmax.
 */
export function gumbelSoftmax(
  ...args: Arguments<
    [logits: Tensor],
    [tau: number, hard: boolean, eps: number, dim: number],
    typeof gumbelSpec
  >
): Tensor {
  const { logits, tau, hard, dim } = gumbelSignature.read(args);
  const noise = emptyLike(logits, { memoryFormat: 'contiguousFormat' }).exponential_().log().neg();
  const soft = torch.softmax(logits.add(noise).div(tau), dim);
  if (!hard) return soft;
  const [, index] = soft.max(dim, true) as unknown as [Tensor, Tensor];
  const one = torch.zerosLike(logits, { memoryFormat: 'contiguousFormat' }).scatter_(dim, index, 1);
  return one.sub(soft.detach()).add(soft);
}
