import { inspect } from 'node:util';
import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, type Tensor } from 'torchts';

class Block extends nn.Module<[Tensor], Tensor> {
  conv = new nn.Conv2d(1, 2, 3);
  bn = new nn.BatchNorm2d(2);

  override forward(x: Tensor): Tensor {
    return this.bn(this.conv(x));
  }
}

class Net extends nn.Module {
  block = new Block();
  fc = new nn.Linear(4, 3);
  scale: nn.Parameter;

  constructor() {
    super();
    this.scale = new nn.Parameter(torch.ones(3));
    this.registerBuffer('steps', torch.zeros([]));
    this.registerBuffer('cache', torch.ones(2), { persistent: false });
  }

  override forward(x: Tensor): Tensor {
    return this.fc(x).mul(this.scale);
  }
}

const names = (entries: Iterable<[string, unknown]>): string[] => Array.from(entries, ([name]) => name);

describe('nn.Module: calling', () => {
  it('runs forward by call and by name', () => {
    const net = new Net();
    const x = torch.ones(2, 4);
    expect(typeof net).to.equal('function');
    expect(net).to.be.instanceOf(nn.Module).and.instanceOf(Net);
    expect((net(x) as Tensor).shape).to.deep.equal([2, 3]);
    expect(net(x).tolist()).to.deep.equal(net.forward(x).tolist());
  });

  it('passes every argument on', () => {
    class Sum extends nn.Module<[number, number, number], number> {
      override forward(a: number, b: number, c: number): number {
        return a + b + c;
      }
    }
    expect(new Sum()(1, 2, 3)).to.equal(6);
  });

  it('says that forward is missing', () => {
    class Empty extends nn.Module {}
    expect(() => new Empty()(1)).to.throw(
      torch.NotImplementedError,
      'Module [Empty] is missing the required "forward"',
    );
  });

  it('leaves `name` and `length` to the class and its user', () => {
    class Named extends nn.Module {
      override name = 'mine';
      override length = 7;
    }
    const named = new Named();
    expect([named.name, named.length]).to.deep.equal(['mine', 7]);
    expect(Object.hasOwn(new Net(), 'name')).to.equal(false);
  });

  it('works with fields that are defined instead of assigned', () => {
    class Defined extends nn.Module {
      constructor() {
        super();
        Object.defineProperty(this, 'fc', {
          value: new nn.Linear(2, 2),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      }
    }
    expect(names(new Defined().namedParameters())).to.deep.equal(['fc.weight', 'fc.bias']);
  });
});

describe('nn.Module: registration', () => {
  it('names parameters, buffers and modules in order of registration', () => {
    const net = new Net();
    expect(names(net.namedParameters())).to.deep.equal([
      'scale',
      'block.conv.weight',
      'block.conv.bias',
      'block.bn.weight',
      'block.bn.bias',
      'fc.weight',
      'fc.bias',
    ]);
    expect(names(net.namedBuffers())).to.deep.equal([
      'steps',
      'cache',
      'block.bn.running_mean',
      'block.bn.running_var',
      'block.bn.num_batches_tracked',
    ]);
    expect(names(net.namedModules())).to.deep.equal(['', 'block', 'block.conv', 'block.bn', 'fc']);
    expect(names(net.namedChildren())).to.deep.equal(['block', 'fc']);
    expect([...net.modules()].length).to.equal(5);
    expect([...net.children()]).to.deep.equal([net.block, net.fc]);
    expect([...net.parameters()].length).to.equal(7);
    expect([...net.parameters(false)]).to.deep.equal([net.scale]);
    expect([...net.buffers()].length).to.equal(5);
    expect(names(net.namedParameters({ prefix: 'model', recurse: false }))).to.deep.equal(['model.scale']);
  });

  it('keeps the place of a member that is replaced, and forgets one that is deleted', () => {
    const net = new Net();
    net.block = new Block();
    net.fc = new nn.Linear(4, 5, { bias: false });
    expect(names(net.namedChildren())).to.deep.equal(['block', 'fc']);
    expect(names(net.namedParameters()).slice(-1)).to.deep.equal(['fc.weight']);
    delete (net as { fc?: nn.Linear }).fc;
    expect(names(net.namedChildren())).to.deep.equal(['block']);
  });

  it('counts shared parameters and modules once, unless asked', () => {
    const shared = new nn.Linear(2, 2);
    const net = new nn.Sequential(shared, new nn.ReLU(), shared);
    expect(names(net.namedParameters())).to.deep.equal(['0.weight', '0.bias']);
    expect(names(net.namedParameters({ removeDuplicate: false }))).to.deep.equal([
      '0.weight',
      '0.bias',
      '2.weight',
      '2.bias',
    ]);
    expect(Object.keys(net.stateDict())).to.deep.equal(['0.weight', '0.bias', '2.weight', '2.bias']);
  });

  it('takes no plain tensor for a buffer', () => {
    const net = new Net() as Net & { plain?: Tensor };
    net.plain = torch.ones(1);
    expect(names(net.namedBuffers())).not.to.include('plain');
    expect(Object.keys(net.stateDict())).not.to.include('plain');
  });

  it('finds members by dotted names', () => {
    const net = new Net();
    expect(net.getSubmodule('block.conv')).to.equal(net.block.conv);
    expect(net.getSubmodule('')).to.equal(net);
    expect(net.getParameter('fc.weight')).to.equal(net.fc.weight);
    expect(net.getBuffer('block.bn.running_mean')).to.equal(net.block.bn.runningMean);
    expect(() => net.getSubmodule('block.nothing')).to.throw(
      torch.TorchIndexError,
      "Block has no module 'nothing'",
    );
    expect(() => net.getParameter('fc.nothing')).to.throw(torch.TorchIndexError);
    expect(() => net.getBuffer('fc.weight')).to.throw(torch.TorchIndexError);
  });

  it('refuses bad names and values', () => {
    const net = new Net();
    expect(() => net.registerBuffer('a.b', null)).to.throw(torch.ArgumentError, 'can\'t contain "."');
    expect(() => net.registerModule('', null)).to.throw(torch.ArgumentError, 'empty');
    expect(() => net.registerModule('forward', new nn.ReLU())).to.throw(
      torch.ArgumentError,
      'already exists',
    );
    expect(() => net.registerParameter('w', torch.ones(1) as nn.Parameter)).to.throw(
      torch.ArgumentError,
      'new nn.Parameter',
    );
  });

  it('keeps null members out of every list', () => {
    const bare = new nn.Linear(2, 2, { bias: false });
    expect(bare.bias).to.equal(null);
    expect(names(bare.namedParameters())).to.deep.equal(['weight']);
    bare.bias = new nn.Parameter(torch.zeros(2));
    expect(names(bare.namedParameters())).to.deep.equal(['weight', 'bias']);
  });
});

describe('nn.Module: modes, conversions, gradients', () => {
  it('trains and evaluates all the way down', () => {
    const net = new Net();
    expect(net.eval()).to.equal(net);
    expect([...net.modules()].map((module) => module.training)).to.deep.equal([
      false,
      false,
      false,
      false,
      false,
    ]);
    net.train();
    expect(net.block.bn.training).to.equal(true);
    expect(() => net.train(1 as unknown as boolean)).to.throw(torch.ArgumentError, 'boolean');
  });

  it('converts in place: the parameters stay the same objects', () => {
    const net = new Net();
    const { weight } = net.fc;
    net.fc(torch.ones(1, 4)).sum().backward();
    expect(net.to(torch.float64)).to.equal(net);
    expect(net.fc.weight).to.equal(weight);
    expect([weight.dtype, weight.grad?.dtype]).to.deep.equal(['float64', 'float64']);
    expect(net.block.bn.runningMean?.dtype).to.equal('float64');
    expect(net.block.bn.numBatchesTracked?.dtype).to.equal('int64');
    expect(weight.requiresGrad && weight.isLeaf).to.equal(true);
    net
      .fc(torch.ones(1, 4, { dtype: 'float64' }))
      .sum()
      .backward();
    expect(weight.grad?.tolist()[0]).to.deep.equal([2, 2, 2, 2]);
    expect(net.half().fc.weight.dtype).to.equal('float16');
    expect(net.bfloat16().float().fc.weight.dtype).to.equal('float32');
  });

  it('changes the memory format of 4-dimensional values only', () => {
    const net = new Net().to({ memoryFormat: torch.channelsLast });
    expect(net.block.conv.weight.isContiguous({ memoryFormat: 'channelsLast' })).to.equal(true);
    expect(net.fc.weight.isContiguous()).to.equal(true);
  });

  it('refuses integer dtypes and unknown options', () => {
    expect(() => new Net().to(torch.int64)).to.throw(torch.DTypeError, 'desired dtype=int64');
    expect(() => new Net().to({ devise: 'cpu' } as object)).to.throw(torch.ArgumentError, "'devise'");
  });

  it('clears gradients, or fills them with zeros', () => {
    const net = new nn.Linear(2, 1);
    net(torch.ones(1, 2)).sum().backward();
    net.zeroGrad({ setToNone: false });
    expect(net.weight.grad?.tolist()).to.deep.equal([[0, 0]]);
    net.zeroGrad();
    expect(net.weight.grad).to.equal(null);
  });

  it('freezes, and applies a function children first', () => {
    const net = new Net().requiresGrad_(false);
    expect([...net.parameters()].some((parameter) => parameter.requiresGrad)).to.equal(false);
    const order: string[] = [];
    net.apply((module) => order.push(module.constructor.name));
    expect(order).to.deep.equal(['Conv2d', 'BatchNorm2d', 'Block', 'Linear', 'Net']);
  });
});

describe('nn.Module: hooks', () => {
  it('changes arguments before and outputs after forward, until removed', () => {
    const layer = new nn.Identity();
    const before = layer.registerForwardPreHook((_module, [x]) => x.add(1));
    const after = layer.registerForwardHook((_module, [x], output) => output.mul(10).add(x));
    expect(layer(torch.ones(1)).item()).to.equal(22);
    before.remove();
    expect(layer(torch.ones(1)).item()).to.equal(11);
    after.remove();
    expect(layer(torch.ones(1)).item()).to.equal(1);
  });

  it('calls hooks in order, a prepended one first', () => {
    const layer = new nn.Identity();
    const calls: string[] = [];
    layer.registerForwardHook(() => void calls.push('first'));
    layer.registerForwardHook(() => void calls.push('prepended'), { prepend: true });
    layer(torch.ones(1));
    expect(calls).to.deep.equal(['prepended', 'first']);
  });

  it('gives the gradients of a call to backward hooks', () => {
    const layer = new nn.Linear(2, 1, { bias: false });
    const x = torch.ones(1, 2, { requiresGrad: true });
    const seen: unknown[] = [];
    const handle = layer.registerFullBackwardHook((_module, gradInput, gradOutput) => {
      seen.push(gradInput[0]?.shape, gradOutput[0]?.tolist());
      return [gradInput[0]!.mul(2)];
    });
    layer(x).mul(3).sum().backward();
    expect(seen).to.deep.equal([[1, 2], [[3]]]);
    const [row] = layer.weight.tolist() as number[][];
    (x.grad!.tolist() as number[][])[0]!.forEach((value, i) => {
      expect(value).to.be.closeTo(6 * row![i]!, 1e-5);
    });
    handle.remove();
    layer(x).sum().backward();
    expect(seen.length).to.equal(2);
  });
});

describe('nn.Module: printing', () => {
  it('is that of PyTorch, by toString and in the console', () => {
    const net = new nn.Sequential({
      fc: new nn.Linear(2, 3),
      list: new nn.ModuleList([new nn.ReLU(), new nn.ReLU()]),
    });
    const text =
      'Sequential(\n  (fc): Linear(in_features=2, out_features=3, bias=True)\n  (list): ModuleList(\n    (0-1): 2 x ReLU()\n  )\n)';
    expect(String(net)).to.equal(text);
    expect(inspect(net)).to.equal(text);
  });

  it('shows registered nulls and the text of extraRepr', () => {
    class Odd extends nn.Module {
      constructor() {
        super();
        this.registerModule('later', null);
      }
      override extraRepr(): string {
        return 'a=1\nb=2';
      }
    }
    expect(String(new Odd())).to.equal('Odd(\n  a=1\n  b=2\n  (later): None\n)');
  });

  it('prints parameters', () => {
    const parameter = new nn.Parameter(torch.ones(2));
    expect(String(parameter)).to.equal('Parameter containing:\ntensor([1., 1.], requires_grad=True)');
    expect(inspect(parameter)).to.equal(String(parameter));
  });
});
