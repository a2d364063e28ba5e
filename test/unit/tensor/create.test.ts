import { expect } from 'chai';
import * as torch from 'torchts';

/** The error of a call; fails where there is none. */
function errorOf(call: () => unknown): torch.TorchError {
  try {
    call();
  } catch (error) {
    expect(error).to.be.instanceOf(torch.TorchError);
    return error as torch.TorchError;
  }
  throw new Error('expected an error');
}
/** A call with arguments that its types forbid. */
const untyped = <T>(fn: T): ((...args: unknown[]) => unknown) => fn as never;

describe('tensors from JavaScript values: keywords', () => {
  it('takes the data by keyword as well', () => {
    expect(torch.tensor({ data: [1, 2], dtype: 'int64' }).tolist()).to.deep.equal([1, 2]);
    expect(torch.asTensor({ data: [1n] }).dtype).to.equal('int64');
  });
  it('takes a shape of a typed array by place or by keyword', () => {
    const bits = new Uint16Array([0x3f80, 0x4000]);
    expect(torch.fromTypedArray(bits, [2, 1], { dtype: 'bfloat16' }).tolist()).to.deep.equal([[1], [2]]);
    expect(torch.fromTypedArray(bits, { shape: [1, 2], dtype: 'bfloat16' }).tolist()).to.deep.equal([[1, 2]]);
  });
  for (const [name, call] of [
    ['tensor', () => untyped(torch.tensor)([1], { shape: [1] })],
    ['tensor', () => untyped(torch.tensor)([1], { byteOffset: 1 })],
    ['asTensor', () => untyped(torch.asTensor)(torch.ones(1), { bogus: 1 })],
    ['fromTypedArray', () => untyped(torch.fromTypedArray)(new Float32Array(1), [1], { bogus: 1 })],
    ['fromBuffer', () => untyped(torch.fromBuffer)(Buffer.alloc(4), { dtype: 'float32', bogus: 1 })],
    ['item', () => untyped(torch.ones(1).item.bind(torch.ones(1)))({ bogus: 1 })],
    ['tolist', () => untyped(torch.ones(1).tolist.bind(torch.ones(1)))({ bogus: 1 })],
    ['toTypedArray', () => untyped(torch.ones(1).toTypedArray.bind(torch.ones(1)))({ bogus: 1 })],
    ['contiguous', () => untyped(torch.ones(1).contiguous.bind(torch.ones(1)))({ bogus: 1 })],
    ['indexPut_', () => untyped(torch.ones(1).indexPut_.bind(torch.ones(1)))([0], 1, { bogus: 1 })],
  ] as const)
    it(`names an unknown keyword of ${name}`, () => {
      const error = errorOf(call);
      expect(error).to.be.instanceOf(TypeError);
      expect(error.message).to.match(
        new RegExp(`^${name}\\(\\).*unexpected keyword argument '(bogus|shape|byteOffset)'`),
      );
    });
  it('refuses a target that is given twice', () => {
    const x = torch.ones(1);
    expect(errorOf(() => x.to('float64', { dtype: 'int64' })).message).to.match(
      /multiple values for argument 'dtype'/,
    );
  });
  it('takes dimensions and flags by keyword', () => {
    const x = torch.ones(2, 3);
    expect([x.size({ dim: 1 }), x.stride({ dim: 0 })]).to.deep.equal([3, 3]);
    expect(x.requiresGrad_({ requiresGrad: false }).requiresGrad).to.equal(false);
    expect(
      torch
        .zeros(2)
        .indexPut_([[0, 0]], 1, true)
        .tolist(),
    ).to.deep.equal([2, 0]);
  });
});

describe('tensors from JavaScript values: what is refused', () => {
  for (const [what, code, call] of [
    ['a string', 'ERR_ARGUMENT', () => untyped(torch.tensor)('a')],
    ['null', 'ERR_ARGUMENT', () => untyped(torch.tensor)(null)],
    ['rows of two lengths', 'ERR_SHAPE', () => torch.tensor([[1], [1, 2]])],
    ['options that are none', 'ERR_ARGUMENT', () => untyped(torch.tensor)([1], 'float32')],
    ['a negative size', 'ERR_SHAPE', () => torch.fromTypedArray(new Float32Array(4), [-2, -2])],
    ['a broken size', 'ERR_SHAPE', () => torch.fromTypedArray(new Float32Array(4), [0.5, 8])],
    ['a shape that is no list', 'ERR_SHAPE', () => untyped(torch.fromTypedArray)(new Float32Array(4), 4)],
    [
      'an offset behind the end',
      'ERR_SHAPE',
      () => torch.fromBuffer(Buffer.alloc(4), { dtype: 'float32', byteOffset: 8 }),
    ],
    ['no options', 'ERR_ARGUMENT', () => untyped(torch.fromBuffer)(Buffer.alloc(4), null)],
    [
      'no dtype of an array',
      'ERR_DTYPE',
      () => untyped(torch.ones(1).toTypedArray.bind(torch.ones(1)))({ as: 'cpu' }),
    ],
    [
      'no tensor as a gradient',
      'ERR_ARGUMENT',
      () => {
        untyped<unknown>(null);
        (torch.ones(1) as { grad: unknown }).grad = 3;
      },
    ],
  ] as const)
    it(`refuses ${what}`, () => {
      expect(errorOf(call).code).to.equal(code);
    });
});

describe('limits of dtypes', () => {
  it('gives those of Python', () => {
    const { eps, max, tiny, resolution, bits } = torch.finfo('float16');
    expect({ eps, max, tiny, resolution, bits }).to.deep.equal({
      eps: 0.0009765625,
      max: 65504,
      tiny: 6.103515625e-5,
      resolution: 1e-3,
      bits: 16,
    });
    expect(torch.finfo().max).to.equal(3.4028234663852886e38);
    expect(torch.finfo('float64').max).to.equal(Number.MAX_VALUE);
    expect(torch.finfo('bfloat16').eps).to.equal(0.0078125);
    expect(torch.iinfo('int64').max).to.equal(9223372036854775807n);
    expect([torch.iinfo('int8').min, torch.iinfo('uint8').max]).to.deep.equal([-128, 255]);
  });
  it('refuses dtypes of the other kind', () => {
    expect(errorOf(() => torch.finfo('int64')).code).to.equal('ERR_DTYPE');
    expect(errorOf(() => torch.iinfo('float32')).code).to.equal('ERR_DTYPE');
  });
});

describe('CUDA where there is none', () => {
  const calls: [string, () => unknown][] = [
    ['tensor.to', () => torch.ones(1).to('cuda:0')],
    ['tensor.cuda', () => torch.ones(1).cuda()],
    ['a factory', () => torch.zeros(1, { device: 'cuda' })],
    ['torch.tensor', () => torch.tensor([1], { device: 0 })],
    ['a module', () => new torch.nn.Linear(1, 1).to('cuda')],
    ['a generator', () => new torch.Generator('cuda')],
    ['the low-level door', () => torch.ops.aten!.to!.device!(torch.ones(1), 'cuda', 'float32')],
  ];
  for (const [what, call] of calls)
    it(`is a device error of ${what}`, function () {
      if (torch.cuda.isAvailable()) this.skip();
      expect(errorOf(call).code).to.equal('ERR_DEVICE');
    });
});
