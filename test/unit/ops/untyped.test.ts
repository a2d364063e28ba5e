import { expect } from 'chai';
import * as torch from 'torchts';

describe('torch.ops', () => {
  it('calls an overload by its schema order, with keyword-only arguments in the options', () => {
    const a = torch.tensor([1, 2]);
    expect(torch.ops.aten.add!.Tensor!(a, a, { alpha: 2 })).to.satisfy((t: torch.Tensor) =>
      t.equal(torch.tensor([3, 6])),
    );
  });

  it('lists the schema of every operator', () => {
    const schemas = torch.ops.list();
    expect(schemas.length).to.be.greaterThan(3000);
    expect(schemas).to.include('aten::mm(Tensor self, Tensor mat2) -> Tensor');
  });

  it('names an operator or an overload that is not there', () => {
    expect(() => torch.ops.aten.nothing).to.throw(torch.ArgumentError, "no operator 'aten::nothing'");
    expect(() => torch.ops.aten.add!.Nothing).to.throw(torch.ArgumentError, "no overload 'Nothing'");
  });
});
