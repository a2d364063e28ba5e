import { expect } from 'chai';
import * as torch from 'torchts';
import { nn, type Tensor } from 'torchts';

const make = (): nn.Sequential<[Tensor], Tensor> =>
  new nn.Sequential(new nn.Linear(2, 3), new nn.BatchNorm1d(3));
const keys = [
  '0.weight',
  '0.bias',
  '1.weight',
  '1.bias',
  '1.running_mean',
  '1.running_var',
  '1.num_batches_tracked',
];

describe('stateDict', () => {
  it('has the keys of PyTorch in its order, and no prototype', () => {
    const state = make().stateDict();
    expect(Object.keys(state)).to.deep.equal(keys);
    expect(Object.getPrototypeOf(state)).to.equal(null);
    expect(Object.keys(make().stateDict({ prefix: 'net.' }))[0]).to.equal('net.0.weight');
  });

  it('shares memory with the module, detached unless asked', () => {
    const net = make();
    const state = net.stateDict();
    expect(state['0.weight']!.requiresGrad).to.equal(false);
    state['0.weight']!.fill_(5);
    expect((net.at(0) as nn.Linear).weight.index(0, 0).item()).to.equal(5);
    expect(net.stateDict({ keepVars: true })['0.weight']).to.equal((net.at(0) as nn.Linear).weight);
  });
});

describe('loadStateDict', () => {
  it('copies into the parameters, which stay the same objects', () => {
    const [from, to] = [make(), make()];
    const { weight } = to.at(0) as nn.Linear;
    const result = to.loadStateDict(from.stateDict());
    expect(result).to.deep.equal({ missingKeys: [], unexpectedKeys: [] });
    expect((to.at(0) as nn.Linear).weight).to.equal(weight);
    expect(weight.requiresGrad).to.equal(true);
    expect(weight.tolist()).to.deep.equal((from.at(0) as nn.Linear).weight.tolist());
    weight.detach().fill_(1);
    expect((from.at(0) as nn.Linear).weight.tolist()).not.to.deep.equal(weight.tolist());
  });

  it('takes a Map, and converts dtypes', () => {
    const to = new nn.Linear(1, 1, { bias: false });
    to.loadStateDict(new Map([['weight', torch.full([1, 1], 2.5, { dtype: 'float64' })]]));
    expect([to.weight.item(), to.weight.dtype]).to.deep.equal([2.5, 'float32']);
  });

  it('names missing and unexpected keys and wrong shapes as PyTorch, and changes nothing', () => {
    const net = make();
    const before = (net.at(0) as nn.Linear).bias!.tolist();
    const state = make().stateDict();
    delete state['1.bias'];
    state['0.weight'] = torch.ones(4, 2);
    state['0.bias'] = torch.ones(3);
    state['2.extra'] = torch.ones(1);
    state.other = torch.ones(1);
    expect(() => net.loadStateDict(state))
      .to.throw(torch.StateDictError)
      .with.property(
        'message',
        [
          'Error(s) in loading state_dict for Sequential:',
          'Missing key(s) in state_dict: "1.bias". ',
          'Unexpected key(s) in state_dict: "2.extra", "other". ',
          'size mismatch for 0.weight: copying a param with shape torch.Size([4, 2]) from checkpoint, the shape in current model is torch.Size([3, 2]).',
        ].join('\n\t'),
      );
    expect((net.at(0) as nn.Linear).bias!.tolist()).to.deep.equal(before);
  });

  it('reports instead of refusing without strict, but never takes another shape', () => {
    const net = make();
    expect(
      net.loadStateDict({ '0.bias': torch.ones(3), other: torch.ones(1) }, { strict: false }),
    ).to.deep.equal({
      missingKeys: ['0.weight', '1.weight', '1.bias', '1.running_mean', '1.running_var'],
      unexpectedKeys: ['other'],
    });
    expect((net.at(0) as nn.Linear).bias!.tolist()).to.deep.equal([1, 1, 1]);
    expect(() => net.loadStateDict({ '0.bias': torch.ones(4) }, false)).to.throw(
      torch.StateDictError,
      'size mismatch',
    );
  });

  it('copies in order where targets and sources share memory', () => {
    const [a, b] = [new nn.Linear(2, 2, { bias: false }), new nn.Linear(2, 2, { bias: false })];
    const [one, two] = [a.weight.tolist(), b.weight.tolist()];
    const both = new nn.ModuleDict({ a, b });
    both.loadStateDict({ 'a.weight': b.weight.detach(), 'b.weight': a.weight.detach() });
    expect([a.weight.tolist(), b.weight.tolist()]).to.deep.equal([two, two]);
    expect(one).not.to.deep.equal(two);
    a.weight = b.weight;
    both.loadStateDict({ 'a.weight': torch.ones(2, 2), 'b.weight': torch.full([2, 2], 7) });
    expect(a.weight.tolist()).to.deep.equal([
      [7, 7],
      [7, 7],
    ]);
    both.loadStateDict(both.stateDict());
    expect(a.weight.sum().item()).to.equal(28);
  });

  it('copies what is plain and what is not, large and empty', () => {
    const make = (): nn.ParameterDict =>
      new nn.ParameterDict({
        large: new nn.Parameter(torch.rand(1100, 1025)),
        half: new nn.Parameter(torch.rand(3).half()),
        empty: new nn.Parameter(torch.rand(0, 4)),
        turned: new nn.Parameter(torch.rand(5, 7)),
        complex: new nn.Parameter(torch.rand(3, { dtype: 'complex64' })),
        next: new nn.Parameter(torch.rand(600, 1000)),
      });
    const [from, to] = [make(), make()];
    const state = from.stateDict();
    state.half = state.half!.float();
    state.turned = state.turned!.t().contiguous().t();
    state.complex = state.complex!.conj();
    to.loadStateDict(state);
    for (const [name, value] of Object.entries(to.stateDict()))
      expect(torch.equal(value, state[name]!.to(value.dtype)), name).to.equal(true);
  });

  it('a graph that saved a parameter knows that it was changed', () => {
    const layer = new nn.Linear(2, 2);
    const y = layer.weight.pow(2).sum();
    layer.loadStateDict(new nn.Linear(2, 2).stateDict());
    expect(() => y.backward()).to.throw(torch.AutogradError, /modified by an inplace operation/);
    expect(layer.weight.isLeaf).to.equal(true);
  });

  it('does without num_batches_tracked, which old files do not have', () => {
    const state = make().stateDict();
    delete state['1.num_batches_tracked'];
    expect(make().loadStateDict(state).missingKeys).to.deep.equal([]);
  });

  it('takes the tensors themselves with assign', () => {
    const net = new nn.Linear(2, 1);
    const weight = torch.ones(1, 2, { dtype: 'float64' });
    net.loadStateDict({ weight, bias: torch.zeros(1) }, { assign: true });
    expect(net.weight).to.be.instanceOf(nn.Parameter);
    expect([net.weight.dtype, net.weight.requiresGrad]).to.deep.equal(['float64', true]);
    weight.fill_(3);
    expect(net.weight.tolist()).to.deep.equal([[3, 3]]);
  });

  it('refuses what is no state dict', () => {
    const net = make();
    for (const bad of [null, 3, 'weights', [1], torch.ones(1)])
      expect(() => net.loadStateDict(bad as never)).to.throw(torch.ArgumentError, 'dict-like');
    const state: Record<string, unknown> = { ...make().stateDict() };
    state['0.bias'] = [1, 2, 3];
    expect(() => net.loadStateDict(state)).to.throw(torch.StateDictError, 'received Array');
  });
});
