/** backward, grad, hooks: values, options, errors. */
import { expect } from 'chai';
import * as torch from 'torchts';
import { thrown } from '../../support/errors.js';

const leaf = (...values: number[]): torch.Tensor => torch.tensor(values, { requiresGrad: true });

describe('Tensor.backward', () => {
  it('accumulates into the leaves', () => {
    const x = leaf(1, 2, 3);
    x.pow(2).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([2, 4, 6]);
    x.pow(2).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([4, 8, 12]);
    x.grad = null;
    expect(x.grad).to.equal(null);
  });

  it('takes a gradient: positional, by option, by both ways of options', () => {
    for (const call of [
      (y: torch.Tensor, g: torch.Tensor) => y.backward(g),
      (y: torch.Tensor, g: torch.Tensor) => y.backward({ gradient: g }),
      (y: torch.Tensor, g: torch.Tensor) => y.backward(g, { retainGraph: false }),
      (y: torch.Tensor, g: torch.Tensor) => y.backward(g, false, false),
    ]) {
      const x = leaf(1, 2);
      call(x.mul(x), torch.tensor([1, 10]));
      expect(x.grad!.tolist()).to.deep.equal([2, 40]);
    }
  });

  it('keeps the graph where retainGraph asks for it, frees it otherwise', () => {
    const x = leaf(2);
    const y = x.pow(3).sum();
    y.backward({ retainGraph: true });
    y.backward();
    expect(x.grad!.tolist()).to.deep.equal([24]);
    thrown(() => y.backward(), torch.AutogradError, /backward through the graph a second time/);
  });

  it('differentiates the derivative with createGraph', () => {
    const x = leaf(2);
    x.pow(3).sum().backward({ createGraph: true });
    expect(x.grad!.requiresGrad).to.equal(true);
    const first = x.grad!;
    x.grad = null;
    first.sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([12]);
  });

  it('accumulates only into the inputs that are named', () => {
    const [x, y] = [leaf(2), leaf(3)];
    x.mul(y)
      .sum()
      .backward({ inputs: [y] });
    expect(x.grad).to.equal(null);
    expect(y.grad!.tolist()).to.deep.equal([2]);
  });

  it('keeps gradients of inner tensors after retainGrad', () => {
    const x = leaf(1, 2);
    const middle = x.mul(2);
    middle.retainGrad();
    middle.pow(2).sum().backward();
    expect(middle.grad!.tolist()).to.deep.equal([4, 8]);
    expect(middle.isLeaf).to.equal(false);
    expect(middle.gradFn!.name).to.equal('MulBackward0');
    expect(x.gradFn).to.equal(null);
  });

  it('passes through views, in-place changes, indexing and detach as PyTorch does', () => {
    const x = leaf(1, 2, 3, 4);
    const y = x.mul(1);
    y.view(2, 2).index(0).mul_(10);
    y.index('1:').sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([0, 10, 1, 1]);
    expect(x.detach().requiresGrad).to.equal(false);
    x.data.fill_(5);
    expect(x.tolist()).to.deep.equal([5, 5, 5, 5]);
  });

  it('refuses with typed errors', () => {
    const x = leaf(1, 2);
    thrown(() => torch.ones(1).backward(), torch.AutogradError, /does not require grad/);
    thrown(
      () => x.mul(2).backward(),
      torch.AutogradError,
      /grad can be implicitly created only for scalar outputs/,
    );
    thrown(() => x.mul(2).backward(torch.ones(3)), torch.ShapeError, /invalid gradient|[Mm]ismatch in shape/);
    thrown(() => torch.ones(2, { dtype: 'int64' }).requiresGrad_(), torch.TorchError, /floating point/);
    thrown(() => x.add_(1), torch.AutogradError, /leaf Variable/);
    thrown(
      () => {
        x.mul(2).requiresGrad = false;
      },
      torch.TorchError,
      /leaf/,
    );
    thrown(
      () => {
        const a = x.mul(2);
        const b = a.pow(2).sum();
        a.add_(1);
        b.backward();
      },
      torch.AutogradError,
      /modified by an inplace operation/,
    );
    thrown(() => x.sum().backward(3 as never), torch.ArgumentError, /expects a Tensor as gradient/);
    thrown(
      () => x.sum().backward({ retain: true } as never),
      torch.ArgumentError,
      /'retain'; known: gradient/,
    );
  });

  it('goes through a deep graph', () => {
    const x = leaf(1);
    let y = x;
    for (let i = 0; i < 20_000; i++) y = y.add(1);
    y.sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([1]);
  });
});

describe('tensor hooks', () => {
  it('see the gradient, replace it, and are removed', () => {
    const x = leaf(1, 2);
    const seen: number[][] = [];
    const look = x.registerHook((grad) => {
      seen.push(grad.tolist());
    });
    const double = x.registerHook((grad) => grad.mul(2));
    x.mul(3).sum().backward();
    expect(seen).to.deep.equal([[3, 3]]);
    expect(x.grad!.tolist()).to.deep.equal([6, 6]);
    double.remove();
    look.remove();
    x.grad = null;
    x.mul(3).sum().backward();
    expect(seen).to.have.length(1);
    expect(x.grad!.tolist()).to.deep.equal([3, 3]);
    double.remove(); // twice does no harm
  });

  it('work on inner tensors and run in the order of their registration', () => {
    const x = leaf(1);
    const y = x.mul(2);
    const order: string[] = [];
    y.registerHook((grad) => {
      order.push('first');
      return grad.add(1);
    });
    y.registerHook((grad) => {
      order.push(`second ${grad.item()}`);
    });
    y.sum().backward();
    expect(order).to.deep.equal(['first', 'second 2']);
    expect(x.grad!.item()).to.equal(4);
  });

  it('may compute, also with gradients of their own', () => {
    const x = leaf(3);
    x.registerHook((grad) => {
      const z = leaf(2);
      torch.enableGrad(() => z.pow(2).sum()).backward();
      return grad.mul(z.grad!);
    });
    x.mul(5).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([20]);
  });

  it('throw what they throw', () => {
    class Mine extends Error {}
    const x = leaf(1);
    const hook = x.registerHook(() => {
      throw new Mine('from the hook');
    });
    thrown(() => x.mul(2).sum().backward(), Mine, /^from the hook$/);
    hook.remove();
    x.mul(2).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([2]);
  });

  it('refuse what they must', () => {
    thrown(() => torch.ones(1).registerHook(() => {}), torch.AutogradError, /doesn't require gradient/);
    thrown(() => leaf(1).registerHook('f' as never), torch.ArgumentError);
    const x = leaf(1);
    x.registerHook((() => 5) as never);
    expect(() => x.mul(2).sum().backward()).to.throw(torch.TorchError, /hook/);
    const y = leaf(1, 2);
    y.registerHook(() => torch.ones(3));
    thrown(() => y.sum().backward(), torch.TorchError, /size/);
  });
});

describe('autograd.grad', () => {
  it('gives gradients and accumulates none', () => {
    const [x, y] = [leaf(2), leaf(3)];
    const grads = torch.autograd.grad(x.mul(y).sum(), [x, y]);
    expect(grads.map((g) => g.tolist())).to.deep.equal([[3], [2]]);
    expect(x.grad).to.equal(null);
  });

  it('second and third derivatives', () => {
    const x = leaf(2);
    const y = x.pow(4).sum();
    const [first] = torch.autograd.grad(y, x, { createGraph: true });
    const [second] = torch.autograd.grad(first!.sum(), x, { createGraph: true });
    const [third] = torch.autograd.grad(second!.sum(), x);
    expect([first, second, third].map((g) => g!.item())).to.deep.equal([32, 48, 48]);
  });

  it('gives null for an unused input where that is allowed', () => {
    const [x, y] = [leaf(2), leaf(3)];
    const grads = torch.autograd.grad(x.mul(2).sum(), [x, y], { allowUnused: true });
    expect(grads[0]!.tolist()).to.deep.equal([2]);
    expect(grads[1]).to.equal(null);
    thrown(() => torch.autograd.grad(x.mul(2).sum(), [y]), torch.AutogradError, /allow_?unused/i);
  });

  it('takes gradOutputs, one for each output', () => {
    const x = leaf(1, 2);
    const [both] = torch.autograd.grad([x.mul(2), x.mul(3)], x, [torch.tensor([1, 0]), torch.tensor([0, 1])]);
    expect(both!.tolist()).to.deep.equal([2, 3]);
    const [one] = torch.autograd.grad(x.mul(2), x, torch.tensor([5, 6]));
    expect(one!.tolist()).to.deep.equal([10, 12]);
  });

  it('refuses outputs without history', () => {
    thrown(() => torch.autograd.grad(torch.ones(1), leaf(1)), torch.AutogradError, /does not require grad/);
  });

  it('autograd.backward takes several tensors at once', () => {
    const x = leaf(1, 2);
    torch.autograd.backward([x.mul(2).sum(), x.mul(3)], { gradTensors: [null, torch.tensor([1, 10])] });
    expect(x.grad!.tolist()).to.deep.equal([5, 32]);
  });
});
