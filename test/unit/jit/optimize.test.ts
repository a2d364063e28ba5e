import { expect } from 'chai';
import * as torch from 'torchts';
import { ArgumentError, models, nn, type Tensor } from 'torchts';
import { thrown } from '../../support/errors.js';

const F = nn.functional;

/** The largest difference, relative to the largest value. */
function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).to.deep.equal(b.shape);
  return (a.sub(b).abs().max().item() as number) / Math.max(1, b.abs().max().item() as number);
}

/** Compares a module with its optimized form, for the traced batch and others. */
async function check(
  model: nn.Module,
  x: Tensor,
  fused: RegExp | null = /_convolution_pointwise/,
): Promise<void> {
  model.eval();
  const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, x));
  for (const batch of [x.size(0), 1, 5]) {
    const input = torch.randn(batch, ...x.shape.slice(1));
    const expected = torch.noGrad(() => model(input) as Tensor);
    const before = input.clone();
    const result = optimized(input) as Tensor;
    expect(difference(result, expected), `batch ${batch}`).to.be.below(1e-5);
    expect(difference(await optimized.forwardAsync(input), expected)).to.be.below(1e-5);
    expect(result.isContiguous()).to.equal(expected.isContiguous());
    expect(difference(input, before), 'the input stays').to.equal(0);
  }
  // The form for the traced sizes, and the one for others.
  if (fused)
    expect(optimized.graph)
      .to.match(/oneDNNFusionGroup/)
      .and.to.match(fused);
}

class Custom extends nn.Module<[Tensor], Tensor> {
  a = new nn.Conv2d(4, 8, 3, { padding: 1 });
  b = new nn.Conv2d(8, 8, 3, { padding: 1, bias: false });
  c = new nn.Conv2d(8, 8, 1);
  fixed = new nn.Parameter(torch.randn(1, 8, 6, 6));
  constructor(readonly body: (self: Custom, x: Tensor) => Tensor) {
    super();
  }
  override forward(x: Tensor): Tensor {
    return this.body(this, x);
  }
}

const bodies: Record<string, [(self: Custom, x: Tensor) => Tensor, (RegExp | null)?]> = {
  relu: [(m, x) => m.b(m.a(x).relu()).relu()],
  'relu in place': [(m, x) => F.relu(m.b(F.relu(m.a(x), { inplace: true })), { inplace: true })],
  'other activations': [(m, x) => m.c(m.b(F.silu(m.a(x))).sigmoid()).tanh()],
  'clamped activations': [(m, x) => F.leakyRelu(m.c(F.relu6(m.b(F.hardtanh(m.a(x), -0.5, 0.25)))), 0.2)],
  hardswish: [(m, x) => F.hardswish(m.a(x))],
  'residual that is read later': [
    (m, x) => {
      const y = m.a(x).relu();
      const z = m.b(y).add(y).relu();
      return z.add(y).mul(y);
    },
  ],
  'residual of two convolutions': [
    (m, x) => {
      const y = m.a(x).relu();
      return m.b(y).add(m.c(y)).relu();
    },
    /pointwise_\(/,
  ],
  'residual in place': [
    (m, x) => {
      const y = m.a(x).relu();
      return m.b(y).add_(y).relu_();
    },
  ],
  'a sum with a weight': [
    (m, x) => {
      const y = m.a(x);
      return m.b(y).add(y, { alpha: 0.5 }).relu();
    },
  ],
  'a sum with a constant that broadcasts': [(m, x) => m.b(m.a(x)).add(m.fixed).relu()],
  'a sum of a result with itself': [
    (m, x) => {
      const y = m.a(x);
      return y.add(y);
    },
  ],
  'a view behind a convolution': [(m, x) => m.b(m.a(x).relu()).view(-1, 8 * 36)],
  'shapes moved about': [(m, x) => m.a(x).permute(0, 2, 3, 1).flatten(1).relu()],
  'writing into a part': [
    (m, x) => {
      const y = m.a(x);
      y.select(1, 0).fill_(1);
      return m.b(y).relu();
    },
    null,
  ],
  'pooling and a sum over it': [
    (m, x) => {
      const y = F.maxPool2d(m.a(x).relu(), 2);
      return m.b(y).add(y).relu();
    },
  ],
};

describe('torch.jit.optimizeForInference', () => {
  for (const [name, [body, fused]] of Object.entries(bodies))
    it(name, async () => {
      torch.manualSeed(1);
      await check(new Custom(body), torch.randn(2, 4, 6, 6), fused);
    });

  it('grouped, dilated and strided convolutions', async () => {
    torch.manualSeed(2);
    const model = new nn.Sequential(
      new nn.Conv2d(8, 16, 3, { groups: 8, padding: 1 }),
      new nn.BatchNorm2d(16),
      new nn.ReLU6(),
      new nn.Conv2d(16, 16, 3, { dilation: 2, padding: 2, groups: 2 }),
      new nn.ReLU(),
      new nn.Conv2d(16, 4, [1, 3], { stride: [2, 1] }),
    );
    await check(model, torch.randn(2, 8, 12, 12));
  });

  it('models without convolutions, and transposed ones, run as they are', async () => {
    await check(
      new nn.Sequential(new nn.Linear(3, 4), new nn.ReLU(), new nn.Linear(4, 2)),
      torch.randn(2, 3),
      null,
    );
    await check(
      new nn.Sequential(new nn.ConvTranspose2d(3, 4, 2), new nn.ReLU()),
      torch.randn(2, 3, 4, 4),
      null,
    );
  });

  it('ResNet-18: every sum of a block is written over its addend', async () => {
    torch.manualSeed(0);
    const model = (await models.resnet18()).eval();
    for (const buffer of model.buffers()) if (buffer.dtype === 'float32') buffer.uniform_(0.5, 1.5);
    const x = torch.randn(2, 3, 64, 64);
    const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, x));
    // For the traced size: 20 convolutions, the pool and the linear layer, as many as have the whole model.
    // Winograd's method takes those of 3 × 3 with enough to do, where the processor has vectors for it.
    const winograd = optimized.graph.match(/torchts::winograd_convolution/g)?.length ?? 0;
    expect(winograd).to.be.oneOf([0, 7]);
    expect(optimized.graph.match(/= prim::oneDNNFusionGroup_/g)).to.have.lengthOf(22 - winograd);
    expect(optimized.graph).to.not.match(/_convolution_pointwise/);
    const y = torch.randn(3, 3, 80, 64);
    for (const input of [x, y, x])
      expect(
        difference(
          optimized(input),
          torch.noGrad(() => model(input)),
        ),
      ).to.be.below(1e-5);
    const general = optimized.graph.slice(optimized.graph.lastIndexOf('graph(%self'));
    const inPlace = general.match(/_convolution_pointwise_\(/g)?.length ?? 0;
    const plain = general.match(/_convolution_pointwise\(/g)?.length ?? 0;
    const others = general.match(/torchts::winograd_convolution/g)?.length ?? 0;
    if (others === 0) expect([inPlace, plain]).to.deep.equal([8, 12]);
    expect(inPlace + plain + others).to.equal(20);
    expect(general.match(/aten::relu|aten::add|batch_norm/g)).to.equal(null);
    expect(optimized(y).requiresGrad).to.equal(false);
  });

  describe('3 × 3 convolutions by another method', () => {
    const layer = (options: object): nn.Module => new nn.Conv2d(32, 64, 3, options as { padding: number });
    const shapes: [string, object, number[]][] = [
      ['even', { padding: 1 }, [2, 32, 16, 16]],
      ['odd', { padding: 1 }, [3, 32, 13, 9]],
      ['without padding', {}, [2, 32, 15, 12]],
      ['wide padding in one direction', { padding: [0, 2] }, [2, 32, 12, 14]],
      ['without bias', { padding: 1, bias: false }, [1, 32, 12, 12]],
      ['many tiles', { padding: 1 }, [5, 32, 40, 38]],
    ];
    for (const [name, options, shape] of shapes)
      it(name, async () => {
        torch.manualSeed(5);
        await check(layer(options), torch.randn(...shape), null);
        await check(new nn.Sequential(layer(options), new nn.ReLU6()), torch.randn(...shape), null);
      });

    it('sums: over a value that nobody reads, one that is read later, an input, and the value itself', async () => {
      torch.manualSeed(6);
      class Sums extends nn.Module<[Tensor], Tensor> {
        a = new nn.Conv2d(32, 32, 3, { padding: 1 });
        b = new nn.Conv2d(32, 32, 3, { padding: 1 });
        override forward(x: Tensor): Tensor {
          const y = F.relu(this.a(x).add(x));
          const z = F.relu(this.b(y).add(y));
          const u = this.a(z).add(y);
          const v = this.b(u).add(u.permute(0, 1, 3, 2));
          return this.a(v).add(this.b(v)).add(z).add(u);
        }
      }
      const x = torch.randn(2, 32, 14, 14);
      const before = x.clone();
      await check(new Sums(), x, null);
      expect(difference(x, before)).to.equal(0);
    });

    it('what is no number stays none, and results have the dtype and layout of the module', () => {
      const model = new nn.Sequential(layer({ padding: 1 }), new nn.ReLU()).eval();
      const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, torch.randn(1, 32, 16, 16)));
      const x = torch.zeros(1, 32, 16, 16);
      x.index(0, 0, 4, 4).fill_(Number.NaN);
      const result = optimized(x) as Tensor;
      expect(result.index(0, 0, 4, 4).isnan().item()).to.equal(true);
      expect(result.index(0, 0, 12, 12).isnan().item()).to.equal(false);
    });

    it('an input with other channels is an error of the module', () => {
      const model = layer({ padding: 1 }).eval();
      const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, torch.randn(1, 32, 16, 16)));
      expect(() => optimized(torch.randn(1, 16, 16, 16))).to.throw();
    });

    it('any number of threads gives the same bits', () => {
      const model = layer({ padding: 1 }).eval();
      const x = torch.randn(2, 32, 14, 14);
      const threads = torch.getNumThreads();
      const results = [1, 2, 3, 7].map((count) => {
        try {
          torch.setNumThreads(count);
          return torch.jit.optimizeForInference(torch.jit.trace(model, x))(x) as Tensor;
        } finally {
          torch.setNumThreads(threads);
        }
      });
      for (const result of results) expect(difference(result, results[0]!)).to.be.below(1e-6);
    });
  });

  it('sizes in turn: right values, and memory that stays bounded', () => {
    torch.manualSeed(7);
    const model = new nn.Sequential(
      new nn.Conv2d(3, 32, 3, { stride: 2, padding: 1 }),
      new nn.ReLU(),
      new nn.Conv2d(32, 32, 3, { padding: 1 }),
      new nn.ReLU(),
      new nn.Conv2d(32, 8, 1),
    ).eval();
    const traced = torch.randn(2, 3, 64, 64);
    const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, traced));
    const inputs = [traced, ...[48, 64, 96, 33].map((size) => torch.randn(1, 3, size, size)), traced];
    const expected = inputs.map((x) => torch.noGrad(() => model(x) as Tensor));
    const round = (): void => {
      for (const [i, x] of inputs.entries())
        torch.scope(() => {
          expect(difference(optimized(x) as Tensor, expected[i]!), `input ${i}`).to.be.below(1e-5);
        });
    };
    for (let i = 0; i < 5; i++) round();
    const graph = optimized.graph;
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 40; i++) round();
    expect(process.memoryUsage().rss - before).to.be.below(32 << 20);
    expect(optimized.graph, 'no further forms').to.equal(graph);
  });

  it('an error of the module, and inputs that lie otherwise, leave the form for the traced size in use', () => {
    class Both extends nn.Module<[Tensor, Tensor, Tensor], Tensor> {
      conv = new nn.Conv2d(3, 8, 3, { padding: 1 });
      linear = new nn.Linear(6, 8);
      override forward(x: Tensor, y: Tensor, rows: Tensor): Tensor {
        return this.conv(x).relu().mean([2, 3]).add(this.linear(y).relu()).indexSelect(0, rows);
      }
    }
    const model = new Both().eval();
    const x = torch.randn(6, 3, 8, 8);
    const y = torch.randn(6, 6);
    const rows = torch.tensor([1, 0, 3], { dtype: torch.int64 });
    const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, [x, y, rows]));
    expect(() => optimized(x, y, rows.add(10))).to.throw(/range|index/i);
    for (const given of [y, y.t(), torch.randn(6, 12).narrow(1, 3, 6)])
      expect(
        difference(
          optimized(x, given, rows) as Tensor,
          torch.noGrad(() => model(x, given, rows) as Tensor),
        ),
      ).to.be.below(1e-5);
    expect(optimized.graph).to.match(/oneDNNFusionGroup/);
  });

  it('several calls at once leave the event loop free and do not disturb each other', async () => {
    const model = (await models.resnet18()).eval();
    const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, torch.randn(1, 3, 64, 64)));
    const inputs = Array.from({ length: 6 }, () => torch.randn(2, 3, 64, 64));
    const expected = inputs.map((x) => optimized(x) as Tensor);
    let turns = 0;
    let done = false;
    const turn = (): void => {
      turns++;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    const results = await Promise.all(inputs.map((x) => optimized.forwardAsync(x)));
    done = true;
    for (const [i, result] of results.entries())
      expect(difference(result as Tensor, expected[i]!)).to.be.below(1e-6);
    expect(turns).to.be.above(3);
  });

  it('the form for the traced size is left for another number of threads, and under autocast', () => {
    torch.manualSeed(3);
    const model = new nn.Sequential(
      new nn.Conv2d(3, 8, 3),
      new nn.ReLU(),
      new nn.Flatten(),
      new nn.Linear(128, 4),
    );
    model.eval();
    const x = torch.randn(2, 3, 6, 6);
    const expected = torch.noGrad(() => model(x));
    const threads = torch.getNumThreads();
    const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, x));
    try {
      expect(difference(optimized(x) as Tensor, expected)).to.be.below(1e-5);
      expect(optimized.graph).to.not.match(/_convolution_pointwise/);
      torch.setNumThreads(threads + 1);
      expect(difference(optimized(x) as Tensor, expected)).to.be.below(1e-5);
      expect(optimized.graph).to.match(/_convolution_pointwise/);
    } finally {
      torch.setNumThreads(threads);
    }
    const half = torch.autocast({ deviceType: 'cpu', dtype: torch.bfloat16 }, () => optimized(x) as Tensor);
    expect(half.dtype).to.equal('bfloat16');
  });

  it('other dtypes run, too', () => {
    const model = new nn.Sequential(new nn.Conv2d(3, 8, 3), new nn.ReLU()).to('float64').eval();
    const x = torch.randn([2, 3, 6, 6], { dtype: torch.float64 });
    const optimized = torch.jit.optimizeForInference(torch.jit.trace(model, x));
    const difference = (optimized(x) as Tensor)
      .sub(torch.noGrad(() => model(x)))
      .abs()
      .max()
      .item() as number;
    expect(difference).to.be.below(1e-12);
  });

  it('takes a ScriptModule only', () => {
    thrown(() => torch.jit.optimizeForInference(new nn.Linear(1, 1) as never), ArgumentError, /jit\.trace/);
  });
});
