import { expect } from 'chai';
import * as torch from 'torchts';
import { utils } from 'torchts';

const { defaultCollate } = utils.data;

describe('defaultCollate', () => {
  it('stacks tensors and gives numbers, flags and texts their forms', () => {
    const stacked = defaultCollate([torch.ones(2), torch.zeros(2)]);
    expect(stacked.tolist()).to.deep.equal([
      [1, 1],
      [0, 0],
    ]);
    expect(defaultCollate([1, 2]).dtype).to.equal('int64');
    expect(defaultCollate([1, 2.5]).dtype).to.equal('float64');
    expect(defaultCollate([1n, 2n]).dtype).to.equal('int64');
    expect(defaultCollate([true, false]).tolist()).to.deep.equal([true, false]);
    expect(defaultCollate(['a', 'b'])).to.deep.equal(['a', 'b']);
    expect(defaultCollate([new Float32Array([1]), new Float32Array([2])]).tolist()).to.deep.equal([[1], [2]]);
  });

  it('goes into arrays and objects', () => {
    const [images, rest] = defaultCollate<[torch.Tensor, { label: number }]>([
      [torch.ones(1), { label: 3 }],
      [torch.ones(1), { label: 4 }],
    ]);
    expect(images.shape).to.deep.equal([2, 1]);
    expect(rest.label.tolist()).to.deep.equal([3, 4]);
  });

  it('refuses what makes no batch', () => {
    expect(() => defaultCollate([])).to.throw(TypeError, 'list of samples');
    expect(() => defaultCollate([null, null])).to.throw(TypeError, 'null');
    expect(() => defaultCollate([1, torch.ones(1)] as never)).to.throw(TypeError, 'same kind');
    expect(() => defaultCollate([[1], [1, 2]])).to.throw(torch.TorchError, 'equal size');
    expect(() => defaultCollate([torch.ones(1), torch.ones(2)])).to.throw(torch.ShapeError, 'equal size');
  });
});
