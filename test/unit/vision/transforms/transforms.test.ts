import { expect } from 'chai';
import * as torch from 'torchts';
import { type Tensor, transforms } from 'torchts';

const { Image } = transforms;

/** An image of one channel from rows of numbers. */
function gray(rows: number[][]): transforms.Image {
  return new Image(Uint8Array.from(rows.flat()), {
    width: rows[0]!.length,
    height: rows.length,
    channels: 1,
  });
}

const rowsOf = ({ data, width, height }: transforms.Image): number[][] =>
  Array.from({ length: height }, (_, y) => [...data.subarray(y * width, (y + 1) * width)]);

const small = gray([
  [1, 2, 3],
  [4, 5, 6],
]);

describe('crops, flips and borders', () => {
  it('CenterCrop cuts out, and pads what is too small', () => {
    expect(rowsOf(new transforms.CenterCrop([2, 1])(small))).to.deep.equal([[2], [5]]);
    expect(rowsOf(new transforms.CenterCrop([1, 5])(small))).to.deep.equal([[0, 1, 2, 3, 0]]);
    const x = torch.tensor([
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ]);
    expect(new transforms.CenterCrop([1, 5])(x).tolist()).to.deep.equal([[[0, 1, 2, 3, 0]]]);
  });

  it('Pad adds borders of every kind, and cuts for negative ones', () => {
    const padded = (options: transforms.PadOptions): number[][] => rowsOf(new transforms.Pad(options)(small));
    expect(padded({ padding: [1, 0], fill: 9 })[0]).to.deep.equal([9, 1, 2, 3, 9]);
    expect(padded({ padding: [2, 0], paddingMode: 'edge' })[0]).to.deep.equal([1, 1, 1, 2, 3, 3, 3]);
    expect(padded({ padding: [2, 0], paddingMode: 'reflect' })[0]).to.deep.equal([3, 2, 1, 2, 3, 2, 1]);
    expect(padded({ padding: [2, 0], paddingMode: 'symmetric' })[0]).to.deep.equal([2, 1, 1, 2, 3, 3, 2]);
    expect(padded({ padding: [-1, 0, 0, -1] })).to.deep.equal([[2, 3]]);
  });

  it('flips happen always at 1 and never at 0', () => {
    expect(rowsOf(new transforms.RandomHorizontalFlip(1)(small))[0]).to.deep.equal([3, 2, 1]);
    expect(new transforms.RandomHorizontalFlip({ p: 0 })(small)).to.equal(small);
    expect(rowsOf(new transforms.RandomVerticalFlip(1)(small))[0]).to.deep.equal([4, 5, 6]);
    const x = torch.arange(3).reshape(1, 1, 3);
    expect(new transforms.RandomHorizontalFlip(1)(x).tolist()).to.deep.equal([[[2, 1, 0]]]);
  });

  it('RandomCrop needs an image of its size', () => {
    expect(() => new transforms.RandomCrop(3)(small)).to.throw(
      torch.ValueError,
      'Required crop size (3, 3) is larger than input image size (2, 3)',
    );
    const wanted = new transforms.RandomCrop([4, 5], { padIfNeeded: true })(small);
    expect([wanted.width, wanted.height]).to.deep.equal([5, 4]);
  });

  it('refuse arguments that are none', () => {
    expect(() => new transforms.Pad([1, 2, 3])).to.throw(torch.ValueError, '1, 2, or 4 element');
    expect(() => new transforms.Pad(1, { paddingMode: 'wrap' as never })).to.throw(
      torch.ValueError,
      'Padding mode',
    );
    expect(() => new transforms.RandomHorizontalFlip(2)).to.throw(torch.ValueError, 'probability');
    expect(() => new transforms.Grayscale(2 as never)).to.throw(torch.ValueError, '1 or 3');
    expect(() => new transforms.Pad(1, { fill: [1, 2] })(small)).to.throw(torch.ValueError, '2 != 1');
  });
});

describe('ToTensor and Normalize', () => {
  it('ToTensor takes images, and tensors in the place of arrays', () => {
    const x = new transforms.ToTensor()(gray([[0, 51, 255]]));
    expect(x.dtype).to.equal('float32');
    expect(x.shape).to.deep.equal([1, 1, 3]);
    expect(x.tolist()).to.deep.equal([[[0, Math.fround(0.2), 1]]]);
    const hwc = torch.fromTypedArray(Uint8Array.of(255, 0, 51, 0), [1, 2, 2]);
    expect(new transforms.ToTensor()(hwc).shape).to.deep.equal([2, 1, 2]);
    expect(new transforms.PILToTensor()(small).dtype).to.equal('uint8');
    expect(() => new transforms.ToTensor()(torch.ones(1, 2, 3, 4))).to.throw(
      torch.ValueError,
      '2/3 dimensional',
    );
    expect(() => new transforms.ToTensor()('image' as never)).to.throw(TypeError, 'Got string');
  });

  it('ConvertImageDtype keeps the range', () => {
    const to = (x: Tensor, dtype: torch.DType): Tensor => new transforms.ConvertImageDtype(dtype)(x);
    expect(to(torch.tensor([0, 0.5, 1]), 'uint8').tolist()).to.deep.equal([0, 127, 255]);
    expect(to(torch.fromTypedArray(Uint8Array.of(255)), 'float32').item()).to.equal(1);
    expect(to(torch.fromTypedArray(Int16Array.of(32767)), 'uint8').item()).to.equal(255);
    expect(() => to(torch.ones(1), 'int64')).to.throw(torch.DTypeError, 'safely');
  });

  it('Normalize checks what it is given', () => {
    const { Normalize } = transforms;
    expect(() => new Normalize([0], [0])(torch.ones(1, 1, 1))).to.throw(torch.ValueError, 'division by zero');
    expect(() => new Normalize([0], [1])(torch.ones(1, 1))).to.throw(torch.ValueError, '(..., C, H, W)');
    expect(() => new Normalize([0], [1])(torch.ones(1, 1, 1, { dtype: 'int64' }))).to.throw(
      TypeError,
      'float tensor',
    );
    expect(() => new Normalize([0], [1])(small as never)).to.throw(TypeError, 'Tensor Image');
    expect(() => new Normalize({ mean: [0] } as never)).to.throw(TypeError, 'std');
    const x = torch.ones(1, 1, 1);
    const inplace = new Normalize({ mean: [0.5], std: [0.5], inplace: true });
    expect(inplace(x)).to.equal(x);
    expect(new Normalize([1], [2])(torch.ones(2, 1, 1)).tolist()).to.deep.equal([[[0]], [[0]]]);
  });
});

describe('Compose', () => {
  it('runs its steps in order, also a function of the user', () => {
    const chain = new transforms.Compose<transforms.Image, number>([
      new transforms.ToTensor(),
      new transforms.Lambda((x: Tensor) => x.mul(255)),
      (x: Tensor) => x.sum().item(),
    ]);
    expect(chain(small)).to.be.closeTo(21, 1e-4);
    expect(() => new transforms.Compose([3] as never)).to.throw(TypeError, 'transform 0 must be callable');
    expect(() => new transforms.Lambda(3 as never)).to.throw(TypeError, 'callable');
  });

  it('prints as Python does', () => {
    const chain = new transforms.Compose([
      new transforms.Resize(224),
      new transforms.RandomCrop(32, { padding: 4 }),
      new transforms.RandomApply([new transforms.RandomVerticalFlip()], 0.25),
      new transforms.RandomResizedCrop(8),
      new transforms.ToTensor(),
      new transforms.Normalize([0.5], [1]),
    ]);
    expect(String(chain)).to.equal(
      [
        'Compose(',
        '    Resize(size=224, interpolation=bilinear, max_size=None, antialias=True)',
        '    RandomCrop(size=(32, 32), padding=4)',
        '    RandomApply(',
        '    p=0.25',
        '    RandomVerticalFlip(p=0.5)',
        ')',
        '    RandomResizedCrop(size=(8, 8), scale=(0.08, 1.0), ratio=(0.75, 1.3333), interpolation=bilinear, antialias=True)',
        '    ToTensor()',
        '    Normalize(mean=[0.5], std=[1])',
        ')',
      ].join('\n'),
    );
  });

  it('transforms are functions and instances of their classes', () => {
    const flip = new transforms.RandomHorizontalFlip();
    expect(flip).to.be.a('function');
    expect(flip).to.be.instanceOf(transforms.RandomHorizontalFlip);
    expect(flip).to.be.instanceOf(transforms.ImageTransform);
    expect([small].map(new transforms.CenterCrop(1))[0]!.width).to.equal(1);
  });
});
