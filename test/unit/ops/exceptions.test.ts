import { expect } from 'chai';
import * as torch from 'torchts';

const x = (): torch.Tensor =>
  torch.tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

describe('functions of their own form', () => {
  it('full: the kind of the value decides the dtype', () => {
    expect(torch.full([2], 1).dtype).to.equal('float32');
    expect(torch.full([2], 1n).dtype).to.equal('int64');
    expect(torch.full([2], true).dtype).to.equal('bool');
    expect(torch.full([2], { re: 1, im: 2 }).dtype).to.equal('complex64');
    expect(torch.full([2], 1, { dtype: torch.int32 }).tolist()).to.deep.equal([1, 1]);
    expect(torch.full([2], { fillValue: 3, requiresGrad: true }).requiresGrad).to.equal(true);
    expect(torch.fullLike(torch.tensor([1n]), 7).dtype).to.equal('int64');
    expect(x().newFull([2], 7).tolist()).to.deep.equal([7, 7]);
  });

  it('arange: whole numbers give int64', () => {
    expect(torch.arange(3).dtype).to.equal('int64');
    expect(torch.arange(0, 1, 0.25).tolist()).to.deep.equal([0, 0.25, 0.5, 0.75]);
    expect(torch.arange({ start: 1, end: 7, step: 3 }).tolist()).to.deep.equal([1, 4]);
    expect(torch.arange(3, { dtype: torch.float32 }).dtype).to.equal('float32');
  });

  it('randint: low may be left out, int64', () => {
    const drawn = torch.randint(5, [100]);
    expect(drawn.dtype).to.equal('int64');
    expect(drawn.max().item()).to.be.at.most(4);
    expect(torch.randint(3, 4, [2]).tolist()).to.deep.equal([3, 3]);
    expect(torch.randint({ low: 3, high: 4, size: [1] }).item()).to.equal(3);
  });

  it('norm: by name, exponent and dimension', () => {
    expect(x().norm().item()).to.be.closeTo(9.53939, 1e-4);
    expect(torch.norm(x(), 1).item()).to.equal(21);
    expect(torch.norm(x(), 'nuc').item()).to.be.closeTo(10.28093, 1e-4);
    expect(x().norm({ p: Number.POSITIVE_INFINITY, dim: 1 }).tolist()).to.deep.equal([3, 6]);
    expect(x().norm(2, 0, true).shape).to.deep.equal([1, 3]);
    expect(() => torch.norm(x(), 'max' as 'fro')).to.throw(torch.ValueError, /'fro' or 'nuc'/);
  });

  it('split: a size or sizes', () => {
    expect(torch.split(x(), 2, 1).map((t) => t.shape)).to.deep.equal([
      [2, 2],
      [2, 1],
    ]);
    expect(x().split([1, 2], { dim: 1 })[1]!.tolist()).to.deep.equal([
      [2, 3],
      [5, 6],
    ]);
    expect(x().chunk(2).length).to.equal(2);
    expect(torch.tensorSplit(x(), [1], { dim: 1 })[0]!.shape).to.deep.equal([2, 1]);
  });

  it('unique: what was asked for', () => {
    const t = torch.tensor([3n, 1n, 3n, 3n]);
    expect(torch.unique(t).tolist()).to.deep.equal([1, 3]);
    const [values, inverse, counts] = t.unique({ returnInverse: true, returnCounts: true });
    expect(values.tolist()).to.deep.equal([1, 3]);
    expect(inverse.tolist()).to.deep.equal([1, 0, 1, 1]);
    expect(counts.tolist()).to.deep.equal([1, 3]);
    const [runs, lengths] = torch.uniqueConsecutive(t, { returnCounts: true });
    expect(runs.tolist()).to.deep.equal([3, 1, 3]);
    expect(lengths.tolist()).to.deep.equal([1, 1, 2]);
    expect(torch.unique(torch.tensor([[1], [1], [0]]), { dim: 0 }).tolist()).to.deep.equal([[0], [1]]);
  });

  it('einsum: equation, list of operands, lists of dimensions', () => {
    const expected = [
      [14, 32],
      [32, 77],
    ];
    expect(torch.einsum('ij,kj->ik', x(), x()).tolist()).to.deep.equal(expected);
    expect(torch.einsum('ij,kj->ik', [x(), x()]).tolist()).to.deep.equal(expected);
    expect(torch.einsum(x(), [0, 1], x(), [2, 1], [0, 2]).tolist()).to.deep.equal(expected);
    expect(torch.einsum(x(), ['...', 0], ['...']).tolist()).to.deep.equal([6, 15]);
    expect(() => torch.einsum('i')).to.throw(torch.ValueError, /at least one operand/);
    expect(() => torch.einsum(x(), [60, 0])).to.throw(torch.ValueError, /0 to 51/);
  });

  it('meshgrid: ij and xy', () => {
    const [a] = torch.meshgrid(torch.arange(2), torch.arange(3));
    expect(a!.shape).to.deep.equal([2, 3]);
    expect(torch.meshgrid(torch.arange(2), torch.arange(3), { indexing: 'xy' })[0]!.shape).to.deep.equal([
      3, 2,
    ]);
    expect(() => torch.meshgrid([torch.arange(2)], { index: 'ij' } as never)).to.throw(TypeError, /'index'/);
  });

  it('what takes several tensors takes a list too', () => {
    const v = torch.arange(2);
    expect(torch.cartesianProd(v, v).tolist()).to.deep.equal([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ]);
    expect(torch.blockDiag([torch.ones(1, 1), torch.ones(1, 1)]).tolist()).to.deep.equal([
      [1, 0],
      [0, 1],
    ]);
    expect(torch.broadcastTensors(torch.ones(2, 1), torch.ones(3))[0]!.shape).to.deep.equal([2, 3]);
    expect(torch.atleast_1d(torch.tensor(1)).shape).to.deep.equal([1]);
    expect(torch.atleast_2d(v, v).map((t) => t.shape)).to.deep.equal([
      [1, 2],
      [1, 2],
    ]);
    expect(torch.atleast_3d([v])[0]!.shape).to.deep.equal([1, 2, 1]);
  });

  it('broadcastShapes', () => {
    expect(torch.broadcastShapes([2], [3, 1], [1, 1, 1])).to.deep.equal([1, 3, 2]);
    expect(torch.broadcastShapes(3, [2, 1])).to.deep.equal([2, 3]);
    expect(() => torch.broadcastShapes([2], [3])).to.throw(torch.ShapeError, /size 3 and 2/);
  });

  it('tensordot: a count, lists, a tensor', () => {
    expect(torch.tensordot(x(), x().T, 1).shape).to.deep.equal([2, 2]);
    expect(torch.tensordot(x(), x(), { dims: [[0], [0]] }).shape).to.deep.equal([3, 3]);
    expect(torch.tensordot(x(), x()).item()).to.equal(91);
    expect(torch.tensordot(x(), x(), torch.tensor([[0n], [0n]])).shape).to.deep.equal([3, 3]);
    expect(() => torch.tensordot(x(), x(), -1)).to.throw(torch.ValueError);
    expect(() => torch.tensordot(x(), x(), 3)).to.throw(torch.ShapeError);
  });

  it('cdist: modes by name', () => {
    const a = torch.tensor([[0, 0]]);
    const b = torch.tensor([[3, 4]]);
    expect(torch.cdist(a, b).item()).to.equal(5);
    expect(torch.cdist(a, b, 1).item()).to.equal(7);
    expect(torch.cdist(a, b, { computeMode: 'use_mm_for_euclid_dist' }).item()).to.be.closeTo(5, 1e-4);
    expect(() => torch.cdist(a, b, 2, 'fast' as never)).to.throw(torch.ValueError, /computeMode/);
  });

  it('stft and back', () => {
    const signal = torch.arange(32, { dtype: torch.float32 }).sin();
    const window = torch.hannWindow(8);
    const spectrum = torch.stft(signal, { nFft: 8, window, returnComplex: true });
    expect(spectrum.shape).to.deep.equal([5, 17]);
    expect(spectrum.dtype).to.equal('complex64');
    const back = torch.istft(spectrum, 8, { window, length: 32 });
    expect(torch.allclose(back, signal, { atol: 1e-5 })).to.equal(true);
    expect(signal.stft(8, { window, returnComplex: true, center: false }).shape).to.deep.equal([5, 13]);
  });

  it('unravelIndex', () => {
    const [rows, columns] = torch.unravelIndex(torch.tensor([4n, 1n]), [3, 2]);
    expect(rows!.tolist()).to.deep.equal([2, 0]);
    expect(columns!.tolist()).to.deep.equal([0, 1]);
    expect(() => torch.unravelIndex(torch.tensor([0.5]), [3])).to.throw(TypeError, /integer dtype/);
  });

  it('lu: with and without infos', () => {
    const [factors, pivots] = torch.lu(torch.eye(2).mul(2));
    expect(factors.tolist()).to.deep.equal([
      [2, 0],
      [0, 2],
    ]);
    expect(pivots.tolist()).to.deep.equal([1, 2]);
    expect(torch.eye(2).lu({ getInfos: true })[2].item()).to.equal(0);
  });

  it('dtypes of results', () => {
    expect(torch.promoteTypes('int64', 'float16')).to.equal('float16');
    expect(torch.resultType(x(), 1n)).to.equal('float32');
    expect(torch.resultType(torch.tensor([1n]), 1.5)).to.equal('float32');
    expect(torch.canCast('float32', 'int64')).to.equal(false);
  });

  it('methods whose self is not first in the schema', () => {
    expect(x().where(x().gt(2), 0).tolist()[0]).to.deep.equal([0, 0, 3]);
    expect(
      x()
        .where({ condition: x().gt(2), other: x().neg() })
        .tolist()[0],
    ).to.deep.equal([-1, -2, 3]);
    expect(torch.tensor(1).polygamma(1).item()).to.be.closeTo(1.644934, 1e-5);
  });

  it('properties', () => {
    expect(x().T.shape).to.deep.equal([3, 2]);
    expect(x().mT.shape).to.deep.equal([3, 2]);
    const c = torch.complex(x(), x().neg());
    expect(c.real.tolist()).to.deep.equal(x().tolist());
    expect(c.imag.tolist()[0]).to.deep.equal([-1, -2, -3]);
    expect(c.H.imag.tolist()[0]).to.deep.equal([1, 4]);
    expect(c.mH.shape).to.deep.equal([3, 2]);
    expect(x().cdouble().dtype).to.equal('complex128');
  });

  it('nonzero: rows or a tuple', () => {
    const mask = x().gt(4);
    expect(torch.nonzero(mask).tolist()).to.deep.equal([
      [1, 1],
      [1, 2],
    ]);
    expect(mask.nonzero({ asTuple: true }).map((t) => t.tolist())).to.deep.equal([
      [1, 1],
      [1, 2],
    ]);
  });

  it('a number of parts is no list of indices', () => {
    expect(torch.arange(6).hsplit(2)[0]!.tolist()).to.deep.equal([0, 1, 2]);
    expect(
      torch
        .arange(6)
        .hsplit([1, 3])
        .map((t) => t.shape[0]),
    ).to.deep.equal([1, 2, 3]);
    expect(torch.ones(1, 2, 1).squeeze([]).shape).to.deep.equal([1, 2, 1]);
    expect(torch.ones(1, 2, 1).squeeze([0, 2]).shape).to.deep.equal([2]);
    expect(() => (torch.ones(2).abs as (...args: unknown[]) => unknown).call(torch.ones(2), [1])).to.throw(
      TypeError,
    );
  });

  it('newTensor keeps dtype and device', () => {
    expect(torch.tensor([1n]).newTensor([2, 3]).dtype).to.equal('int64');
    expect(x().newTensor([2], { dtype: torch.bool }).tolist()).to.deep.equal([true]);
  });

  it('namespaces', () => {
    expect(torch.linalg.det(torch.eye(2).mul(2)).item()).to.equal(4);
    const { sign, logabsdet } = torch.linalg.slogdet(torch.eye(2));
    expect([sign.item(), logabsdet.item()]).to.deep.equal([1, 0]);
    expect(torch.linalg.norm(x(), { ord: 'fro' }).item()).to.be.closeTo(9.53939, 1e-4);
    expect(torch.fft.rfft(x(), { norm: 'ortho' }).shape).to.deep.equal([2, 2]);
    expect(torch.special.expit(torch.tensor(0)).item()).to.equal(0.5);
  });

  it('gradients pass through hand-written functions', () => {
    const a = x();
    a.requiresGrad = true;
    torch.norm(a).backward();
    expect(a.grad!.norm().item()).to.be.closeTo(1, 1e-5);
  });
});
