/** Values between JavaScript and tensors, in all dtypes. */
import { expect } from 'chai';
import * as torch from 'torchts';
import { thrown } from '../../support/errors.js';

describe('values into tensors', () => {
  it('numbers are floats, bigints int64, booleans bool, complex numbers complex', () => {
    expect(torch.tensor(3).dtype).to.equal('float32');
    expect(torch.tensor([1, 2]).dtype).to.equal('float32');
    expect(torch.tensor([1n, 2n]).dtype).to.equal('int64');
    expect(torch.tensor([true, false]).dtype).to.equal('bool');
    expect(torch.tensor([{ re: 1, im: 2 }]).dtype).to.equal('complex64');
    expect(torch.tensor([]).shape).to.deep.equal([0]);
    expect(torch.tensor([[], []]).shape).to.deep.equal([2, 0]);
    expect(torch.tensor(3).shape).to.deep.equal([]);
    expect(torch.tensor([1, 2], { dtype: 'int64' }).tolist()).to.deep.equal([1, 2]);
    expect(torch.tensor([1], { requiresGrad: true }).requiresGrad).to.equal(true);
  });

  it('a typed array fixes the dtype, and its data are copied', () => {
    const pairs: [torch.TypedArray, torch.DType][] = [
      [Float32Array.of(1.5, -2), 'float32'],
      [Float64Array.of(1.5, -2), 'float64'],
      [BigInt64Array.of(1n, -(2n ** 62n)), 'int64'],
      [BigUint64Array.of(1n, 2n ** 64n - 1n), 'uint64'],
      [Int32Array.of(1, -2), 'int32'],
      [Uint32Array.of(1, 4294967295), 'uint32'],
      [Int16Array.of(1, -2), 'int16'],
      [Uint16Array.of(1, 65535), 'uint16'],
      [Int8Array.of(1, -2), 'int8'],
      [Uint8Array.of(1, 255), 'uint8'],
    ];
    for (const [array, dtype] of pairs) {
      const x = torch.fromTypedArray(array);
      expect(x.dtype).to.equal(dtype);
      const back = x.toTypedArray();
      expect(back, dtype).to.deep.equal(array);
      const kept = back.slice();
      expect(back.buffer).to.not.equal(array.buffer);
      new Uint8Array(array.buffer).fill(0);
      expect(x.toTypedArray(), `${dtype}: copied`).to.deep.equal(kept);
    }
  });

  it('16-bit floats as raw bits, and converted', () => {
    const half = torch.fromTypedArray(Uint16Array.of(0x3c00, 0xc000), [2], { dtype: 'float16' });
    expect(half.tolist()).to.deep.equal([1, -2]);
    const brain = torch.fromTypedArray(Uint16Array.of(0x3f80, 0xc000), { dtype: 'bfloat16' });
    expect(brain.tolist()).to.deep.equal([1, -2]);
    expect(brain.toTypedArray()).to.deep.equal(Uint16Array.of(0x3f80, 0xc000));
    expect(brain.toTypedArray({ as: 'float32' })).to.deep.equal(Float32Array.of(1, -2));
    expect(torch.fromTypedArray(Float32Array.of(1.5), { dtype: 'bfloat16' }).toTypedArray()[0]).to.equal(
      0x3fc0,
    );
  });

  it('a piece of a larger array is taken as the piece it is', () => {
    const whole = Float32Array.from({ length: 10 }, (_, i) => i);
    expect(torch.fromTypedArray(whole.subarray(3, 7), [2, 2]).tolist()).to.deep.equal([
      [3, 4],
      [5, 6],
    ]);
  });

  it('fromBuffer reads bytes at an offset', () => {
    const buffer = Buffer.alloc(12);
    buffer.writeFloatLE(2.5, 4);
    buffer.writeFloatLE(-1, 8);
    const x = torch.fromBuffer(buffer, { dtype: 'float32', shape: [2], byteOffset: 4 });
    expect(x.tolist()).to.deep.equal([2.5, -1]);
    expect(torch.fromBuffer(Uint8Array.of(1, 0, 7), { dtype: 'bool', shape: [3] }).tolist()).to.deep.equal([
      true,
      false,
      true,
    ]);
    thrown(() => torch.fromBuffer(buffer, { dtype: 'float32', shape: [4] }), torch.TorchError);
    thrown(
      () => torch.fromBuffer(buffer, { dtype: 'float32', shape: [1], byteOffset: 99 }),
      torch.TorchError,
    );
    thrown(() => torch.fromBuffer(buffer, { dtype: 'float32', shape: [-1, 3] }), torch.TorchError);
  });

  it('ragged, foreign and too large values are refused by name', () => {
    thrown(() => torch.tensor([[1, 2], [3]]), torch.ShapeError, /length 2 at dimension 1 \(got 1\)/);
    thrown(() => torch.tensor([[1], 2]), torch.ShapeError);
    thrown(() => torch.tensor(['1'] as never), torch.TorchError, /got string/);
    thrown(() => torch.tensor([null] as never), torch.TorchError, /got null/);
    thrown(() => torch.tensor([2n ** 63n]), torch.ValueError, /does not fit int64/);
    thrown(() => torch.fromTypedArray(Float32Array.of(1, 2, 3), [2, 2]), torch.TorchError);
    thrown(() => torch.fromTypedArray([1, 2] as never), torch.TorchError);
  });
});

describe('values out of tensors', () => {
  it('int64 beyond 2^53 is never rounded', () => {
    const big = 2n ** 53n + 1n;
    const x = torch.tensor([1n, big]);
    expect(x.toTypedArray()).to.deep.equal(BigInt64Array.of(1n, big));
    expect(x.tolist({ bigint: true })).to.deep.equal([1n, big]);
    thrown(() => x.tolist(), torch.ValueError, /element 1 is 9007199254740993.*bigint: true/);
    thrown(() => x.index(1).item(), torch.ValueError, /bigint: true/);
    expect(x.index(1).item({ bigint: true })).to.equal(big);
    expect(x.index(0).item()).to.equal(1);
    expect(torch.tensor([2n ** 60n]).tolist(), 'exact, though large').to.deep.equal([2 ** 60]);
  });

  it('item gives numbers, booleans, complex numbers; one element only', () => {
    expect(torch.tensor([[2.5]]).item()).to.equal(2.5);
    expect(torch.tensor(true).item()).to.equal(true);
    expect(torch.tensor({ re: 1, im: -2 }).item()).to.deep.equal({ re: 1, im: -2 });
    expect(torch.tensor(1.5, { dtype: 'bfloat16' }).item()).to.equal(1.5);
    thrown(() => torch.ones(2).item(), torch.ShapeError, /2 elements/);
    thrown(() => torch.ones(0).item(), torch.ShapeError, /0 elements/);
  });

  it('views, transposes and strides come out in the order of their elements', () => {
    const x = torch.arange(6).view(2, 3);
    expect(x.t().tolist()).to.deep.equal([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
    expect([...(x.t().toTypedArray() as BigInt64Array)]).to.deep.equal([0n, 3n, 1n, 4n, 2n, 5n]);
    expect(x.index(':', '::2').tolist()).to.deep.equal([
      [0, 2],
      [3, 5],
    ]);
    expect(torch.ones(1).expand(3).tolist()).to.deep.equal([1, 1, 1]);
    const image = torch.arange(8).view(1, 2, 2, 2).contiguous({ memoryFormat: torch.channelsLast });
    expect(image.flatten().tolist()).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('out of a tensor that requires grad, and of every nesting', () => {
    expect(torch.ones(2, { requiresGrad: true }).mul(2).tolist()).to.deep.equal([2, 2]);
    expect(torch.zeros(2, 0, 3).tolist()).to.deep.equal([[], []]);
    expect(torch.tensor(5).tolist()).to.equal(5);
    expect(torch.zeros(1, 1, 1, 1).tolist()).to.deep.equal([[[[0]]]]);
  });

  it('complex tensors and lazy conjugates', () => {
    const x = torch.tensor([
      { re: 1, im: 2 },
      { re: 3, im: -4 },
    ]);
    expect(x.toTypedArray()).to.deep.equal(Float32Array.of(1, 2, 3, -4));
    expect(x.conj().tolist()).to.deep.equal([
      { re: 1, im: -2 },
      { re: 3, im: 4 },
    ]);
  });
});
