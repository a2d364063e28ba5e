/** Our loops of max pooling beside LibTorch's own kernel, which the form with `out` still runs. */
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, type Tensor } from 'torchts';
import { runChild } from '../../support/child.js';

type Window = {
  kernel: number | number[];
  stride?: number | number[];
  padding?: number | number[];
  dilation?: number | number[];
  ceil?: boolean;
};
type Pair = [Tensor, Tensor];

const pool = torch.ops.aten.max_pool2d_with_indices as unknown as (...args: unknown[]) => Iterable<Tensor>;

function args(
  x: Tensor,
  { kernel, stride = [], padding = 0, dilation = 1, ceil = false }: Window,
): unknown[] {
  return [x, kernel, stride, padding, dilation, ceil];
}

function ours(x: Tensor, window: Window): Pair {
  return [...pool(...args(x, window))] as Pair;
}

function theirs(x: Tensor, window: Window): Pair {
  const out = torch.empty([0], { dtype: x.dtype });
  const indices = torch.empty([0], { dtype: 'int64' });
  return [...pool(...args(x, window), { out, indices })] as Pair;
}

function assertEqual(x: Tensor, window: Window): void {
  const [values, indices] = ours(x, window);
  const [expected, places] = theirs(x, window);
  const bits = x.dtype === 'float64' ? 'int64' : 'int32';
  const message = JSON.stringify({ shape: x.shape, dtype: x.dtype, ...window });
  expect(torch.equal(values.view(bits), expected.view(bits)), message).to.equal(true);
  expect(torch.equal(indices, places), message).to.equal(true);
}

const windows: Window[] = [
  { kernel: 2 },
  { kernel: 2, ceil: true },
  { kernel: 3, stride: 2, padding: 1 },
  { kernel: 3, stride: 2, padding: 1, ceil: true },
  { kernel: 3, stride: 1, padding: 1 },
  { kernel: 5, stride: 1, padding: 2 },
  { kernel: [2, 3], stride: [1, 2], padding: [0, 1] },
  { kernel: [3, 2], stride: [3, 1] },
  { kernel: 3, stride: 2, padding: 1, dilation: 2 },
  { kernel: 1, stride: 2 },
];

const shapes = [
  [2, 3, 28, 28],
  [3, 14, 14],
  [2, 2, 13, 17],
  [1, 2, 7, 9],
  [1, 1, 150, 203],
  [70, 3, 12, 12],
];

/** Ties and signed zeros, and what has an order of its own. */
const fills: Record<string, (shape: number[]) => Tensor> = {
  'any numbers': (shape) => torch.randn(shape),
  'equal numbers': (shape) => torch.randint(-2, 3, shape).to('float32'),
  'zeros of both signs': (shape) => torch.randint(0, 2, shape).to('float32').sub(0.5).mul(0),
  NaN: (shape) => torch.randn(shape).maskedFill(torch.rand(shape).lt(0.2), Number.NaN),
  'minus infinity': (shape) =>
    torch.randn(shape).maskedFill(torch.rand(shape).lt(0.9), Number.NEGATIVE_INFINITY),
  infinity: (shape) => torch.randn(shape).maskedFill(torch.rand(shape).lt(0.3), Number.POSITIVE_INFINITY),
};

describe('max pooling of contiguous planes', () => {
  beforeEach(() => {
    torch.manualSeed(7);
  });

  for (const [name, fill] of Object.entries(fills))
    it(`has LibTorch's values and indices: ${name}`, () => {
      for (const shape of shapes)
        for (const window of windows)
          for (const dtype of ['float32', 'float64'] as const) assertEqual(fill(shape).to(dtype), window);
    });

  it('gives the first of equal values, the last NaN, and the first place inside where all is -∞', () => {
    const nan = Number.NaN;
    const low = Number.NEGATIVE_INFINITY;
    const x = torch.tensor([
      [1, 1, nan, 5, low, low, 0, -0],
      [1, 1, nan, 9, low, low, -0, 0],
    ]);
    const [values, indices] = ours(x.view(1, 2, 8), { kernel: 2 });
    expect(values.tolist()).to.deep.equal([[[1, nan, low, 0]]]);
    expect(indices.tolist()).to.deep.equal([[[0, 10, 4, 6]]]);
    const padded = ours(torch.full([1, 1, 4, 4], low), { kernel: 3, stride: 1, padding: 1 })[1];
    expect(padded.tolist()[0]).to.deep.equal([
      [
        [0, 0, 1, 2],
        [0, 0, 1, 2],
        [4, 4, 5, 6],
        [8, 8, 9, 10],
      ],
    ]);
  });

  it('leaves other inputs to LibTorch', () => {
    expect(ours(torch.empty([0, 2, 8, 8]), { kernel: 2 })[0].shape).to.deep.equal([0, 2, 4, 4]);
    const x = torch.randn(2, 3, 16, 16);
    const [values, indices] = ours(x, { kernel: 2 });
    const last = ours(x.contiguous({ memoryFormat: torch.channelsLast }), { kernel: 2 });
    expect(last[0].isContiguous({ memoryFormat: torch.channelsLast })).to.equal(true);
    expect(torch.equal(last[0], values)).to.equal(true);
    expect(torch.equal(last[1], indices)).to.equal(true);
    const turned = x.transpose(2, 3);
    expect(torch.equal(ours(turned, { kernel: 2 })[0], values.transpose(2, 3))).to.equal(true);
    expect(ours(x.to('bfloat16'), { kernel: 2 })[0].dtype).to.equal('bfloat16');
  });

  it("has LibTorch's errors", () => {
    const bad: [Tensor, Window, RegExp][] = [
      [
        torch.randn(1, 1, 8, 8),
        { kernel: 2, padding: 2 },
        /pad should be at most half of effective kernel size/,
      ],
      [torch.randn(1, 1, 8, 8), { kernel: 9 }, /Output size is too small/],
      [torch.randn(1, 1, 8, 8), { kernel: 2, stride: 0 }, /stride should not be zero/],
      [torch.randn(1, 1, 8, 8), { kernel: [2, 2, 2] }, /kernel_size must either be a single int/],
      [torch.randn(8, 8), { kernel: 2 }, /non-empty 3D or 4D/],
    ];
    for (const [x, window, message] of bad) {
      expect(() => ours(x, window)).to.throw(message);
      expect(() => theirs(x, window)).to.throw(message);
    }
  });

  it('has gradients, those of windows that overlap and those of the second order among them', () => {
    const x = torch.randn(2, 3, 9, 9, { dtype: 'float64', requiresGrad: true });
    const y = nn.functional.maxPool2d(x, 3, { stride: 2, padding: 1 });
    const [grad] = torch.autograd.grad(y.pow(3).sum(), [x], { createGraph: true }) as [Tensor];
    const [, indices] = theirs(x.detach(), { kernel: 3, stride: 2, padding: 1 });
    const flat = indices.flatten(-2);
    const hit = torch.zeros([2, 3, 81], { dtype: 'float64' });
    const seen = x.detach().flatten(-2).gather(-1, flat);
    expect(torch.allclose(grad.flatten(-2), hit.scatterAdd(-1, flat, seen.pow(2).mul(3)))).to.equal(true);
    const [second] = torch.autograd.grad(grad.sum(), [x]) as [Tensor];
    expect(torch.allclose(second.flatten(-2), hit.scatterAdd(-1, flat, seen.mul(6)))).to.equal(true);
  });

  it('is put in place without a word, by workers, too', async () => {
    const { stdout, stderr } = await runChild('test/unit/nn/children/max-pool-workers.js');
    expect(stdout.trim()).to.equal('[16,0,0]');
    expect(stderr).to.equal('');
  });
});
