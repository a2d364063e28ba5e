import { expect } from 'chai';
import * as torch from 'torchts';
import { nn } from 'torchts';

const parameterNames = (module: nn.Module): string[] =>
  Array.from(module.namedParameters(), ([name]) => name);

describe('nn.Sequential', () => {
  it('runs its modules in order; an empty one gives its input', () => {
    const net = new nn.Sequential(new nn.Flatten(), new nn.Linear(4, 2), new nn.ReLU());
    expect(net(torch.ones(3, 2, 2)).shape).to.deep.equal([3, 2]);
    const x = torch.ones(1);
    expect(new nn.Sequential()(x)).to.equal(x);
  });

  it('takes names from an object or a Map', () => {
    const layers = { conv: new nn.Conv2d(1, 1, 1), relu: new nn.ReLU() };
    expect(parameterNames(new nn.Sequential(layers))).to.deep.equal(['conv.weight', 'conv.bias']);
    const net = new nn.Sequential(new Map<string, nn.Module>(Object.entries(layers)));
    expect(net.at(0)).to.equal(layers.conv);
    expect(net.slice(1).at(0)).to.equal(layers.relu);
    expect(String(net.slice(1))).to.equal('Sequential(\n  (relu): ReLU()\n)');
  });

  it('is read and changed by place', () => {
    const [a, b, c] = [new nn.ReLU(), new nn.Tanh(), new nn.Sigmoid()];
    const net = new nn.Sequential(a, b);
    expect([net.length, net.at(-1), net[0]]).to.deep.equal([2, b, a]);
    net.append(c).insert(1, new nn.Identity());
    expect([...net].map((module) => module.constructor.name)).to.deep.equal([
      'ReLU',
      'Identity',
      'Tanh',
      'Sigmoid',
    ]);
    expect(net.pop(1)).to.be.instanceOf(nn.Identity);
    net.set(0, c);
    expect(net.at(0)).to.equal(c);
    net[1] = a;
    expect([...net]).to.deep.equal([c, a, c]);
    expect(() => net.at(3)).to.throw(torch.TorchIndexError, 'index 3 is out of range');
  });
});

describe('nn.ModuleList and nn.ModuleDict', () => {
  it('register what they hold', () => {
    class Net extends nn.Module {
      layers = new nn.ModuleList([new nn.Linear(1, 1), new nn.Linear(1, 1, { bias: false })]);
      heads = new nn.ModuleDict([
        ['10', new nn.Linear(1, 2)],
        ['2', new nn.Linear(1, 3)],
        ['forward', new nn.Linear(1, 1)],
      ]);
    }
    const net = new Net();
    expect(parameterNames(net)).to.deep.equal([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'heads.10.weight',
      'heads.10.bias',
      'heads.2.weight',
      'heads.2.bias',
      'heads.forward.weight',
      'heads.forward.bias',
    ]);
    expect([...net.layers].length).to.equal(2);
    expect(net.layers.slice(1).length).to.equal(1);
    expect(() => net.layers(torch.ones(1))).to.throw(torch.NotImplementedError);
  });

  it('ModuleDict is a map', () => {
    const dict = new nn.ModuleDict([['a', new nn.ReLU()]]);
    dict.set('b', new nn.Tanh());
    dict.update({ a: new nn.Sigmoid() });
    expect([...dict]).to.deep.equal(['a', 'b']);
    expect(dict.get('a')).to.be.instanceOf(nn.Sigmoid);
    expect([dict.has('c'), dict.length, dict.pop('b').constructor.name, dict.length]).to.deep.equal([
      false,
      2,
      'Tanh',
      1,
    ]);
    expect(String(dict)).to.equal('ModuleDict(\n  (a): Sigmoid()\n)');
    expect(() => dict.get('z')).to.throw(torch.TorchIndexError, "no module 'z'");
    expect(() => dict.set('z', 3 as never)).to.throw(torch.ArgumentError);
  });
});

describe('nn.ParameterList and nn.ParameterDict', () => {
  it('make parameters of tensors and register them', () => {
    const list = new nn.ParameterList([torch.ones(2, 3), torch.ones(2, { dtype: 'float64' })]);
    expect(list.at(-1)).to.be.instanceOf(nn.Parameter);
    expect(parameterNames(list)).to.deep.equal(['0', '1']);
    expect(String(list)).to.equal(
      'ParameterList(\n    (0): Parameter containing: [torch.float32 of size 2x3]\n    (1): Parameter containing: [torch.float64 of size 2]\n)',
    );
    const dict = new nn.ParameterDict({ b: torch.ones(2), a: torch.ones(1, { dtype: 'float64' }) });
    expect([...dict.keys()]).to.deep.equal(['a', 'b']);
    expect(Object.keys(dict.stateDict())).to.deep.equal(['a', 'b']);
    expect(String(dict)).to.equal(
      'ParameterDict(\n    (a): Parameter containing: [torch.DoubleTensor of size 1]\n    (b): Parameter containing: [torch.FloatTensor of size 2]\n)',
    );
    dict.loadStateDict({ a: torch.zeros(1), b: torch.zeros(2) });
    expect(dict.get('b').tolist()).to.deep.equal([0, 0]);
    dict.double();
    expect(dict.get('b').dtype).to.equal('float64');
  });
});

describe('containers as base classes and in scopes', () => {
  it('a subclass of ModuleDict may hold members of its own', () => {
    class Heads extends nn.ModuleDict {
      shared = new nn.Linear(1, 1, { bias: false });
      scale = new nn.Parameter(torch.ones(1));
    }
    const heads = new Heads({ a: new nn.Linear(1, 2, { bias: false }) });
    expect(parameterNames(heads)).to.deep.equal(['scale', 'shared.weight', 'a.weight']);
    heads.loadStateDict(
      { scale: torch.zeros(1), 'shared.weight': torch.ones(1, 1), 'a.weight': torch.ones(2, 1) },
      {
        assign: true,
      },
    );
    expect(heads.scale.item()).to.equal(0);
    expect([...heads.keys()]).to.deep.equal(['a']);
  });

  it('a module that a scope returns keeps its tensors', () => {
    const net = torch.scope(
      () => new nn.ModuleDict({ a: new nn.Sequential(new nn.Linear(2, 1), new nn.BatchNorm1d(1)) }),
    );
    expect([...net.parameters()].some((parameter) => parameter.isDisposed)).to.equal(false);
    expect(net.get('a').eval()(torch.ones(3, 2)).shape).to.deep.equal([3, 1]);
  });
});
