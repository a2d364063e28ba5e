/** Stochastic gradient descent. */
import { TorchError, ValueError } from '../errors.js';
import { Tensor } from '../tensor/tensor.js';
import { bindArguments, firstByKeyword } from '../utils/arguments.js';
import type { ParamGroup, Params } from './group.js';
import { byDeviceAndDtype, chooseForm, emptyLike, foreach, fused, op } from './operators.js';
import { type Bucket, Optimizer } from './optimizer.js';

export interface SGDOptions {
  /** Learning rate, a number or a tensor of one element. Default: 1e-3. */
  lr?: number | Tensor;
  /** Default: 0. */
  momentum?: number;
  /** Share of the gradient that momentum holds back. Default: 0. */
  dampening?: number;
  /** Default: 0. */
  weightDecay?: number;
  /** Look ahead along the momentum; needs momentum and no dampening. Default: false. */
  nesterov?: boolean;
  /** Go up the gradient. Default: false. */
  maximize?: boolean;
  /** One call per operation over all parameters. Default: null, see {@link SGD}. */
  foreach?: boolean | null;
  /** Not supported; must be false. */
  differentiable?: boolean;
  /** One native call for the whole step. Default: null, see {@link SGD}. */
  fused?: boolean | null;
}

type Group = ParamGroup<Required<SGDOptions> & Record<string, unknown>>;

interface Row {
  param: Tensor;
  grad: Tensor;
  buffer: Tensor | null;
}

const positional = ['lr', 'momentum', 'dampening', 'weightDecay', 'nesterov'] as const;
const keywordOnly = ['maximize', 'foreach', 'differentiable', 'fused'] as const;

const scalar = (value: number | Tensor): number =>
  value instanceof Tensor ? (value.item() as number) : value;

function complete(args: readonly unknown[]): Required<SGDOptions> {
  const options: Required<SGDOptions> = {
    lr: 1e-3,
    momentum: 0,
    dampening: 0,
    weightDecay: 0,
    nesterov: false,
    maximize: false,
    foreach: null,
    differentiable: false,
    fused: null,
    ...bindArguments<SGDOptions>('SGD', args, positional, keywordOnly),
  };
  const { lr, momentum, weightDecay } = options;
  if (lr instanceof Tensor && lr.numel() !== 1) throw new ValueError('Tensor lr must be 1-element');
  if (!(scalar(lr) >= 0)) throw new ValueError(`Invalid learning rate: ${scalar(lr)}`);
  if (!(momentum >= 0)) throw new ValueError(`Invalid momentum value: ${momentum}`);
  if (!(weightDecay >= 0)) throw new ValueError(`Invalid weight_decay value: ${weightDecay}`);
  if (options.nesterov && (momentum <= 0 || options.dampening !== 0))
    throw new ValueError('Nesterov momentum requires a momentum and zero dampening');
  if (options.fused && options.foreach)
    throw new TorchError('`fused` and `foreach` cannot be `true` together.');
  return options;
}

/**
 * Stochastic gradient descent, optionally with momentum.
 *
 * `b = momentum · b + (1 − dampening) · g` (the first `b` is `g`), `θ −= lr · b`; with `nesterov`
 * `θ −= lr · (g + momentum · b)`; weight decay is added to the gradient.
 *
 * By default the step runs as a few native calls over all parameters (`foreach`), equal to the bit to
 * the plain algorithm that Python runs on the CPU (`{ fused: false, foreach: false }`). `fused: true`
 * is one native call, faster, and differs in the last bits of a float, as in Python.
 *
 * State of a parameter, with momentum only: `momentum_buffer`. Source: torch.optim.SGD.
 *
 * @throws ValueError for rates outside their range.
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Params<SGDOptions>, options?: SGDOptions);
  constructor(options: { params: Params<SGDOptions> } & SGDOptions);
  constructor(
    params: Params<SGDOptions>,
    lr: number | Tensor,
    momentum?: number,
    dampening?: number,
    weightDecay?: number,
    nesterov?: boolean,
    options?: SGDOptions,
  );
  constructor(...given: unknown[]) {
    const [params, ...args] = firstByKeyword('params', given) as [Params<SGDOptions>, ...unknown[]];
    super(params, { ...complete(args) });
  }

  protected override updateGroup(
    group: ParamGroup<SGDOptions & Record<string, unknown>>,
    work: Bucket,
  ): void {
    const settings = group as Group;
    const sparse = work.grads.some((g) => g.layout !== 'strided');
    if (settings.fused && sparse) throw new TorchError('`fused` SGD does not support sparse gradients');
    const form = sparse ? 'plain' : chooseForm(settings, work);
    const hasMomentum = settings.momentum !== 0;
    const rows = work.params.map((param, i): Row => {
      const buffer = hasMomentum
        ? (this.state.get(param)?.momentum_buffer as Tensor | null | undefined)
        : null;
      return { param, grad: work.grads[i]!, buffer: buffer ?? null };
    });
    if (form === 'plain') for (const row of rows) plainStep(settings, row);
    else
      for (const bucket of byDeviceAndDtype(rows)) {
        // A fused call takes buffers of all its parameters or of none.
        const mixed = hasMomentum && bucket.some((r) => r.buffer) && bucket.some((r) => !r.buffer);
        if (form === 'fused' && !mixed) fusedStep(settings, bucket);
        else foreachStep(settings, bucket);
      }
    if (hasMomentum)
      for (const { param, buffer } of rows) {
        const state = this.state.get(param);
        if (state) state.momentum_buffer = buffer;
        else this.state.set(param, { momentum_buffer: buffer });
      }
  }
}

function plainStep(group: Group, row: Row): void {
  const { momentum, dampening, weightDecay } = group;
  let grad = group.maximize ? op.neg([row.grad]) : row.grad;
  if (weightDecay !== 0) grad = op.add([grad, row.param], { alpha: weightDecay });
  if (momentum !== 0) {
    if (row.buffer === null) row.buffer = op.clone([grad]);
    else {
      op.mul_([row.buffer, momentum]);
      op.add_([row.buffer, grad], { alpha: 1 - dampening });
    }
    grad = group.nesterov ? op.add([grad, row.buffer], { alpha: momentum }) : row.buffer;
  }
  op.add_([row.param, grad], { alpha: -scalar(group.lr) });
}

function foreachStep(group: Group, rows: Row[]): void {
  const { momentum, dampening, weightDecay, maximize } = group;
  const params = rows.map((r) => r.param);
  let grads = rows.map((r) => r.grad);
  let owned = false;
  if (maximize) {
    grads = foreach.neg([grads]);
    owned = true;
  }
  if (weightDecay !== 0) {
    if (owned) foreach.addList_([grads, params], { alpha: weightDecay });
    else grads = foreach.addList([grads, params], { alpha: weightDecay });
    owned = true;
  }
  if (momentum !== 0) {
    if (rows.every((r) => r.buffer !== null)) {
      const buffers = rows.map((r) => r.buffer!);
      foreach.mul_([buffers, momentum]);
      foreach.addList_([buffers, grads], { alpha: 1 - dampening });
    } else
      rows.forEach((row, i) => {
        if (row.buffer === null) row.buffer = op.clone([grads[i]!]);
        else {
          op.mul_([row.buffer, momentum]);
          op.add_([row.buffer, grads[i]!], { alpha: 1 - dampening });
        }
      });
    const buffers = rows.map((r) => r.buffer!);
    // Python adds the momentum into `p.grad` itself here; the gradients stay untouched in torchts.
    grads = group.nesterov ? foreach.addList([grads, buffers], { alpha: momentum }) : buffers;
  }
  foreach.addList_([params, grads], { alpha: -scalar(group.lr) });
}

function fusedStep(group: Group, rows: Row[]): void {
  const hasMomentum = group.momentum !== 0;
  const first = hasMomentum && rows.every((r) => r.buffer === null);
  if (first) for (const row of rows) row.buffer = emptyLike(row.grad);
  fused.sgd_(
    [rows.map((r) => r.param), rows.map((r) => r.grad), hasMomentum ? rows.map((r) => r.buffer) : []],
    {
      weight_decay: group.weightDecay,
      momentum: group.momentum,
      lr: scalar(group.lr),
      dampening: group.dampening,
      nesterov: group.nesterov,
      maximize: group.maximize,
      is_first_step: first,
    },
  );
}
