import { expect } from 'chai';
import * as torch from 'torchts';

const values = [0.1, -2.5, 1e-8, 3.25];
const numbers = [2, -3, 0.1, 1e-40, 2 ** 53 + 2, -0, Infinity, NaN];

/** The elements, so that a last bit and the sign of a zero count. */
function bits(x: torch.Tensor): string {
  return Buffer.from(x.toTypedArray().buffer).toString('hex');
}

describe('numbers as operands', () => {
  for (const dtype of ['float32', 'float64', 'float16', 'bfloat16'] as const)
    it(`give what the schema's own overload gives: ${dtype}`, () => {
      const x = torch.tensor(values, { dtype });
      for (const number of numbers)
        for (const name of ['add', 'sub', 'mul', 'div'] as const) {
          const typed = x[name](number);
          expect(typed.dtype).to.equal(dtype);
          const scalar = torch.ops.aten![name]!.Scalar!(x, number) as torch.Tensor;
          expect(bits(typed), `${name} ${number}`).to.equal(bits(scalar));
        }
    });

  it('promote integers, and keep the dtype of a tensor without dimensions', () => {
    expect(torch.tensor([1n, 2n]).mul(0.5).dtype).to.equal('float32');
    expect(torch.tensor([1n, 2n]).mul(2).dtype).to.equal('int64');
    expect(torch.tensor(1, { dtype: 'float32' }).add(0.5).dtype).to.equal('float32');
    expect(torch.tensor(1, { dtype: 'float64' }).add(1).dtype).to.equal('float64');
    expect(torch.tensor([1]).add({ re: 0, im: 1 }).dtype).to.equal('complex64');
    expect(torch.tensor([1]).add(true).tolist()).to.deep.equal([2]);
  });

  it('do not mix dtypes up that meet the same number one after another', () => {
    const single = torch.tensor([1], { dtype: 'float32' });
    const double = torch.tensor([1], { dtype: 'float64' });
    for (let i = 0; i < 3; i++) {
      expect(single.mul(0.1).item()).to.equal(Math.fround(0.1));
      expect(double.mul(0.1).item()).to.equal(0.1);
      expect(torch.tensor([3n]).add(2).item()).to.equal(5);
    }
  });

  it('have gradients', () => {
    const x = torch.tensor([1, 2], { requiresGrad: true });
    x.mul(3).div(2).sub(1).sum().backward();
    expect(x.grad!.tolist()).to.deep.equal([1.5, 1.5]);
  });

  it('are compared as the overload for numbers compares them', () => {
    const x = torch.tensor(values, { dtype: 'float32' });
    for (const number of [...numbers, ...values])
      for (const name of ['eq', 'ne', 'gt', 'ge', 'lt', 'le'] as const) {
        const scalar = torch.ops.aten![name]!.Scalar!(x, number) as torch.Tensor;
        expect(x[name](number).tolist(), `${name} ${number}`).to.deep.equal(scalar.tolist());
      }
    expect(torch.tensor([1, Infinity]).eq(1e39).tolist()).to.deep.equal([false, true]);
    expect(torch.tensor([1n, 2n]).gt(1.5).tolist()).to.deep.equal([false, true]);
  });
});

describe('keywords', () => {
  const x = torch.tensor([
    [1, 2],
    [3, 4],
  ]);

  it('go with positional values in any order', () => {
    expect(x.sum({ keepdim: true, dim: 0 }).tolist()).to.deep.equal([[4, 6]]);
    expect(x.sum(0, { keepdim: true }).tolist()).to.deep.equal([[4, 6]]);
    expect(x.add(x, { alpha: 2 }).tolist()).to.deep.equal([
      [3, 6],
      [9, 12],
    ]);
    expect(x.add_(1, { alpha: 0 })).to.equal(x);
    expect(torch.cat({ tensors: [x, x], dim: 1 }).shape).to.deep.equal([2, 4]);
    expect(torch.zeros([2], { dtype: 'int64' }).dtype).to.equal('int64');
  });

  it('are refused where unknown or doubled', () => {
    expect(() => x.sum({ dims: 0 } as never)).to.throw(torch.ArgumentError, "'dims'");
    expect(() => x.sum(0, { dim: 1 } as never)).to.throw(torch.ArgumentError, 'multiple values');
  });
});

describe('memory of small tensors', () => {
  it('is aligned and never shared by two that are alive', () => {
    const alive = Array.from({ length: 3000 }, (_, i) => torch.full([1 + (i % 300)], i));
    const addresses = new Set(alive.map((t) => t.dataPtr()));
    expect(addresses.size).to.equal(alive.length);
    for (const [i, t] of alive.entries()) {
      expect(t.dataPtr() % 64n).to.equal(0n);
      if (i % 97 === 0) expect(t.eq(i).all().item()).to.equal(true);
    }
  });

  it('grows and shrinks with resize_', () => {
    const t = torch.tensor([1, 2]);
    t.resize_([1000]);
    expect(t.index('0:2').tolist()).to.deep.equal([1, 2]);
    expect(t.numel()).to.equal(1000);
  });
});
