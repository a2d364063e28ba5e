/** Initialisation of weights, with Python's use of the random numbers. Source: torch.nn.init. */
import { noGrad } from '../autograd/index.js';
import { ArgumentError, ValueError } from '../errors.js';
import { emptyLike, eye, randperm, where } from '../ops/generated/functions.js';
import { qr } from '../ops/generated/linalg.js';
import type { Generator } from '../random/generator.js';
import type { Tensor } from '../tensor/index.js';
import { expectTensor } from '../tensor/tensor.js';
import { type Arguments, required, Signature } from './signature.js';

/** Functions whose gain {@link calculateGain} knows. */
export type Nonlinearity =
  | 'linear'
  | 'conv1d'
  | 'conv2d'
  | 'conv3d'
  | 'conv_transpose1d'
  | 'conv_transpose2d'
  | 'conv_transpose3d'
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  | 'leaky_relu'
  | 'selu';

/** Which side's variance is kept: `'fan_in'` in the forward pass, `'fan_out'` in the backward pass. */
export type FanMode = 'fan_in' | 'fan_out';

type Random = Generator | null;
const generator = null as Random;

/**
 * The recommended factor of the standard deviation before a nonlinearity.
 *
 * @param param The slope of `'leaky_relu'`. Default: 0.01. @throws ValueError for an unknown name.
 * Source: torch.nn.init.calculate_gain.
 */
export function calculateGain(nonlinearity: Nonlinearity, param?: number | null): number {
  if (typeof nonlinearity !== 'string')
    throw new ArgumentError(`calculateGain() expects the name of a nonlinearity, got ${typeof nonlinearity}`);
  if (/^(linear|conv(_transpose)?[123]d|sigmoid)$/.test(nonlinearity)) return 1;
  if (nonlinearity === 'tanh') return 5 / 3;
  if (nonlinearity === 'relu') return Math.sqrt(2);
  if (nonlinearity === 'selu') return 3 / 4;
  if (nonlinearity === 'leaky_relu') {
    const slope: unknown = param ?? 0.01;
    if (typeof slope !== 'number') throw new ValueError(`negative_slope ${String(slope)} not a valid number`);
    return Math.sqrt(2 / (1 + slope ** 2));
  }
  throw new ValueError(`Unsupported nonlinearity ${String(nonlinearity)}`);
}

/** Fan-in and fan-out of a weight: `[out, in, ...kernel]`. */
export function calculateFanInAndFanOut(tensor: Tensor): [fanIn: number, fanOut: number] {
  const { shape } = expectTensor('calculateFanInAndFanOut()', tensor);
  if (shape.length < 2)
    throw new ValueError(
      `Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, got shape [${shape.join(', ')}]`,
    );
  const field = shape.slice(2).reduce((a, b) => a * b, 1);
  return [shape[1]! * field, shape[0]! * field];
}

function fanOf(tensor: Tensor, mode: FanMode): number {
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
  const wanted = String(mode).toLowerCase();
  if (wanted === 'fan_in') return fanIn;
  if (wanted === 'fan_out') return fanOut;
  throw new ValueError(`Mode ${String(mode)} not supported, please use one of ['fan_in', 'fan_out']`);
}

const uniform = (tensor: Tensor, from: number, to: number, random: Random): Tensor =>
  noGrad(() => tensor.uniform_(from, to, { generator: random }));

const normal = (tensor: Tensor, mean: number, std: number, random: Random): Tensor =>
  noGrad(() => tensor.normal_(mean, std, { generator: random }));

const uniformSpec = { tensor: required<Tensor>(), a: 0, b: 1, generator };
const uniformSignature = new Signature('uniform_', uniformSpec);
/** Fills with values of the uniform distribution between `a` (0) and `b` (1). Source: torch.nn.init.uniform_. */
export function uniform_(
  ...args: Arguments<[tensor: Tensor], [a: number, b: number, generator: Random], typeof uniformSpec>
): Tensor {
  const { tensor, a, b, generator: random } = uniformSignature.read(args);
  return uniform(tensor, a, b, random);
}

const normalSpec = { tensor: required<Tensor>(), mean: 0, std: 1, generator };
const normalSignature = new Signature('normal_', normalSpec);
/** Fills with values of the normal distribution of `mean` (0) and `std` (1). Source: torch.nn.init.normal_. */
export function normal_(
  ...args: Arguments<[tensor: Tensor], [mean: number, std: number, generator: Random], typeof normalSpec>
): Tensor {
  const { tensor, mean, std, generator: random } = normalSignature.read(args);
  return normal(tensor, mean, std, random);
}

const truncatedSpec = { tensor: required<Tensor>(), mean: 0, std: 1, a: -2, b: 2, generator };
const truncatedSignature = new Signature('truncNormal_', truncatedSpec);
/**
 * Fills with values of the normal distribution of `mean` (0) and `std` (1), drawn again while outside
 * of `a` (-2) to `b` (2). Source: torch.nn.init.trunc_normal_.
 */
export function truncNormal_(
  ...args: Arguments<
    [tensor: Tensor],
    [mean: number, std: number, a: number, b: number, generator: Random],
    typeof truncatedSpec
  >
): Tensor {
  const { tensor, mean, std, a, b, generator: random } = truncatedSignature.read(args);
  if (tensor.isMeta) return tensor;
  if (mean < a - 2 * std || mean > b + 2 * std)
    process.emitWarning(
      'mean is more than 2 std from [a, b] in nn.init.truncNormal_. The distribution of values may be incorrect.',
    );
  noGrad(() => {
    const inside = normalCdf((b - mean) / std) - normalCdf((a - mean) / std);
    if (inside > 0.3) redrawOutside(tensor, mean, std, a, b, random);
    else rejectBelowDensity(tensor, mean, std, a, b, random);
  });
  return tensor;
}

/** The way for wide intervals: normal values, those outside drawn again. */
function redrawOutside(
  tensor: Tensor,
  mean: number,
  std: number,
  a: number,
  b: number,
  random: Random,
): void {
  // The limits in the tensor's own precision.
  const low = tensor.newFull([], a, { device: 'cpu' }).item() as number;
  const high = tensor.newFull([], b, { device: 'cpu' }).item() as number;
  let result: Tensor = tensor.normal_(mean, std, { generator: random });
  for (;;) {
    const outside = result.lt(low).bitwiseOr(result.gt(high));
    if (!outside.any().item()) break;
    result = where(outside, emptyLike(result).normal_(mean, std, { generator: random }), result);
  }
  if (result !== tensor) tensor.copy_(result);
}

/** The way for tails: uniform candidates, accepted with the probability of the density. */
function rejectBelowDensity(
  tensor: Tensor,
  mean: number,
  std: number,
  a: number,
  b: number,
  random: Random,
): void {
  const mode = Math.max(a, Math.min(mean, b));
  const logPeak = -0.5 * ((mode - mean) / std) ** 2;
  const candidates = emptyLike(tensor);
  const chance = emptyLike(tensor);
  const toLogDensity = (): Tensor => candidates.sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(logPeak);
  const refused = (): Tensor => chance.uniform_({ generator: random }).log_().gt(candidates);
  tensor.uniform_(a, b, { generator: random });
  candidates.copy_(tensor);
  toLogDensity();
  let pending = refused();
  if (!pending.any().item()) return;
  let result: Tensor = tensor;
  do {
    candidates.uniform_(a, b, { generator: random });
    result = where(pending, candidates, result);
    toLogDensity();
    pending = where(pending, refused(), pending);
  } while (pending.any().item());
  tensor.copy_(result);
}

/** The distribution function of the standard normal distribution. */
function normalCdf(x: number): number {
  return (1 + erf(x / Math.SQRT2)) / 2;
}

/** The error function: its series near 0, the continued fraction of erfc further out. */
function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-z * z) / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * (z + fraction)));
}

const constantSpec = { tensor: required<Tensor>(), val: required<number>() };
const constantSignature = new Signature('constant_', constantSpec);
const onlyTensor = { tensor: required<Tensor>() };
type OnlyTensor = Arguments<[tensor: Tensor], [], typeof onlyTensor>;
const onesSignature = new Signature('ones_', onlyTensor);
const zerosSignature = new Signature('zeros_', onlyTensor);
const eyeSignature = new Signature('eye_', onlyTensor);

/** Fills with `val`. Source: torch.nn.init.constant_. */
export function constant_(
  ...args: Arguments<[tensor: Tensor, val: number], [], typeof constantSpec>
): Tensor {
  const { tensor, val } = constantSignature.read(args);
  return noGrad(() => tensor.fill_(val));
}

/** Fills with 1. Source: torch.nn.init.ones_. */
export function ones_(...args: OnlyTensor): Tensor {
  return constant_(onesSignature.read(args).tensor, 1);
}

/** Fills with 0. Source: torch.nn.init.zeros_. */
export function zeros_(...args: OnlyTensor): Tensor {
  const { tensor } = zerosSignature.read(args);
  return noGrad(() => tensor.zero_());
}

/** Fills a matrix with the identity. @throws ValueError unless it has 2 dimensions. Source: torch.nn.init.eye_. */
export function eye_(...args: OnlyTensor): Tensor {
  const { tensor } = eyeSignature.read(args);
  const [rows, columns] = matrixShape(tensor);
  return noGrad(() => tensor.copy_(eye(rows, columns, { dtype: tensor.dtype, device: tensor.device })));
}

function matrixShape(tensor: Tensor): [rows: number, columns: number] {
  if (tensor.dim() !== 2)
    throw new ValueError(`Only tensors with 2 dimensions are supported, got ${tensor.dim()}`);
  return tensor.shape as [number, number];
}

const diracSpec = { tensor: required<Tensor>(), groups: 1 };
const diracSignature = new Signature('dirac_', diracSpec);
/**
 * Fills the weight of a convolution (3, 4 or 5 dimensions) so that it passes its input through, in
 * each of `groups` (1). Source: torch.nn.init.dirac_.
 */
export function dirac_(...args: Arguments<[tensor: Tensor], [groups: number], typeof diracSpec>): Tensor {
  const { tensor, groups } = diracSignature.read(args);
  const { shape } = tensor;
  if (shape.length < 3 || shape.length > 5)
    throw new ValueError(`Only tensors with 3, 4, or 5 dimensions are supported, got ${shape.length}`);
  if (shape[0]! % groups !== 0)
    throw new ValueError(`dim 0 (${shape[0]}) must be divisible by groups (${groups})`);
  if (tensor.isMeta) return tensor;
  const perGroup = shape[0]! / groups;
  const centre = shape.slice(2).map((size) => Math.floor(size / 2));
  noGrad(() => {
    tensor.zero_();
    for (let group = 0; group < groups; group++)
      for (let d = 0; d < Math.min(perGroup, shape[1]!); d++)
        tensor.indexPut_([group * perGroup + d, d, ...centre], 1);
  });
  return tensor;
}

const xavierSpec = { tensor: required<Tensor>(), gain: 1, generator };
type XavierArguments = Arguments<[tensor: Tensor], [gain: number, generator: Random], typeof xavierSpec>;
const xavierUniformSignature = new Signature('xavierUniform_', xavierSpec);
/** Glorot's uniform initialisation; `gain` 1. Source: torch.nn.init.xavier_uniform_. */
export function xavierUniform_(...args: XavierArguments): Tensor {
  const { tensor, gain, generator: random } = xavierUniformSignature.read(args);
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
  const bound = Math.sqrt(3) * (gain * Math.sqrt(2 / (fanIn + fanOut)));
  return uniform(tensor, -bound, bound, random);
}

const xavierNormalSignature = new Signature('xavierNormal_', xavierSpec);
/** Glorot's normal initialisation; `gain` 1. Source: torch.nn.init.xavier_normal_. */
export function xavierNormal_(...args: XavierArguments): Tensor {
  const { tensor, gain, generator: random } = xavierNormalSignature.read(args);
  const [fanIn, fanOut] = calculateFanInAndFanOut(tensor);
  return normal(tensor, 0, gain * Math.sqrt(2 / (fanIn + fanOut)), random);
}

const kaimingSpec = {
  tensor: required<Tensor>(),
  a: 0,
  mode: 'fan_in' as FanMode,
  nonlinearity: 'leaky_relu' as Nonlinearity,
  generator,
};
type KaimingArguments = Arguments<
  [tensor: Tensor],
  [a: number, mode: FanMode, nonlinearity: Nonlinearity, generator: Random],
  typeof kaimingSpec
>;

/** The standard deviation of He's initialisation, or null where there is nothing to fill. */
function kaimingStd({ tensor, a, mode, nonlinearity }: typeof kaimingSpec): number | null {
  if (tensor.shape.includes(0)) {
    process.emitWarning('Initializing zero-element tensors is a no-op');
    return null;
  }
  return calculateGain(nonlinearity, a) / Math.sqrt(fanOf(tensor, mode));
}

const kaimingUniformSignature = new Signature('kaimingUniform_', kaimingSpec);
/**
 * He's uniform initialisation: slope `a` (0) of `'leaky_relu'`, `mode` `'fan_in'`, `nonlinearity`
 * `'leaky_relu'`. Source: torch.nn.init.kaiming_uniform_.
 */
export function kaimingUniform_(...args: KaimingArguments): Tensor {
  const given = kaimingUniformSignature.read(args);
  const std = kaimingStd(given);
  if (std === null) return given.tensor;
  const bound = Math.sqrt(3) * std;
  return uniform(given.tensor, -bound, bound, given.generator);
}

const kaimingNormalSignature = new Signature('kaimingNormal_', kaimingSpec);
/** He's normal initialisation; defaults as in {@link kaimingUniform_}. Source: torch.nn.init.kaiming_normal_. */
export function kaimingNormal_(...args: KaimingArguments): Tensor {
  const given = kaimingNormalSignature.read(args);
  const std = kaimingStd(given);
  return std === null ? given.tensor : normal(given.tensor, 0, std, given.generator);
}

const orthogonalSpec = { tensor: required<Tensor>(), gain: 1, generator };
const orthogonalSignature = new Signature('orthogonal_', orthogonalSpec);
/**
 * Fills with a (semi-)orthogonal matrix times `gain` (1); dimensions behind the first count as one.
 * Source: torch.nn.init.orthogonal_.
 */
export function orthogonal_(
  ...args: Arguments<[tensor: Tensor], [gain: number, generator: Random], typeof orthogonalSpec>
): Tensor {
  const { tensor, gain, generator: random } = orthogonalSignature.read(args);
  if (tensor.dim() < 2)
    throw new ValueError(`Only tensors with 2 or more dimensions are supported, got ${tensor.dim()}`);
  if (tensor.numel() === 0 || tensor.isMeta) return tensor;
  const rows = tensor.size(0);
  const columns = tensor.numel() / rows;
  noGrad(() => {
    let flat: Tensor = tensor.newEmpty([rows, columns]).normal_(0, 1, { generator: random });
    if (rows < columns) flat = flat.t();
    const [q, r] = qr(flat) as unknown as [Tensor, Tensor];
    let basis = q.mul(r.diagonal().sign());
    if (rows < columns) basis = basis.t();
    tensor.viewAs(basis).copy_(basis);
    tensor.mul_(gain);
  });
  return tensor;
}

const sparseSpec = { tensor: required<Tensor>(), sparsity: required<number>(), std: 0.01, generator };
const sparseSignature = new Signature('sparse_', sparseSpec);
/**
 * Fills a matrix with normal values of `std` (0.01), the fraction `sparsity` of each column with 0.
 * Source: torch.nn.init.sparse_.
 */
export function sparse_(
  ...args: Arguments<[tensor: Tensor, sparsity: number], [std: number, generator: Random], typeof sparseSpec>
): Tensor {
  const { tensor, sparsity, std, generator: random } = sparseSignature.read(args);
  const [rows, columns] = matrixShape(tensor);
  if (tensor.isMeta) return tensor;
  const zeros = Math.ceil(sparsity * rows);
  noGrad(() => {
    tensor.normal_(0, std, { generator: random });
    for (let column = 0; column < columns; column++)
      tensor.indexPut_([randperm(rows).index(`:${zeros}`), column], 0);
  });
  return tensor;
}
