/** Adam and AdamW. */
import { ArgumentError, TorchError, ValueError } from '../errors.js';
import { native } from '../native.js';
import { fromTypedArray } from '../tensor/create.js';
import { Tensor } from '../tensor/tensor.js';
import { bindArguments, firstByKeyword } from '../utils/arguments.js';
import type { ParamGroup, Params } from './group.js';
import { byDeviceAndDtype, chooseForm, foreach, fused, op, stepCounter, zerosLike } from './operators.js';
import { type Bucket, Optimizer, type OptimizerStateDict, type ParamState } from './optimizer.js';

export interface AdamOptions {
  /** Learning rate, a number or a tensor of one element. Default: 1e-3. */
  lr?: number | Tensor;
  /** Decay rates of the running averages of the gradient and its square. Default: [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Added to the denominator. Default: 1e-8. */
  eps?: number;
  /** Default: 0 (AdamW: 1e-2). */
  weightDecay?: number;
  /** Use the maximum of the second moments seen so far. Default: false. */
  amsgrad?: boolean;
  /** One call per operation over all parameters. Default: null, see {@link Adam}. */
  foreach?: boolean | null;
  /** Go up the gradient. Default: false. */
  maximize?: boolean;
  /** Not supported; must be false. */
  capturable?: boolean;
  /** Not supported; must be false. */
  differentiable?: boolean;
  /** One native call for the whole step. Default: null, see {@link Adam}. */
  fused?: boolean | null;
  /** Decay the weights apart from the gradient, as AdamW. Default: false. */
  decoupledWeightDecay?: boolean;
}

type Group = ParamGroup<Required<AdamOptions> & Record<string, unknown>>;

interface Row {
  param: Tensor;
  grad: Tensor;
  avg: Tensor;
  square: Tensor;
  max: Tensor | null;
  step: Tensor;
}

const positional = ['lr', 'betas', 'eps', 'weightDecay', 'amsgrad'] as const;
const keywordOnly = [
  'foreach',
  'maximize',
  'capturable',
  'differentiable',
  'fused',
  'decoupledWeightDecay',
] as const;

const scalar = (value: number | Tensor): number =>
  value instanceof Tensor ? (value.item() as number) : value;

function checkAdam(name: string, options: Required<AdamOptions>): void {
  const { lr, betas, eps, weightDecay } = options;
  if (lr instanceof Tensor && lr.numel() !== 1) throw new ValueError('Tensor lr must be 1-element');
  if (lr instanceof Tensor && options.foreach)
    throw new ValueError('lr as a Tensor is not supported for capturable=false and foreach=true');
  if (!(scalar(lr) >= 0)) throw new ValueError(`Invalid learning rate: ${scalar(lr)}`);
  if (!(eps >= 0)) throw new ValueError(`Invalid epsilon value: ${eps}`);
  if (!Array.isArray(betas) || betas.length !== 2 || betas.some((b) => typeof b !== 'number'))
    throw new ArgumentError(`${name}: betas must be two numbers, as [0.9, 0.999]`);
  betas.forEach((beta, i) => {
    if (!(beta >= 0 && beta < 1)) throw new ValueError(`Invalid beta parameter at index ${i}: ${beta}`);
  });
  if (!(weightDecay >= 0)) throw new ValueError(`Invalid weight_decay value: ${weightDecay}`);
  if (options.fused && options.foreach)
    throw new TorchError('`fused` and `foreach` cannot be `true` together.');
}

function complete(
  name: string,
  args: readonly unknown[],
  fallback: Partial<AdamOptions>,
): Required<AdamOptions> {
  const given = bindArguments<AdamOptions>(name, args, positional, keywordOnly);
  const options: Required<AdamOptions> = {
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weightDecay: 0,
    amsgrad: false,
    maximize: false,
    foreach: null,
    capturable: false,
    differentiable: false,
    fused: null,
    decoupledWeightDecay: false,
    ...fallback,
    ...given,
  };
  checkAdam(name, options);
  return options;
}

/**
 * Adam: steps by the running averages of the gradient and of its square.
 *
 * `m = β₁m + (1 − β₁)g`, `v = β₂v + (1 − β₂)g²`, `θ −= lr · m̂ / (√v̂ + eps)` with
 * `m̂ = m / (1 − β₁ᵗ)` and `v̂ = v / (1 − β₂ᵗ)`; weight decay is added to the gradient.
 *
 * By default the step is equal to the bit to the plain algorithm that Python runs on the CPU
 * (`{ fused: false, foreach: false }`). It is one native pass where the parameters are dense float32 or
 * float64 on the CPU, and a few native calls over all parameters otherwise, or with `foreach: true`.
 * `fused: true` is PyTorch's fused kernel and differs in the last bits of a float, as in Python.
 *
 * State of a parameter: `step` (float32, one element), `exp_avg`, `exp_avg_sq` and with `amsgrad`
 * `max_exp_avg_sq` (shape and dtype of the parameter). Source: torch.optim.Adam.
 *
 * @throws ValueError for rates outside their range.
 */
export class Adam extends Optimizer<AdamOptions> {
  constructor(params: Params<AdamOptions>, options?: AdamOptions);
  constructor(options: { params: Params<AdamOptions> } & AdamOptions);
  constructor(
    params: Params<AdamOptions>,
    lr: number | Tensor,
    betas?: readonly [number, number],
    eps?: number,
    weightDecay?: number,
    amsgrad?: boolean,
    options?: AdamOptions,
  );
  constructor(...given: unknown[]) {
    const [params, ...args] = firstByKeyword('params', given) as [Params<AdamOptions>, ...unknown[]];
    super(params, { ...complete(new.target.name, args, new.target.fallback) });
  }

  /** @internal What differs from Adam's defaults. */
  static readonly fallback: Partial<AdamOptions> = {};

  override loadStateDict(
    stateDict: OptimizerStateDict | { state: object; param_groups: readonly object[] },
  ): void {
    super.loadStateDict(stateDict);
    // Files of old versions hold the step as a number.
    for (const state of this.state.values())
      if (typeof state.step === 'number') state.step = fromTypedArray(Float32Array.of(state.step), []);
  }

  protected override updateGroup(
    group: ParamGroup<AdamOptions & Record<string, unknown>>,
    work: Bucket,
  ): void {
    const settings = group as Group;
    if (work.grads.some((g) => g.layout !== 'strided'))
      throw new TorchError('Adam does not support sparse gradients, please consider SparseAdam instead');
    const form = chooseForm(settings, work);
    const rows = work.params.map((param, i): Row => this.rowOf(settings, param, work.grads[i]!));
    if (form === 'plain') for (const row of rows) plainStep(settings, row);
    else
      for (const bucket of byDeviceAndDtype(rows))
        (form === 'fused' ? fusedStep : foreachStep)(settings, bucket);
  }

  private rowOf(group: Group, param: Tensor, grad: Tensor): Row {
    let state = this.state.get(param);
    if (!state || Object.keys(state).length === 0) {
      state = newState(group, param);
      this.state.set(param, state);
    }
    return {
      param,
      grad,
      avg: state.exp_avg as Tensor,
      square: state.exp_avg_sq as Tensor,
      max: group.amsgrad ? (state.max_exp_avg_sq as Tensor) : null,
      step: state.step as Tensor,
    };
  }
}

/** Adam with weight decay apart from the gradient: `θ −= lr · λ · θ` first. Source: torch.optim.AdamW. */
export class AdamW extends Adam {
  static override readonly fallback: Partial<AdamOptions> = { weightDecay: 1e-2, decoupledWeightDecay: true };
}

function newState(group: Group, param: Tensor): ParamState {
  if (group.fused && !/^(float|bfloat)/.test(param.dtype))
    throw new TorchError(
      `\`fused: true\` requires all the params to be floating point Tensors, but one is ${param.dtype} on ${param.device}`,
    );
  const state: ParamState = {
    step: stepCounter(group.fused ? param.device.toString() : 'cpu'),
    exp_avg: zerosLike(param),
    exp_avg_sq: zerosLike(param),
  };
  if (group.amsgrad) state.max_exp_avg_sq = zerosLike(param);
  return state;
}

function plainStep(group: Group, row: Row): void {
  const { eps, weightDecay } = group;
  const [beta1, beta2] = group.betas;
  const lr = scalar(group.lr);
  let { param, avg, square, max } = row;
  let grad = group.maximize ? op.neg([row.grad]) : row.grad;
  op.addScalar_([row.step, 1]);
  if (weightDecay !== 0) {
    if (group.decoupledWeightDecay) op.mul_([param, 1 - lr * weightDecay]);
    else grad = op.add([grad, param], { alpha: weightDecay });
  }
  if (param.dtype.startsWith('complex')) {
    [grad, avg, square, param] = [grad, avg, square, param].map((x) => op.viewAsReal([x])) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    if (max) max = op.viewAsReal([max]);
  }
  op.lerp_([avg, grad, 1 - beta1]);
  op.mul_([square, beta2]);
  op.addcmul_([square, grad, grad], { value: 1 - beta2 });
  const step = row.step.item() as number;
  const stepSize = lr / (1 - beta1 ** step);
  const correction = Math.sqrt(1 - beta2 ** step);
  if (max) op.maximumOut([max, square], { out: max });
  const denominator = op.div([op.sqrt([max ?? square]), correction]);
  op.addScalar_([denominator, eps]);
  op.addcdiv_([param, avg, denominator], { value: -stepSize });
}

/**
 * The foreach form in one pass through memory, with the same bits (native/optim/adam.cc): whether it fits
 * and has run. An explicit `foreach: true` keeps to the calls over lists.
 */
function nativeStep(group: Group, rows: Row[]): boolean {
  const { lr, eps, weightDecay } = group;
  if (group.foreach || group.amsgrad || group.maximize || typeof lr !== 'number') return false;
  const [beta1, beta2] = group.betas;
  const handles = (pick: (row: Row) => Tensor): Tensor['handle'][] => rows.map((row) => pick(row).handle);
  const lists = [
    handles((r) => r.param),
    handles((r) => r.grad),
    handles((r) => r.avg),
    handles((r) => r.square),
  ] as const;
  const counts = new Float64Array(rows.length);
  const steps = handles((r) => r.step);
  if (!native.adamBegin(...lists, steps, counts)) return false;
  const corrections = counts.map((step) => Math.sqrt(1 - beta2 ** step));
  const scales = counts.map((step) => -(lr / (1 - beta1 ** step)));
  const rates = Float64Array.of(lr, beta1, beta2, eps, weightDecay);
  native.adamStep(...lists, corrections, scales, rates, group.decoupledWeightDecay);
  return true;
}

function foreachStep(group: Group, rows: Row[]): void {
  if (nativeStep(group, rows)) return;
  const { eps, weightDecay, maximize } = group;
  const [beta1, beta2] = group.betas;
  const lr = scalar(group.lr);
  const real = (x: Tensor): Tensor => (x.dtype.startsWith('complex') ? op.viewAsReal([x]) : x);
  const params = rows.map((r) => real(r.param));
  const avgs = rows.map((r) => real(r.avg));
  const squares = rows.map((r) => real(r.square));
  const steps = rows.map((r) => r.step);
  let grads = rows.map((r) => real(r.grad));
  if (maximize) grads = foreach.neg([grads]);
  foreach.add_([steps, 1]);
  if (weightDecay !== 0) {
    if (group.decoupledWeightDecay) foreach.mul_([params, 1 - lr * weightDecay]);
    else if (maximize) foreach.addList_([grads, params], { alpha: weightDecay });
    else grads = foreach.addList([grads, params], { alpha: weightDecay });
  }
  foreach.lerp_([avgs, grads, 1 - beta1]);
  foreach.mul_([squares, beta2]);
  foreach.addcmul_([squares, grads, grads, 1 - beta2]);
  const counts = steps.map((step) => step.item() as number);
  let roots: Tensor[];
  if (group.amsgrad) {
    const maxima = rows.map((r) => real(r.max!));
    foreach.maximum_([maxima, squares]);
    roots = foreach.sqrt([maxima]);
  } else roots = foreach.sqrt([squares]);
  foreach.divList_([roots, counts.map((step) => Math.sqrt(1 - beta2 ** step))]);
  foreach.add_([roots, eps]);
  foreach.addcdiv_([params, avgs, roots, counts.map((step) => -(lr / (1 - beta1 ** step)))]);
}

function fusedStep(group: Group, rows: Row[]): void {
  const steps = rows.map((r) => r.step);
  foreach.add_([steps, 1]);
  const call = group.decoupledWeightDecay ? fused.adamw_ : fused.adam_;
  call(
    [
      rows.map((r) => r.param),
      rows.map((r) => r.grad),
      rows.map((r) => r.avg),
      rows.map((r) => r.square),
      group.amsgrad ? rows.map((r) => r.max) : [],
      steps,
    ],
    {
      lr: scalar(group.lr),
      beta1: group.betas[0],
      beta2: group.betas[1],
      weight_decay: group.weightDecay,
      eps: group.eps,
      amsgrad: group.amsgrad,
      maximize: group.maximize,
    },
  );
}
