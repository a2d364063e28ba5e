import { expect } from 'chai';
import * as torch from 'torchts';
import { optim, type Tensor } from 'torchts';

type Options = optim.AdamOptions;
type Kind = typeof optim.Adam;

const sizes = [0, 1, 3, 7, 8, 15, 16, 17, 1000, 8192, 8193, 100003];

/** Parameters after some steps with random gradients, and their state, as raw numbers. */
function train(
  kind: Kind,
  options: Options,
  dtype: 'float32' | 'float64',
  start: Tensor[],
  grads: Tensor[][],
): (Float32Array | Float64Array)[] {
  const params = start.map((x) => x.clone().requiresGrad_());
  const optimizer = new kind(params, options);
  for (const round of grads) {
    params.forEach((p, i) => {
      p.grad = round[i]!;
    });
    optimizer.step();
  }
  const out = (x: Tensor) => x.detach().contiguous().toTypedArray() as Float32Array;
  return params.flatMap((p) => {
    expect(p.dtype).to.equal(dtype);
    const state = optimizer.state.get(p)!;
    return [p, state.exp_avg, state.exp_avg_sq, state.step].map((x) => out(x as Tensor));
  });
}

function expectSameBits(a: (Float32Array | Float64Array)[], b: (Float32Array | Float64Array)[]): void {
  expect(a).to.have.length(b.length);
  const bytes = (x: Float32Array | Float64Array) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
  a.forEach((x, i) => {
    expect(bytes(x).equals(bytes(b[i]!)), `array ${i} of ${x.length}`).to.equal(true);
  });
}

describe('Adam in one pass', () => {
  const cases: [string, Kind, Options][] = [
    ['Adam', optim.Adam, { lr: 1e-2 }],
    ['Adam with weight decay', optim.Adam, { lr: 1e-2, weightDecay: 0.1 }],
    ['AdamW', optim.AdamW, { lr: 1e-2, weightDecay: 0.1 }],
    ['a low beta1', optim.Adam, { lr: 1e-2, betas: [0.3, 0.95], eps: 1e-6, weightDecay: 0.01 }],
    ['beta1 of 0', optim.AdamW, { betas: [0, 0.9] }],
  ];
  for (const dtype of ['float32', 'float64'] as const)
    for (const [name, kind, options] of cases)
      it(`${name}, ${dtype}: equals the plain and the foreach form to the bit`, () => {
        torch.manualSeed(3);
        const random = () => sizes.map((n) => torch.randn([n], { dtype }));
        const start = random();
        const grads = [random(), random(), random(), random()];
        // Moments of zero, for good and for a while.
        for (const [step, list] of grads.entries())
          for (const grad of list) grad.narrow(0, 0, grad.size(0) >> (step < 2 ? 1 : 2)).zero_();
        const one = train(kind, options, dtype, start, grads);
        expectSameBits(one, train(kind, { ...options, foreach: true }, dtype, start, grads));
        expectSameBits(one, train(kind, { ...options, foreach: false, fused: false }, dtype, start, grads));
      });

  it('walks memory in any dense order, and leaves other orders to the operators', () => {
    torch.manualSeed(4);
    const start = [
      torch.randn([4, 6, 5, 7]).contiguous({ memoryFormat: 'channelsLast' }),
      torch.randn([9, 5]).t(),
    ];
    const alike = () => start.map((x) => torch.randnLike(x));
    const other = () => [torch.randn([4, 6, 5, 7]), torch.randn([5, 9])];
    for (const grads of [
      [alike(), alike()],
      [other(), other()],
    ])
      expectSameBits(
        train(optim.AdamW, {}, 'float32', start, grads),
        train(optim.AdamW, { foreach: true }, 'float32', start, grads),
      );
  });

  it('handles values out of the ordinary alike', () => {
    const odd = [0, -0, Infinity, -Infinity, 1e-42, -1e-42, 1e38, -1e38, 1e-20, 3];
    const start = [torch.tensor(odd)];
    const grads = [[torch.tensor([...odd].reverse())], [torch.zeros([odd.length])]];
    const finite = (x: Float32Array | Float64Array) => x.map((v) => (Number.isNaN(v) ? NaN : v));
    const [a, b] = [{}, { foreach: true }].map((options) =>
      train(optim.Adam, options, 'float32', start, grads).map(finite),
    );
    expectSameBits(a!, b!);
  });

  it('tells autograd that the parameters changed', () => {
    const w = torch.ones([4], { requiresGrad: true });
    const y = w.mul(w).sum();
    w.grad = torch.ones([4]);
    new optim.Adam([w]).step();
    expect(() => y.backward()).to.throw(torch.TorchError, 'modified by an inplace operation');
  });

  it('runs the operators where one parameter does not fit', () => {
    const params = [torch.ones([3], { requiresGrad: true }), torch.ones([3], { requiresGrad: true })];
    params[0]!.grad = torch.ones([3]);
    params[1]!.grad = torch.ones([1]).expand([3]);
    const optimizer = new optim.Adam(params, { lr: 0.5 });
    optimizer.step();
    optimizer.step();
    for (const p of params) {
      expect((optimizer.state.get(p)!.step as Tensor).item()).to.equal(2);
      expect(p.detach().sum().item()).to.be.closeTo(0, 1e-5);
    }
  });

  it('runs as one pass by default, and as operators where the options ask for more', () => {
    const operators = (options: Options): string[] => {
      const w = torch.ones([4], { requiresGrad: true });
      const optimizer = new optim.Adam([w], options);
      const step = (): void => {
        w.grad = torch.ones(4);
        optimizer.step();
      };
      step(); // makes the state
      return torch.profiler
        .profile(step)
        .keyAverages()
        .map(({ key }) => key)
        .filter((key) => /^aten::(_foreach_|lerp|addcdiv|addcmul)/.test(key));
    };
    expect(operators({})).to.deep.equal([]);
    expect(operators({ weightDecay: 0.1 })).to.deep.equal([]);
    expect(operators({ foreach: true })).to.include('aten::_foreach_addcdiv_');
    expect(operators({ amsgrad: true })).to.include('aten::_foreach_addcdiv_');
    expect(operators({ foreach: false })).to.include('aten::addcdiv_');
  });
});
