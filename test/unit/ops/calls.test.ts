import { expect } from 'chai';
import * as torch from 'torchts';

const x = (): torch.Tensor =>
  torch.tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

describe('calling an operator', () => {
  describe('by position and by key', () => {
    it('takes the same parameter either way, as function and as method', () => {
      const expected = [
        [3, 6],
        [15, 6],
      ].map(() => [6, 15]);
      for (const sum of [
        torch.sum(x(), 1),
        torch.sum(x(), { dim: 1 }),
        torch.sum({ input: x(), dim: 1 }),
        x().sum(1),
        x().sum({ dim: 1 }),
      ])
        expect(sum.tolist()).to.deep.equal(expected[0]);
    });

    it('takes options after some positions', () => {
      expect(torch.sum(x(), 0, { keepdim: true }).tolist()).to.deep.equal([[5, 7, 9]]);
      expect(torch.sum(x(), 0, true, { dtype: torch.float64 }).dtype).to.equal('float64');
      expect(torch.gather(x(), 1, { index: torch.tensor([[0n], [2n]]) }).tolist()).to.deep.equal([[1], [6]]);
    });

    it('takes required parameters by key alone', () => {
      const a = torch.eye(2);
      const product = torch.addmm({ input: torch.ones(2, 2), mat1: a, mat2: a, beta: 2, alpha: 3 });
      expect(product.tolist()).to.deep.equal([
        [5, 2],
        [2, 5],
      ]);
    });

    it('takes undefined for the default and null for None', () => {
      expect(x().sum(undefined).item()).to.equal(21);
      expect(x().clamp(null, 3).max().item()).to.equal(3);
      expect(x().sum({ dim: 0, dtype: undefined }).tolist()).to.deep.equal([5, 7, 9]);
    });

    it('takes keywords in any order and number, beside few operands or many', () => {
      const expected = [[5, 7, 9]];
      expect(x().sum({ dim: 0, keepdim: true }).tolist()).to.deep.equal(expected);
      expect(x().sum({ keepdim: true, dim: 0 }).tolist()).to.deep.equal(expected);
      expect(x().sum({ dtype: 'float64', keepdim: true, dim: 0 }).dtype).to.equal('float64');
      const all = {
        dtype: 'float64',
        layout: 'strided',
        device: 'cpu',
        pinMemory: false,
        requiresGrad: true,
      } as const;
      expect(torch.empty(2, 3, { ...all, memoryFormat: 'contiguousFormat' }).shape).to.deep.equal([2, 3]);
      expect(torch.empty({ size: [2, 3], ...all, memoryFormat: 'contiguousFormat' }).requiresGrad).to.equal(
        true,
      );
      const made = torch.zeros(1, 2, 1, 2, 1, { ...all });
      expect([made.shape, made.dtype, made.requiresGrad]).to.deep.equal([[1, 2, 1, 2, 1], 'float64', true]);
      expect(x().newZeros([2], { requiresGrad: true, dtype: 'float64' }).requiresGrad).to.equal(true);
      expect(x().newZeros([2], { requiresGrad: false }).requiresGrad).to.equal(false);
      expect(torch.relu_({ input: x() }).tolist()).to.deep.equal(x().tolist());
      const out = torch.empty(2, 3);
      expect(torch.add({ out, other: 1, input: x() })).to.equal(out);
      expect(out.tolist()[0]).to.deep.equal([2, 3, 4]);
      expect(() => x().sum(0, { dim: 0 } as never)).to.throw(
        torch.ArgumentError,
        "multiple values for argument 'dim'",
      );
      expect(() => x().sum({ requiresGrad: true } as never)).to.throw(
        torch.ArgumentError,
        "unexpected keyword argument 'requiresGrad'",
      );
    });

    it('takes numbers one by one or as a list', () => {
      expect(x().view(3, -1).shape).to.deep.equal([3, 2]);
      expect(x().view([3, -1]).shape).to.deep.equal([3, 2]);
      expect(x().permute(1, 0).shape).to.deep.equal([3, 2]);
      expect(x().repeat(2, 1).shape).to.deep.equal([4, 3]);
      expect(torch.zeros(2, 3, { dtype: torch.int64 }).tolist()).to.deep.equal([
        [0, 0, 0],
        [0, 0, 0],
      ]);
      expect(torch.ones([2], { requiresGrad: true }).requiresGrad).to.equal(true);
      expect(torch.zeros([]).shape).to.deep.equal([]);
    });
  });

  describe('overloads', () => {
    it('are chosen by the kinds of arguments', () => {
      expect(x().max().item()).to.equal(6);
      expect(x().max(1).values.tolist()).to.deep.equal([3, 6]);
      expect(
        x()
          .max(torch.tensor([[4, 4, 4]]))
          .tolist(),
      ).to.deep.equal([
        [4, 4, 4],
        [4, 5, 6],
      ]);
      expect(x().view(torch.int32).dtype).to.equal('int32');
      expect(torch.pow(2, x()).tolist()[0]).to.deep.equal([2, 4, 8]);
      expect(x().pow(2).tolist()[0]).to.deep.equal([1, 4, 9]);
      expect(torch.where(x().gt(2), x(), 0).tolist()[0]).to.deep.equal([0, 0, 3]);
      expect(torch.where(x().gt(4)).map((t) => t.tolist())).to.deep.equal([
        [1, 1],
        [1, 2],
      ]);
    });

    it('tell a dimension from a flag of the same place', () => {
      expect(x().std(1).tolist()).to.deep.equal([1, 1]);
      expect(x().std(false).item()).to.be.closeTo(1.7078, 1e-4);
      expect(x().std(0, { unbiased: false }).tolist()).to.deep.equal([1.5, 1.5, 1.5]);
      expect(x().var({ dim: 0, correction: 0 }).tolist()).to.deep.equal([2.25, 2.25, 2.25]);
    });

    it('take a number where a tensor stands', () => {
      expect(torch.sub(1, x()).tolist()[0]).to.deep.equal([0, -1, -2]);
      expect(torch.div(6, x()).tolist()[0]).to.deep.equal([6, 3, 2]);
      expect(x().add(x(), { alpha: 10 }).tolist()[0]).to.deep.equal([11, 22, 33]);
    });

    it('promote by the kind of the number', () => {
      const whole = torch.tensor([1n, 2n]);
      expect(whole.add(1).dtype).to.equal('int64');
      expect(whole.add(1.5).dtype).to.equal('float32');
      expect(whole.div(2).dtype).to.equal('float32');
      expect(torch.tensor([true]).sum().dtype).to.equal('int64');
      expect(x().mul({ re: 0, im: 1 }).dtype).to.equal('complex64');
    });
  });

  describe('results', () => {
    it('of several names destructure both ways', () => {
      const result = torch.max(x(), 1);
      const { values, indices } = result;
      const [first, second] = result;
      expect(values.tolist()).to.deep.equal([3, 6]);
      expect(indices.tolist()).to.deep.equal([2, 2]);
      expect(first).to.equal(values);
      expect(second).to.equal(indices);
      expect(result.length).to.equal(2);
      expect(result[1]).to.equal(indices);
    });

    it('without names are arrays', () => {
      const [std, mean] = torch.stdMean(x());
      expect(Array.isArray(torch.stdMean(x()))).to.equal(true);
      expect(mean.item()).to.equal(3.5);
      expect(std.item()).to.be.closeTo(1.8708, 1e-4);
    });

    it('that are no tensors are plain values', () => {
      expect(torch.equal(x(), x())).to.equal(true);
      expect(torch.allclose(x(), x().add(1))).to.equal(false);
      expect(torch.isFloatingPoint(x())).to.equal(true);
      expect(torch.isTensor(x())).to.equal(true);
      expect(torch.isTensor(3)).to.equal(false);
      expect(torch.numel(x())).to.equal(6);
    });
  });

  describe('in place', () => {
    it('gives back the very tensor', () => {
      const a = x();
      expect(a.add_(1)).to.equal(a);
      expect(a.mul_(2).sub_(1)).to.equal(a);
      expect(a.tolist()[0]).to.deep.equal([3, 5, 7]);
      expect(torch.relu_(a)).to.equal(a);
    });

    it('writes into out and gives it back', () => {
      const out = torch.empty(3);
      expect(torch.sum(x(), 0, { out })).to.equal(out);
      expect(out.tolist()).to.deep.equal([5, 7, 9]);
      const values = torch.empty(2);
      const indices = torch.empty(2, { dtype: torch.int64 });
      const result = torch.max(x(), 1, { out: [values, indices] });
      expect(result.values).to.equal(values);
      expect(result.indices).to.equal(indices);
      expect(values.tolist()).to.deep.equal([3, 6]);
    });
  });

  describe('errors', () => {
    const untyped = (fn: unknown): ((...args: unknown[]) => unknown) => fn as never;

    it('name an unknown key', () => {
      expect(() => untyped(torch.sum)(x(), { dims: 1 })).to.throw(
        TypeError,
        /sum\(\) got an unexpected keyword argument 'dims'; known: .*'dim'/,
      );
      expect(() => untyped(torch.norm)(x(), { axes: 1 })).to.throw(TypeError, /norm\(\).*'axes'/);
    });

    it('name a doubled key', () => {
      expect(() => untyped(torch.sum)(x(), 1, { dim: 1 })).to.throw(
        TypeError,
        /sum\(\): got multiple values for argument 'dim'/,
      );
      expect(() => untyped(torch.split)(x(), 1, { splitSizeOrSections: 1 })).to.throw(
        TypeError,
        /multiple values for argument 'splitSizeOrSections'/,
      );
    });

    it('name a missing argument', () => {
      expect(() => untyped(torch.softmax)(x())).to.throw(
        TypeError,
        /softmax\(\): missing required argument 'dim'/,
      );
      expect(() => untyped(torch.abs)()).to.throw(TypeError, /missing required argument 'input'/);
      expect(() => untyped(torch.full)([2])).to.throw(
        TypeError,
        /full\(\): missing required argument 'fillValue'/,
      );
    });

    it('say what was given where the kind is wrong', () => {
      expect(() => untyped(torch.softmax)(x(), 'a')).to.throw(
        TypeError,
        /argument 'dim' must be int, got 'a'/,
      );
      expect(() => untyped(torch.matmul)(x(), 2)).to.throw(
        TypeError,
        /argument 'other' must be Tensor, got int/,
      );
      expect(() => untyped(torch.cat)([x(), 1])).to.throw(TypeError, /argument 'tensors'/);
      expect(() => untyped(torch.abs)(Symbol('no'))).to.throw(TypeError);
    });

    it('refuse too many arguments', () => {
      expect(() => untyped(torch.t)(x(), 1)).to.throw(TypeError, /at most 1 positional/);
      expect(() => untyped(torch.split)(x(), 1, 0, 5)).to.throw(TypeError, /at most 3 positional/);
    });

    it('refuse an out of the wrong length', () => {
      expect(() => untyped(torch.max)(x(), 1, { out: [torch.empty(2)] })).to.throw(
        TypeError,
        /argument 'out' must be a list of 2 Tensors/,
      );
    });

    it('keep the kind of what LibTorch throws', () => {
      expect(() => torch.matmul(x(), x())).to.throw(torch.ShapeError, /mat1 and mat2/);
      expect(() => x().sum(5)).to.throw(torch.TorchIndexError, /Dimension out of range/);
    });
  });
});
