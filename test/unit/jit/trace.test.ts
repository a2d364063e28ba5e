import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as torch from 'torchts';
import { ArgumentError, FileFormatError, nn, NotImplementedError, type Tensor, ValueError } from 'torchts';
import { rejected, thrown } from '../../support/errors.js';

const difference = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item() as number;

function network(): nn.Sequential {
  torch.manualSeed(3);
  return new nn.Sequential(
    new nn.Conv2d(3, 8, 3, { padding: 1 }),
    new nn.BatchNorm2d(8),
    new nn.ReLU(),
    new nn.Flatten(),
    new nn.Linear(8 * 16, 4),
  );
}

describe('torch.jit.trace', () => {
  it('gives what the module gives, for other batch sizes too', () => {
    const model = network().eval();
    const traced = torch.jit.trace(model, torch.randn(2, 3, 4, 4));
    for (const batch of [1, 2, 7]) {
      const x = torch.randn(batch, 3, 4, 4);
      expect(difference(traced(x), model(x))).to.equal(0);
    }
    expect(traced.originalName).to.equal('Sequential');
    expect(traced.code).to.contain('def forward');
  });

  it('shares parameters, buffers and gradients with the traced module', () => {
    const model = network();
    const traced = torch.jit.trace(model, torch.randn(2, 3, 4, 4), { checkTrace: false });
    expect(Object.keys(traced.stateDict())).to.deep.equal(Object.keys(model.stateDict()));
    const x = torch.randn(4, 3, 4, 4);
    traced(x).sum().backward();
    const gradients = [...model.parameters()].map((parameter) => parameter.grad!.clone());
    model.zeroGrad();
    model(x).sum().backward();
    for (const [i, parameter] of [...model.parameters()].entries())
      expect(difference(parameter.grad!, gradients[i]!)).to.be.below(1e-5);
    torch.noGrad(() => [...model.parameters()].at(-1)!.add_(1));
    expect([...traced.parameters()].at(-1)).to.equal([...model.parameters()].at(-1));
  });

  it('follows functions, nested inputs and results', () => {
    const traced = torch.jit.trace(
      ([a, b]: [Tensor, Tensor], named: { c: Tensor }) => [a.add(b), [b.mul(named.c), a.neg()]],
      [[torch.ones(2), torch.ones(2)], { c: torch.ones(2) }],
    );
    const [sum, [product, negative]] = traced([torch.tensor([1, 2]), torch.tensor([3, 4])], {
      c: torch.tensor([5, 6]),
    }) as [Tensor, [Tensor, Tensor]];
    expect(sum.tolist()).to.deep.equal([4, 6]);
    expect(product.tolist()).to.deep.equal([15, 24]);
    expect(negative.tolist()).to.deep.equal([-1, -2]);
  });

  it('refuses what it cannot follow, and works after that', () => {
    thrown(() => torch.jit.trace(async (x: Tensor) => x, torch.ones(1)), ArgumentError, /Promise/);
    thrown(() => torch.jit.trace((x: Tensor) => ({ x }), torch.ones(1)), ArgumentError, /strict: false/);
    thrown(() => torch.jit.trace((x: Tensor) => x.size(0), torch.ones(1)), ArgumentError, /got int/);
    thrown(
      () =>
        torch.jit.trace(() => {
          throw new RangeError('mine');
        }, torch.ones(1)),
      RangeError,
      /mine/,
    );
    expect(torch.jit.isTracing()).to.equal(false);
    const traced = torch.jit.trace((x: Tensor) => ({ twice: x.mul(2) }), torch.ones(1), { strict: false });
    expect((traced(torch.tensor([4])) as { twice: Tensor }).twice.item()).to.equal(8);
    thrown(() => traced(), ArgumentError, /expects Tensor, got undefined/);
    thrown(() => traced(3), ArgumentError, /expects Tensor, got int/);
    thrown(() => traced(torch.ones(1), torch.ones(1)), ArgumentError, /at most 1/);
  });

  it('warns where a second run differs', async () => {
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve));
    torch.jit.trace((x: Tensor) => x.mul(Math.random()), torch.ones(3));
    expect((await warning).name).to.equal('TracerWarning');
    torch.manualSeed(5);
    const drawn = torch.rand(2).tolist();
    torch.manualSeed(5);
    torch.jit.trace((x: Tensor) => x.mul(2), torch.ones(1));
    expect(torch.rand(2).tolist()).to.deep.equal(drawn);
  });

  it('modes and moves reach the native module', () => {
    const traced = torch.jit.trace(network().eval(), torch.randn(2, 3, 4, 4));
    const x = torch.randn(2, 3, 4, 4);
    const before = traced(x);
    traced.to(torch.float64);
    expect(difference(traced(x.double()), before.double())).to.be.below(1e-5);
    expect(traced.train().training).to.equal(true);
    thrown(() => torch.jit.freeze(traced), ValueError, /eval\(\)/);
    expect(torch.jit.freeze(traced.eval())(x.double()).dtype).to.equal('float64');
    const frozen = torch.jit.freeze(traced);
    expect(frozen.training).to.equal(false);
    expect(difference(torch.jit.optimizeForInference(frozen)(x.double()), traced(x.double()))).to.be.below(
      1e-9,
    );
  });
});

describe('torch.jit.save and load', () => {
  it('keep values, and say what is wrong with a file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'torchts-jit-'));
    const path = join(folder, 'model.pt');
    const model = network().eval();
    const traced = torch.jit.trace(model, torch.randn(2, 3, 4, 4));
    await torch.jit.save(traced, path);
    const loaded = await torch.jit.load(path);
    const x = torch.randn(3, 3, 4, 4);
    expect(difference(loaded(x), model(x))).to.equal(0);
    expect(Object.keys(loaded.stateDict())).to.deep.equal(Object.keys(model.stateDict()));
    loaded(x).sum().backward();
    expect([...loaded.parameters()].every((parameter) => parameter.grad !== null)).to.equal(true);
    await rejected(
      torch.jit.save(torch.jit.optimizeForInference(traced), path),
      NotImplementedError,
      /cannot be saved/,
    );
    await rejected(torch.jit.save(model as never, path), ArgumentError, /jit\.trace/);
    await rejected(torch.jit.load(join(folder, 'none.pt')), FileFormatError, /none\.pt/);
    await writeFile(join(folder, 'text.pt'), 'no archive');
    await rejected(torch.jit.load(join(folder, 'text.pt')), FileFormatError, /TorchScript archive/);
    await torch.save({ w: x }, join(folder, 'state.pth'));
    await rejected(torch.jit.load(join(folder, 'state.pth')), FileFormatError, /torch\.load/);
    expect((await readdir(folder)).sort()).to.deep.equal(['model.pt', 'state.pth', 'text.pt']);
  });
});
