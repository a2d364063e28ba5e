import { expect } from 'chai';
import * as torch from 'torchts';

const { nn } = torch;

type Untyped = (...args: unknown[]) => unknown;
const rubbish: unknown[] = [undefined, null, {}, [], 'x', 3, Symbol('s'), 10n, () => 1, [null]];

/** Every call of rubbish must be a typed error, or succeed. */
function probe(call: Untyped, lengths: readonly number[] = [1, 2, 3]): void {
  for (const value of rubbish)
    for (const length of lengths) {
      try {
        call(...new Array<unknown>(length).fill(value));
      } catch (error) {
        expect(error, `${(error as Error).stack}`).to.be.instanceOf(torch.TorchError);
        expect((error as torch.TorchError).code).to.match(/^ERR_/);
      }
    }
}

describe('nn: arguments of every kind are refused with typed errors', () => {
  for (const [name, fn] of Object.entries(nn.functional)) {
    if (typeof fn !== 'function') continue;
    it(`functional.${name}`, () => {
      probe(fn as Untyped);
    });
  }
  for (const [name, fn] of Object.entries(nn.init)) {
    it(`init.${name}`, () => {
      probe(fn as Untyped);
    });
  }
  for (const [name, fn] of Object.entries(nn.utils)) {
    it(`utils.${name}`, () => {
      probe(fn as Untyped);
      probe((...args) => (fn as Untyped)(torch.ones(2), ...args), [1]);
    });
  }
});

describe('nn: calls of layers with anything but tensors', () => {
  const layers = {
    BatchNorm1d: new nn.BatchNorm1d(2),
    BatchNorm2d: new nn.BatchNorm2d(2),
    InstanceNorm2d: new nn.InstanceNorm2d(2),
    Linear: new nn.Linear(2, 2),
    Conv2d: new nn.Conv2d(2, 2, 1),
    ConvTranspose2d: new nn.ConvTranspose2d(2, 2, 1),
    CircularPad2d: new nn.CircularPad2d(1),
    Softmax2d: new nn.Softmax2d(),
    Softmin: new nn.Softmin(),
    Softsign: new nn.Softsign(),
    Tanhshrink: new nn.Tanhshrink(),
    Unflatten: new nn.Unflatten(1, [1, 2]),
    Flatten: new nn.Flatten(),
    Dropout: new nn.Dropout(),
    MaxPool2d: new nn.MaxPool2d(2),
    AdaptiveAvgPool2d: new nn.AdaptiveAvgPool2d(1),
    CrossEntropyLoss: new nn.CrossEntropyLoss(),
    Embedding: new nn.Embedding(2, 2),
  };
  for (const [name, layer] of Object.entries(layers))
    it(name, () => {
      probe(layer as unknown as Untyped);
    });
});

describe('Module: keywords of its methods', () => {
  const model = new nn.Sequential(new nn.Linear(2, 2));
  const methods = [
    'stateDict',
    'zeroGrad',
    'namedParameters',
    'namedModules',
    'namedBuffers',
    'train',
    'requiresGrad_',
    'to',
  ] as const;
  for (const name of methods)
    it(`${name} names an unknown one`, () => {
      const call = () => (model[name] as Untyped).call(model, { bogus: 1 });
      expect(call).to.throw(TypeError, /unexpected keyword argument 'bogus'/);
    });
  it('takes null for no options', () => {
    for (const name of ['stateDict', 'zeroGrad', 'namedParameters'] as const)
      (model[name] as Untyped).call(model, null);
  });
  it('takes the mode and the flag by keyword', () => {
    expect(model.train({ mode: false }).training).to.equal(false);
    expect(
      model.requiresGrad_({ requiresGrad: false }).at(0).parameters().next().value?.requiresGrad,
    ).to.equal(false);
  });
  it('gives what loading did not match by name and by place', () => {
    const result = model.loadStateDict({ bogus: torch.ones(1) }, { strict: false });
    const [missing, unexpected] = result;
    expect(missing).to.deep.equal(['0.weight', '0.bias']);
    expect(missing).to.equal(result.missingKeys);
    expect(unexpected).to.deep.equal(['bogus']);
  });
  it('shows no base classes of layers', () => {
    expect(Object.keys(nn).filter((name) => /Nd$/.test(name))).to.deep.equal([]);
  });
  it('refuses hooks with what calls do not have', () => {
    expect(() => model.registerForwardHook(() => undefined, { withKwargs: true })).to.throw(
      torch.NotImplementedError,
    );
    model.registerForwardHook(() => undefined, { withKwargs: false, alwaysCall: false }).remove();
  });
  it('refuses names that are no strings', () => {
    for (const name of ['getSubmodule', 'getParameter', 'getBuffer', 'apply'] as const)
      for (const value of rubbish.slice(0, 4))
        expect(() => (model[name] as Untyped).call(model, value)).to.throw(torch.TorchError);
  });
});
