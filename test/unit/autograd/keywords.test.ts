import { expect } from 'chai';
import * as torch from 'torchts';

type Untyped = (...args: unknown[]) => unknown;
const rubbish: unknown[] = [undefined, null, {}, 'x', 3, Symbol('s'), [null], ['x']];

describe('autograd: arguments by place and by keyword', () => {
  it('grad', () => {
    const x = torch.tensor(3, { requiresGrad: true });
    const values = [
      torch.autograd.grad(x.mul(x), x),
      torch.autograd.grad({ outputs: x.mul(x), inputs: [x], createGraph: true }),
      torch.autograd.grad(x.mul(x), [x], { gradOutputs: torch.tensor(1) }),
      torch.autograd.grad(x.mul(x), [x], torch.tensor(1), true, false, { allowUnused: true }),
    ].map(([grad]) => grad!.item() as number);
    expect(values).to.deep.equal([6, 6, 6, 6]);
  });
  it('backward', () => {
    const x = torch.ones(2, { requiresGrad: true });
    torch.autograd.backward(x.mul(2), torch.ones(2));
    torch.autograd.backward([x.mul(2)], { gradTensors: [torch.ones(2)] });
    torch.autograd.backward({ tensors: x.sum(), inputs: [x] });
    expect(x.grad!.tolist()).to.deep.equal([5, 5]);
  });
  it('autocast', () => {
    const product = () => torch.mm(torch.ones(2, 2), torch.ones(2, 2)).dtype;
    expect(torch.autocast({ deviceType: 'cpu', dtype: 'bfloat16' }, product)).to.equal('bfloat16');
    expect(torch.autocast('cpu', 'bfloat16', product)).to.equal('bfloat16');
    expect(torch.autocast('cpu', { enabled: false }, product)).to.equal('float32');
  });
  it('device', () => {
    expect(String(torch.device({ type: 'cuda', index: 1 }))).to.equal('cuda:1');
    expect(String(torch.device({ type: 'cpu' }))).to.equal('cpu');
  });
  it('names unknown and doubled keywords', () => {
    const x = torch.ones(1, { requiresGrad: true });
    const calls: [RegExp, () => unknown][] = [
      [/'bogus'/, () => (torch.autograd.grad as Untyped)(x, x, { bogus: 1 })],
      [/'inputs'/, () => (torch.autograd.grad as Untyped)(x, x, { inputs: x })],
      [/'bogus'/, () => (torch.autograd.backward as Untyped)(x, { bogus: 1 })],
      [/'bogus'/, () => (torch.autocast as Untyped)('cpu', { bogus: 1 }, () => 1)],
      [/'bogus'/, () => (torch.device as Untyped)({ type: 'cpu', bogus: 1 })],
    ];
    for (const [message, call] of calls) expect(call).to.throw(TypeError, message);
  });
});

describe('autograd: what is no tensor is refused', () => {
  for (const value of rubbish)
    it(typeof value === 'object' ? JSON.stringify(value) : String(value), () => {
      const x = torch.ones(1, { requiresGrad: true });
      for (const call of [
        () => (torch.autograd.grad as Untyped)(value, [x]),
        () => (torch.autograd.grad as Untyped)(x.mul(2), value),
        () => (torch.autograd.backward as Untyped)(value),
        () => (torch.autocast as Untyped)(value, () => 1),
        () => (torch.noGrad as Untyped)(value),
        () => (x.registerHook as Untyped)(value),
      ])
        expect(call).to.throw(torch.TorchError);
    });
});
