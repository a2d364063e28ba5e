import { createHash } from 'node:crypto';
import { expect } from 'chai';
import * as torch from 'torchts';
import { transforms } from 'torchts';

const { Image, Resize } = transforms;

type Row = [channels: number, filter: transforms.Interpolation, width: number, height: number, sha1: string];

/** Hashes of what PIL 13 makes of an image of 23 × 31 by a formula. */
const rows = [
  [1, 'nearest', 9, 13, '666b594711c5'],
  [1, 'nearest', 40, 50, 'fa4ee2cb8a41'],
  [1, 'nearest', 50, 7, '2eea74b37591'],
  [1, 'nearest', 22, 9, '28541d9039fd'],
  [1, 'bilinear', 9, 13, 'a2aced282f41'],
  [1, 'bilinear', 40, 50, 'b5ce5d7e7dbb'],
  [1, 'bilinear', 50, 7, '9427fc048e0e'],
  [1, 'bilinear', 22, 9, 'f00573e211f4'],
  [1, 'bicubic', 9, 13, '1d2f6a59f947'],
  [1, 'bicubic', 40, 50, '24329fca1a4b'],
  [1, 'bicubic', 50, 7, 'd91193efc1d5'],
  [1, 'bicubic', 22, 9, '225aec9f3eed'],
  [1, 'box', 9, 13, '18d74b576c70'],
  [1, 'box', 40, 50, 'fa4ee2cb8a41'],
  [1, 'box', 50, 7, 'cd73da944e81'],
  [1, 'box', 22, 9, 'd0d89040125b'],
  [1, 'hamming', 9, 13, '018c5085c67f'],
  [1, 'hamming', 40, 50, 'b535dbb2c7dc'],
  [1, 'hamming', 50, 7, '95955cd527bd'],
  [1, 'hamming', 22, 9, '809b91388bfd'],
  [1, 'lanczos', 9, 13, '0d03f60c3c39'],
  [1, 'lanczos', 40, 50, '9c4c41661434'],
  [1, 'lanczos', 50, 7, '2b0f2af8785b'],
  [1, 'lanczos', 22, 9, '016f4ec7d041'],
  [3, 'nearest', 9, 13, '2926844d8adb'],
  [3, 'nearest', 40, 50, '32d8ae1e5291'],
  [3, 'nearest', 50, 7, '534eca268e59'],
  [3, 'nearest', 22, 9, '529b33238083'],
  [3, 'bilinear', 9, 13, 'bbf9001b14b4'],
  [3, 'bilinear', 40, 50, 'ec033710adda'],
  [3, 'bilinear', 50, 7, '45770cb33fea'],
  [3, 'bilinear', 22, 9, '986925449cdb'],
  [3, 'bicubic', 9, 13, 'b07f3d92a9cd'],
  [3, 'bicubic', 40, 50, '9171754cb840'],
  [3, 'bicubic', 50, 7, '726790477e25'],
  [3, 'bicubic', 22, 9, '2749afd246a1'],
  [3, 'box', 9, 13, '4f77a0af4e8f'],
  [3, 'box', 40, 50, '32d8ae1e5291'],
  [3, 'box', 50, 7, 'e9247ec87c86'],
  [3, 'box', 22, 9, 'aeaa5ef54e28'],
  [3, 'hamming', 9, 13, '6f17c1bff82b'],
  [3, 'hamming', 40, 50, '657cd6224620'],
  [3, 'hamming', 50, 7, '5bc7e6122138'],
  [3, 'hamming', 22, 9, 'dc707a7a4203'],
  [3, 'lanczos', 9, 13, '777e9c6095d5'],
  [3, 'lanczos', 40, 50, 'a05403b6bccb'],
  [3, 'lanczos', 50, 7, '0e1145f54d60'],
  [3, 'lanczos', 22, 9, '3bc5bd6a9d52'],
  [4, 'nearest', 9, 13, '7012a4fa03a2'],
  [4, 'nearest', 40, 50, '8dc680f90d8e'],
  [4, 'nearest', 50, 7, 'f34d6972a981'],
  [4, 'nearest', 22, 9, '216243d212ea'],
  [4, 'bilinear', 9, 13, '51da361e1353'],
  [4, 'bilinear', 40, 50, 'c45a21783bc6'],
  [4, 'bilinear', 50, 7, 'efada61f9e59'],
  [4, 'bilinear', 22, 9, 'b806a4056d9d'],
  [4, 'bicubic', 9, 13, '492e0591944f'],
  [4, 'bicubic', 40, 50, '6eec63a30a0f'],
  [4, 'bicubic', 50, 7, 'ab7c6aa13637'],
  [4, 'bicubic', 22, 9, 'f71cb17c42a1'],
  [4, 'box', 9, 13, 'e03071a1032a'],
  [4, 'box', 40, 50, '1b68e2d1be6f'],
  [4, 'box', 50, 7, 'f9cbea3f247e'],
  [4, 'box', 22, 9, 'ccd1cc81c653'],
  [4, 'hamming', 9, 13, 'e0adcc08f927'],
  [4, 'hamming', 40, 50, '51b1ce7cab82'],
  [4, 'hamming', 50, 7, 'f2ac1b9dd7c3'],
  [4, 'hamming', 22, 9, '90b6d2729a77'],
  [4, 'lanczos', 9, 13, '652b8babd78c'],
  [4, 'lanczos', 40, 50, 'f72ed66c4aac'],
  [4, 'lanczos', 50, 7, '7fc9a6d3fed7'],
  [4, 'lanczos', 22, 9, '7db7fbb89753'],
] as Row[];

/** The same of an image of 400 × 40 as 17 × 2: sums of up to 141 pixels. */
const tiny = [
  [1, 'bilinear', 'dfa4ab87b5ad'],
  [1, 'lanczos', 'a32a939f56d1'],
  [3, 'bilinear', '7ca8545b44fa'],
  [3, 'lanczos', '14e0aceac4e0'],
] as [channels: number, filter: transforms.Interpolation, sha1: string][];

function formula(channels: number, width = 23, height = 31): transforms.Image {
  const bytes = Uint8Array.from(
    { length: width * height * channels },
    (_, i) => (i * 89 + (i >> 5) * 7 + i * i) % 256,
  );
  return new Image(bytes, { width, height, channels });
}

const hashOf = (image: transforms.Image): string =>
  createHash('sha1').update(image.data).digest('hex').slice(0, 12);

describe('Resize', () => {
  for (const [channels, filter, width, height, sha1] of rows) {
    it(`${channels} channels to ${width}×${height} by ${filter}: the bytes of PIL`, () => {
      const made = new Resize([height, width], { interpolation: filter })(formula(channels));
      expect([made.width, made.height, made.channels]).to.deep.equal([width, height, channels]);
      expect(hashOf(made)).to.equal(sha1);
    });
  }

  for (const [channels, filter, sha1] of tiny)
    it(`${channels} channels to a small part by ${filter}: the bytes of PIL`, () => {
      expect(hashOf(new Resize([2, 17], { interpolation: filter })(formula(channels, 400, 40)))).to.equal(
        sha1,
      );
    });

  it('gives the very image where nothing is to do', () => {
    const image = formula(3);
    expect(new Resize(23)(image)).to.equal(image);
    expect(new Resize([31, 23])(image)).to.equal(image);
  });

  it('of a tensor smooths while it shrinks, unless told otherwise', () => {
    const x = torch.tensor([[[0, 0, 1, 0, 0, 0]]]);
    expect(new Resize([1, 2], { antialias: false })(x).tolist()).to.deep.equal([[[0, 0]]]);
    const smooth = new Resize([1, 2])(x);
    expect(smooth.shape).to.deep.equal([1, 1, 2]);
    expect((smooth.tolist() as number[][][])[0]![0]![0]).to.be.greaterThan(0.1);
  });

  it('refuses sizes that are none', () => {
    expect(() => new Resize({} as never)).to.throw(TypeError, 'missing 1 required argument: size');
    expect(() => new Resize('big' as never)).to.throw(TypeError, 'Size should be int or sequence');
    expect(() => new Resize([1, 2, 3])).to.throw(torch.ValueError, '1 or 2 values');
    expect(() => new Resize(0)).to.throw(torch.ValueError, 'whole numbers from 1');
    expect(() => new Resize([2, 2], { maxSize: 4 })).to.throw(torch.ValueError, 'max_size');
    expect(() => new Resize(10, { maxSize: 9 })(formula(1))).to.throw(torch.ValueError, 'strictly greater');
    expect(() => new Resize(4, 'cubic' as never)).to.throw(TypeError, 'interpolation');
    expect(() => new Resize(4, { maxsize: 3 } as never)).to.throw(TypeError, "'maxsize'");
    expect(() => new Resize(4)(3 as never)).to.throw(TypeError, 'an Image or a Tensor');
  });
});
