import { expect } from 'chai';
import * as torch from 'torchts';
import { nn } from 'torchts';

describe("nn: Python's way of calling", () => {
  it('takes arguments by position, by name, and mixed', () => {
    const shapes = [
      new nn.Conv2d(3, 8, 3, 2, 1),
      new nn.Conv2d(3, 8, 3, 2, { padding: 1 }),
      new nn.Conv2d(3, 8, { kernelSize: 3, stride: 2, padding: 1 }),
      new nn.Conv2d({ inChannels: 3, outChannels: 8, kernelSize: [3, 3], stride: 2, padding: 1 }),
    ].map(String);
    expect(new Set(shapes).size).to.equal(1);
    expect(shapes[0]).to.equal('Conv2d(3, 8, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1))');
  });

  it('treats undefined as left out and null as None', () => {
    expect(String(new nn.Linear(1, 2, undefined as never, { bias: undefined }))).to.include('bias=True');
    expect(String(new nn.BatchNorm2d(2, { momentum: null }))).to.include('momentum=None');
  });

  it('names unknown, doubled, missing and surplus arguments', () => {
    expect(() => new nn.Linear(1, 2, { biass: true } as object)).to.throw(
      torch.ArgumentError,
      "Linear() got an unexpected keyword argument 'biass'; known: inFeatures, outFeatures, bias, device, dtype",
    );
    expect(() => new nn.Linear(1, 2, { inFeatures: 3 })).to.throw(
      TypeError,
      "Linear() got multiple values for argument 'inFeatures'",
    );
    expect(() => new nn.Linear(1, {})).to.throw(
      torch.ArgumentError,
      "missing 1 required argument: 'outFeatures'",
    );
    const Loose = nn.ReLU as unknown as new (...args: unknown[]) => nn.Module;
    expect(() => new Loose(true, false)).to.throw(
      torch.ArgumentError,
      'takes at most 1 positional arguments (inplace), got 2',
    );
  });

  it('makes parameters of the asked dtype and device', () => {
    const layer = new nn.Conv2d(1, 1, 1, { dtype: torch.float64, device: 'cpu' });
    expect([layer.weight.dtype, layer.bias!.dtype]).to.deep.equal(['float64', 'float64']);
    expect(new nn.BatchNorm2d(1, { dtype: 'float64' }).numBatchesTracked!.dtype).to.equal('int64');
    expect(new nn.Linear(2, 2, { device: 'meta' }).weight.isMeta).to.equal(true);
  });

  it('refuses values that cannot be', () => {
    expect(() => new nn.Conv2d(3, 8, 3, { groups: 2 })).to.throw(
      torch.ValueError,
      'inChannels (3) must be divisible',
    );
    expect(() => new nn.Conv2d(2, 2, 3, { groups: 0 })).to.throw(torch.ValueError, 'positive');
    expect(() => new nn.Conv2d(1, 1, 3, { padding: 'same', stride: 2 })).to.throw(
      torch.ValueError,
      'strided',
    );
    expect(() => new nn.Conv2d(1, 1, [3, 3, 3])).to.throw(torch.ValueError, 'kernelSize');
    expect(() => new nn.Dropout(1.5)).to.throw(torch.ValueError, 'between 0 and 1');
    expect(() => new nn.GroupNorm(2, 3)).to.throw(torch.ValueError, 'divisible');
    expect(() => new nn.CrossEntropyLoss({ reduction: 'median' as 'mean' })).to.throw(
      torch.ValueError,
      "'median'",
    );
    expect(() => new nn.Embedding(3, 2, 5)).to.throw(torch.ValueError, 'paddingIdx');
    expect(() => new nn.BatchNorm2d(2)(torch.ones(2, 2))).to.throw(
      torch.ShapeError,
      'expected 4D input (got 2D input)',
    );
    expect(() => new nn.BatchNorm1d(2)(torch.ones(1, 2))).to.throw(
      torch.ValueError,
      'more than 1 value per channel',
    );
    expect(() => new nn.Linear(3, 2)(torch.ones(1, 4))).to.throw(
      torch.TorchError,
      'shapes cannot be multiplied',
    );
  });

  it('draws weights anew with resetParameters', () => {
    torch.manualSeed(3);
    const layer = new nn.Linear(2, 2);
    const before = layer.weight.tolist();
    layer.resetParameters();
    expect(layer.weight.tolist()).not.to.deep.equal(before);
    torch.manualSeed(3);
    layer.resetParameters();
    expect(layer.weight.tolist()).to.deep.equal(before);
  });

  it('uses a generator of its own in nn.init', () => {
    const generator = new torch.Generator().manualSeed(5);
    torch.manualSeed(5);
    const expected = nn.init.normal_(torch.empty(3)).tolist();
    expect(nn.init.normal_(torch.empty(3), { generator }).tolist()).to.deep.equal(expected);
    expect(() => nn.init.xavierUniform_(torch.empty(3))).to.throw(
      torch.ValueError,
      'fewer than 2 dimensions',
    );
    expect(() => nn.init.kaimingNormal_(torch.empty(2, 2), { mode: 'fan' as 'fan_in' })).to.throw(
      torch.ValueError,
    );
  });

  it('knows the camelCase names of buffers and their snake_case keys', () => {
    const bn = new nn.BatchNorm1d(2);
    bn.runningMean = torch.ones(2);
    expect(bn.stateDict().running_mean!.tolist()).to.deep.equal([1, 1]);
    bn.resetRunningStats();
    expect(bn.runningMean.tolist()).to.deep.equal([0, 0]);
  });
});

describe('nn.utils', () => {
  const withGrads = (): nn.Linear => {
    const layer = new nn.Linear(2, 1);
    layer.weight.grad = torch.tensor([[3, 0]]);
    layer.bias!.grad = torch.tensor([-4]);
    return layer;
  };

  it('clips the norm of all gradients and gives the norm before', () => {
    const layer = withGrads();
    expect(nn.utils.clipGradNorm_(layer.parameters(), 1).item()).to.be.closeTo(5, 1e-6);
    expect(layer.weight.grad!.index(0, 0).item()).to.be.closeTo(0.6, 1e-5);
    expect(layer.bias!.grad!.item()).to.be.closeTo(-0.8, 1e-5);
    const small = withGrads();
    nn.utils.clipGradNorm_(small.parameters(), 10);
    expect(small.bias!.grad!.item()).to.equal(-4);
    expect(nn.utils.clipGradNorm_(withGrads().parameters(), 1, { normType: Infinity }).item()).to.equal(4);
    expect(nn.utils.clipGradNorm_([], 1).item()).to.equal(0);
  });

  it('refuses a norm that is not finite, if asked', () => {
    const layer = withGrads();
    layer.bias!.grad = torch.tensor([Number.NaN]);
    expect(() => nn.utils.clipGradNorm_(layer.parameters(), 1, { errorIfNonfinite: true })).to.throw(
      torch.TorchError,
      'non-finite',
    );
  });

  it('clips the values of gradients', () => {
    const layer = withGrads();
    nn.utils.clipGradValue_(layer.parameters(), 1);
    expect([layer.weight.grad!.tolist(), layer.bias!.grad!.tolist()]).to.deep.equal([[[1, 0]], [-1]]);
  });

  it('turns parameters into a vector and back', () => {
    const layer = new nn.Linear(2, 1);
    const vector = nn.utils.parametersToVector(layer.parameters());
    expect(vector.shape).to.deep.equal([3]);
    nn.utils.vectorToParameters(torch.tensor([1, 2, 3]), layer.parameters());
    expect([layer.weight.tolist(), layer.bias!.tolist()]).to.deep.equal([[[1, 2]], [3]]);
    expect(() => nn.utils.vectorToParameters(torch.ones(2), layer.parameters())).to.throw(torch.ShapeError);
  });
});
