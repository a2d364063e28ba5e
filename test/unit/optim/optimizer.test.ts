import { expect } from 'chai';
import * as torch from 'torchts';
import { optim, type Tensor } from 'torchts';

const leaf = (...values: number[]): Tensor => torch.tensor(values, { requiresGrad: true });

/** One gradient of ones for each parameter. */
function giveGradients(...params: Tensor[]): void {
  for (const p of params) p.grad = torch.onesLike(p);
}

describe('Optimizer: parameters', () => {
  it('takes tensors, groups and named parameters', () => {
    const [a, b] = [leaf(1), leaf(2)];
    expect(new optim.SGD([a, b]).paramGroups).to.have.length(1);
    const named = new optim.SGD([
      ['a', a],
      ['b', b],
    ]);
    expect(named.paramGroups[0]!.paramNames).to.deep.equal(['a', 'b']);
    const groups = new optim.SGD([{ params: [a] }, { params: b, lr: 0.5 }], { lr: 0.1 });
    expect(groups.paramGroups.map(({ lr }) => lr)).to.deep.equal([0.1, 0.5]);
    expect(groups.paramGroups[1]!.params).to.deep.equal([b]);
  });

  it('refuses what is no list of parameters', () => {
    const a = leaf(1);
    expect(() => new optim.SGD([])).to.throw(torch.ValueError, 'empty parameter list');
    expect(() => new optim.SGD(a as never)).to.throw(TypeError, 'got a Tensor');
    expect(() => new optim.SGD(null as never)).to.throw(TypeError, 'iterable');
    expect(() => new optim.SGD([1] as never)).to.throw(TypeError, 'can only optimize Tensors');
    expect(() => new optim.SGD([a.mul(2)])).to.throw(torch.ValueError, 'non-leaf');
    expect(() => new optim.SGD([{ params: [a] }, { params: [a] }])).to.throw(
      torch.ValueError,
      'more than one',
    );
    expect(() => new optim.SGD([{ params: new Set([a]) }])).to.throw(TypeError, 'ordered');
    expect(() => new optim.SGD([['a', a], leaf(1)])).to.throw(torch.ValueError, 'with/without names');
  });

  it('refuses rates out of range and unknown options', () => {
    const params = [leaf(1)];
    expect(() => new optim.Adam(params, { lr: -1 })).to.throw(torch.ValueError, 'Invalid learning rate: -1');
    expect(() => new optim.Adam(params, { betas: [1, 0.9] })).to.throw(torch.ValueError, 'index 0');
    expect(() => new optim.Adam(params, { eps: -1 })).to.throw(torch.ValueError, 'epsilon');
    expect(() => new optim.SGD(params, { lr: 0.1, nesterov: true })).to.throw(torch.ValueError, 'Nesterov');
    expect(() => new optim.SGD(params, { rate: 1 } as never)).to.throw(TypeError, "'rate'");
    expect(() => new optim.SGD(params, 0.1, 0, 0, 0, false, { lr: 1 })).to.throw(
      TypeError,
      'multiple values',
    );
    expect(() => new optim.Adam(params, { fused: true, foreach: true })).to.throw(
      torch.TorchError,
      'together',
    );
    expect(() => new optim.Adam(params, { differentiable: true })).to.throw(torch.NotImplementedError);
  });
});

describe('Optimizer: steps', () => {
  it('leaves parameters without a gradient alone', () => {
    const [a, b] = [leaf(1), leaf(1)];
    const optimizer = new optim.Adam([a, b], { lr: 0.1 });
    giveGradients(a);
    optimizer.step();
    expect(a.item()).to.be.closeTo(0.9, 1e-6);
    expect(b.item()).to.equal(1);
    expect([...optimizer.state.keys()]).to.deep.equal([a]);
  });

  it('forgets gradients, or fills them with zeros', () => {
    const a = leaf(1, 2);
    const optimizer = new optim.SGD([a]);
    giveGradients(a);
    optimizer.zeroGrad(false);
    expect(a.grad!.tolist()).to.deep.equal([0, 0]);
    optimizer.zeroGrad();
    expect(a.grad).to.equal(null);
  });

  it('evaluates a closure with gradients on, also inside noGrad', () => {
    const a = leaf(3);
    const optimizer = new optim.SGD([a], { lr: 0.5 });
    const loss = torch.noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const value = a.square().sum();
        value.backward();
        return value;
      }),
    );
    expect(loss.item()).to.equal(9);
    expect(a.item()).to.equal(0);
  });

  it('keeps the graph out of its own work', () => {
    const a = leaf(1);
    const optimizer = new optim.Adam([a]);
    giveGradients(a);
    optimizer.step();
    expect(a.requiresGrad).to.equal(true);
    expect(a.isLeaf).to.equal(true);
  });

  for (const options of [{}, { fused: false, foreach: false }, { foreach: true }, { fused: true }]) {
    it(`a gradient in another memory layout counts element by element, ${JSON.stringify(options)}`, () => {
      const a = torch.zeros(2, 3).requiresGrad_();
      a.grad = torch.arange(6).reshape(3, 2).t().to('float32');
      new optim.SGD([a], { lr: 1, ...options }).step();
      expect(a.tolist()).to.deep.equal([
        [0, -2, -4],
        [-1, -3, -5],
      ]);
    });
  }

  it('calls its hooks around the step', () => {
    const a = leaf(1);
    const optimizer = new optim.SGD([a], { lr: 1 });
    const seen: number[] = [];
    const before = optimizer.registerStepPreHook(() => seen.push(a.item()));
    optimizer.registerStepPostHook(() => seen.push(a.item()));
    giveGradients(a);
    optimizer.step();
    before.remove();
    optimizer.step();
    expect(seen).to.deep.equal([1, 0, -1]);
  });

  it('keeps its state when a step runs inside a scope', () => {
    const a = leaf(1);
    const optimizer = new optim.Adam([a], { lr: 0.25 });
    for (let i = 0; i < 2; i++)
      torch.scope(() => {
        giveGradients(a);
        optimizer.step();
        optimizer.zeroGrad();
      });
    expect((optimizer.state.get(a)!.step as Tensor).item()).to.equal(2);
    expect(a.item()).to.be.closeTo(0.5, 1e-6);
  });

  it('AdamW decays apart from the gradient', () => {
    const a = leaf(1);
    const optimizer = new optim.AdamW([a], { lr: 0.1, weightDecay: 0.5 });
    a.grad = torch.zeros(1);
    optimizer.step();
    expect(a.item()).to.be.closeTo(0.95, 1e-7);
    expect(optimizer.paramGroups[0]!.decoupledWeightDecay).to.equal(true);
  });

  it('works on parameters of several dtypes at once', () => {
    const [a, b] = [leaf(1), torch.tensor([1], { dtype: 'float64', requiresGrad: true })];
    giveGradients(a, b);
    new optim.Adam([a, b], { lr: 0.25 }).step();
    expect(a.item()).to.be.closeTo(0.75, 1e-6);
    expect(b.item()).to.be.closeTo(0.75, 1e-7);
    expect(b.dtype).to.equal('float64');
  });
});

describe('Optimizer: state dicts', () => {
  it('spell groups and state as Python does and number parameters through all groups', () => {
    const params = [leaf(1), leaf(2), leaf(3)];
    const optimizer = new optim.Adam([
      { params: params.slice(0, 2) },
      { params: [params[2]!], weightDecay: 0.5 },
    ]);
    giveGradients(...params);
    optimizer.step();
    const { state, param_groups } = optimizer.stateDict();
    expect([...state.keys()]).to.deep.equal([0, 1, 2]);
    expect(param_groups.map((group) => group.params)).to.deep.equal([[0, 1], [2]]);
    expect(param_groups[1]).to.include({ weight_decay: 0.5, decoupled_weight_decay: false });
    expect(Object.keys(state.get(0)!)).to.deep.equal(['step', 'exp_avg', 'exp_avg_sq']);
  });

  it('carry a run over to another optimizer', () => {
    const run = (from: Tensor, optimizer: optim.Optimizer, steps: number): void => {
      for (let i = 0; i < steps; i++) {
        optimizer.zeroGrad();
        from.square().sum().backward();
        optimizer.step();
      }
    };
    const whole = leaf(1, -2);
    run(whole, new optim.SGD([whole], { lr: 0.1, momentum: 0.9 }), 6);
    const first = leaf(1, -2);
    const before = new optim.SGD([first], { lr: 0.1, momentum: 0.9 });
    run(first, before, 3);
    const second = first.detach().clone().requiresGrad_();
    const after = new optim.SGD([second], { lr: 1 });
    after.loadStateDict(before.stateDict());
    expect(after.paramGroups[0]!.lr).to.equal(0.1);
    run(second, after, 3);
    expect(second.tolist()).to.deep.equal(whole.tolist());
  });

  it('take plain objects, and a step that is a number, as old files have them', () => {
    const a = leaf(1);
    const optimizer = new optim.Adam([a]);
    optimizer.loadStateDict({
      state: { 0: { step: 4, exp_avg: torch.zeros(1), exp_avg_sq: torch.ones(1) } },
      param_groups: [{ lr: 0.5, params: [0] }],
    });
    expect((optimizer.state.get(a)!.step as Tensor).item()).to.equal(4);
    expect(optimizer.paramGroups[0]).to.include({ lr: 0.5, eps: 1e-8 });
  });

  it('refuse other groups', () => {
    const optimizer = new optim.SGD([leaf(1)]);
    const other = new optim.SGD([leaf(1), leaf(2)]).stateDict();
    expect(() => optimizer.loadStateDict(other)).to.throw(torch.StateDictError, "doesn't match the size");
    expect(() => optimizer.loadStateDict({ state: {}, param_groups: [] })).to.throw(
      torch.StateDictError,
      'different number',
    );
    expect(() => optimizer.loadStateDict({} as never)).to.throw(torch.StateDictError, "'state'");
  });
});
