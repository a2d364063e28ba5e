import { inspect } from 'node:util';
import { expect } from 'chai';
import * as torch from 'torchts';
import type { Tensor } from 'torchts';

/** Literals are what Python's `repr` gives. */
describe('Tensor.toString', () => {
  afterEach(() => {
    torch.setPrintoptions({ profile: 'default' });
  });

  const aten = (name: string, ...args: unknown[]): Tensor => torch.ops.aten![name]!(...args) as Tensor;
  const double = (values: number[]): Tensor => torch.tensor(values, { dtype: 'float64' });

  it('is what the console prints', () => {
    const tensor = torch.tensor([1, 2.5]);
    expect(String(tensor)).to.equal('tensor([1.0000, 2.5000])');
    expect(inspect(tensor)).to.equal(String(tensor));
    expect(`${tensor}`).to.equal(String(tensor));
  });

  it('rounds ties to the even digit, as Python does', () => {
    expect(String(torch.tensor([0.03125, 0.09375]))).to.equal('tensor([0.0312, 0.0938])');
    torch.setPrintoptions({ precision: 0 });
    expect(String(torch.tensor([0.5, 1.5, 2.5]))).to.equal('tensor([0, 2, 2])');
    torch.setPrintoptions({ precision: 1, sciMode: true });
    expect(String(torch.tensor([1.25, 12.5, 125, 1250]))).to.equal(
      'tensor([1.2e+00, 1.2e+01, 1.2e+02, 1.2e+03])',
    );
  });

  it('writes numbers of any size', () => {
    expect(String(double([1e22, 1]))).to.equal('tensor([1.0000e+22, 1.0000e+00], dtype=torch.float64)');
    torch.setPrintoptions({ sciMode: false });
    expect(String(torch.tensor([1e22, 0.5]).double())).to.equal(
      'tensor([9999999778196308361216.0000,                      0.5000],\n       dtype=torch.float64)',
    );
  });

  it('zeros with a sign, numbers that are none, nothing at all', () => {
    expect(String(torch.tensor(-0))).to.equal('tensor(-0.)');
    expect(String(torch.tensor([0, Number.NaN]))).to.equal('tensor([0., nan])');
    expect(String(torch.zeros(1, 0))).to.equal('tensor([], size=(1, 0))');
    expect(String(torch.zeros(0))).to.equal('tensor([])');
  });

  it('complex numbers', () => {
    const values = [
      { re: 1, im: 2 },
      { re: Number.NaN, im: Number.NEGATIVE_INFINITY },
    ];
    expect(String(torch.tensor(values))).to.equal('tensor([1.+2.j, nan-infj])');
    expect(String(torch.tensor([{ re: 1, im: 2 }]).conj())).to.equal('tensor([1.-2.j])');
  });

  it('dtypes beyond those of JavaScript', () => {
    expect(String(torch.fromTypedArray(BigUint64Array.of(2n ** 63n - 1n, 5n)))).to.equal(
      'tensor([9223372036854775807,                   5], dtype=torch.uint64)',
    );
    expect(String(torch.tensor([1.5, -2]).to('float8_e5m2'))).to.equal(
      'tensor([ 1.5000, -2.0000], dtype=torch.float8_e5m2)',
    );
  });

  it('names the dtype where the elements do not tell it', () => {
    torch.setDefaultDtype('float64');
    try {
      expect(String(double([1, 2]))).to.equal('tensor([1., 2.])');
      expect(String(torch.tensor([1], { dtype: 'float32' }))).to.equal('tensor([1.], dtype=torch.float32)');
      expect(String(torch.tensor([{ re: 0, im: 1 }], { dtype: 'complex128' }))).to.equal('tensor([0.+1.j])');
    } finally {
      torch.setDefaultDtype('float32');
    }
  });

  it('tensors without values', () => {
    expect(String(torch.zeros(2, 3, { device: 'meta' }))).to.equal("tensor(..., device='meta', size=(2, 3))");
    expect(String(torch.zeros(2, { device: 'meta', dtype: 'float16' }))).to.equal(
      "tensor(..., device='meta', size=(2,), dtype=torch.float16)",
    );
  });

  it('sparse tensors', () => {
    expect(String(aten('to_sparse', torch.eye(2)))).to.equal(
      'tensor(indices=tensor([[0, 1],\n                       [0, 1]]),\n       values=tensor([1., 1.]),\n' +
        '       size=(2, 2), nnz=2, layout=torch.sparse_coo)',
    );
    expect(String(aten('to_sparse', torch.zeros(2, 3)))).to.equal(
      'tensor(indices=tensor([], size=(2, 0)),\n       values=tensor([], size=(0,)),\n' +
        '       size=(2, 3), nnz=0, layout=torch.sparse_coo)',
    );
    expect(String(aten('to_sparse_csr', torch.eye(2).double()))).to.equal(
      'tensor(crow_indices=tensor([0, 1, 2]),\n       col_indices=tensor([0, 1]),\n' +
        '       values=tensor([1., 1.]), size=(2, 2), nnz=2, dtype=torch.float64,\n       layout=torch.sparse_csr)',
    );
  });

  it('quantized tensors', () => {
    expect(String(aten('quantize_per_tensor', torch.tensor([1, 2]), 0.1, 10, 'qint8'))).to.equal(
      'tensor([1., 2.], size=(2,), dtype=torch.qint8,\n       quantization_scheme=torch.per_tensor_affine, scale=0.1, zero_point=10)',
    );
  });

  it('leaves, results, and what has no history', () => {
    const leaf = torch.zeros(2, { requiresGrad: true });
    expect(String(leaf)).to.equal('tensor([0., 0.], requires_grad=True)');
    expect(String(leaf.view(2, 1))).to.equal('tensor([[0.],\n        [0.]], grad_fn=<ViewBackward0>)');
    expect(String(leaf.detach())).to.equal('tensor([0., 0.])');
    torch.noGrad(() => {
      expect(String(leaf.mul(2))).to.equal('tensor([0., 0.])');
    });
  });

  it('leaves nothing behind in the graph or in a scope', () => {
    const leaf = torch.ones(2000, { requiresGrad: true });
    const { tensors } = torch.memoryStats();
    torch.scope(() => {
      String(leaf);
    });
    leaf.mul(2).sum().backward();
    expect(leaf.grad!.eq(2).all().item()).to.equal(true);
    expect(torch.memoryStats().tensors - tensors).to.be.below(40);
  });

  it('of a huge tensor only the shown elements are touched', () => {
    // 64 GiB that nobody has: one element, expanded.
    const huge = torch.ones(1).expand(2 ** 17, 2 ** 17);
    const before = process.memoryUsage().rss;
    expect(String(huge).split('\n')[0]).to.equal('tensor([[1., 1., 1.,  ..., 1., 1., 1.],');
    expect(String(torch.ones(1).expand(7, 2 ** 33)).split('\n')).to.have.length(7);
    expect(String(torch.ones(1).expand(2 ** 40))).to.equal('tensor([1., 1., 1.,  ..., 1., 1., 1.])');
    expect(process.memoryUsage().rss - before).to.be.below(64 * 2 ** 20);
  });

  it('a disposed tensor: the console says so, toString refuses', () => {
    const tensor = torch.ones(2);
    tensor.dispose();
    expect(inspect(tensor)).to.equal('tensor(<disposed>)');
    expect(() => String(tensor)).to.throw(torch.DisposedError);
  });
});

describe('torch.setPrintoptions', () => {
  afterEach(() => {
    torch.setPrintoptions({ profile: 'default' });
  });

  it('keeps what is left out, but for sciMode', () => {
    torch.setPrintoptions({ precision: 2, sciMode: true });
    torch.setPrintoptions({ linewidth: 40 });
    expect(torch.getPrintoptions()).to.deep.equal({
      precision: 2,
      threshold: 1000,
      edgeitems: 3,
      linewidth: 40,
      sciMode: null,
    });
  });

  it('profiles, which other options override', () => {
    torch.setPrintoptions({ profile: 'short', edgeitems: 1 });
    expect(torch.getPrintoptions()).to.include({ precision: 2, edgeitems: 1 });
    expect(String(torch.arange(1001))).to.equal('tensor([   0,  ..., 1000])');
    torch.setPrintoptions({ profile: 'full' });
    expect(String(torch.zeros(1100))).not.to.include('...');
  });

  it('no edge items at all', () => {
    torch.setPrintoptions({ edgeitems: 0, threshold: 1 });
    expect(String(torch.zeros(3, 4))).to.equal('tensor([...], size=(3, 4))');
    expect(String(torch.zeros(4))).to.equal('tensor([...], size=(4,))');
  });

  it('refuses what it does not know', () => {
    expect(() => torch.setPrintoptions({ sci_mode: true } as never)).to.throw(
      torch.ArgumentError,
      /'sci_mode'/,
    );
    expect(() => torch.setPrintoptions({ profile: 'long' as never })).to.throw(
      torch.ValueError,
      /default, short, full/,
    );
    expect(() => torch.setPrintoptions({ precision: -1 })).to.throw(torch.ValueError, /precision/);
    expect(() => torch.setPrintoptions({ linewidth: 'wide' as never })).to.throw(
      torch.ValueError,
      /linewidth/,
    );
  });
});
