/**
 * Compile-time tests: this file is never run; `tsc` fails where a signature is lost or too wide.
 */
import * as torch from 'torchts';
import type { Tensor } from 'torchts';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<Expected>() {
  return <Given>(_given: Given, _same: Equal<Given, Expected>): void => {};
}

export function signatures(x: Tensor, index: Tensor): void {
  // one parameter, by position and by key
  expectType<Tensor>()(torch.sum(x, 1), true);
  expectType<Tensor>()(torch.sum(x, { dim: [0, 1], keepdim: true, dtype: torch.float64 }), true);
  expectType<Tensor>()(torch.sum(x, 0, { keepdim: true }), true);
  expectType<Tensor>()(torch.sum({ input: x, dim: 0 }), true);
  expectType<Tensor>()(x.softmax({ dim: 1 }), true);
  expectType<Tensor>()(torch.gather(x, 1, { index }), true);
  expectType<Tensor>()(torch.conv2d(x, x, null, 1, { padding: [1, 1], groups: 2 }), true);
  expectType<Tensor>()(torch.clamp(x, { max: 1 }), true);

  // lists spread or whole, options last
  expectType<Tensor>()(x.view(2, -1), true);
  expectType<Tensor>()(x.permute([0, 2, 1]), true);
  expectType<Tensor>()(torch.zeros(2, 3, { dtype: 'int64', device: 'cpu', requiresGrad: false }), true);
  expectType<Tensor>()(x.newZeros([2, 3], { dtype: torch.bfloat16 }), true);

  // results
  const { values, indices } = torch.max(x, 1);
  const [first, second] = x.topk(2);
  expectType<Tensor>()(values, true);
  expectType<Tensor>()(indices, true);
  expectType<Tensor>()(first!, true);
  expectType<Tensor>()(second!, true);
  expectType<Tensor>()(x.max(), true);
  expectType<boolean>()(torch.equal(x, x), true);
  expectType<Tensor[]>()(x.chunk(2), true);
  expectType<[Tensor, Tensor]>()(torch.stdMean(x), true);
  expectType<Tensor>()(torch.unique(x), true);
  expectType<[output: Tensor, counts: Tensor]>()(torch.unique(x, { returnCounts: true }), true);
  expectType<Tensor>()(torch.linalg.slogdet(x).logabsdet, true);
  expectType<Tensor>()(x.T, true);

  // numbers as operands
  expectType<Tensor>()(torch.sub(1, x), true);
  expectType<Tensor>()(x.add({ re: 0, im: 1 }, { alpha: 2 }), true);
  expectType<Tensor>()(torch.where(x, 1, x), true);

  // in place, out
  expectType<Tensor>()(x.add_(1).mul_(2), true);
  torch.max(x, 1, { out: [x, index] });
  torch.sum(x, 0, { out: x });

  // @ts-expect-error no such key
  torch.sum(x, { dims: 1 });
  // @ts-expect-error a required argument is missing
  torch.softmax(x);
  // @ts-expect-error a wrong kind
  x.softmax('dim');
  // @ts-expect-error no such dtype
  torch.zeros(2, { dtype: 'float31' });
  // @ts-expect-error a list of tensors
  torch.cat(x);
  // @ts-expect-error no such rounding
  x.div(2, { roundingMode: 'up' });
  // @ts-expect-error two outputs
  torch.max(x, 1, { out: x });
}
